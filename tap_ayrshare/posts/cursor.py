"""One pass over posts, newest first, that can be left at any post and taken up again.

The bookmark is the date of the last completed pass, `as_of` the instant at which it was read. Within a pass, slices
keep what counts as read on which date. State grows with neither posts nor days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.bookmarks import read_date, shown
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.schedule import RefreshSchedule, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

OLDER_SLICES = 4
TIERS = re.compile(r"\d{1,6}:[1-9]\d{0,5}(,\d{1,6}:[1-9]\d{0,5})*")
MOST_DEFERRED = 10
STATE_FIELDS = ("date", "as_of", "slices", "deferred")
UNDATED = datetime.min.replace(tzinfo=timezone.utc)
"""Where a post without a date stands: it is the oldest, and due in every pass."""

Position = tuple[datetime, str]
"""Where a post stands in a pass: (published_at, id), the newest first."""


@dataclass(frozen=True)
class Slice:
    """The posts from `newest` down to `oldest`, both included, count as read on a date.

    schedule: the schedule that judged which of them were due.
    """

    newest: Position
    oldest: Position
    on: date
    schedule: RefreshSchedule

    def holds(self, position: Position) -> bool:
        """Return whether a post lies in the slice."""
        return self.oldest <= position <= self.newest

    def to_state(self) -> list[str]:
        """Return the slice as state carries it."""
        return [
            singer_time(self.newest[0]),
            self.newest[1],
            singer_time(self.oldest[0]),
            self.oldest[1],
            self.on.isoformat(),
            ",".join(f"{tier.max_age_days}:{tier.every_days}" for tier in self.schedule.tiers),
        ]

    @classmethod
    def from_state(cls, value: object, today: RefreshSchedule) -> Slice:
        """Return a slice out of state; one without a schedule is taken to be judged by that of today.

        Raises:
            StateError: it is none.
        """
        if not isinstance(value, list) or len(value) not in (5, 6) or not all(isinstance(v, str) for v in value):
            raise StateError("a slice isn't a list of six texts")
        newest, oldest = instant(value[0]), instant(value[2])
        on = read_date(value[4])
        if newest is None or oldest is None:
            raise StateError("a slice has a date that can't be read")
        return cls((newest, value[1]), (oldest, value[3]), on, _read_tiers(value[5]) if value[5:] else today)


def _read_tiers(text: str) -> RefreshSchedule:
    if not TIERS.fullmatch(text):
        raise StateError(f"the schedule {text[:40]!r} of a slice isn't a list of tiers")
    return RefreshSchedule(tuple(Tier(*map(int, tier.split(":"))) for tier in text.split(",")))


def is_ahead(bookmark: Mapping[str, Any], today: date) -> bool:
    """Return whether the date of a bookmark lies after a date."""
    value = bookmark.get("replication_key_value")
    return value is not None and read_date(value) > today


class RefreshCursor:
    """What is due in a pass, and what has been read of it.

    listed_at: when the posts of the pass were listed; what was published later isn't among them.
    """

    def __init__(
        self, schedule: RefreshSchedule, now: datetime, start: datetime | None, state: Mapping[str, Any]
    ) -> None:
        """Take up the pass where the state left it.

        Args:
            schedule: the refresh schedule of today, which judges the whole time since the bookmark.
            now: the instant of the run.
            start: nothing published earlier is due.
            state: `date` and `as_of` of the last completed pass; of the present one its `slices`, and the
                posts in them that are `deferred` to its end.

        Raises:
            StateError: the state is invalid.
        """
        self._schedule = schedule
        self._now = now
        self._start = start
        self._today = now.date()
        self._loaded = {name: state[name] for name in STATE_FIELDS if state.get(name)}
        self.bookmark = read_date(state["date"]) if state.get("date") else None
        self._as_of = self._read_as_of(state)
        listed = state.get("slices") or []
        if not isinstance(listed, list):
            raise StateError("slices isn't a list")
        self._older = [Slice.from_state(value, schedule) for value in listed]
        self._present: Slice | None = None
        self._deferred = self._read_deferred(state)
        self._known = dict(self._deferred)
        self.listed_at = now
        self.gaps: list[tuple[datetime, datetime]] = []
        self.is_cut_short = False

    def _read_as_of(self, state: Mapping[str, Any]) -> datetime | None:
        if self.bookmark is None:
            return None
        if not state.get("as_of"):
            # A state without it: all of that day may have come after.
            return datetime.combine(self.bookmark, datetime.min.time(), tzinfo=timezone.utc)
        moment = instant(state["as_of"])
        if moment is None:
            raise StateError(f"as_of {shown(state['as_of'])} isn't a time")
        return moment

    @staticmethod
    def _read_deferred(state: Mapping[str, Any]) -> dict[Position, date]:
        positions = {}
        listed = state.get("deferred") or []
        for value in listed if isinstance(listed, list) else [listed]:
            moment = instant(value[0]) if isinstance(value, list) and len(value) in (2, 3) else None
            if moment is None or not isinstance(value[1], str):
                raise StateError("a deferred post isn't a list of date, id and day")
            positions[moment, value[1]] = read_date(value[2]) if len(value) == 3 else date.min  # noqa: PLR2004
        return positions

    @property
    def _slices(self) -> list[Slice]:
        return [self._present, *self._older] if self._present else self._older

    @property
    def last_read(self) -> date:
        """The latest date on which anything of it was read."""
        return max([self.bookmark or date.min, *(part.on for part in self._older)])

    @property
    def in_future(self) -> bool:
        """Return whether the bookmark, or a slice, lies after today: then nothing is due and all is kept."""
        return self.last_read > self._today

    @property
    def oldest_due(self) -> datetime | None:
        """The earliest publication that can be due; None for no bound."""
        if self.bookmark is None:
            return self._start
        try:
            first = self.bookmark + timedelta(days=1) - timedelta(days=self._schedule.last_age)
        except OverflowError:
            return self._start
        bound = datetime.combine(first, datetime.min.time(), tzinfo=timezone.utc)
        bound = min([bound, *(position[0] for position in self._deferred if position[0] != UNDATED)])
        return max(bound, self._start) if self._start else bound

    def is_due(self, position: Position) -> bool:
        """Return whether a post is to be read in this run."""
        published = position[0]
        if published > self._now or self.in_future:
            return False
        if position in self._deferred:
            return True
        part = next((part for part in self._slices if part.holds(position)), None)
        if published == UNDATED:
            return not (part and part.on == self._today) and self.bookmark != self._today
        if self._start and published < self._start:
            return False
        if part:
            until = self._judged_until(published, part)
            return until is None or self._schedule.has_point(published.date(), until, self._today)
        if self.bookmark is None:
            return True
        if self._schedule.has_point(published.date(), self.bookmark, self._today):
            return True
        is_new = self._as_of is not None and published > self._as_of
        return is_new and (self._today - published.date()).days <= self._schedule.last_age

    def _judged_until(self, published: datetime, part: Slice) -> date | None:
        """Return the date until which a post in a slice has been judged, None for not at all.

        Today's schedule judges the whole pass: where another one passed a post over, only a post that it had
        asked on that very date is known to have been read. More is asked then, never less.
        """
        day_before = part.on - timedelta(days=1)
        if part.schedule == self._schedule or part.schedule.has_point(published.date(), day_before, part.on):
            return part.on
        return self.bookmark

    def passed(self, position: Position) -> None:
        """Count all posts as read when they were listed, from then, or the end of the gap above, down to this one."""
        newest: Position = (self.listed_at, "~")
        for low, high in self.gaps:
            if position[0] <= high:
                newest = min(newest, (low, "") if position[0] < low else position)
        reached = Slice(newest, position, self.listed_at.date(), self._schedule)
        kept = []
        for part in self._slices:
            if part.newest < reached.oldest or part.oldest > reached.newest:
                kept.append(part)
            elif (part.on, part.schedule) == (reached.on, reached.schedule):
                # Read on the same date and reached: the two are one.
                newest, oldest = max(part.newest, reached.newest), min(part.oldest, reached.oldest)
                reached = replace(reached, newest=newest, oldest=oldest)
            else:
                kept += [replace(part, oldest=reached.newest)] if part.newest > reached.newest else []
                kept += [replace(part, newest=reached.oldest)] if part.oldest < reached.oldest else []
        self._present, self._older = reached, kept

    def is_known_failure(self, position: Position) -> bool:
        """Return whether a post was deferred by an earlier run."""
        return position in self._known

    def has_failed_before_today(self, position: Position) -> bool:
        """Return whether a post was deferred by a run of an earlier date."""
        return position in self._known and self._known[position] < self._today

    def is_deferred(self, position: Position) -> bool:
        """Return whether a post is left for the end of the pass."""
        return position in self._deferred

    def can_defer(self, position: Position) -> bool:
        """Return whether there is room for a post at the end of the pass."""
        return position in self._deferred or len(self._deferred) < MOST_DEFERRED

    def defer(self, position: Position) -> bool:
        """Keep a post for the end of the pass; return whether there was room for it."""
        if not self.can_defer(position):
            return False
        self._deferred = {**self._deferred, position: self._known.get(position, self._today)}
        return True

    def resolved(self, position: Position) -> None:
        """Count a deferred post as read."""
        self._deferred = {other: on for other, on in self._deferred.items() if other != position}

    def complete(self) -> bool:
        """Count the pass as complete, if nothing cut it short and no gap is left; return whether it is.

        Then today is the bookmark.
        """
        is_complete = not self.in_future and not self.is_cut_short and not self.gaps
        if is_complete:
            self.bookmark, self._as_of = self._today, self._now
            self._older, self._present, self._deferred = [], None, {}
        return is_complete

    def to_state(self) -> dict[str, Any]:
        """Return what the next run needs."""
        if self.in_future:
            return self._loaded
        slices = [*([self._present] if self._present else []), *self._older[:OLDER_SLICES]]
        state: dict[str, Any] = {}
        if self.bookmark:
            state["date"] = self.bookmark.isoformat()
        if self._as_of:
            state["as_of"] = singer_time(self._as_of)
        if slices:
            state["slices"] = [part.to_state() for part in slices]
        if self._deferred:
            state["deferred"] = [
                [singer_time(published), post_id, on.isoformat()] for (published, post_id), on in self._deferred.items()
            ]
        return state


def check_cursor(state: Mapping[str, Any]) -> None:
    """Check the state of a pass that came in.

    Raises:
        StateError: it is invalid.
    """
    RefreshCursor(RefreshSchedule(()), UNDATED, None, state)


def check_platforms(stream: str, values: Mapping[str, Any]) -> None:
    """Check the passes of single networks in a state that came in.

    Raises:
        StateError: they are invalid.
    """
    by_network = values.get("platforms", {})
    if not isinstance(by_network, dict) or not all(isinstance(state, dict) for state in by_network.values()):
        raise StateError(f"platforms of {stream} isn't an object of objects")
    for state in by_network.values():
        check_cursor(state)
