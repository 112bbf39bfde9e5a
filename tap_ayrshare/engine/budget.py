"""The request budget of a run: how many requests are left, and whose turn it is under it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.clock import utc_text
from tap_ayrshare.engine.messages import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.engine.sources import S, Source, Stream, Work

SPENT = "the request budget is spent"
NEVER, LAST = "", "~"
"""When a stream had its turn that never had one, and where one sorts that takes no turns."""


class BudgetSpent(Exception):
    """The request budget is spent; raised before the first request over it."""


class Budget:
    """The requests that a run may make.

    sent: those that it has made.
    """

    def __init__(self, most: int | None) -> None:
        """Make a budget; most: how many requests may be made, None for any number."""
        self._most = most
        self.sent = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._most is not None and self.sent >= self._most

    def spend(self) -> None:
        """Take one request.

        Raises:
            BudgetSpent: nothing is left.
        """
        if self.is_spent:
            raise BudgetSpent
        self.sent += 1

    def give_back(self) -> None:
        """Give back a request that was not sent."""
        self.sent -= 1


class Turns:
    """Turns from run to run: the stream that has waited longest comes first, so that none waits for ever.

    When a stream was last read stands in its bookmark, as `turn`.
    """

    def __init__(self, now: datetime) -> None:
        """Begin with the turns that bookmarks have; now: the instant of the run."""
        self._now = now
        self._taken: dict[tuple[str, str], str] = {}
        self._saved: dict[tuple[str, str], Mapping[str, Any]] = {}

    def in_order(self, work: Sequence[Work[S]]) -> list[Work[S]]:
        """Return sources and their streams in the order of their turns."""
        in_turn = [(source, _in_turn(source, streams)) for source, streams in work]
        return sorted(in_turn, key=lambda job: min((_turn(job[0], stream) for stream in job[1]), default=NEVER))

    def take(self, source: Source, stream: str, *, is_cut_off: bool) -> Checkpoint:
        """Return a bookmark that says that a stream has had its turn.

        Next time one that was cut off comes before those that were read to their end.
        """
        moment = self._now - timedelta(milliseconds=1) if is_cut_off else self._now
        self._taken[source.label, stream] = utc_text(moment)
        return Checkpoint(stream, self._saved.get((source.label, stream), source.bookmark(stream)))

    def stamped(self, source: Source, checkpoint: Checkpoint) -> Checkpoint:
        """Return a bookmark with the turn of its stream."""
        key = source.label, checkpoint.stream
        bookmark = {name: value for name, value in checkpoint.bookmark.items() if name != "turn"}
        if turn := self._taken.get(key) or source.bookmark(checkpoint.stream).get("turn"):
            bookmark["turn"] = turn
        self._saved[key] = bookmark
        return Checkpoint(checkpoint.stream, bookmark)


def _in_turn(source: S, streams: Sequence[Stream[S]]) -> list[Stream[S]]:
    """Return the streams of a source in the order of their turns, those that another one reads behind that one."""
    turns = {stream.name: _turn(source, stream) for stream in streams}
    return sorted(streams, key=lambda stream: turns.get(stream.leader, turns[stream.name]))


def _turn(source: Source, stream: Stream[Any]) -> str:
    """Return when a stream of a source last had its turn under a budget."""
    return str(source.bookmark(stream.name).get("turn", NEVER)) if stream.takes_turns else LAST
