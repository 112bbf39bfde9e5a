"""A stream as the SDK knows it: SCHEMA and RECORD messages."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.json import serialize_json

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.engine.messages import Record
from tap_ayrshare.engine.values import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    from singer_sdk import Tap

    from tap_ayrshare.engine.messages import Checkpoint
    from tap_ayrshare.singer.writer import MessageWriter
    from tap_ayrshare.streams.base import AyrshareStream


class SingerStream(Stream):
    """A stream of the catalog.

    kind: what reads it.
    """

    # Records are built to the contract; converting them again would round what came with all its digits.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(
        self,
        tap: Tap,
        kind: type[AyrshareStream],
        read: Callable[[SingerStream], AsyncGenerator[Record | Checkpoint, None]],
        *,
        selected_by_default: bool,
    ) -> None:
        """Make the catalog's entry of a stream; `read` reads it alone."""
        contract = stream_contract(kind.name)
        self.selected_by_default = selected_by_default
        super().__init__(tap, schema=contract.schema, name=kind.name)
        self.kind = kind
        self._read = read
        self.primary_keys = contract.key_properties
        self.replication_key = contract.replication_key

    def write(self, record: dict[str, Any]) -> None:
        """Write a RECORD message: selection and stream maps applied."""
        if self._is_as_it_is:
            line = {"type": "RECORD", "stream": self.name, "record": record, "time_extracted": read_clock()}
            cast("MessageWriter", self._tap.message_writer).write_line(serialize_json(line) + "\n")
            return
        if self._input_schema is not None:
            # A saved catalog may be older than the contract; what it does not know it does not get.
            known = self.effective_schema["properties"]
            record = {column: value for column, value in record.items() if column in known}
        try:
            self._write_record_message(record)
        except Exception as error:
            # The expression of a stream map may do anything.
            if not self.config.get("stream_maps"):
                raise
            raise SettingsError(f"setting 'stream_maps': {self.name}: {one_line(error)}") from error

    @cached_property
    def _is_as_it_is(self) -> bool:
        """Whether records go out as they are: no column is deselected, renamed, flattened or unknown to the catalog.

        Looking at each value for that is an eighth of a run's CPU.
        """
        maps = self.stream_maps
        is_same = len(maps) == 1 and isinstance(maps[0], SameRecordTransform) and not maps[0].flattening_enabled
        columns = stream_contract(self.name).schema["properties"].keys()
        is_known = self._input_schema is None or columns <= self.effective_schema["properties"].keys()
        return is_same and is_known and all(self.mask.values()) and self._stream_version is None

    def write_schema(self) -> None:
        """Write the SCHEMA message."""
        self._write_schema_message()

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002
        """Yield the records of this stream alone.

        Only the SDK's dry run comes this way; a run reads all profiles side by side (`Extraction`), while the SDK
        would walk one stream after another.
        """
        loop = asyncio.new_event_loop()
        messages = self._read(self)
        try:
            while True:
                try:
                    message = loop.run_until_complete(anext(messages))
                except StopAsyncIteration:
                    return
                if isinstance(message, Record) and message.stream == self.name:
                    yield message.values
        finally:
            loop.run_until_complete(messages.aclose())
            loop.close()

    # ACTIVATE_VERSION would delete the history at the target, whatever a catalog says; BATCH has no use here.

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never."""
        return False

    def get_batch_config(self, config: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Return none."""
        return
