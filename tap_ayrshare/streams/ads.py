"""Facebook ads: accounts, ads, and what was spent on them by day (docs/api.md section 11).

They require Ayrshare's Ads add-on. Ads and spending are requested by ad account.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.endpoints import AD_ACCOUNTS, AD_HISTORY, ADS
from tap_ayrshare.ayrshare.rows import freshness, usable_id
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.errors import Refusal, Rule, Scope, StateError
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import day, dig, instant, integer, number, text, timestamp
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import AdsBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.engine.client import Answer
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

NETWORK = "facebook"
FIRST_DAYS = 365
"""Days of spending that a first run requests where no start_date is set."""
PAGE = 100
"""Ad accounts that the API returns unless told otherwise; no cursor is documented."""
CUT = Rule(Scope.RESOURCE, failure=False, action="what the API gives is kept; the rest is out of reach")


async def ad_accounts(stream: str, source: Source) -> tuple[Answer, dict[str, dict[str, Any]]]:
    """Return the answer with the ad accounts of a profile, requested once in a run, and the accounts by id.

    What of them can't be read is noted for the stream.

    Raises:
        Refused: the API refuses the stream, the profile or the run.
        BudgetSpent: the request budget is spent.
    """
    found = await source.ask_once(AD_ACCOUNTS.request(stream, networks=(NETWORK,)))
    source.settle(stream, found, 0)
    for refusal in found.refusals:
        source.note(Issue(stream, refusal, platform=NETWORK))
    accounts: dict[str, dict[str, Any]] = {}
    for position, account in enumerate(AD_ACCOUNTS.listed(found.body)):
        account_id = usable_id(account.get("accountId"))
        if account_id is None:
            source.note_no_id(stream, position, account, NETWORK)
        else:
            accounts.setdefault(account_id, account)
    if AD_ACCOUNTS.count(found.body) >= PAGE:
        refusal = Refusal(CUT, "list_full", f"{PAGE} ad accounts came, and the API returns no more", HTTPStatus.OK)
        source.note(Issue(stream, refusal, platform=NETWORK))
    return found, accounts


class AdsFamilyStream(AyrshareStream):
    """A stream about ads; it reads nothing where Facebook is not linked."""

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`; how many accounts there are isn't known before."""
        networks = source.known_networks("ads")
        return None if networks is None else int(NETWORK in networks)


class AdAccountsStream(AdsFamilyStream):
    """The ad accounts of a profile, a snapshot a day."""

    name = "ad_accounts"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read the ad accounts."""
        if source.is_read_today(self.name) or NETWORK not in await source.networks("ads", self.name):
            return
        answer, accounts = await ad_accounts(self.name, source)
        if answer.refusal and answer.refusal.rule.failure:
            return
        for account_id, account in accounts.items():
            yield [self.record(source, {**_account(account_id, account), **freshness(answer.body)})]
        yield [self.checkpoint(source.snapshot.date)]


class ByAccountStream(AdsFamilyStream):
    """A stream that asks ad account by ad account.

    items_without_key: what makes an item unusable, for its error row.
    """

    bookmark = AdsBookmark
    items_without_key: ClassVar[str] = "id"

    @abstractmethod
    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:
        """Ask for an account; since: the date of the last complete reading, None if there is none."""

    @abstractmethod
    def rows(self, answer: Answer) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
        """Yield the rows of an answer, None for an item without a key, each with the item."""

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read every account, first those that the budget of an earlier run left over."""
        if source.is_read_today(self.name) or NETWORK not in await source.networks("ads", self.name):
            return
        began, accounts = _left(self.name, bookmark)
        # A failure of an earlier run counts until all accounts have been read again.
        is_whole = not (accounts and bookmark.get("failed"))
        if not accounts:
            began = source.snapshot.date
            answer, known = await ad_accounts(self.name, source)
            if answer.refusal and answer.refusal.rule.failure:
                return
            accounts = [(account_id, text(account.get("currency"))) for account_id, account in known.items()]
        value = bookmark.get("replication_key_value")
        since = read_date(value) if value else None
        for position, (account_id, currency) in enumerate(accounts):
            try:
                answer = await self.ask(source, account_id, since)
            except BudgetSpent:
                left = [[known_id, money or ""] for known_id, money in accounts[position:]]
                yield [self.checkpoint(value, began=began, left=left, failed=None if is_whole else True)]
                raise
            source.settle(self.name, answer)
            for refusal in answer.refusals:
                source.note(Issue(self.name, refusal, account_id, NETWORK))
            is_whole &= answer.refusal is None or not answer.refusal.rule.failure
            yield self._records(source, account_id, currency, answer)
        yield [self.checkpoint(began if is_whole else value)]

    def _records(self, source: Source, account_id: str, currency: str | None, answer: Answer) -> Batch:
        seen: set[tuple[Any, ...]] = set()
        keys = [name for name in self.contract.key_properties if name != "profile"]
        for position, (row, item) in enumerate(self.rows(answer)):
            if row is None:
                refusal = Refusal(CUT, "invalid_body", f"the item has no {self.items_without_key}", 200, details=item)
                yield Issue(self.name, refusal, f"item-{position}:{account_id}", NETWORK)
                continue
            row |= {"platform": NETWORK, "account_id": account_id, "currency": currency}
            key = tuple(row[name] for name in keys)
            if key not in seen:
                seen.add(key)
                yield self.record(source, row)


class AdsStream(ByAccountStream):
    """The ads of a profile, a row for each."""

    name = "ads"

    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:  # noqa: ARG002
        """See `ByAccountStream.ask`."""
        return await source.ask(ADS.request(self.name, {"accountId": account_id}, networks=(NETWORK,)))

    def rows(self, answer: Answer) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
        """See `ByAccountStream.rows`."""
        for item in ADS.listed(answer.body):
            ad_id = usable_id(item.get("adId")) or usable_id(item.get("id"))
            row = {
                "ad_id": ad_id,
                "ad_name": text(item.get("adName")) or text(item.get("name")),
                "budget_daily": number(item.get("budgetDaily")),
                **_of_ad(item),
                "ad": item,
                **(freshness(answer.body) if isinstance(answer.body, dict) else {}),
            }
            yield (row if ad_id else None), item


class AdSpendDailyStream(ByAccountStream):
    """What was spent on ads, a row for each ad and day, with look-back."""

    name = "ad_spend_daily"
    items_without_key = "ad id or no date"

    async def ask(self, source: Source, account_id: str, since: date | None) -> Answer:
        """Ask for the history of an account; where the API refuses the range, for the one that it gives by itself."""
        first, last = _range(source, since)
        query = {"accountId": account_id}
        dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
        answer = await source.ask(AD_HISTORY.request(self.name, {**query, **dates}, networks=(NETWORK,)))
        is_refused = (
            answer.status == HTTPStatus.BAD_REQUEST and answer.refusal and answer.refusal.scope is Scope.RESOURCE
        )
        if is_refused:
            source.settle(self.name, answer)
            answer = await source.ask(AD_HISTORY.request(self.name, query, networks=(NETWORK,)))
        given = instant(dig(answer.body, ("dateRange", "start")))
        if is_refused or (given and given.date() > first + timedelta(days=1)):
            message = f"days from {first} on were requested, the API gave those from {given or 'a date of its own'} on"
            refusal = Refusal(CUT, "range_cut", message, answer.status)
            source.note(Issue(self.name, refusal, f"{first}:{account_id}", NETWORK))
        return answer

    def rows(self, answer: Answer) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
        """See `ByAccountStream.rows`."""
        totals = dig(answer.body, ("metrics",))
        for item in AD_HISTORY.listed(answer.body):
            ad_id, spent_on = usable_id(item.get("adId")), day(item.get("spendDate"))
            row = {
                "ad_id": ad_id,
                "date": spent_on.isoformat() if spent_on else None,
                "ad_name": text(item.get("adName")),
                "spend": number(item.get("spend")),
                "budget_daily": number(item.get("budgetDaily")),
                "budget_type": text(item.get("budgetType")),
                **{name: integer(dig(item, ("metrics", name))) for name in ("impressions", "reach", "clicks")},
                **_of_ad(item),
                "day": item,
                "totals": totals if isinstance(totals, dict) else None,
            }
            yield (row if ad_id and spent_on else None), item


def _range(source: Source, since: date | None) -> tuple[date, date]:
    """Return the first and the last day of spending that are wanted."""
    start = source.settings.start_date
    if since is None:
        return (start.date() if start else source.today - timedelta(days=FIRST_DAYS)), source.today
    first = since - timedelta(days=source.settings.lookback_days)
    return (max(first, start.date()) if start else first), source.today


def _of_ad(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "post_id": text(item.get("postId")),
        "status": text(item.get("status")),
        "delivery_status": text(item.get("deliveryStatus")),
    }


def _account(account_id: str, account: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": NETWORK,
        "account_id": account_id,
        "name": text(account.get("name")),
        "status": text(account.get("status")),
        "currency": text(account.get("currency")),
        "amount_spent": number(account.get("amountSpent")),
        "balance": number(account.get("balance")),
        "budget_remaining": number(account.get("budgetRemaining")),
        "spend_cap": number(account.get("spendCap")),
        "spend": number(dig(account, ("metrics", "spend"))),
        **{name: integer(dig(account, ("metrics", name))) for name in ("impressions", "reach", "clicks")},
        "timezone": text(account.get("timezoneName")),
        "created_at": timestamp(account.get("created")),
        "account": account,
    }


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
