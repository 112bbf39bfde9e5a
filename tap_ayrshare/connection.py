"""`tap-ayrshare --test`: what a run will find, told in a few requests for each profile."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements, is_error
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.clock import read_clock
from tap_ayrshare.engine.client import Client, ProfileClient, Request
from tap_ayrshare.engine.errors import Refusal, Refused, Scope, TapError
from tap_ayrshare.posts.history import LIMIT, analytics_networks, has_history, history_rows, published_at
from tap_ayrshare.profile_run import linked_networks
from tap_ayrshare.settings import PRIMARY, Profile
from tap_ayrshare.streams.account import has_profiles
from tap_ayrshare.streams.links import ENDPOINTS
from tap_ayrshare.values import objects, text

if TYPE_CHECKING:
    from typing import TextIO

    from tap_ayrshare.engine.client import Answer
    from tap_ayrshare.settings import Settings

TRIES = 2
LONGEST_ANSWER = 30.0
"""Seconds for an answer: the networks are asked live, so that many at once take a while."""
HTTP_NOT_FOUND = 404
NAMED_AT_MOST = 10
WIDTH = 24
SECONDS_A_MINUTE = 60


class ConnectionFailed(TapError):
    """Nothing can be read; the text says why and what to do."""


@dataclass
class Findings:
    """What one profile's answers say.

    posts: how many posts it has sent, as far as one answer shows; analysed: those of them with numbers to read.
    networks: those that are linked and wanted; numbers: by network, why its account's numbers can't be read.
    refused: what refuses the whole profile; no_history, no_numbers: what refuses the posts, the numbers.
    """

    label: str
    ref_id: str | None = None
    networks: list[str] = field(default_factory=list)
    posts: int = 0
    analysed: int = 0
    is_cut: bool = False
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    refused: Refusal | None = None
    no_history: str = ""
    no_numbers: str = ""

    def able(self, what: str) -> list[str]:
        """Return the linked networks of which `what` can be read."""
        return [name for name in self.networks if what in NETWORKS[name].reads and name not in self.numbers]


class ConnectionCheck:
    """Asks each profile for its networks, its posts and its accounts' numbers, and says what a run will find."""

    def __init__(self, settings: Settings, report: TextIO) -> None:
        """Make a check that writes to `report`."""
        shortened = min(settings.request_timeout, LONGEST_ANSWER)
        self._settings = dataclasses.replace(settings, request_timeout=shortened, request_budget=None)
        self._report = report
        self._client = Client(self._settings, tries=TRIES)
        self._links = ""

    def run(self) -> None:
        """Check, and write what was found.

        Raises:
            ConnectionFailed: nothing can be read.
        """
        asyncio.run(self._run())

    def _say(self, line: str = "") -> None:
        self._report.write(line + "\n")
        self._report.flush()

    async def _run(self) -> None:
        settings = self._settings
        self._say(f"tap-ayrshare {version('tap-ayrshare')}, {settings.api_url}, profiles: {len(settings.profiles)}")
        async with self._client.opened():
            try:
                found = await asyncio.gather(*map(self._profile, settings.profiles))
            except Refused as refused:
                raise ConnectionFailed(self._cause(refused.refusal)) from None
            usable = [one for one in found if one.refused is None]
            if found and not usable:
                raise ConnectionFailed(self._cause(found[0].refused))
            if usable:
                await self._ask_links()
            for one in found:
                self._tell(one)
            if settings.reads_profile_list:
                await self._tell_profiles({one.ref_id for one in found})
        self._tell_requests(usable)
        bad = len(found) - len(usable)
        self._say(f"{len(usable)} of {len(found)} profiles can be read." if bad else "All profiles can be read.")

    # Asking

    async def _profile(self, profile: Profile) -> Findings:
        client, found = ProfileClient(self._client, profile), Findings(profile.label)
        try:
            user = await client.ask(Request("GET", "/user", "accounts", usable=_is_object))
            if user.refusal:
                found.refused = user.refusal
                return found
            self._take_user(found, user.body)
            history = Request("GET", "/history", "posts", {"limit": str(LIMIT), "lastDays": "0"}, usable=has_history)
            self._take_history(found, await _asked(client, history))
            asked = found.able("account_analytics")
            if asked:
                body = {"platforms": asked}
                request = Request("POST", "/analytics/social", "social_analytics", body=body, networks=tuple(asked))
                self._take_numbers(found, await _asked(client, request), asked)
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
        if "twitter" in found.networks and self._settings.x_keys is None:
            found.networks.remove("twitter")
            found.notes.append("twitter: left out, x_api_key and x_api_secret of an X app of your own are missing")

    def _take_history(self, found: Findings, answer: Answer | Refusal) -> None:
        if refusal := _refusal(answer):
            found.no_history = "" if refusal.scope is Scope.NOTHING else _why(refusal)
            return
        rows, start = history_rows(answer.body), self._settings.start_date  # type: ignore[union-attr]
        posts = [(published_at(row), row) for row in rows]
        kept = [row for published, row in posts if published and (start is None or published >= start)]
        found.posts, found.is_cut = len(kept), len(rows) >= LIMIT
        now, able = read_clock(), set(found.able("post_analytics"))
        found.analysed = sum(
            bool(able & set(analytics_networks(row))) for row in kept if (sent := published_at(row)) and sent <= now
        )

    def _take_numbers(self, found: Findings, answer: Answer | Refusal, asked: list[str]) -> None:
        refusals = [answer] if isinstance(answer, Refusal) else answer.refusals
        for refusal in refusals:
            if refusal.platform in asked:
                found.numbers[str(refusal.platform)] = _why(refusal)
            elif refusal.scope is Scope.STREAM or _refusal(answer):
                found.no_numbers = _why(refusal)
        for network, block in good_blocks(None if isinstance(answer, Refusal) else answer.body).items():
            for one in good_elements(block):
                for warning in objects(one.get("warning")):
                    found.notes.append(f"{network}: {text(warning.get('code'))}: {text(warning.get('message'))}")

    async def _ask_links(self) -> None:
        """Ask the link endpoints until one is there; the first profile speaks for all."""
        client = ProfileClient(self._client, self._settings.profiles[0])
        for endpoint in ENDPOINTS:
            query = {"lastDays": "1"} if endpoint == ENDPOINTS[0] else {}
            answer = await _asked(client, Request("GET", endpoint, "link_analytics", query, usable=_is_anything))
            refusal = _refusal(answer)
            self._links = _why(refusal) if refusal else ""
            if refusal is None or refusal.http_status != HTTP_NOT_FOUND:
                return
        self._links = "none of the link endpoints is there (404)"

    # Telling

    def _tell(self, found: Findings) -> None:
        self._say(f"\nprofile {found.label}" + (f" (refId {found.ref_id})" if found.ref_id else ""))
        if found.refused:
            self._say(f"  can't be read: {found.refused}; {found.refused.rule.action}")
            return
        posts = f"{found.posts} posts" + (" or more" if found.is_cut else "")
        numbers = {name: why for name, why in found.numbers.items() if name in found.networks}
        lines = {
            "accounts": _yes(", ".join(found.networks), "no network is linked"),
            "posts": found.no_history or _yes(posts if found.posts else "", "none has been sent through Ayrshare"),
            "post_analytics": found.no_numbers or found.no_history or _yes(
                f"{found.analysed} posts" if found.analysed else "", "no post is on a network with numbers"),
            "social_posts": found.no_numbers or _listed(found, "native_history"),
            "social_post_analytics": found.no_numbers or _listed(found, "social_post_analytics"),
            "social_analytics": found.no_numbers or _listed(found, "account_analytics"),
            "social_analytics_daily": found.no_numbers or _listed(found, "daily"),
            "link_analytics": self._links or "yes",
            "youtube_playlists": found.no_numbers or _yes(
                "YouTube" if "youtube" in found.able("account_analytics") else "", "YouTube is not linked"),
        }  # fmt: skip
        for stream, line in lines.items():
            self._say(f"  {stream:<{WIDTH}}{line}")
        for note in [*(f"{name}: {why}" for name, why in numbers.items()), *found.notes]:
            self._say(f"  - {note}")

    async def _tell_profiles(self, read: set[str | None]) -> None:
        """Name the profiles that the account has and the settings lack: by title and refId, keys are in no list."""
        client = ProfileClient(self._client, Profile(PRIMARY, None))
        answer = await _asked(client, Request("GET", "/profiles", "profiles", usable=has_profiles))
        if refusal := _refusal(answer):
            self._say(f"\nprofiles: {_why(refusal)}")
            return
        entries = objects(answer.body["profiles"])  # type: ignore[union-attr]
        self._say(f"\nprofiles: the account has {len(entries)} user profiles")
        labels = {profile.label.casefold() for profile in self._settings.profiles}
        lacking = [
            f"{title or 'without a title'} (refId {ref_id})"
            for entry in entries
            if (ref_id := text(entry.get("refId"))) not in read
            and ((title := text(entry.get("title"))) or "").casefold() not in labels
        ]
        if lacking:
            more = f" and {len(lacking) - NAMED_AT_MOST} more" if len(lacking) > NAMED_AT_MOST else ""
            self._say(f"  - not in the settings: {', '.join(lacking[:NAMED_AT_MOST])}{more}")

    def _tell_requests(self, usable: list[Findings]) -> None:
        """Say how many requests a first run makes and how long they take: profiles run side by side."""
        counts = [self._requests(one) for one in usable]
        if not counts:
            return
        settings = self._settings
        allowed = max(1, math.floor(settings.rate_limit_requests * (1 - settings.rate_limit_reserve)))
        windows = math.ceil(max(counts) / allowed) - 1
        least = "at least" if any(one.is_cut for one in usable) else "about"
        each = f"At {allowed} requests in {settings.rate_limit_window:g} s for each profile, all profiles at once"
        self._say(f"\nA first run of all streams makes {least} {sum(counts)} requests,")
        self._say("and one more for each native post that Ayrshare did not send.")
        self._say(f"{each}, it takes {least} {_duration(windows * settings.rate_limit_window)}.")
        self._say("Later runs read only what is due.")

    @staticmethod
    def _requests(found: Findings) -> int:
        basic = ["accounts", "posts", "deleted posts"]
        if found.no_numbers:
            return len(basic)
        lists = len(found.able("native_history"))
        accounts = len(found.able("account_analytics")) + len(found.able("daily"))
        return len(basic) + found.analysed + lists + accounts + len(["links"]) + ("youtube" in found.networks)

    def _cause(self, refusal: Refusal | None) -> str:
        """Return why nothing can be read, and what to do about it."""
        if refusal is None:
            return "nothing can be read"
        if refusal.http_status == HTTP_NOT_FOUND or refusal.code == "invalid_body":
            return f"{self._settings.api_url}/user is no Ayrshare API ({refusal}): check api_url"
        return f"nothing can be read: {refusal} ({refusal.rule.action})"


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


def _why(refusal: Refusal) -> str:
    return f"no: {refusal} ({refusal.rule.action})"


def _yes(what: str, otherwise: str) -> str:
    return f"yes: {what}" if what else f"no: {otherwise}"


def _listed(found: Findings, what: str) -> str:
    return _yes(", ".join(found.able(what)), "no linked network has it")


def _duration(seconds: float) -> str:
    minutes = math.ceil(seconds / SECONDS_A_MINUTE)
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def _is_object(body: object) -> bool:
    return isinstance(body, dict) and not is_error(body)


def _is_anything(body: object) -> bool:
    return isinstance(body, (list, dict)) and not is_error(body)
