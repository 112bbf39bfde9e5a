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

from tap_ayrshare.engine.errors import TapError
from tap_ayrshare.engine.messages import Checkpoint, Record
from tap_ayrshare.extraction import Extraction
from tap_ayrshare.outcome import Outcome, prepare_summary
from tap_ayrshare.progress import Progress
from tap_ayrshare.settings import PRIMARY
from tap_ayrshare.singer.metrics import log_metrics
from tap_ayrshare.singer.state import State, stamped
from tap_ayrshare.singer.writer import MessageWriter
from tap_ayrshare.source import MEMORY

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from types import FrameType

    from singer_sdk import Tap
    from singer_sdk.helpers.types import TapState

    from tap_ayrshare.engine.sync import Item
    from tap_ayrshare.settings import Settings
    from tap_ayrshare.singer.stream import SingerStream
    from tap_ayrshare.source import Source

logger = logging.getLogger(__name__)

STATE_SECONDS = 60.0
STATE_REQUESTS = 25
PROFILES_A_SECOND = 1000
"""Profiles of which a STATE is written in a second, where one is waited for."""
MESSAGES_AT_ONCE = 1 << 18
SECONDS_BETWEEN_FLUSHES = 0.2
SECONDS_TO_END = 4.0
"""After a signal the process ends within five seconds, even if the target reads no more."""
NAMED_AT_MOST = 20


class Emitter:
    """Writes one run."""

    def __init__(self, tap: Tap, settings: Settings, selected: Sequence[SingerStream]) -> None:
        """Make a run of the selected streams."""
        self._tap = tap
        self._settings = settings
        self._selected = {stream.name: stream for stream in selected}
        self._state = State(cast("dict[str, Any]", tap.state))
        self._extraction = Extraction(settings, self._selected.keys(), self._state.get)
        self._sources = self._extraction.sources
        self._progress = Progress(self._extraction)
        self._last_state = monotonic()
        self._covered: dict[str, int] = {}
        self._newly_covered = 0
        self._state_waits = False
        self._signal: signal.Signals | None = None

    async def messages(self) -> AsyncGenerator[Record | Checkpoint, None]:
        """Read everything that is selected and yield its records and bookmarks."""
        async with aclosing(self._extraction.items()) as items:
            async for item in items:
                if isinstance(item.message, (Record, Checkpoint)):
                    yield item.message

    def run(self) -> None:
        """Read everything that is selected and write it as Singer messages.

        Raises:
            TapError: the run failed or was ended; what was read until then is written, with its state.
        """
        prepare_summary(self._settings.summary_file)
        self._log_start()
        try:
            for stream in self._extraction.streams:
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
            async with aclosing(self._extraction.items()) as items:
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
        if isinstance(item.message, Record):
            self._selected[item.message.stream].write(item.message.values)
        elif isinstance(item.message, Checkpoint):
            self._cover(item.source, item.message, item.covered)

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
        self._tap.state_writer.write_state(cast("TapState", stamped(self._tap.state)))
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
                self._progress.tick()
        except OSError:
            # Nothing that is asked from now on could be written.
            self._extraction.sync.cancel("the target has stopped reading")
            raise

    # Ending

    def _handle_signals(self, loop: asyncio.AbstractEventLoop) -> dict[int, Any]:
        """Let SIGINT and SIGTERM end the run at a safe point (the SDK exits 0 on them)."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def end(signum: int, _frame: FrameType | None) -> None:
            self._signal = signal.Signals(signum)
            watchdog = threading.Timer(SECONDS_TO_END, os._exit, [128 + signum])
            watchdog.daemon = True
            watchdog.start()
            loop.call_soon_threadsafe(self._extraction.sync.cancel, f"interrupted by {self._signal.name}")

        return {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}

    def _log_start(self) -> None:
        labels = [source.label for source in self._extraction.readers]
        shown = ", ".join(labels[:NAMED_AT_MOST]) + (", ..." if len(labels) > NAMED_AT_MOST else "")
        bookmarks = ", ".join(self._state.streams()) or "none"
        logger.info("tap-ayrshare %s, snapshot of %s (UTC)", self._tap.plugin_version, self._extraction.snapshot.date)
        logger.info("%d profile%s: %s", len(labels), "" if len(labels) == 1 else "s", shown)
        logger.info("streams: %s; bookmarks found: %s", ", ".join(sorted(self._selected)), bookmarks)
        if self._settings.primary_left_out and self._state.knows(PRIMARY):
            logger.warning(
                "the state has the primary profile, but it is no longer read; include_primary_profile: true reads it"
            )
        elif self._settings.primary_left_out:
            logger.info("the primary profile is left out; include_primary_profile: true reads it too")

    def _log_end(self) -> None:
        """Log the summary and write its file; raise what ended the run."""
        outcome = Outcome(self._extraction, self._signal)
        log_metrics(self._extraction)
        for level, line in outcome.lines():
            logger.log(level, "%s", line)
        outcome.write_summary()
        if outcome.error:
            raise outcome.error
