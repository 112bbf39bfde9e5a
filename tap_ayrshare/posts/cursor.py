"""One pass over posts, newest first, that can be left at any post and taken up again.

Within a pass, slices keep what counts as read on which date. They grow with neither posts nor days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.posts.schedule import RefreshSchedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.posts.schedule import Terms

OLDER_SLICES = 4
LONGEST_ID = 100
"""Characters of an id that a slice keeps."""
AT_FIRST, AT_LAST = "", "~"
"""Sort before and behind every id."""
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

    def to_row(self, schedule: RefreshSchedule) -> tuple[Any, ...]:
        """Return the slice as state has it; its schedule is said if it is another one."""
        # An id that is cut sorts behind the post that it is of, which is asked again then.
        oldest = self.oldest[1] if len(self.oldest[1]) <= LONGEST_ID else self.oldest[1][:LONGEST_ID] + AT_LAST
        row = (self.newest[0], self.newest[1][:LONGEST_ID], self.oldest[0], oldest, self.on)
        return row if self.schedule == schedule else (*row, str(self.schedule))

    @classmethod
    def from_row(cls, row: tuple[Any, ...], schedule: RefreshSchedule) -> Slice:
        """Return the slice of a row; `schedule`: the one of a row that says none.

        Raises:
            StateError: the row's schedule isn't one.
        """
        newest, newest_id, oldest, oldest_id, on, *named = row
        return cls((newest, newest_id), (oldest, oldest_id), on, read_schedule(named[0]) if named else schedule)


def read_schedule(text: str) -> RefreshSchedule:
    """Return the schedule that a state has.

    Raises:
        StateError: it isn't one.
    """
    try:
        return RefreshSchedule.from_text(text)
    except ValueError as error:
        raise StateError(str(error)) from None


@dataclass(frozen=True)
class Progress:
    """How far a pass has come.

    as_of: when the last complete pass began, None if none has been complete.
    since: the start date of that pass: nothing published before has been read.
    slices: what counts as read of the present pass.
    """

    as_of: datetime | None = None
    since: datetime | None = None
    slices: tuple[Slice, ...] = ()


def is_ahead(bookmark: Mapping[str, Any], today: date) -> bool:
    """Return whether the date of a bookmark lies after a date."""
    value = bookmark.get("replication_key_value")
    return value is not None and read_date(value) > today


class RefreshCursor:
    """What is due in a pass, and what has been read of it.

    listed_at: when the posts of the pass were listed; what was published later isn't among them.
    gaps: windows of time that couldn't be listed.
    is_cut_short: whether posts of the pass couldn't be asked for; is_refused: whether the API refuses them.
    """

    def __init__(self, terms: Terms, progress: Progress) -> None:
        """Take up a pass; the schedule of today judges the whole time since the last complete one."""
        self._terms = terms
        self._today = terms.now.date()
        self._loaded = progress
        self._as_of, self._since = progress.as_of, progress.since
        self._older: list[Slice] = list(progress.slices)
        self._present: Slice | None = None
        self.listed_at = terms.now
        self.gaps: list[tuple[datetime, datetime]] = []
        self.is_cut_short = self.is_refused = False

    @property
    def bookmark(self) -> date | None:
        """The date of the last complete pass."""
        return self._as_of.date() if self._as_of else None

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
        start, last = self._terms.start, self.bookmark
        if last is None or (self._since and (start is None or start < self._since)):
            return start
        try:
            first = last + timedelta(days=1) - timedelta(days=self._terms.schedule.last_age)
        except OverflowError:
            return start
        bound = datetime.combine(first, datetime.min.time(), tzinfo=timezone.utc)
        return max(bound, start) if start else bound

    def is_due(self, position: Position) -> bool:
        """Return whether a post is to be read in this run."""
        published, start = position[0], self._terms.start
        if published > self._terms.now or self.in_future:
            return False
        part = next((part for part in self._slices if part.holds(position)), None)
        if published == UNDATED:
            return not (part and part.on == self._today) and self.bookmark != self._today
        if start and published < start:
            return False
        if part:
            until = self._judged_until(published, part)
            return until is None or self._has_point(published, until)
        if self._as_of is None or (self._since and published < self._since):
            return True
        return self._has_point(published, self._as_of.date()) or self._is_new(published, self._as_of)

    def _has_point(self, published: datetime, after: date) -> bool:
        return self._terms.schedule.has_point(published.date(), after, self._today)

    def _is_new(self, published: datetime, as_of: datetime) -> bool:
        """Return whether the last complete pass couldn't know a post that is young enough to be read."""
        return published > as_of and (self._today - published.date()).days <= self._terms.schedule.last_age

    def _judged_until(self, published: datetime, part: Slice) -> date | None:
        """Return the date until which a post in a slice has been judged, None for not at all.

        Today's schedule judges the whole pass: where another one passed a post over, only a post that it had
        asked on that very date is known to have been read. More is asked then, never less.
        """
        day_before = part.on - timedelta(days=1)
        is_same = part.schedule == self._terms.schedule
        if is_same or part.schedule.has_point(published.date(), day_before, part.on):
            return part.on
        return self.bookmark

    def passed(self, position: Position) -> None:
        """Count all posts as read when they were listed, from then, or the end of the gap above, down to this one."""
        if position[0] == UNDATED and self._terms.start:
            # What was published before the start date lies between this post and those with a date.
            self._reach((self.listed_at, AT_LAST), (self._terms.start, AT_FIRST))
            self._reach((UNDATED, AT_LAST), position)
        else:
            self._reach((self.listed_at, AT_LAST), position)

    def _reach(self, newest: Position, oldest: Position) -> None:
        for low, high in self.gaps:
            if oldest[0] <= high:
                newest = min(newest, (low, AT_FIRST) if oldest[0] < low else oldest)
        reached = Slice(newest, oldest, self.listed_at.date(), self._terms.schedule)
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

    def complete(self) -> bool:
        """Count the pass as complete, if nothing cut it short and no gap is left; return whether it is."""
        if self.in_future or self.is_cut_short or self.gaps:
            return False
        self._as_of, self._since = self._terms.now, self._terms.start
        self._older, self._present = [], None
        return True

    @property
    def progress(self) -> Progress:
        """How far the pass has come."""
        if self.in_future:
            return self._loaded
        older = self._older[:OLDER_SLICES] if self._present else self._older[: OLDER_SLICES + 1]
        return Progress(self._as_of, self._since, (*([self._present] if self._present else []), *older))
