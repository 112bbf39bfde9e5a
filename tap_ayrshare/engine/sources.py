"""What is read: sources and streams, as a run sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.engine.coverage import Coverage
    from tap_ayrshare.engine.messages import Batch, Issue, Message
    from tap_ayrshare.engine.pacing import Pacer


class Requests(Protocol):
    """How a source has been asked so far.

    requests: how many requests were sent, by stream.
    """

    requests: Counter[str]
    pacer: Pacer

    @property
    def sent(self) -> int:
        """Requests sent so far, every try counted."""


class Source(Protocol):
    """One partition of every stream.

    notes: issues that go out with the next message.
    """

    label: str
    coverage: Coverage
    notes: list[Issue]

    @property
    def client(self) -> Requests:
        """How it is asked."""

    def bookmark(self, stream: str) -> Mapping[str, Any]:
        """Return the bookmark of a stream as it came in, empty if there is none."""

    def resolve(self, issue: Issue) -> Issue | None:
        """Return an issue as far as it reaches, None if it is nothing new."""

    def warn_of_future(self, stream: str) -> None:
        """Warn that nothing of a stream is read because its bookmark is in the future, and count it."""


S = TypeVar("S", bound=Source)
S_contra = TypeVar("S_contra", bound=Source, contravariant=True)


class Stream(Protocol[S_contra]):
    """A stream that can be read from a source."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def takes_turns(self) -> bool:
        """Whether it needs its turn under a request budget."""

    @property
    def leader(self) -> str:
        """The name of the stream that reads it too, "" if there is none; it has its turn behind that one."""

    def expected(self, source: S_contra) -> int | None:
        """Return how many requests reading it takes; None as long as that isn't known."""

    def in_future(self, source: S_contra, bookmark: Mapping[str, Any]) -> bool:
        """Return whether a bookmark is in the future: then the stream isn't read, and the bookmark is kept."""

    def read(self, source: S_contra, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the stream from one source."""


Work = tuple[S, "Sequence[Stream[S]]"]
"""A source, and the streams that are read from it, in their order."""


@dataclass(frozen=True)
class Item(Generic[S]):
    """A message on its way out; covered: how many requests of the source the messages up to it are answers to."""

    source: S
    message: Message
    covered: int


@dataclass(frozen=True)
class Options:
    """How a run goes.

    has_budget: whether it has a request budget, so that streams take turns from run to run.
    date_column: the column of records whose first and last value are counted, "" for none.
    parts: what the parts of a source are called in the log.
    """

    now: datetime
    has_budget: bool
    fail_on_error: bool
    date_column: str = ""
    parts: str = "parts"
