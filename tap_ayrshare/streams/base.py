"""What all streams have in common: what must never be forgotten is here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.columns import read_columns
from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.ayrshare.endpoints import CUT_SHORT
from tap_ayrshare.ayrshare.envelopes import is_error
from tap_ayrshare.engine.errors import Refusal
from tap_ayrshare.engine.messages import Checkpoint, Issue, Record
from tap_ayrshare.posts.cursor import is_ahead
from tap_ayrshare.streams.bookmarks import SnapshotBookmark
from tap_ayrshare.streams.issues import no_id, not_an_object
from tap_ayrshare.streams.lengths import Lengths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from tap_ayrshare.ayrshare.endpoints import Endpoint
    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.posts.bookmarks import StreamBookmark
    from tap_ayrshare.streams.source import Source

DATE_COLUMNS = ("snapshot_date", "last_seen")
"""The columns that hold the date of the run."""


class AyrshareStream(ABC):
    """A stream: what it asks of a profile, and the records and bookmarks that come of it.

    What an answer refuses becomes issues in `Source.ask`. What of its items can't be kept becomes issues in `records`
    and `record`: items without an id are noted, and an id that comes twice is kept once.

    takes_turns: whether it asks for anything, so that it needs its turn under a request budget.
    serves: the streams whose records its answers hold too; served: those of them that are read in this run.
    bookmark: what its bookmark may hold.
    leader: the stream that asks for this one in this run, "" if it asks itself.
    """

    name: ClassVar[str]
    bookmark: ClassVar[type[StreamBookmark]] = SnapshotBookmark
    takes_turns: ClassVar[bool] = True
    serves: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.contract = stream_contract(self.name)
        self.leader = ""
        self.served: list[AyrshareStream] = []
        self._blank = dict.fromkeys(self.contract.schema["properties"])
        self._lengths = Lengths(self.name, self.contract.lengths)
        self._date_columns = [column for column in DATE_COLUMNS if column in self._blank]
        self._keys = [name for name in self.contract.key_properties if name != "profile"]

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
        """Return whether a bookmark is in the future: then nothing is read, and it is kept."""
        return is_ahead(bookmark, source.today)

    def records(
        self,
        source: Source,
        items: Iterable[Any],
        *,
        network: str | None = None,
        around: Any = None,
        seen: set[Any] | None = None,
        within: str = "",
        first: int = 0,
        more: Mapping[str, Any] | None = None,
    ) -> Iterator[Record | Issue]:
        """Yield the records of the items of an answer, by the paths of the schema; what can't be one is an issue.

        Args:
            source: the profile.
            items: the items.
            network: their network, None where they belong to none.
            around: the answer that holds them, for columns that come from around the items.
            seen: the keys that have been kept; given, one that comes again in a later page is left out too.
            within: what an issue's id ends in, where positions alone don't tell items apart.
            first: the position of the first item among those of all pages.
            more: columns that the schema has no path for; a function is called with the item.
        """
        known = set() if seen is None else seen
        for position, item in enumerate(items, first):
            if not isinstance(item, dict):
                yield not_an_object(self.name, position, item, network, within)
                continue
            row = read_columns(self.name, network, item, around)
            row |= {"platform": network} if network and "platform" in self._blank else {}
            row |= {name: value(item) if callable(value) else value for name, value in (more or {}).items()}
            made = self.record(source, row, position=position, item=item, network=network, within=within)
            if isinstance(made, Issue) or is_error(item):
                yield made if isinstance(made, Issue) else no_id(self.name, position, item, network, within)
                continue
            key = tuple(made.values[name] for name in self._keys)
            if key not in known:
                known.add(key)
                yield made

    def record(
        self,
        source: Source,
        values: dict[str, Any],
        *,
        position: int = 0,
        item: Mapping[str, Any] | None = None,
        network: str | None = None,
        within: str = "",
    ) -> Record | Issue:
        """Return a record with every column of the contract, or an issue if a column of its key has no value.

        What the contract doesn't know of its bodies is drift.
        """
        snapshot = source.snapshot
        record = {**self._blank, "profile": source.label, **values}
        for column in self._date_columns:
            record[column] = snapshot.date
        if any(record[name] in (None, "") for name in self._keys):
            return no_id(
                self.name, position, values if item is None else item, network or values.get("platform"), within
            )
        for column, body in self.contract.bodies.items():
            snapshot.drift.look_at(self.name, body, values.get("platform"), record[column])
        record["extracted_at"] = snapshot.extracted_at
        return Record(self.name, self._lengths.fit(record))

    def note_missing(
        self, source: Source, endpoint: Endpoint, answer: Answer, received: int, cut_short: str = "", network: str = ""
    ) -> None:
        """Note what the answers of a list said that there is and that didn't come.

        Args:
            source: the profile.
            endpoint: where the list is.
            answer: its last page.
            received: the items of all pages.
            cut_short: why pages are missing, "" if none are.
            network: the list's network, "" if it belongs to none.
        """
        claimed = endpoint.claimed(answer.body) or 0
        too_few = f"the answer counts {claimed} items and {received} came" if claimed > received else ""
        if why := cut_short or too_few:
            refusal = Refusal(CUT_SHORT, "list_cut", why, answer.status)
            source.note(Issue(self.name, refusal, platform=network or None))

    def saved(self, bookmark: StreamBookmark) -> Checkpoint:
        """Return a message with a bookmark."""
        return Checkpoint(self.name, bookmark.to_state())

    def checkpoint(self, value: str | None, **more: Any) -> Checkpoint:
        """Return a bookmark: the value of the replication key, and what else the next run needs."""
        values = {"replication_key_value": value, **more}
        return Checkpoint(self.name, {k: v for k, v in values.items() if v not in (None, {}, [])})
