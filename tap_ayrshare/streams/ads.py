"""Facebook ads: accounts, ads, and what was spent on them by day (docs/api.md section 11).

They require Ayrshare's Ads add-on. Ads and spending are requested by ad account.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.endpoints import AD_ACCOUNTS, AD_HISTORY, ADS
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import Refusal, Rule, Scope, StateError
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import dig, instant, text
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import AdsBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.ayrshare.endpoints import Endpoint
    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

NETWORK = "facebook"
FIRST_DAYS = 365
"""Days of spending that a first run requests where no start_date is set."""
PAGE = 100
"""Ad accounts that the API returns unless told otherwise; no cursor is documented."""
CUT = Rule(Scope.RESOURCE, failure=False, action="what the API gives is kept; the rest is out of reach")


class AdsFamilyStream(AyrshareStream):
    """A stream about ads; it reads nothing where Facebook is not linked."""

    def expected(self, source: Source) -> int | None:
        """Return a request for the ad accounts; how many there are isn't known before."""
        networks = source.networks.known("ads")
        return None if networks is None else int(NETWORK in networks)

    async def accounts(self, source: Source) -> Answer:
        """Return the answer with the ad accounts of a profile, requested once in a run.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """
        request = AD_ACCOUNTS.request(self.name, networks=(NETWORK,))
        answer = await source.ask_once(request)
        source.take(request, answer, platform=NETWORK, requests=0)
        if AD_ACCOUNTS.count(answer.body) >= PAGE:
            refusal = Refusal(CUT, "list_full", f"{PAGE} ad accounts came, and the API returns no more", HTTPStatus.OK)
            source.note(Issue(self.name, refusal, platform=NETWORK))
        elif not answer.refusal:
            self.note_missing(source, AD_ACCOUNTS, answer, AD_ACCOUNTS.count(answer.body), network=NETWORK)
        return answer


class AdAccountsStream(AdsFamilyStream):
    """The ad accounts of a profile, a snapshot a day."""

    name = "ad_accounts"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read the ad accounts."""
        if source.is_read_today(self.name) or NETWORK not in await source.networks.able("ads", self.name):
            return
        answer = await self.accounts(source)
        if answer.refusal and answer.refusal.rule.failure:
            return
        yield self.records(source, AD_ACCOUNTS.all_items(answer.body), network=NETWORK, around=answer.body)
        yield [self.checkpoint(source.snapshot.date)]


class ByAccountStream(AdsFamilyStream):
    """A stream that asks ad account by ad account."""

    bookmark = AdsBookmark
    endpoint: ClassVar[Endpoint]

    @abstractmethod
    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:
        """Ask for an account; since: the date of the last complete reading, None if there is none."""

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read every account, first those that the budget of an earlier run left over."""
        if source.is_read_today(self.name) or NETWORK not in await source.networks.able("ads", self.name):
            return
        began, accounts = _left(self.name, bookmark)
        # A failure of an earlier run counts until all accounts have been read again.
        is_whole = not (accounts and bookmark.get("failed"))
        if not accounts:
            began = source.snapshot.date
            answer = await self.accounts(source)
            if answer.refusal and answer.refusal.rule.failure:
                return
            accounts = list(self._known(source, answer))
        value = bookmark.get("replication_key_value")
        since = read_date(value) if value else None
        for position, (account_id, currency) in enumerate(accounts):
            try:
                answer = await self.ask(source, account_id, since)
            except BudgetSpent:
                left = [[known_id, money or ""] for known_id, money in accounts[position:]]
                yield [self.checkpoint(value, began=began, left=left, failed=None if is_whole else True)]
                raise
            is_whole &= answer.refusal is None or not answer.refusal.rule.failure
            items, of_account = self.endpoint.all_items(answer.body), {"account_id": account_id, "currency": currency}
            yield self.records(source, items, network=NETWORK, around=answer.body, within=account_id, more=of_account)
        yield [self.checkpoint(began if is_whole else value)]

    def _known(self, source: Source, answer: Answer) -> Iterator[tuple[str, str | None]]:
        """Yield the ids of the ad accounts, each with its currency; an account without an id is noted."""
        found: dict[str, str | None] = {}
        for position, account in enumerate(AD_ACCOUNTS.listed(answer.body)):
            account_id = usable_id(account.get("accountId"))
            if account_id is None:
                source.note_no_id(self.name, position, account, NETWORK)
            else:
                found.setdefault(account_id, text(account.get("currency")))
        yield from found.items()


class AdsStream(ByAccountStream):
    """The ads of a profile, a row for each."""

    name = "ads"
    endpoint = ADS

    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:  # noqa: ARG002
        """Ask for the ads of an account."""
        return await source.ask(ADS.request(self.name, {"accountId": account_id}, networks=(NETWORK,)), account_id)


class AdSpendDailyStream(ByAccountStream):
    """What was spent on ads, a row for each ad and day, with look-back."""

    name = "ad_spend_daily"
    endpoint = AD_HISTORY

    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:
        """Ask for the history of an account; where the API refuses the range, for the one that it gives by itself."""
        first, last = _range(source, since)
        query = {"accountId": account_id}
        dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
        request = AD_HISTORY.request(self.name, {**query, **dates}, networks=(NETWORK,))
        answer = await source.attempt(request)
        is_refused = (
            answer.status == HTTPStatus.BAD_REQUEST and answer.refusal and answer.refusal.scope is Scope.RESOURCE
        )
        if is_refused:
            source.settle(self.name, answer)
            answer = await source.ask(AD_HISTORY.request(self.name, query, networks=(NETWORK,)), account_id)
        else:
            source.take(request, answer, account_id)
        claimed = dig(answer.body, ("dateRange",))
        given = instant(dig(claimed, ("start",)))
        is_unknown = claimed not in (None, {}, []) and given is None
        if is_refused or is_unknown or (given and given.date() > first + timedelta(days=1)):
            message = f"days from {first} on were requested, the API gave those from {given or 'a date of its own'} on"
            refusal = Refusal(CUT, "range_cut", message, answer.status)
            source.note(Issue(self.name, refusal, f"{first}:{account_id}", NETWORK))
        return answer


def _range(source: Source, since: date | None) -> tuple[date, date]:
    """Return the first and the last day of spending that are wanted."""
    start = source.settings.start_date
    if since is None:
        return (start.date() if start else source.today - timedelta(days=FIRST_DAYS)), source.today
    first = since - timedelta(days=source.settings.lookback_days)
    return (max(first, start.date()) if start else first), source.today


def _left(stream: str, bookmark: Mapping[str, Any]) -> tuple[str, list[tuple[str, str | None]]]:
    """Return when a reading began that a budget ended, and the accounts that it left over with their currencies.

    Raises:
        StateError: they are invalid.
    """
    listed = bookmark.get("left", [])
    pairs = [pair for pair in listed if isinstance(pair, list) and [type(part) for part in pair] == [str, str]]
    if not isinstance(listed, list) or len(pairs) != len(listed):
        raise StateError(f"left of {stream} isn't a list of ids and currencies")
    began = bookmark.get("began", "")
    if listed:
        read_date(began)
    return began, [(account_id, currency or None) for account_id, currency in pairs]
