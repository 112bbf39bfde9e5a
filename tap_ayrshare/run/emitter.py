"""Writing a run, whichever protocol it is written in: records, behind them the state that covers them.

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
from typing import TYPE_CHECKING, Any, Protocol

from tap_ayrshare.config.opt_in import readable, withheld
from tap_ayrshare.engine.errors import TapError
from tap_ayrshare.engine.messages import Checkpoint, Ended, Record
from tap_ayrshare.run.closing import Closing
from tap_ayrshare.run.extraction import Extraction
from tap_ayrshare.run.opening import log_opening
from tap_ayrshare.run.outcome import Outcome
from tap_ayrshare.run.progress import Progress
from tap_ayrshare.run.saved import SavedState
from tap_ayrshare.run.stdout import abandon, is_unread
from tap_ayrshare.run.summary import prepare_summary, write_summary

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection
    from types import FrameType

    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.engine.sync import Item
    from tap_ayrshare.run.state import State
    from tap_ayrshare.streams.source import Source

logger = logging.getLogger(__name__)

PROFILES_A_SECOND = 1000
"""Profiles of which a STATE is written in a second, where one is waited for."""
SECONDS_BETWEEN_FLUSHES = 0.2
SECONDS_TO_END = 4.0
"""After a signal the process ends within five seconds, even if the target reads no more."""


class Output(Protocol):
    """Where the messages of a run go: they are kept in their order until `flush` lets them out."""

    @property
    def is_full(self) -> bool:
        """Whether so much is kept that it should be let out."""

    def open(self, extraction: Extraction) -> None:
        """Make ready for the messages of a run."""

    def write(self, record: Record) -> None:
        """Keep a record."""

    def end(self, label: str, ended: Ended) -> None:
        """Take note that a stream of a profile has ended."""

    def write_state(self) -> None:
        """Keep the state as it is now."""

    def tick(self) -> None:
        """Keep what there is to say of a run that goes on; called several times a second."""

    async def flush(self) -> None:
        """Let out what is kept; other tasks go on while nobody reads.

        Raises:
            OSError: it can't be written.
        """

    def close(self) -> None:
        """Keep nothing any more; nothing further comes of the run but its outcome."""

    def conclude(self, outcome: Outcome) -> None:
        """Take note of what became of the run."""


class Emitter:
    """Writes one run."""

    def __init__(self, settings: Settings, state: State, selected: Collection[str], output: Output) -> None:
        """Make a run.

        Args:
            settings: the settings.
            state: the bookmarks that came in; those of the run take their place.
            selected: the names of the streams whose records are wanted; those that need a setting to be read may be
                among them.
            output: where records and state go.

        Raises:
            SettingsError: nothing of it is read.
        """
        self._settings = settings
        self._selected = readable(selected, settings)
        self._withheld = withheld(selected, settings)
        self._state = state
        self._output = output
        self._extraction = Extraction(settings, self._selected, state.get)
        self._sources = self._extraction.sources
        self._progress = Progress(self._extraction)
        self._saved = SavedState(state, self._sources, output.write_state)
        self._signal: signal.Signals | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def messages(self) -> AsyncGenerator[Record | Checkpoint, None]:
        """Read everything that is selected and yield its records and bookmarks."""
        async with aclosing(self._extraction.items()) as items:
            async for item in items:
                if isinstance(item.message, (Record, Checkpoint)):
                    yield item.message

    def run(self) -> None:
        """Read everything that is selected and write it.

        Raises:
            TapError: the run failed or was ended; what was read until then is written, with its state.
        """
        prepare_summary(self._settings.summary_file)
        log_opening(self._extraction, self._state, self._withheld)
        try:
            self._output.open(self._extraction)
            asyncio.run(self._write())
        except OSError as error:
            abandon()
            is_gone = isinstance(error, (BrokenPipeError, ConnectionResetError))
            why = "the target has stopped reading" if is_gone else f"can't write to stdout: {error.strerror}"
            raise TapError(why) from None
        self._log_end()

    async def _write(self) -> None:
        self._loop = asyncio.get_running_loop()
        for source in self._sources:
            source.coverage.is_written = True
        handlers = self._handle_signals()
        ended = asyncio.Event()
        ticker = asyncio.create_task(self._tick(ended))
        try:
            async with aclosing(self._extraction.items()) as items:
                async for item in items:
                    self._take(item)
                    if self._output.is_full or self._saved.is_due:
                        await self._flush()
        finally:
            ended.set()
            await ticker
            self._saved.write()
            await self._output.flush()
            self._output.close()
            for signum, handler in handlers.items():
                signal.signal(signum, handler)

    def _take(self, item: Item[Source]) -> None:
        if isinstance(item.message, Record):
            self._output.write(item.message)
        elif isinstance(item.message, Checkpoint):
            self._saved.cover(item.source, item.message, item.covered)
        elif isinstance(item.message, Ended):
            self._output.end(item.source.label, item.message)

    async def _flush(self) -> None:
        """Let out what is kept; what its last STATE covers is not repeated after a kill."""
        covered = self._saved.take_due()
        await self._output.flush()
        self._saved.is_out(covered)

    async def _tick(self, ended: asyncio.Event) -> None:
        """Let out what is kept, and a line of progress, now and then."""
        try:
            while not ended.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(ended.wait(), SECONDS_BETWEEN_FLUSHES)
                if is_unread():
                    raise BrokenPipeError
                is_large = monotonic() - self._saved.last < len(self._sources) / PROFILES_A_SECOND
                if not is_large and any(source.coverage.is_waiting for source in self._sources):
                    self._saved.write()
                self._output.tick()
                await self._flush()
                self._progress.tick()
        except OSError:
            # Nothing that is asked from now on could be written.
            self._extraction.sync.cancel("the target has stopped reading")
            raise

    # Ending

    def _handle_signals(self) -> dict[int, Any]:
        """Let SIGINT and SIGTERM end the run at a safe point (the SDK exits 0 on them)."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def end(signum: int, _frame: FrameType | None) -> None:
            self.interrupt(signum)

        return {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}

    def interrupt(self, signum: int) -> None:
        """End the run at a safe point, for a signal; any thread may call it."""
        self._signal = signal.Signals(signum)
        watchdog = threading.Timer(SECONDS_TO_END, os._exit, [128 + signum])
        watchdog.daemon = True
        watchdog.start()
        self.stop(f"interrupted by {self._signal.name}")

    def stop(self, why: str) -> None:
        """End the run at a safe point; why: what the streams that aren't complete say of it. Any thread may call it."""
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._extraction.sync.cancel, why)

    def _log_end(self) -> None:
        """Log the summary and write its file; raise what ended the run."""
        outcome = Outcome(self._extraction, self._signal)
        self._output.conclude(outcome)
        for level, line in Closing(self._extraction, outcome).lines():
            logger.log(level, "%s", line)
        write_summary(self._extraction, outcome)
        if outcome.error:
            raise outcome.error
