"""What all streams have in common."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.engine.messages import Checkpoint, Record
from tap_ayrshare.engine.values import fitted
from tap_ayrshare.posts.cursor import is_ahead
from tap_ayrshare.streams.bookmarks import SnapshotBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.posts.bookmarks import StreamBookmark
    from tap_ayrshare.streams.source import Source
logger = logging.getLogger(__name__)

DATE_COLUMNS = ("snapshot_date", "last_seen")
"""The columns that hold the date of the run."""


class AyrshareStream(ABC):
    """A stream: what it asks of a profile, and the records and bookmarks that come of it.

    takes_turns: whether it asks for anything, so that it needs its turn under a request budget.
    feeds: the other streams whose records it yields too.
    bookmark: what its bookmark may hold.
    leader: the stream that reads this one too if both are selected, "" if there is none; it stands before this one.
    """

    name: ClassVar[str]
    bookmark: ClassVar[type[StreamBookmark]] = SnapshotBookmark
    takes_turns: ClassVar[bool] = True
    feeds: ClassVar[tuple[str, ...]] = ()
    leader: ClassVar[str] = ""

    def __init__(self) -> None:
        self.contract = stream_contract(self.name)
        self._blank = dict.fromkeys(self.contract.schema["properties"])
        self._overlong: set[str] = set()
        self._date_columns = [column for column in DATE_COLUMNS if column in self._blank]

    @abstractmethod
    def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read this stream for one profile, from its bookmark on; yield records, and bookmarks that cover them.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """

    def expected(self, source: Source) -> int | None:  # noqa: ARG002
        """Return how many requests reading it takes, as far as is known now; None as long as that isn't known."""
        return 1

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """Check a bookmark of this stream that came in.

        Raises:
            StateError: it is invalid.
        """
        self.bookmark.from_state(bookmark)

    def in_future(self, source: Source, bookmark: Mapping[str, Any]) -> bool:
        """Return whether a bookmark lies in the future: then nothing is read, and it is kept."""
        return is_ahead(bookmark, source.today)

    def record(self, source: Source, values: dict[str, Any]) -> Record:
        """Return a record with every column of the contract; what the contract doesn't know of its bodies is drift."""
        snapshot = source.snapshot
        for column, body in self.contract.bodies.items():
            snapshot.drift.look_at(self.name, body, values.get("platform"), values[column])
        record = {**self._blank, "profile": source.label, **values}
        for column in self._date_columns:
            record[column] = snapshot.date
        record["extracted_at"] = snapshot.extracted_at
        return self.fitting(record)

    def fitting(self, values: dict[str, Any]) -> Record:
        """Return a record whose text fits its columns; that something did not is logged once for each column."""
        for column, length in self.contract.lengths.items():
            value = values[column]
            if value is not None and len(value) > length:
                values[column] = fitted(value, length)
                if column not in self._overlong:
                    self._overlong.add(column)
                    logger.warning(
                        "%s: a %s of %d characters is longer than the contract's %d: such values end in a hash",
                        self.name, column, len(value), length,
                    )  # fmt: skip
        return Record(self.name, values)

    def saved(self, bookmark: StreamBookmark) -> Checkpoint:
        """Return a message with a bookmark."""
        return Checkpoint(self.name, bookmark.to_state())

    def checkpoint(self, value: str | None, **more: Any) -> Checkpoint:
        """Return a bookmark: the value of the replication key, and what else the next run needs."""
        values = {"replication_key_value": value, **more}
        return Checkpoint(self.name, {k: v for k, v in values.items() if v not in (None, {}, [])})
