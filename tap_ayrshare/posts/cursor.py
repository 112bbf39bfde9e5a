"""A cycle: one pass over posts, newest first, that can be left at any post and taken up again.

The design's words: the bookmark is the date of the last completed cycle, `as_of` the instant at which it was
read. Within a cycle, stretches keep what counts as read on which date. State grows with neither posts nor days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.posts.schedule import RefreshSchedule
from tap_ayrshare.values import instant

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDER_STRETCHES = 4
MOST_DEFERRED = 10
UNDATED = datetime.min.replace(tzinfo=timezone.utc)
"""Where a post without a date stands: it is the oldest, and due in every cycle."""

Place = tuple[datetime, str]
"""Where a post stands in a pass: (published_at, id), the newest first."""


@dataclass(frozen=True)
class Stretch:
    """The posts from `newest` down to `oldest`, both included, count as read on a date."""

    newest: Place
    oldest: Place
    on: date

    def holds(self, place: Place) -> bool:
        """Tell whether a post lies in the stretch."""
        return self.oldest <= place <= self.newest

    def to_state(self) -> list[str]:
        """Return the stretch as state carries it."""
        return [
            singer_time(self.newest[0]),
            self.newest[1],
            singer_time(self.oldest[0]),
            self.oldest[1],
            self.on.isoformat(),
        ]

    @classmethod
    def from_state(cls, value: object) -> Stretch:
        """Return a stretch out of state.

        Raises:
            StateError: it is none.
        """
        if not isinstance(value, list) or len(value) != 5 or not all(isinstance(v, str) for v in value):  # noqa: PLR2004
            raise StateError("a stretch of the cycle is no list of five texts")
        newest, oldest = instant(value[0]), instant(value[2])
        on = read_date(value[4])
        if newest is None or oldest is None:
            raise StateError("a stretch of the cycle has a date that can't be read")
        return cls((newest, value[1]), (oldest, value[3]), on)


def read_date(value: object) -> date:
    """Return the UTC date of a bookmark, given as a date or as an instant.

    Raises:
        StateError: it is neither.
    """
    moment = instant(value)
    if moment is None:
        raise StateError(f"the bookmark {str(value)[:40]!r} is no date")
    return moment.date()


class Cycle:
    """What is due in a pass, and what has been read of it."""

    def __init__(
        self, schedule: RefreshSchedule, now: datetime, start: datetime | None, state: Mapping[str, Any]
    ) -> None:
        """Take up the pass where the state left it.

        Args:
            schedule: the refresh schedule of today, which judges the whole time since the bookmark.
            now: the instant of the run.
            start: nothing published earlier is due.
            state: `date` and `as_of` of the last completed cycle; of the present one its `stretches`, and the
                posts in them that are `deferred` to its end.

        Raises:
            StateError: the state is not understood.
        """
        self._schedule = schedule
        self._now = now
        self._start = start
        self._today = now.date()
        self.bookmark = read_date(state["date"]) if state.get("date") else None
        self._as_of = self._read_as_of(state)
        listed = state.get("stretches") or []
        if not isinstance(listed, list):
            raise StateError("the stretches of the cycle are no list")
        self._older = [Stretch.from_state(value) for value in listed]
        self._present: Stretch | None = None
        self._deferred = self._read_deferred(state)

    def _read_as_of(self, state: Mapping[str, Any]) -> datetime | None:
        if self.bookmark is None:
            return None
        if not state.get("as_of"):
            # A state without it: all of that day may have come after.
            return datetime.combine(self.bookmark, datetime.min.time(), tzinfo=timezone.utc)
        moment = instant(state["as_of"])
        if moment is None:
            raise StateError(f"as_of {str(state['as_of'])[:40]!r} is no instant")
        return moment

    @staticmethod
    def _read_deferred(state: Mapping[str, Any]) -> list[Place]:
        places = []
        listed = state.get("deferred") or []
        for value in listed if isinstance(listed, list) else [listed]:
            moment = instant(value[0]) if isinstance(value, list) and len(value) == 2 else None  # noqa: PLR2004
            if moment is None or not isinstance(value[1], str):
                raise StateError("a deferred post of the cycle is no date and id")
            places.append((moment, value[1]))
        return places

    @property
    def in_future(self) -> bool:
        """Tell whether the bookmark, or a stretch, lies after today: then nothing is due and all is kept."""
        return max([self.bookmark or date.min, *(stretch.on for stretch in self._older)]) > self._today

    @property
    def oldest_due(self) -> datetime | None:
        """The earliest publication that can be due; None for no bound."""
        if self.bookmark is None:
            return self._start
        first = self.bookmark + timedelta(days=1) - timedelta(days=self._schedule.last_age)
        bound = datetime.combine(first, datetime.min.time(), tzinfo=timezone.utc)
        return max(bound, self._start) if self._start else bound

    def is_due(self, place: Place) -> bool:
        """Tell whether a post is to be read in this run."""
        published = place[0]
        if published > self._now or self.in_future:
            return False
        if place in self._deferred:
            return True
        stretch = next((stretch for stretch in self._older if stretch.holds(place)), None)
        if published == UNDATED:
            return not (stretch and stretch.on == self._today) and self.bookmark != self._today
        if self._start and published < self._start:
            return False
        if stretch:
            return self._schedule.has_point(published.date(), stretch.on, self._today)
        if self.bookmark is None:
            return True
        if self._schedule.has_point(published.date(), self.bookmark, self._today):
            return True
        is_new = self._as_of is not None and published > self._as_of
        return is_new and (self._today - published.date()).days <= self._schedule.last_age

    def passed(self, place: Place) -> None:
        """Take in that all posts from now down to this one count as read today."""
        newest = (self._now, "~")
        self._present = Stretch(newest, place, self._today)
        below = []
        for stretch in self._older:
            if stretch.oldest >= place:
                continue
            if stretch.newest < place:
                below.append(stretch)
            elif stretch.on == self._today:
                # Read on the same date and reached: the two are one.
                self._present = replace(self._present, oldest=stretch.oldest)
            else:
                below.append(replace(stretch, newest=place))
        self._older = below

    def defer(self, place: Place) -> bool:
        """Keep a post for the end of the pass; tell whether there was room for it."""
        if place not in self._deferred and len(self._deferred) >= MOST_DEFERRED:
            return False
        self._deferred = [*[other for other in self._deferred if other != place], place]
        return True

    def resolved(self, place: Place) -> None:
        """Take in that a deferred post counts as read."""
        self._deferred = [other for other in self._deferred if other != place]

    def complete(self) -> None:
        """Take in that the pass is complete: today is the bookmark."""
        if not self.in_future:
            self.bookmark, self._as_of = self._today, self._now
            self._older, self._present, self._deferred = [], None, []

    def to_state(self) -> dict[str, Any]:
        """Return what the next run needs."""
        stretches = [*([self._present] if self._present else []), *self._older[:OLDER_STRETCHES]]
        state: dict[str, Any] = {}
        if self.bookmark:
            state["date"] = self.bookmark.isoformat()
        if self._as_of:
            state["as_of"] = singer_time(self._as_of)
        if stretches:
            state["stretches"] = [stretch.to_state() for stretch in stretches]
        if self._deferred:
            state["deferred"] = [[singer_time(published), post_id] for published, post_id in self._deferred]
        return state


def check_cycle(state: Mapping[str, Any]) -> None:
    """Check the state of a cycle that came in.

    Raises:
        StateError: it is not understood.
    """
    Cycle(RefreshSchedule(()), UNDATED, None, state)
