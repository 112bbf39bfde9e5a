"""A run as Singer messages: records, behind them the state that covers them, to stdout.

A STATE message never promises what hasn't been written: bookmarks follow the records that they cover.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from contextlib import aclosing, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from tap_ayrshare.clock import read_clock
from tap_ayrshare.engine.client import Client
from tap_ayrshare.engine.errors import TapError
from tap_ayrshare.engine.messages import Checkpoint, Issue, Record
from tap_ayrshare.engine.progress import Tally
from tap_ayrshare.engine.sync import Options, Sync
from tap_ayrshare.settings import PRIMARY, Profile
from tap_ayrshare.singer.metrics import log_metrics
from tap_ayrshare.singer.state import State
from tap_ayrshare.singer.writer import MessageWriter
from tap_ayrshare.source import MEMORY, Snapshot, Source
from tap_ayrshare.streams import STREAMS
from tap_ayrshare.streams.extraction_errors import ExtractionErrorsStream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from types import FrameType

    from singer_sdk import Tap

    from tap_ayrshare.engine.sync import Item
    from tap_ayrshare.settings import Settings
    from tap_ayrshare.singer.stream import SingerStream
    from tap_ayrshare.streams.base import AyrshareStream

logger = logging.getLogger(__name__)

PROFILES = "profiles"
"""The stream that needs the API key alone."""
STATE_SECONDS = 60.0
STATE_REQUESTS = 25
PROFILES_A_SECOND = 1000
"""Profiles of which a STATE is written in a second, where one is waited for."""
MESSAGES_AT_ONCE = 1 << 18
SECONDS_BETWEEN_FLUSHES = 0.2
SECONDS_TO_END = 4.0
"""After a signal the process ends within five seconds, even if the target reads no more."""
NAMED_AT_MOST = 20


class Interrupted(TapError):
    """A signal ended the run."""

    def __init__(self, signum: int) -> None:
        name = signal.Signals(signum).name
        super().__init__(f"interrupted by {name}; the last STATE written covers every record written")
        self.exit_code = 128 + signum


class Extraction:
    """One run of the tap."""

    def __init__(self, tap: Tap, settings: Settings, selected: Sequence[SingerStream]) -> None:
        """Make a run of the selected streams."""
        self._tap = tap
        self._settings = settings
        self._selected = {stream.name: stream for stream in selected}
        self._state = State(cast("dict[str, Any]", tap.state))
        self._tally = Tally(sorted(self._selected))
        self._errors = ExtractionErrorsStream()
        now = read_clock()
        self._snapshot = Snapshot(settings, now, self._selected.keys(), self._state.get, self._tally)
        self._streams: list[AyrshareStream] = [kind() for kind in STREAMS if kind.name in self._selected]
        client = Client(settings, settings.secrets)
        self._readers = [Source(self._snapshot, profile, client) for profile in settings.profiles]
        self._account = self._account_source(client)
        extra = [self._account] if self._account and self._account not in self._readers else []
        self._sources = [*extra, *self._readers]
        self._work = [(source, self._streams_of(source)) for source in self._sources]
        options = Options(now, settings.request_budget is not None, settings.fail_on_error)
        self._sync = Sync(client, self._work, self._tally, options)
        self._last_state = monotonic()
        self._covered: dict[str, int] = {}
        self._newly_covered = 0
        self._state_waits = False
        self._signal: int | None = None

    def _account_source(self, client: Client) -> Source | None:
        """Return the source that is asked for the list of profiles."""
        if PROFILES not in self._selected or not self._settings.reads_profile_list:
            return None
        primary = next((source for source in self._readers if source.label == PRIMARY), None)
        return primary or Source(self._snapshot, Profile(PRIMARY, None), client)

    def _streams_of(self, source: Source) -> list[AyrshareStream]:
        """Return the streams that are read from a source, in order."""
        if source is not self._account:
            return [stream for stream in self._streams if stream.name != PROFILES]
        if source in self._readers:
            return self._streams
        return [stream for stream in self._streams if stream.name == PROFILES or not stream.takes_turns]

    async def messages(self) -> AsyncGenerator[Record | Checkpoint, None]:
        """Read everything that is selected and yield its records and bookmarks."""
        async with aclosing(self._sync.items()) as items:
            async for item in items:
                message = self._written(item)
                if message is not None:
                    yield message

    def _written(self, item: Item[Source]) -> Record | Checkpoint | None:
        """Return a message as it is written, None if it isn't selected."""
        message = self._errors.of(item.source, item.message) if isinstance(item.message, Issue) else item.message
        return None if isinstance(message, Record) and message.stream not in self._selected else message

    # Writing

    def run(self) -> None:
        """Read everything that is selected and write it as Singer messages.

        Raises:
            TapError: the run failed or was ended; what was read until then is written, with its state.
        """
        self._log_start()
        try:
            for stream in [self._errors, *(stream for stream in self._streams if stream.name != self._errors.name)]:
                if stream.name in self._selected:
                    self._selected[stream.name].write_schema()
            asyncio.run(self._write())
        except OSError as error:
            MessageWriter.abandon()
            is_gone = isinstance(error, (BrokenPipeError, ConnectionResetError))
            why = "the target has stopped reading" if is_gone else f"can't write to stdout: {error.strerror}"
            raise TapError(why) from None
        self._log_end()

    async def _write(self) -> None:
        writer = self._tap.message_writer
        if not isinstance(writer, MessageWriter):
            raise TypeError("the tap writes with MessageWriter")
        writer.hold()
        for source in self._sources:
            source.coverage.is_written = True
        handlers = self._handle_signals(asyncio.get_running_loop())
        ended = asyncio.Event()
        ticker = asyncio.create_task(self._tick(writer, ended))
        try:
            async with aclosing(self._sync.items()) as items:
                async for item in items:
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

    def _take(self, item: Item[Source]) -> None:
        message = self._written(item)
        if isinstance(message, Record):
            self._tally.streams[message.stream].records += 1
            self._selected[message.stream].write(message.values)
        elif message is not None:
            self._cover(item.source, message, item.covered)

    def _cover(self, source: Source, checkpoint: Checkpoint, covered: int) -> None:
        """Put a bookmark into the state, and write it once it covers enough."""
        key = self._selected[checkpoint.stream].replication_key or ""
        self._state.set(checkpoint.stream, source.label, key, checkpoint.bookmark)
        before = self._covered.get(source.label, 0)
        self._covered[source.label] = max(covered, before)
        self._newly_covered += max(0, covered - before)
        is_due = covered - source.coverage.in_state >= STATE_REQUESTS
        # A STATE holds all profiles: written for each of them in turn, they would grow with their square.
        if (is_due and self._newly_covered >= len(self._sources)) or monotonic() - self._last_state >= STATE_SECONDS:
            self._write_state()

    def _write_state(self) -> None:
        for source in self._sources:
            self._state.add(MEMORY, source.label, source.memory.to_state())
            source.coverage.in_state = self._covered.get(source.label, 0)
        self._tap.state_writer.write_state(self._tap.state)
        self._last_state = monotonic()
        self._newly_covered = 0
        self._state_waits = True

    async def _flush(self, writer: MessageWriter) -> None:
        """Let out what is kept; what its last STATE covers is not repeated after a kill."""
        coverages = [source.coverage for source in self._sources] if self._state_waits else []
        covered = [coverage.in_state for coverage in coverages]
        self._state_waits = False
        await writer.flush()
        for coverage, requests in zip(coverages, covered, strict=True):
            coverage.flush(requests)

    async def _tick(self, writer: MessageWriter, ended: asyncio.Event) -> None:
        """Let out what is kept, and a line of progress, now and then."""
        try:
            while not ended.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(ended.wait(), SECONDS_BETWEEN_FLUSHES)
                if writer.is_unread():
                    raise BrokenPipeError
                is_large = monotonic() - self._last_state < len(self._sources) / PROFILES_A_SECOND
                if not is_large and any(source.coverage.is_waiting for source in self._sources):
                    self._write_state()
                await self._flush(writer)
                self._tally.log(source.client for source in self._sources if source.label in self._sync.active)
        except OSError:
            # Nothing that is asked from now on could be written.
            self._sync.cancel()
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
            loop.call_soon_threadsafe(self._sync.cancel)

        return {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}

    def _log_start(self) -> None:
        labels = [source.label for source in self._readers]
        shown = ", ".join(labels[:NAMED_AT_MOST]) + (", ..." if len(labels) > NAMED_AT_MOST else "")
        bookmarks = ", ".join(self._state.streams()) or "none"
        logger.info("tap-ayrshare %s, snapshot of %s (UTC)", self._tap.plugin_version, self._snapshot.date)
        logger.info("%d profiles: %s", len(labels), shown)
        logger.info("streams: %s; bookmarks found: %s", ", ".join(sorted(self._selected)), bookmarks)
        if self._settings.primary_left_out and self._state.knows(PRIMARY):
            logger.warning(
                "the state has the primary profile, but it is no longer read; include_primary_profile: true reads it"
            )
        elif self._settings.primary_left_out:
            logger.info("the primary profile is left out; include_primary_profile: true reads it too")

    def _log_end(self) -> None:
        """Log the summary, or raise what ended the run."""
        if self._signal:
            raise Interrupted(self._signal)
        if self._sync.fatal:
            raise self._sync.fatal
        log_metrics(self._tally, [source.client for source in self._sources])
        for line in self._tally.summary(source.client for source in self._sources):
            logger.info("%s", line)
        if line := self._snapshot.drift.summary():
            logger.warning("%s", line)
        refused = [(source.label, self._sync.refused.get(source.label)) for source in self._readers]
        label, first = refused[0] if refused else ("", None)
        if first and all(refusal for _, refusal in refused):
            raise TapError(f"every profile was refused ({label}: {first}; {first.rule.action})")
        if failed := self._tally.failed_streams():
            raise TapError(f"no data could be extracted for: {', '.join(failed)}")
        if self._sync.is_spent:
            self._log_left()

    def _log_left(self) -> None:
        readers = {stream.name: sum(stream in streams for _, streams in self._work) for stream in self._streams}
        unfinished = [
            stream.name + (f" ({left} left)" if (left := self._tally.left(stream.name)) else "")
            for stream in self._streams
            if stream.takes_turns and self._sync.read_to_end[stream.name] < readers[stream.name]
        ]
        logger.info(
            "the request budget of %d is spent; unfinished: %s; the next run continues from here",
            self._settings.request_budget,
            ", ".join(unfinished) or "nothing",
        )
