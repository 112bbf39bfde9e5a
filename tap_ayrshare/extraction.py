"""A run: all profiles read side by side, their records and bookmarks written in order.

Each profile is one task that reads its streams one after another. What it finds goes through one bounded
queue to the writer: records first, behind them the bookmarks that cover them, so that a STATE message never
promises what has not been written.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tap_ayrshare.ayrshare.drift import Drift
from tap_ayrshare.clock import read_clock, singer_time
from tap_ayrshare.engine.client import BudgetSpent, Client
from tap_ayrshare.engine.errors import Refused, Scope, TapError
from tap_ayrshare.engine.progress import Tally
from tap_ayrshare.messages import MessageWriter
from tap_ayrshare.profile_run import ERRORS, MEMORY, Bookmark, ProfileRun, Row
from tap_ayrshare.settings import PRIMARY, Profile
from tap_ayrshare.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from types import FrameType

    from tap_ayrshare.streams.base import AyrshareStream
    from tap_ayrshare.tap import TapAyrshare

logger = logging.getLogger(__name__)

Shared = TypeVar("Shared")

ORDER = (
    "accounts", "profiles", "social_analytics", "social_analytics_daily", "link_analytics", "youtube_playlists",
    "posts", "social_posts", "post_analytics", "social_post_analytics", ERRORS,
)  # fmt: skip
"""The order in which a profile's streams are read: the few requests before the many."""
QUEUE_LENGTH = 500
STATE_SECONDS = 60.0
STATE_REQUESTS = 25
PROFILES_A_SECOND = 1000
"""Profiles of which a STATE is written in a second, where one is waited for."""
MESSAGES_AT_ONCE = 1 << 18
SECONDS_BETWEEN_FLUSHES = 0.2
SECONDS_TO_END = 4.0
"""After a signal the process ends within five seconds, even if the target reads no more."""


TARGET_GONE = "the target has stopped reading"


class RunFailed(TapError):
    """The run is over and something in it failed as a whole."""


class KeyRefused(TapError):
    """The API refused the key, or the URL: nothing can be read."""


class TargetGone(TapError):
    """Nobody reads what the tap writes, or it can't be written."""


class Interrupted(TapError):
    """A signal ended the run."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"ended by {signal.Signals(signum).name}; the state covers all that was written")
        self.exit_code = 128 + signum


class Run:
    """One run of the tap.

    now: the instant of the run, read once; snapshot_date and extracted_at come from it.
    selected: the names of the streams whose records are wanted.
    readers: the profiles that are read (not the one that is asked for the list of profiles alone).
    """

    def __init__(self, tap: TapAyrshare, streams: Sequence[AyrshareStream]) -> None:
        self.tap = tap
        self.settings = tap.settings
        self.now = read_clock()
        self.snapshot_date = self.now.date().isoformat()
        self.extracted_at = singer_time(self.now)
        self.streams: dict[str, AyrshareStream] = tap.streams  # type: ignore[assignment]
        self.selected = {stream.name for stream in streams}
        self.state = State(cast("dict[str, Any]", tap.state))
        self.tally = Tally(sorted(self.selected))
        self.drift = Drift()
        self.spent = False
        self._shared: dict[type, Any] = {}
        self._signal: int | None = None
        self._fatal: TapError | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._queue: asyncio.Queue[Row | Bookmark | None] = asyncio.Queue(QUEUE_LENGTH)
        self._client = Client(self.settings)
        self.readers = [ProfileRun(self, profile, self._client, self._queue) for profile in self.settings.profiles]
        self._account = self._account_run()
        self._last_state = monotonic()
        self._covered: dict[str, int] = {}
        self._read_to_end: Counter[str] = Counter()
        self._newly_covered = 0
        self._state_waits = False
        self.is_writing = False

    def _account_run(self) -> ProfileRun | None:
        """Return the run that asks for the list of profiles, which needs the API key alone."""
        if "profiles" not in self.selected or not self.settings.reads_profile_list:
            return None
        primary = next((run for run in self.readers if run.label == PRIMARY), None)
        return primary or ProfileRun(self, Profile(PRIMARY, None), self._client, self._queue)

    @property
    def runs(self) -> list[ProfileRun]:
        """All profiles that are asked for anything."""
        extra = [self._account] if self._account and self._account not in self.readers else []
        return [*extra, *self.readers]

    def shared(self, kind: type[Shared]) -> Shared:
        """Return the one object of a kind that the profiles of this run share."""
        return self._shared.setdefault(kind, kind())  # type: ignore[no-any-return]

    # Reading

    async def items(self) -> AsyncGenerator[Row | Bookmark, None]:
        """Read all profiles and yield their records and bookmarks, those of one profile in order."""
        async with self._client.opened():
            turns = {
                run.label: min(map(self._turn, names, [run] * len(names)), default="")
                for run in self.runs
                for names in [self._streams_of(run)]
            }
            runs = sorted(self.runs, key=lambda run: turns[run.label]) if self.settings.request_budget else self.runs
            self._tasks = [asyncio.create_task(self._read(run)) for run in runs]
            end = asyncio.create_task(self._end())
            try:
                while (item := await self._queue.get()) is not None:
                    yield item
            finally:
                self._cancel()
                end.cancel()
                await asyncio.gather(*self._tasks, end, return_exceptions=True)

    async def _end(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()):
                self._fatal = error if isinstance(error, TapError) else self._fatal
                if not isinstance(error, TapError):
                    logger.error("unexpected error: please report it", exc_info=error)
                    self._fatal = RunFailed(f"unexpected error ({type(error).__name__}), see above")
        await self._queue.put(None)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _read(self, run: ProfileRun) -> None:
        """Read the streams of one profile."""
        try:
            try:
                for name in self._streams_of(run):
                    await self._give_turn(run, self.streams[name])
                    self._read_to_end[name] += 1
            except Refused as refused:
                run.refused = refused.refusal
                await run.report("all", refused.refusal)
                if refused.refusal.scope is Scope.RUN:
                    raise KeyRefused(f"{refused.refusal.rule.action} ({refused.refusal})") from None
        except BudgetSpent:
            self.spent = True
        except TapError as error:
            self._fatal = self._fatal or error
            self._cancel()
        finally:
            run.done = True

    async def _give_turn(self, run: ProfileRun, stream: AyrshareStream) -> None:
        """Read a stream of a profile; under a budget the state remembers that it had its turn."""
        sent = run.client.sent
        try:
            await self._read_stream(run, stream)
        except BudgetSpent:
            if run.client.sent > sent:
                # Next time before those that were read to the end.
                await run.take_turn(stream, self.now - timedelta(milliseconds=1))
            raise
        if self.settings.request_budget and stream.name != ERRORS:
            await run.take_turn(stream, self.now)

    def _streams_of(self, run: ProfileRun) -> list[str]:
        """Return the streams that a profile is read for, in order."""
        streams = [name for name in ORDER if name in self.selected]
        if run is not self._account:
            streams = [name for name in streams if name != "profiles"]
        elif run not in self.readers:
            streams = [name for name in streams if name in ("profiles", ERRORS)]
        # Under a budget the stream that has waited longest for its turn comes first, so that none waits for ever.
        return sorted(streams, key=lambda name: self._turn(name, run)) if self.settings.request_budget else streams

    def _turn(self, name: str, run: ProfileRun) -> str:
        """Return when a stream of a profile last had its turn under a budget, "" for never."""
        return "~" if name == ERRORS else str(self.state.get(name, run.label).get("turn", ""))

    async def _read_stream(self, run: ProfileRun, stream: AyrshareStream) -> None:
        if stream.name != ERRORS and stream.in_future(run):
            run.warn_of_future(stream, run.state(stream)["replication_key_value"])
            return
        try:
            await stream.read(run)
        except Refused as refused:
            refusal = refused.refusal
            if refusal.scope in (Scope.PROFILE, Scope.RUN):
                raise
            tally = self.tally.streams[stream.name]
            if refusal.rule.failure:
                tally.failed += 1
                tally.cause = str(refusal)
            else:
                tally.answered += 1
            await run.report(stream.name, refusal)

    # Writing

    def run(self) -> None:
        """Read everything that is selected and write it as Singer messages.

        Raises:
            TapError: the run failed or was ended; what was read until then is written, with its state.
        """
        self._say_start()
        try:
            for name in (ERRORS, *ORDER):
                if name in self.selected and (name != ERRORS or not self.tally.is_news("schema", name)):
                    self.streams[name].write_schema()
            asyncio.run(self._write())
        except OSError as error:
            MessageWriter.abandon()
            is_gone = isinstance(error, (BrokenPipeError, ConnectionResetError))
            raise TargetGone(TARGET_GONE if is_gone else f"can't write to stdout: {error.strerror}") from None
        self._say_end()

    async def _write(self) -> None:
        writer = self.tap.message_writer
        if not isinstance(writer, MessageWriter):
            raise TypeError("the tap writes with MessageWriter")
        writer.hold()
        self.is_writing = True
        loop = asyncio.get_running_loop()
        handlers = self._handle_signals(loop)
        ended = asyncio.Event()
        ticker = asyncio.create_task(self._tick(writer, ended))
        try:
            async for item in self.items():
                self._take(item)
                if writer.size > MESSAGES_AT_ONCE or self._state_waits:
                    await self._flush(writer)
        finally:
            ended.set()
            await ticker
            self._write_state()
            await writer.flush()
            writer.release()
            for signum, handler in handlers.items():
                signal.signal(signum, handler)

    def _take(self, item: Row | Bookmark) -> None:
        if isinstance(item, Row):
            self.tally.streams[item.stream].records += 1
            self.streams[item.stream].write(item.record)
            return
        stream = self.streams[item.stream]
        self.state.set(item.stream, item.run.label, stream.replication_key or "", item.values)
        before = self._covered.get(item.run.label, 0)
        self._covered[item.run.label] = max(item.covered, before)
        self._newly_covered += max(0, item.covered - before)
        is_due = item.covered - item.run.covered_by_state >= STATE_REQUESTS
        # A STATE holds all profiles: written for each of them in turn, they would grow with their square.
        if (is_due and self._newly_covered >= len(self.runs)) or monotonic() - self._last_state >= STATE_SECONDS:
            self._write_state()

    def _write_state(self) -> None:
        for run in self.runs:
            self.state.add(MEMORY, run.label, run.memory.to_state())
            run.covered_by_state = self._covered.get(run.label, 0)
        self.tap.state_writer.write_state(self.tap.state)
        self._last_state = monotonic()
        self._newly_covered = 0
        self._state_waits = True

    async def _flush(self, writer: MessageWriter) -> None:
        """Let out what is kept; what its last STATE covers is not repeated after a kill."""
        covered = [(run, run.covered_by_state) for run in self.runs] if self._state_waits else []
        self._state_waits = False
        await writer.flush()
        for run, requests in covered:
            run.flushed, run.is_waiting = requests, False
            run.room.set()

    async def _tick(self, writer: MessageWriter, ended: asyncio.Event) -> None:
        """Let out what is kept, and a line of progress, now and then."""
        try:
            while not ended.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(ended.wait(), SECONDS_BETWEEN_FLUSHES)
                if writer.is_unread():
                    raise BrokenPipeError
                is_large = monotonic() - self._last_state < len(self.runs) / PROFILES_A_SECOND
                if not is_large and any(run.is_waiting for run in self.runs):
                    self._write_state()
                await self._flush(writer)
                self.tally.tell(self.runs)
        except OSError:
            # Nothing that is asked from now on could be written.
            self._cancel()
            raise

    # Ending

    def _handle_signals(self, loop: asyncio.AbstractEventLoop) -> dict[int, Any]:
        """Let SIGINT and SIGTERM end the run at a safe point (the SDK exits 0 on them)."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def end(signum: int, _frame: FrameType | None) -> None:
            self._signal = signum
            watchdog = threading.Timer(SECONDS_TO_END, os._exit, [128 + signum])
            watchdog.daemon = True
            watchdog.start()
            loop.call_soon_threadsafe(self._cancel)

        return {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}

    def _say_start(self) -> None:
        settings = self.settings
        labels = [run.label for run in self.readers]
        shown = ", ".join(labels[:20]) + (", ..." if len(labels) > 20 else "")  # noqa: PLR2004
        bookmarks = ", ".join(self.state.streams()) or "none"
        logger.info("tap-ayrshare %s, snapshot of %s (UTC)", self.tap.plugin_version, self.snapshot_date)
        logger.info("%d profiles: %s", len(labels), shown)
        logger.info("streams: %s; bookmarks found: %s", ", ".join(sorted(self.selected)), bookmarks)
        if settings.primary_left_out and self.state.knows(PRIMARY):
            logger.warning(
                "the state has the primary profile, but it is no longer read; include_primary_profile: true reads it"
            )
        elif settings.primary_left_out:
            logger.info("the primary profile is left out; include_primary_profile: true reads it too")

    def _say_end(self) -> None:
        """Log the summary, or raise what ended the run."""
        if self._signal:
            raise Interrupted(self._signal)
        if self._fatal:
            raise self._fatal
        refused = [(run.label, run.refused) for run in self.readers if run.refused]
        for line in self.tally.summary(self.runs):
            logger.info("%s", line)
        if line := self.drift.summary():
            logger.info("%s", line)
        if refused and len(refused) == len(self.readers):
            label, first = refused[0]
            raise RunFailed(f"every profile was refused ({label}: {first}; {first.rule.action})")
        if failed := self.tally.failed_streams():
            raise RunFailed(f"nothing could be read of {', '.join(failed)}")
        if self.spent:
            self._say_left()

    def _say_left(self) -> None:
        unfinished = [
            name + (f" ({left} left)" if (left := self.tally.left(name)) else "")
            for name in ORDER
            if name in self.selected and name != ERRORS and self._read_to_end[name] < self._readers_of(name)
        ]
        logger.info(
            "the request budget of %d is spent; unfinished: %s; the next run continues from here",
            self.settings.request_budget,
            ", ".join(unfinished) or "nothing",
        )

    def _readers_of(self, name: str) -> int:
        return sum(name in self._streams_of(run) for run in self.runs)
