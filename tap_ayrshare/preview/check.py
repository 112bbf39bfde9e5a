"""`tap-ayrshare --test`: find out in a few requests for each profile what a run will find."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import NO_ANALYTICS
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.endpoints import LINKS, PROFILES, SOCIAL_ANALYTICS, USER
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.ayrshare.linked import linked_networks
from tap_ayrshare.ayrshare.quota import quota_warning
from tap_ayrshare.config.settings import PRIMARY, Profile
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.errors import Refusal, Refused, Scope, TapError
from tap_ayrshare.engine.transport import Client
from tap_ayrshare.engine.values import objects, text
from tap_ayrshare.preview.survey import NativeList, Posts, count_native, count_posts, refusal_of
from tap_ayrshare.run.outcome import not_the_api
from tap_ayrshare.streams.clients import client_of

if TYPE_CHECKING:
    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.engine.client import ProfileClient
    from tap_ayrshare.engine.exchange import Answer, Request

TRIES = 2
LONGEST_ANSWER = 30.0
"""Seconds for an answer: the networks are asked live, so that many at once take a while."""


@dataclass
class Findings:
    """What one profile's answers say.

    networks: those that are linked and wanted; analytics: by network, why its account's can't be read.
    posts: those that it has sent; native: by network, what its list shows.
    refused: what refuses the whole profile.
    no_history, no_analytics, no_links: what refuses the posts, the analytics, the links.
    """

    label: str
    ref_id: str | None = None
    networks: list[str] = field(default_factory=list)
    posts: Posts = field(default_factory=Posts)
    native: dict[str, NativeList] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    analytics: dict[str, str] = field(default_factory=dict)
    refused: Refusal | None = None
    no_history: str = ""
    no_analytics: str = ""
    no_links: str = ""

    def able(self, what: str) -> list[str]:
        """Return the linked networks of which `what` can be read."""
        return [name for name in self.networks if what in NETWORKS[name].reads and name not in self.analytics]


@dataclass
class Report:
    """What was found.

    profiles: those that the account has; no_profiles: why they can't be listed.
    """

    settings: Settings
    found: list[Findings]
    profiles: list[dict[str, Any]] = field(default_factory=list)
    no_profiles: Refusal | None = None

    @property
    def failure(self) -> TapError | None:
        """Why a run would fail that isn't worth ending the check for, None if it wouldn't."""
        if len(self.usable) == len(self.found) or "profile" not in self.settings.fail_on:
            return None
        return TapError(f"{len(self.usable)} of {len(self.found)} profiles can be read")

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
        self._now = read_clock()

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
                no_links = await self._ask_links()
                for one in found:
                    one.no_links = no_links
            if self._settings.reads_profile_list:
                answer = await _asked(self._client_of(Profile(PRIMARY, None)), PROFILES.request("profiles"))
                report.no_profiles = refusal_of(answer)
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
            ask, start = partial(_asked, client), self._settings.start_date
            found.posts = await count_posts(ask, start, self._now)
            if found.posts.refusal:
                found.no_history = why(found.posts.refusal)
            asked = found.able("account_analytics")
            if asked:
                body = {"platforms": asked}
                request = SOCIAL_ANALYTICS.request("social_analytics", body=body, networks=tuple(asked))
                self._take_analytics(found, await ask(request), asked)
            if not found.no_analytics:
                listed = found.able("native_history")
                lists = await asyncio.gather(*(count_native(ask, name, start, found.posts) for name in listed))
                found.native = dict(zip(listed, lists, strict=True))
        except Refused as refused:
            if refused.refusal.scope is Scope.RUN:
                raise
            found.refused = refused.refusal
        return found

    def _take_user(self, found: Findings, user: dict[str, Any]) -> None:
        answered, wanted = linked_networks(user), self._settings.platforms
        linked = answered.networks
        if answered.unknown or answered.unreadable:
            found.notes.append(f"which networks are linked can't be read: {answered.unknown or answered.unreadable}")
        found.ref_id = text(user.get("refId"))
        if warning := quota_warning(user):
            found.notes.append(warning)
        known = [name for name in linked if name in NETWORKS]
        found.networks = [name for name in known if wanted is None or name in wanted]
        for name in wanted or ():
            if name not in linked:
                found.notes.append(f"{name}: in `platforms`, but not linked to this profile")
        for name in found.networks.copy():
            if missing := self._settings.missing_keys(name):
                found.networks.remove(name)
                found.notes.append(f"{name}: left out, {' and '.join(missing)} of an app of your own are missing")

    def _take_analytics(self, found: Findings, answer: Answer | Refusal, asked: list[str]) -> None:
        refusals = [answer] if isinstance(answer, Refusal) else answer.refusals
        for refusal in refusals:
            if refusal.rule is NO_ANALYTICS:
                found.notes.append(f"{refusal.platform or 'all networks'}: no account analytics yet ({refusal})")
            elif refusal.platform in asked:
                found.analytics[str(refusal.platform)] = why(refusal)
            elif refusal.scope is Scope.STREAM or refusal_of(answer):
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
            refusal = refusal_of(answer)
            if refusal is None or refusal.http_status != HTTPStatus.NOT_FOUND:
                return why(refusal) if refusal else ""
        return "none of the link endpoints is there (404)"

    def _error(self, refusal: Refusal) -> TapError:
        """Return why nothing can be read, and what to do about it."""
        if refusal.http_status == HTTPStatus.NOT_FOUND or refusal.code == "invalid_body":
            return not_the_api(self._settings.api_url + USER.path, refusal)
        return TapError(f"nothing can be read: {refusal} ({refusal.rule.action})", refusal.exit_code)


async def _asked(client: ProfileClient, request: Request) -> Answer | Refusal:
    """Ask; what refuses a stream alone is returned and not raised."""
    try:
        return await client.ask(request)
    except Refused as refused:
        if refused.refusal.scope is not Scope.STREAM:
            raise
        return refused.refusal


def why(refusal: Refusal) -> str:
    """Return why something can't be read, as the report has it."""
    return f"no: {refusal} ({refusal.rule.action})"
