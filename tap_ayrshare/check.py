"""`tap-ayrshare --test`: find out in a few requests for each profile what a run will find."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.endpoints import HISTORY, LINKS, PROFILES, SOCIAL_ANALYTICS, USER
from tap_ayrshare.clock import read_clock
from tap_ayrshare.engine.client import Client
from tap_ayrshare.engine.errors import NEEDS_PERSON, Refusal, Refused, Scope, TapError
from tap_ayrshare.posts.history import LIMIT, analytics_networks, published_at
from tap_ayrshare.settings import PRIMARY, Profile
from tap_ayrshare.source import client_of, linked_networks
from tap_ayrshare.values import objects, text

if TYPE_CHECKING:
    from tap_ayrshare.engine.client import Answer, ProfileClient, Request
    from tap_ayrshare.settings import Settings

TRIES = 2
LONGEST_ANSWER = 30.0
"""Seconds for an answer: the networks are asked live, so that many at once take a while."""


@dataclass
class Findings:
    """What one profile's answers say.

    posts: how many posts it has sent, as far as one answer shows; analysed: those of them with analytics to read.
    networks: those that are linked and wanted; analytics: by network, why its account's can't be read.
    refused: what refuses the whole profile; no_history, no_analytics: what refuses the posts, the analytics.
    """

    label: str
    ref_id: str | None = None
    networks: list[str] = field(default_factory=list)
    posts: int = 0
    analysed: int = 0
    is_cut: bool = False
    notes: list[str] = field(default_factory=list)
    analytics: dict[str, str] = field(default_factory=dict)
    refused: Refusal | None = None
    no_history: str = ""
    no_analytics: str = ""

    def able(self, what: str) -> list[str]:
        """Return the linked networks of which `what` can be read."""
        return [name for name in self.networks if what in NETWORKS[name].reads and name not in self.analytics]

    @property
    def requests(self) -> int:
        """How many requests a first run makes, native posts apart."""
        basic = ["accounts", "posts", "deleted posts"]
        if self.no_analytics:
            return len(basic)
        lists = len(self.able("native_history"))
        accounts = len(self.able("account_analytics")) + len(self.able("daily"))
        return len(basic) + self.analysed + lists + accounts + len(["links"]) + ("youtube" in self.networks)


@dataclass
class Report:
    """What was found.

    links: why links can't be read; profiles: those that the account has; no_profiles: why they can't be listed.
    """

    settings: Settings
    found: list[Findings]
    links: str = ""
    profiles: list[dict[str, Any]] = field(default_factory=list)
    no_profiles: Refusal | None = None

    @property
    def usable(self) -> list[Findings]:
        """The profiles that can be read."""
        return [one for one in self.found if one.refused is None]


class ConnectionCheck:
    """Asks each profile for its networks, its posts and its accounts' analytics."""

    def __init__(self, settings: Settings) -> None:
        """Make a check."""
        shortened = min(settings.request_timeout, LONGEST_ANSWER)
        self._settings = dataclasses.replace(settings, request_timeout=shortened, request_budget=None)
        self._client = Client(self._settings, self._settings.secrets, tries=TRIES)

    async def run(self) -> Report:
        """Ask, and return what was found.

        Raises:
            TapError: nothing can be read.
        """
        async with self._client.opened():
            try:
                found = await asyncio.gather(*map(self._profile, self._settings.profiles))
            except Refused as refused:
                raise self._error(refused.refusal) from None
            if found and (first := found[0].refused) and all(one.refused for one in found):
                raise self._error(first)
            report = Report(self._settings, found)
            if found:
                report.links = await self._ask_links()
            if self._settings.reads_profile_list:
                answer = await _asked(self._client_of(Profile(PRIMARY, None)), PROFILES.request("profiles"))
                report.no_profiles = _refusal(answer)
                report.profiles = [] if isinstance(answer, Refusal) else PROFILES.listed(answer.body)
        return report

    # Asking

    def _client_of(self, profile: Profile) -> ProfileClient:
        return client_of(self._settings, profile, self._client)

    async def _profile(self, profile: Profile) -> Findings:
        client, found = self._client_of(profile), Findings(profile.label)
        try:
            user = await client.ask(USER.request("accounts"))
            if user.refusal:
                found.refused = user.refusal
                return found
            self._take_user(found, user.body)
            history = HISTORY.request("posts", {"limit": str(LIMIT), "lastDays": "0"})
            self._take_history(found, await _asked(client, history))
            asked = found.able("account_analytics")
            if asked:
                body = {"platforms": asked}
                request = SOCIAL_ANALYTICS.request("social_analytics", body=body, networks=tuple(asked))
                self._take_analytics(found, await _asked(client, request), asked)
        except Refused as refused:
            if refused.refusal.scope is Scope.RUN:
                raise
            found.refused = refused.refusal
        return found

    def _take_user(self, found: Findings, user: dict[str, Any]) -> None:
        linked, wanted = linked_networks(user), self._settings.platforms
        found.ref_id = text(user.get("refId"))
        known = [name for name in linked if name in NETWORKS]
        found.networks = [name for name in known if wanted is None or name in wanted]
        for name in wanted or ():
            if name not in linked:
                found.notes.append(f"{name}: in `platforms`, but not linked to this profile")
        for name in found.networks.copy():
            if missing := self._settings.missing_keys(name):
                found.networks.remove(name)
                found.notes.append(f"{name}: left out, {' and '.join(missing)} of an app of your own are missing")

    def _take_history(self, found: Findings, answer: Answer | Refusal) -> None:
        if refusal := _refusal(answer):
            found.no_history = "" if refusal.scope is Scope.NOTHING else why(refusal)
            return
        rows, start = HISTORY.listed(answer.body), self._settings.start_date  # type: ignore[union-attr]
        posts = [(published_at(row), row) for row in rows]
        kept = [row for published, row in posts if published and (start is None or published >= start)]
        found.posts, found.is_cut = len(kept), len(rows) >= LIMIT
        now, able = read_clock(), set(found.able("post_analytics"))
        found.analysed = sum(
            bool(able & set(analytics_networks(row))) for row in kept if (sent := published_at(row)) and sent <= now
        )

    def _take_analytics(self, found: Findings, answer: Answer | Refusal, asked: list[str]) -> None:
        refusals = [answer] if isinstance(answer, Refusal) else answer.refusals
        for refusal in refusals:
            if refusal.platform in asked:
                found.analytics[str(refusal.platform)] = why(refusal)
            elif refusal.scope is Scope.STREAM or _refusal(answer):
                found.no_analytics = why(refusal)
        for network, block in good_blocks(None if isinstance(answer, Refusal) else answer.body).items():
            for one in good_elements(block):
                for warning in objects(one.get("warning")):
                    found.notes.append(f"{network}: {text(warning.get('code'))}: {text(warning.get('message'))}")

    async def _ask_links(self) -> str:
        """Ask the link endpoints until one is there, for the first profile; return why links can't be read."""
        client = self._client_of(self._settings.profiles[0])
        for endpoint in LINKS:
            query = {"lastDays": "1"} if endpoint is LINKS[0] else {}
            answer = await _asked(client, endpoint.request("link_analytics", query))
            refusal = _refusal(answer)
            if refusal is None or refusal.http_status != HTTPStatus.NOT_FOUND:
                return why(refusal) if refusal else ""
        return "none of the link endpoints is there (404)"

    def _error(self, refusal: Refusal) -> TapError:
        """Return why nothing can be read, and what to do about it."""
        if refusal.http_status == HTTPStatus.NOT_FOUND or refusal.code == "invalid_body":
            cause = f"{self._settings.api_url}{USER.path} is not the Ayrshare API ({refusal}): check api_url"
            return TapError(cause, NEEDS_PERSON)
        return TapError(f"nothing can be read: {refusal} ({refusal.rule.action})", refusal.exit_code)


async def _asked(client: ProfileClient, request: Request) -> Answer | Refusal:
    """Ask; what refuses a stream alone is returned and not raised."""
    try:
        return await client.ask(request)
    except Refused as refused:
        if refused.refusal.scope is not Scope.STREAM:
            raise
        return refused.refusal


def _refusal(answer: Answer | Refusal) -> Refusal | None:
    return answer if isinstance(answer, Refusal) else answer.refusal


def why(refusal: Refusal) -> str:
    """Return why something can't be read, as the report has it."""
    return f"no: {refusal} ({refusal.rule.action})"
