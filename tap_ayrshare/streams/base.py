"""What all streams have in common."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.posts.cursor import read_date
from tap_ayrshare.values import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun
    from tap_ayrshare.tap import TapAyrshare


class AyrshareStream(Stream):
    """A stream whose schema and keys come from the contract and whose records come profile by profile."""

    name: str
    bodies: tuple[tuple[str, str], ...] = ()
    """The columns that hold a body of the API, and which body it is (`fields.declared`)."""
    _tap: TapAyrshare
    # Records are built to the contract; converting them again would round what came with all its digits.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapAyrshare) -> None:
        contract = stream_contract(self.name)
        super().__init__(tap, schema=contract.schema)
        self.primary_keys = contract.key_properties
        self.replication_key = contract.replication_key
        self.key_columns = frozenset(contract.key_properties)
        self.blank = dict.fromkeys(contract.schema["properties"])

    @abstractmethod
    async def read(self, run: ProfileRun) -> None:
        """Read this stream for one profile: send its records and its bookmark on their way.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """

    def check_state(self, values: Mapping[str, Any]) -> None:
        """Check a bookmark of this stream that came in.

        Raises:
            StateError: it is invalid.
        """
        if "replication_key_value" in values:
            read_date(values["replication_key_value"])

    def in_future(self, run: ProfileRun) -> bool:
        """Tell whether the bookmark lies in the future: then nothing is read, and it is kept."""
        value = run.state(self).get("replication_key_value")
        return value is not None and read_date(value) > run.today

    def write(self, record: dict[str, Any]) -> None:
        """Write a RECORD message: selection and stream maps applied."""
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

    def write_schema(self) -> None:
        """Write the SCHEMA message."""
        self._write_schema_message()

    def get_records(self, context: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002
        """Yield the records of this stream alone.

        Only the SDK's dry run comes this way; a run reads all profiles side by side (`Run.run`), while the
        SDK would walk one stream after another.
        """
        from tap_ayrshare.extraction import Run  # noqa: PLC0415 - the run knows the streams
        from tap_ayrshare.profile_run import Row  # noqa: PLC0415

        loop = asyncio.new_event_loop()
        items = Run(self._tap, [self]).items()
        try:
            while True:
                try:
                    item = loop.run_until_complete(anext(items))
                except StopAsyncIteration:
                    return
                if isinstance(item, Row) and item.stream == self.name:
                    yield item.record
        finally:
            loop.run_until_complete(items.aclose())
            loop.close()

    # ACTIVATE_VERSION would delete the history at the target, whatever a catalog says; BATCH has no use here.

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never."""
        return False

    def get_batch_config(self, config: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Return none."""
        return
