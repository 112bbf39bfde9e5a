"""What becomes of posts that are asked for one after another, some of which fail.

A post that gets no answer of its own may have failed, or the API for all posts. It is held until that is known:

            answered, or unasked
    asked ───────────────────────────────────────────────────────► READ
      │                            there is room for it
      │ silent, unfinished      ┌──────────────────────► DEFERRED ──► asked again at the end: READ or GIVEN_UP
      ▼      another post is    │  it failed in an earlier run too
     held ── answered ──────────┼──────────────────────► GIVEN_UP
      │                         │  unfinished, no room
      │                         └──────────────────────► STUCK
      │ no other post is answered: at the end, or ten are held and probes of posts behind them are silent too
      ▼
     LEFT_DUE; or GIVEN_UP, if all that are held failed on an earlier date too

The pass goes on behind what is READ, DEFERRED, GIVEN_UP or STUCK, not behind what is LEFT_DUE.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

FAILURES_IN_A_ROW = 10
"""Posts in a row without an answer of their own, after all retries: then others are probed."""


class Ending(Enum):
    """How asking for a post ended."""

    ANSWERED = auto()
    """The API said something of this very post."""
    SILENT = auto()
    """Nothing that came speaks of this post: what refused it may refuse all of them."""
    UNASKED = auto()
    """None of its networks can be asked now."""
    UNFINISHED = auto()
    """The request budget ended before an answer came."""


class Fate(Enum):
    """What becomes of a post."""

    READ = auto()
    DEFERRED = auto()
    """It is remembered, and asked for once more."""
    GIVEN_UP = auto()
    """It counts as read, with an error row."""
    LEFT_DUE = auto()
    """It is remembered for the next run, with an error row; the pass doesn't go on behind it."""
    STUCK = auto()
    """It can't be remembered: what is behind it is written, but can't count as read."""


class Tried(Protocol):
    """A post that has been asked for."""

    @property
    def ending(self) -> Ending:
        """How that ended."""

    @property
    def has_failed(self) -> bool:
        """Whether an earlier run couldn't read it on any of the networks on which it is due."""

    @property
    def has_failed_before_today(self) -> bool:
        """Whether that was on an earlier date."""

    def can_be_deferred(self) -> bool:
        """Return whether there is room to remember it, and remember it."""


T = TypeVar("T", bound=Tried)


@dataclass(frozen=True)
class Decision(Generic[T]):
    """What becomes of a post that was asked for."""

    tried: T
    fate: Fate


class Attempts(Generic[T]):
    """Decides about posts in the order in which they are read. Each decision is to be carried out before the next.

    is_proven: whether the endpoint has answered for any post: only then is it known that the others failed.
    is_spent: whether the request budget is spent.
    held: the posts about which nothing is decided yet.
    """

    def __init__(self) -> None:
        self.is_proven = self.is_spent = False
        self.held: list[T] = []

    def take(self, tried: T) -> Iterator[Decision[T]]:
        """Decide about a post, and about those that are held if it was answered."""
        if tried.ending is Ending.UNFINISHED:
            self.is_spent = True
        if tried.ending is Ending.ANSWERED:
            self.is_proven = True
            yield from self.release()
        if tried.ending in (Ending.SILENT, Ending.UNFINISHED) or self.held:
            self.held.append(tried)
        else:
            yield Decision(tried, Fate.READ)

    @property
    def wants_probes(self) -> bool:
        """Whether so many are held that it is to be found out whether the API answers for any post."""
        return len(self.held) >= FAILURES_IN_A_ROW and not self.is_spent

    def release(self) -> Iterator[Decision[T]]:
        """Decide about the posts that are held, once another one has been answered."""
        held, self.held = self.held, []
        for tried in held:
            yield Decision(tried, self._released(tried))

    @staticmethod
    def _released(tried: T) -> Fate:
        if tried.ending is Ending.UNASKED:
            return Fate.READ
        is_unfinished = tried.ending is Ending.UNFINISHED
        if (is_unfinished or not tried.has_failed) and tried.can_be_deferred():
            return Fate.DEFERRED
        return Fate.STUCK if is_unfinished else Fate.GIVEN_UP

    def end(self) -> Iterator[Decision[T]]:
        """Decide about the posts that are held when no more will be asked for."""
        while self.held and self.held[-1].ending is Ending.UNFINISHED:
            # Nothing behind it has been read: the next run begins here.
            self.held.pop()
        if self.held:
            yield from self.release() if self.is_proven else self.give_in()

    def give_in(self) -> Iterator[Decision[T]]:
        """Decide about the posts that are held when the API answers for none: they stay due.

        But where all of them failed on an earlier date too, nothing else is due but what can't be asked for.
        """
        failed = [tried for tried in self.held if tried.ending is Ending.SILENT]
        is_unfinished = any(tried.ending is Ending.UNFINISHED for tried in self.held)
        if not is_unfinished and all(tried.has_failed_before_today for tried in failed):
            held, self.held, self.is_proven = self.held, [], True
            for tried in held:
                yield Decision(tried, Fate.GIVEN_UP if tried.ending is Ending.SILENT else Fate.READ)
            return
        for tried in failed:
            tried.can_be_deferred()
            yield Decision(tried, Fate.LEFT_DUE)
