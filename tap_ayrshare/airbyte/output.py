"""A run as Airbyte messages."""

from __future__ import annotations

import asyncio
import logging
import queue
import sys
import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from airbyte_cdk.models import (
    AirbyteErrorTraceMessage,
    AirbyteLogMessage,
    AirbyteMessage,
    AirbyteRecordMessage,
    AirbyteStateBlob,
    AirbyteStateMessage,
    AirbyteStateType,
    AirbyteStreamState,
    AirbyteStreamStatus,
    AirbyteStreamStatusReason,
    AirbyteStreamStatusReasonType,
    AirbyteTraceMessage,
    FailureType,
    Level,
    StreamDescriptor,
    SyncMode,
    TraceType,
    Type,
)
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message as status_message

# The CDK's models leave it out.
from airbyte_protocol_dataclasses.models import AirbyteStreamStatusRateLimitedReason

from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.errors import NEEDS_PERSON, TapError
from tap_ayrshare.engine.values import LARGEST_INTEGER
from tap_ayrshare.run.outcome import Outcome
from tap_ayrshare.run.state import stamped
from tap_ayrshare.streams import STREAMS
from tap_ayrshare.streams.source import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.engine.messages import Ended, Record
    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.run.state import State
    from tap_ayrshare.streams.source import Source

MESSAGES_AT_ONCE = 500
SHORTEST_WAIT = 1.0
"""Seconds until its next request may go that make a stream a rate-limited one."""
LEVELS = {"DEBUG": Level.DEBUG, "INFO": Level.INFO, "WARNING": Level.WARN, "ERROR": Level.ERROR}
ENDS = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)
ROWS_OF_OTHERS = frozenset(kind.name for kind in STREAMS if not kind.takes_turns)
"""Streams whose rows say how the others went: they end with the run."""
NULL = orjson.Fragment(b"null")
"""A column without a value; the CDK leaves None out."""
FEEDS = {kind.name: kind.serves for kind in STREAMS}


def failure_type(error: TapError) -> FailureType:
    """Return whose turn it is after an error: the user's, or that of another try."""
    return FailureType.config_error if error.exit_code == NEEDS_PERSON else FailureType.transient_error


class AirbyteOutput:
    """RECORD, STATE, TRACE and LOG messages; see `Output`.

    failure: what fails the sync though the run hasn't failed.

    A run writes them in a thread of its own, and `messages` yields them where they are printed: a destination that
    loads for two minutes would else let every request in flight time out.
    """

    def __init__(self, state: State, modes: Mapping[str, SyncMode]) -> None:
        """Make an output.

        Args:
            state: the bookmarks of the run; a STATE has those of one stream.
            modes: how each stream is synced, by name.
        """
        self._state = state
        self._modes = modes
        # What profiles remember is known when the run ends, and a stream that has ended has no more STATE: it goes
        # along with a stream that ends last, one of the errors or runs if it is synced.
        last = sorted((kind.name for kind in STREAMS), key=lambda name: name not in ROWS_OF_OTHERS)
        self._carrier = next((name for name in last if modes.get(name) is SyncMode.incremental), None)
        self.failure: TapError | None = None
        self._held: list[AirbyteMessage] = []
        self._lock = threading.Lock()
        self._flushing = asyncio.Lock()
        self._batches: queue.SimpleQueue[list[AirbyteMessage] | None] = queue.SimpleQueue()
        self._printed: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._extraction: Extraction
        # How many profiles of the stream itself and of those that feed it haven't ended.
        self._open_ends: Counter[str] = Counter()
        self._statuses: dict[str, AirbyteStreamStatus] = {}
        self._limited: set[str] = set()
        self._last_states: dict[str, dict[str, bytes]] = {}

    # What a run writes

    @property
    def is_full(self) -> bool:
        """Whether so much is kept that it should be let out."""
        return len(self._held) >= MESSAGES_AT_ONCE

    def open(self, extraction: Extraction) -> None:
        """Make ready for the messages of a run."""
        self._extraction = extraction
        self._last_states = {stream.name: self._raw_state(stream.name) for stream in extraction.streams}
        for _, streams in extraction.sync.work:
            for stream in streams:
                self._open_ends.update((stream.name, *FEEDS[stream.name]))

    def write(self, record: Record) -> None:
        """Keep a RECORD."""
        if self._statuses.get(record.stream) is not AirbyteStreamStatus.RUNNING:
            self._set_status(record.stream, AirbyteStreamStatus.RUNNING)
        data = {column: _exact(value) for column, value in record.values.items()}
        written = AirbyteRecordMessage(record.stream, data, int(read_clock().timestamp() * 1000))
        self._hold(AirbyteMessage(type=Type.RECORD, record=written))

    def write_state(self) -> None:
        """Keep a STATE for each stream whose bookmarks have changed."""
        for stream in self._extraction.streams:
            if self._statuses.get(stream.name) not in ENDS:
                self._write_state_of(stream.name)

    def end(self, label: str, ended: Ended) -> None:  # noqa: ARG002
        """Keep the status of a stream that has ended for all its profiles."""
        for stream in (ended.stream, *FEEDS[ended.stream]):
            self._open_ends[stream] -= 1
            if not self._open_ends[stream] and stream in self._modes and stream != self._carrier:
                self._close_stream(stream, Outcome(self._extraction))

    def tick(self) -> None:
        """Keep the status of a stream that begins or ceases to wait for the rate limit."""
        for stream, sources in self._being_read().items():
            wait = min(source.client.pacer.seconds_until(1) for source in sources)
            is_limited = wait >= SHORTEST_WAIT
            if is_limited != (stream in self._limited):
                self._limited ^= {stream}
                self._set_status(stream, AirbyteStreamStatus.RUNNING, wait if is_limited else None)

    async def flush(self) -> None:
        """Let out what is kept, and wait until it has been printed."""
        async with self._flushing:
            if batch := self._taken():
                await asyncio.to_thread(self._hand_over, batch)

    def close(self) -> None:
        """What comes now goes out in `finish`."""

    def conclude(self, outcome: Outcome) -> None:
        """Keep the status of the streams whose rows come of the others."""
        for stream in self._extraction.streams:
            if self._statuses.get(stream.name) not in ENDS:
                self._close_stream(stream.name, outcome)

    def log(self, level: str, line: str) -> None:
        """Keep a LOG; any thread may call it."""
        logged = AirbyteLogMessage(level=LEVELS.get(level, Level.FATAL), message=line)
        self._hold(AirbyteMessage(type=Type.LOG, log=logged))

    # Between the threads

    def messages(self) -> Iterator[AirbyteMessage]:
        """Yield what a run writes, until it has ended; what is asked for next means that the last one is printed."""
        for batch in iter(self._batches.get, None):
            yield from batch
            sys.stdout.flush()
            self._printed.put(None)

    def discard(self) -> None:
        """Throw away what a run still writes, until it has ended."""
        self._printed.put(None)
        for _ in iter(self._batches.get, None):
            self._printed.put(None)

    def finish(self) -> None:
        """Let out the last messages of a run that has ended."""
        self._batches.put(self._taken())
        self._batches.put(None)

    def _hold(self, message: AirbyteMessage) -> None:
        with self._lock:
            self._held.append(message)

    def _taken(self) -> list[AirbyteMessage]:
        with self._lock:
            batch, self._held = self._held, []
        return batch

    def _hand_over(self, batch: list[AirbyteMessage]) -> None:
        self._batches.put(batch)
        self._printed.get()

    # States and statuses

    def _write_state_of(self, stream: str, *, always: bool = False) -> None:
        raw = self._raw_state(stream)
        if always or raw != self._last_states[stream]:
            self._last_states[stream] = raw
            self._start(stream)
            # Finished JSON: bookmarks change in place.
            frozen = AirbyteStateBlob({name: orjson.Fragment(part) for name, part in raw.items()})
            state = AirbyteStreamState(StreamDescriptor(name=stream), frozen)
            self._hold(AirbyteMessage(type=Type.STATE, state=AirbyteStateMessage(AirbyteStateType.STREAM, state)))

    def _raw_state(self, stream: str) -> dict[str, bytes]:
        blob = {"partitions": self._state.partitions(stream)}
        if stream == self._carrier and (memory := self._state.partitions(MEMORY)):
            blob["memory"] = memory
        return {name: orjson.dumps(part) for name, part in stamped(blob).items()}

    def _close_stream(self, stream: str, outcome: Outcome) -> None:
        self._write_state_of(stream, always=True)
        failure = None if stream in ROWS_OF_OTHERS else outcome.failure_of(stream)
        if failure is None and self._modes[stream] is SyncMode.full_refresh and outcome.is_cut_off(stream):
            why = f"{stream}: request_budget ended a full refresh, which begins anew every time"
            failure = self.failure = TapError(why, NEEDS_PERSON)
        if failure:
            self._hold(_error(stream, failure))
        self._set_status(stream, AirbyteStreamStatus.INCOMPLETE if failure else AirbyteStreamStatus.COMPLETE)

    def _set_status(self, stream: str, status: AirbyteStreamStatus, wait: float | None = None) -> None:
        """Keep the status of a stream; wait: seconds until the rate limit lets it go on."""
        descriptor = StreamDescriptor(name=stream)
        self._start(stream)
        self._statuses[stream] = status
        reasons = None if wait is None else [_rate_limited(wait)]
        self._hold(status_message(descriptor, status, reasons))

    def _start(self, stream: str) -> None:
        if stream not in self._statuses:
            self._statuses[stream] = AirbyteStreamStatus.STARTED
            self._hold(status_message(StreamDescriptor(name=stream), AirbyteStreamStatus.STARTED))

    def _being_read(self) -> dict[str, list[Source]]:
        """Return the streams that are being read, each with the profiles that it is being read from."""
        found: dict[str, list[Source]] = {}
        sync = self._extraction.sync
        for source, streams in sync.work:
            if source.label not in sync.active:
                continue
            current = next((s for s in streams if s.takes_turns and (source.label, s.name) not in sync.ended), None)
            if current is not None:
                found.setdefault(current.name, []).append(source)
        return found


class LogMessages(logging.Handler):
    """Logs to the messages of a run: printed at once, a line would stop it while the destination doesn't read."""

    def __init__(self, output: AirbyteOutput) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record."""
        self._output.log(record.levelname, self.format(record))


def _exact(value: Any) -> Any:
    """Return a value as orjson prints it: a number it can't, or a body that may have some, as finished JSON."""
    if value is None:
        return NULL
    if isinstance(value, (dict, list)):
        try:
            return orjson.Fragment(orjson.dumps(value, default=_exact))
        except TypeError:
            # An integer of more than 64 bits, which `default` isn't asked about.
            if isinstance(value, dict):
                return {name: _exact(inner) for name, inner in value.items()}
            return [_exact(inner) for inner in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > LARGEST_INTEGER):
        return orjson.Fragment(str(value))
    return value


def _rate_limited(seconds: float) -> AirbyteStreamStatusReason:
    reset = read_clock() + timedelta(seconds=seconds)
    limit = AirbyteStreamStatusRateLimitedReason(quota_reset=int(reset.timestamp() * 1000))
    return AirbyteStreamStatusReason(type=AirbyteStreamStatusReasonType.RATE_LIMITED, rate_limited=limit)


def _error(stream: str, error: TapError) -> AirbyteMessage:
    """Return the TRACE of an error of a stream."""
    trace = AirbyteTraceMessage(
        type=TraceType.ERROR,
        emitted_at=read_clock().timestamp() * 1000,
        error=AirbyteErrorTraceMessage(
            message=str(error), failure_type=failure_type(error), stream_descriptor=StreamDescriptor(name=stream)
        ),
    )
    return AirbyteMessage(type=Type.TRACE, trace=trace)
