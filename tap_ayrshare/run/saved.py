"""The state of a run: which requests it covers, and when it is written."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.streams.source import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_ayrshare.engine.messages import Checkpoint
    from tap_ayrshare.run.state import State
    from tap_ayrshare.streams.source import Source

STATE_SECONDS = 60.0
STATE_REQUESTS = 25


class SavedState:
    """Bookmarks on their way into STATE messages.

    is_due: whether a STATE is kept that isn't out yet.
    """

    def __init__(self, state: State, sources: Sequence[Source], write: Callable[[], None]) -> None:
        """Nothing is covered yet; write: keeps a STATE as the state is now."""
        self._state = state
        self._sources = sources
        self._write = write
        self._covered: dict[str, int] = {}
        self._newly_covered = 0
        self.last = monotonic()
        self.is_due = False

    def cover(self, source: Source, checkpoint: Checkpoint, covered: int) -> None:
        """Put a bookmark into the state, and write it once it covers enough."""
        key = stream_contract(checkpoint.stream).replication_key or ""
        self._state.set(checkpoint.stream, source.label, key, checkpoint.bookmark)
        before = self._covered.get(source.label, 0)
        self._covered[source.label] = max(covered, before)
        self._newly_covered += max(0, covered - before)
        is_due = covered - source.coverage.in_state >= STATE_REQUESTS
        # A STATE holds all profiles: written for each of them in turn, they would grow with their square.
        if (is_due and self._newly_covered >= len(self._sources)) or monotonic() - self.last >= STATE_SECONDS:
            self.write()

    def write(self) -> None:
        """Keep a STATE that covers everything so far."""
        for source in self._sources:
            self._state.add(MEMORY, source.label, source.memory.to_state())
            source.coverage.in_state = self._covered.get(source.label, 0)
        self._write()
        self.last = monotonic()
        self._newly_covered = 0
        self.is_due = True

    def take_due(self) -> list[tuple[Source, int]]:
        """Return the requests that the kept STATE covers, by source; nothing if none is kept."""
        due = [(source, source.coverage.in_state) for source in self._sources] if self.is_due else []
        self.is_due = False
        return due

    @staticmethod
    def is_out(covered: list[tuple[Source, int]]) -> None:
        """Take note that a STATE is out: what it covers is not repeated after a kill."""
        for source, requests in covered:
            source.coverage.flush(requests)
