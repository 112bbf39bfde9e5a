"""One profile in one run: what its streams read through, and the way of their records to stdout."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import X_KEYS, X_LIMIT, is_error
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import Answer, ProfileClient, Request
from tap_ayrshare.engine.errors import Refusal, Refused, Rule, Scope, TapError
from tap_ayrshare.memory import Memory
from tap_ayrshare.posts.history import History
from tap_ayrshare.values import storable, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.engine.client import Client
    from tap_ayrshare.extraction import Run
    from tap_ayrshare.settings import Profile
    from tap_ayrshare.streams.base import AyrshareStream

logger = logging.getLogger(__name__)

ALL = "all"
USER = "/user"
LISTS = frozenset({"history", "posts", "profiles", "analytics", "playlists"})
"""What holds the things themselves in an answer."""
ERRORS = "extraction_errors"
MESSAGE_LENGTH = 1000
MOST_AHEAD = 64
MEMORY = "accounts"
"""The stream in whose bookmark a profile's memory stands."""
X_OF_PROFILE, X_OF_PRIMARY = 1000, 500
"""Requests to X in 24 hours: 1,000 on Business plans, which alone have Profile-Keys (docs/api.md section 2)."""
X_ALLOWANCE = "x_daily_requests"
NO_ID = Rule(Scope.RESOURCE, failure=False, action="skipped: without an id it can't be kept")


@dataclass(frozen=True)
class Row:
    """A record on its way out."""

    stream: str
    record: dict[str, Any]


@dataclass(frozen=True)
class Bookmark:
    """A bookmark on its way out, behind the records that it covers.

    covered: how many requests of the profile those records are the answers to.
    """

    stream: str
    run: ProfileRun
    values: Mapping[str, Any]
    covered: int


class FailedOnError(TapError):
    """`on_error: fail` and something could not be read."""


class ProfileRun:
    """A profile in a run.

    label: the profile's label in records and state.
    history: the posts that were sent through Ayrshare, as far as they have been read.
    native: by network, the native posts that have been listed: (published, id); native_seen: their ids;
        native_gaps: the networks whose list could not be read to the end; native_pages: the page of a list that
        comes next, by its cursor, and the date on which the list was begun.
    left_out: networks that are left out for the rest of the run; limited: those of them that only have to wait.
    covered: requests whose records are on their way; covered_by_state: those that the last STATE covers;
        flushed: those that a STATE covers that is out; room: set whenever that may have risen; is_waiting: whether
        a STATE is waited for.
    refused: what ended this profile, None while it goes on.
    """

    def __init__(
        self, run: Run, profile: Profile, client: Client, outlet: asyncio.Queue[Row | Bookmark | None]
    ) -> None:
        self.run = run
        self.settings = run.settings
        self.now = run.now
        self.today = run.now.date()
        self.label = profile.label
        self.ahead = min(4 * self.settings.max_concurrency, MOST_AHEAD)
        self.client = ProfileClient(client, profile)
        self.history = History(self)
        self.native: dict[str, list[tuple[datetime | None, str]]] = {}
        self.native_seen: dict[str, set[str]] = {}
        self.native_gaps: set[str] = set()
        self.native_pages: dict[str, list[str]] = {}
        self.left_out: set[str] = set()
        self.limited: set[str] = set()
        self.refused: Refusal | None = None
        self.done = False
        self.covered = 0
        self.covered_by_state = 0
        self.flushed = 0
        self.room = asyncio.Event()
        self.is_waiting = False
        self.memory = Memory(run.state.get(MEMORY, self.label), run.now)
        self._x_allowed = self.settings.x_daily_requests or (X_OF_PROFILE if profile.key else X_OF_PRIMARY)
        self._outlet = outlet
        self._user: dict[str, Any] | Refusal | None = None
        self._reported: set[tuple[str, str, str]] = set()
        self._states: dict[str, Mapping[str, Any]] = {}
        self._saved: dict[str, Mapping[str, Any]] = {}
        self._turns: dict[str, str] = {}
        self._networks_reported: set[str] = set()

    # What streams read

    async def ask(self, request: Request) -> Answer:
        """Ask the API for this profile; see `ProfileClient.ask`."""
        asks_x = "twitter" in request.networks
        if asks_x:
            self.memory.count_x(1)
        answer = await self.client.ask(request)
        if asks_x:
            self.memory.count_x(answer.sent - 1)
        if answer.refusal is None and isinstance(answer.body, dict) and request.path != USER:
            around = {key: value for key, value in answer.body.items() if key not in NETWORKS and key not in LISTS}
            self.run.drift.look_at(request.stream, "answer", None, around)
        return answer

    def state(self, stream: AyrshareStream) -> Mapping[str, Any]:
        """Return the bookmark of a stream for this profile, as it came in."""
        if stream.name not in self._states:
            self._states[stream.name] = dict(self.run.state.get(stream.name, self.label))
        return self._states[stream.name]

    def is_read_today(self, stream: AyrshareStream) -> bool:
        """Return whether a stream has today's snapshot: a run with a budget doesn't ask for it again."""
        today = self.state(stream).get("replication_key_value") == self.run.snapshot_date
        return today and self.settings.request_budget is not None

    async def user(self, stream: AyrshareStream) -> dict[str, Any]:
        """Return the body of GET /user, asked once in a run.

        Raises:
            Refused: it could not be read; then the stream can't.
        """
        if isinstance(self._user, Refusal):
            raise Refused(self._user)
        if self._user is None:
            request = Request(
                "GET", USER, stream.name, usable=lambda body: isinstance(body, dict) and not is_error(body)
            )
            answer = await self.ask(request)
            self.covered += answer.sent
            self._user = answer.refusal or answer.body
            if self.settings.request_budget is not None and answer.refusal is None:
                self.memory.keep_networks(linked_networks(answer.body))
            return await self.user(stream)
        return self._user

    async def networks(self, what: str, stream: AyrshareStream, *, with_limited: bool = False) -> list[str]:
        """Return the networks of which a stream can read `what`: those of the setting, else those linked.

        Without those that are left out; `with_limited`, with those of them that only have to wait.
        """
        chosen: Sequence[str] | None = self.settings.platforms
        if chosen is None and self._user is None:
            chosen = self.memory.networks_now(self.settings.request_budget)
        if chosen is None:
            chosen = linked_networks(await self.user(stream))
        able = [name for name in chosen if name in NETWORKS and what in NETWORKS[name].reads]
        if "twitter" in able:
            await self.check_x_keys()
        can_be_asked = await self.open_networks(stream, able)
        return [name for name in able if name in can_be_asked or (with_limited and name in self.limited)]

    async def wait_for_room(self, seconds: float) -> bool:
        """Wait until a STATE is out that covers more; return whether one is."""
        flushed = self.flushed
        self.is_waiting = True
        self.room.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.room.wait(), seconds)
        return self.flushed > flushed

    async def open_networks(self, stream: AyrshareStream, networks: Sequence[str]) -> list[str]:
        """Return the networks that are not left out; X is once its allowance of the day is used up."""
        if "twitter" in networks and "twitter" not in self.left_out and self.memory.x_requests >= self._x_allowed:
            message = f"{self._x_allowed} requests to X in 24 hours are used up (x_daily_requests)"
            await self.report(stream.name, Refusal(X_LIMIT, X_ALLOWANCE, message, platform="twitter"), of_settings=True)
        return [name for name in networks if name not in self.left_out]

    async def check_x_keys(self) -> bool:
        """Leave X out where its keys are missing; tell whether X can be asked."""
        if self.settings.x_keys is None and "twitter" not in self.left_out:
            message = "X is left out: it needs x_api_key and x_api_secret of an X app of your own"
            refusal = Refusal(X_KEYS, "419", message, platform="twitter")
            await self.report(ALL, refusal, of_settings=True)
        return "twitter" not in self.left_out

    def warn_of_future(self, stream: AyrshareStream, value: object, network: str = "") -> None:
        """Warn that a bookmark lies in the future, so that nothing is due."""
        place = f"{stream.name} on {network}" if network else stream.name
        logger.warning(
            "profile %s, %s: nothing is read, since the bookmark %s lies in the future; check the clock, or fix it",
            self.label,
            place,
            value,
        )

    def leave_out(self, network: str, rule: Rule) -> None:
        """Leave a network out for the rest of the run."""
        self.left_out.add(network)
        if rule.stays_due:
            self.limited.add(network)

    # Where records go

    async def emit(self, stream: AyrshareStream, values: dict[str, Any]) -> None:
        """Send a record on its way; profile, snapshot date and instant are added."""
        if stream.name not in self.run.selected:
            return
        for column, body in stream.bodies:
            self.run.drift.look_at(stream.name, body, values.get("platform"), values[column])
        record = {**stream.blank, "profile": self.label, **values}
        if "snapshot_date" in stream.key_columns:
            record["snapshot_date"] = self.run.snapshot_date
        record["extracted_at"] = self.run.extracted_at
        await self._outlet.put(Row(stream.name, record))

    async def bookmark(self, stream: AyrshareStream, value: str | None, **more: Any) -> None:
        """Send the bookmark of a stream on its way, behind the records that it covers."""
        values = {k: v for k, v in {"replication_key_value": value, **more}.items() if v not in (None, {}, [])}
        if turn := self._turns.get(stream.name) or self.state(stream).get("turn"):
            values["turn"] = turn
        self._saved[stream.name] = values
        await self._outlet.put(Bookmark(stream.name, self, values, self.covered))

    async def take_turn(self, stream: AyrshareStream, moment: datetime) -> None:
        """Note in the state when a stream had its turn, in a run that has a budget."""
        self._turns[stream.name] = singer_time(moment)
        state = {**self._saved.get(stream.name, self.state(stream))}
        for name in ("context", "replication_key", "turn"):
            state.pop(name, None)
        await self.bookmark(stream, state.pop("replication_key_value", None), **state)

    def settle(self, stream: str, answer: Answer, requests: int | None = None) -> None:
        """Count how a request of a stream ended: it decides whether the stream failed as a whole."""
        self.covered += answer.sent if requests is None else requests
        tally = self.run.tally.streams[stream]
        refusal = answer.refusal
        if refusal and refusal.rule.failure:
            tally.failed += 1
            tally.cause = str(refusal)
        else:
            tally.answered += 1

    def settle_list(self, stream: str, answer: Answer, owner: str) -> None:
        """Count an answer of the endpoint that is `owner`'s: a stream is judged by its own endpoint alone."""
        if stream == owner or (answer.refusal and answer.refusal.rule.failure):
            self.settle(stream, answer)
        else:
            self.covered += answer.sent

    async def report(
        self,
        stream: str,
        refusal: Refusal,
        resource: str = ALL,
        platform: str | None = None,
        *,
        of_settings: bool = False,
    ) -> None:
        """Turn a refusal into a row of extraction_errors, a count and, the first time, a line in the log.

        Args:
            stream: the stream that met it.
            refusal: what the API refused.
            resource: the id of what could not be read, `all` for more than one thing.
            platform: the network where the refusal itself names none.
            of_settings: the settings are the cause, not the API.

        Raises:
            FailedOnError: `on_error` is `fail`.
        """
        scope = refusal.scope
        if scope is Scope.NOTHING:
            return
        platform = refusal.platform or platform or ALL
        if scope is Scope.NETWORK:
            resource = ALL
            self.leave_out(platform, refusal.rule)
            if platform in self._networks_reported:
                return
            self._networks_reported.add(platform)
        if scope in (Scope.PROFILE, Scope.RUN):
            stream, resource, platform = ALL, ALL, ALL
        tally = self.run.tally
        tally.streams[stream].errors[refusal.code] += 1
        if tally.is_news(self.label, stream, refusal.code, platform):
            logger.warning("profile %s, %s, %s: %s (%s)", self.label, stream, platform, refusal, refusal.rule.action)
        key = (stream, resource, platform)
        if key not in self._reported:
            self._reported.add(key)
            await self._emit_error(key, refusal)
        if self.settings.fail_on_error and scope is not Scope.STREAM and not of_settings:
            raise FailedOnError(f"on_error is fail: profile {self.label}, {stream}, {resource}: {refusal}")

    async def report_no_id(
        self, stream: str, position: int, item: Mapping[str, Any], platform: str | None = None
    ) -> None:
        """Report an item of an answer that has no id (code 187 in /history/:platform, docs/api.md section 3)."""
        code = text(item.get("code")) or "invalid_body"
        message = text(item.get("message")) or "the item has no id"
        await self.report(stream, Refusal(NO_ID, code, message, 200, details=dict(item)), f"item-{position}", platform)

    async def _emit_error(self, key: tuple[str, str, str], refusal: Refusal) -> None:
        if ERRORS not in self.run.selected:
            return
        stream, resource, platform = key
        record = {
            "profile": self.label,
            "stream": stream,
            "resource_id": resource,
            "platform": platform,
            "snapshot_date": self.run.snapshot_date,
            "code": refusal.code,
            "http_status": refusal.http_status,
            "message": refusal.message[:MESSAGE_LENGTH],
            "action": refusal.rule.action,
            "details": refusal.details,
            "extracted_at": self.run.extracted_at,
        }
        # Ids and labels of the settings are in it too, which may hold anything.
        await self._outlet.put(Row(ERRORS, storable(record)))


def linked_networks(user: Mapping[str, Any]) -> list[str]:
    """Return the networks linked to a profile; `activeSocialAccounts` is absent where there is none."""
    linked = user.get("activeSocialAccounts")
    names = [name.strip().lower() for name in linked if isinstance(name, str)] if isinstance(linked, list) else []
    return list(dict.fromkeys(filter(None, names)))
