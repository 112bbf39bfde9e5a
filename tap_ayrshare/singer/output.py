"""A run as Singer messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from singer_sdk.singerlib.json import serialize_json

from tap_ayrshare.run.state import stamped
from tap_ayrshare.singer.metrics import log_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Tap

    from tap_ayrshare.engine.messages import Ended, Record
    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.run.outcome import Outcome
    from tap_ayrshare.singer.stream import SingerStream
    from tap_ayrshare.singer.writer import MessageWriter

MESSAGES_AT_ONCE = 1 << 18
"""Characters of messages that are enough to be let out."""


class SingerOutput:
    """SCHEMA, RECORD, STATE and METRIC messages; see `Output`."""

    def __init__(self, tap: Tap, selected: Sequence[SingerStream]) -> None:
        """Make an output for a tap, whose state the messages carry."""
        self._tap = tap
        self._streams = {stream.name: stream for stream in selected}
        self._writer = cast("MessageWriter", tap.message_writer)
        self._last_state = ""
        self._extraction: Extraction

    @property
    def is_full(self) -> bool:
        """Whether so much is kept that it should be let out."""
        return self._writer.size > MESSAGES_AT_ONCE

    def open(self, extraction: Extraction) -> None:
        """Write a SCHEMA for each stream."""
        self._extraction = extraction
        for stream in extraction.streams:
            self._streams[stream.name].write_schema()
        self._writer.hold()

    def write(self, record: Record) -> None:
        """Keep a RECORD."""
        self._streams[record.stream].write(record.values)

    def end(self, label: str, ended: Ended) -> None:
        """Singer has no message for it."""

    def write_state(self) -> None:
        """Keep a STATE."""
        # The SDK's writer makes three copies of a state, which with many profiles is most of the cost of one.
        line = serialize_json({"type": "STATE", "value": stamped(self._tap.state)}) + "\n"
        if line != self._last_state:
            self._last_state = line
            self._writer.write_line(line)

    def tick(self) -> None:
        """Singer has nothing to say."""

    async def flush(self) -> None:
        """Let out what is kept."""
        await self._writer.flush()

    def close(self) -> None:
        """Keep nothing any more."""
        self._writer.release()

    def conclude(self, outcome: Outcome) -> None:  # noqa: ARG002
        """Log the SDK's METRIC lines."""
        log_metrics(self._extraction)
