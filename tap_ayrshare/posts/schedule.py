"""The refresh schedule: on which days a post is read again, by its age.

All dates are UTC dates. A day on which a post is to be read is a point of the post: its age in days is a
multiple of the `every_days` of the first tier that reaches that age.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date, datetime

TIERS = re.compile(r"\d{1,6}:[1-9]\d{0,5}(,\d{1,6}:[1-9]\d{0,5})*")


@dataclass(frozen=True)
class Tier:
    """Up to an age of `max_age_days`, a point every `every_days`."""

    max_age_days: int
    every_days: int


@dataclass(frozen=True)
class RefreshSchedule:
    """Tiers by rising age; a boundary belongs to the tier that it closes."""

    tiers: tuple[Tier, ...]

    @classmethod
    def from_text(cls, text: str) -> RefreshSchedule:
        """Return the schedule that a state has as `7:1,30:3`.

        Raises:
            ValueError: it isn't a list of tiers.
        """
        if not TIERS.fullmatch(text):
            raise ValueError(f"the schedule {text[:40]!r} isn't a list of tiers")
        return cls(tuple(Tier(*map(int, tier.split(":"))) for tier in text.split(",")))

    def __str__(self) -> str:
        return ",".join(f"{tier.max_age_days}:{tier.every_days}" for tier in self.tiers)

    @property
    def last_age(self) -> int:
        """The age in days beyond which a post has no points."""
        return self.tiers[-1].max_age_days

    def has_point(self, published: date, after: date, until: date) -> bool:
        """Return whether a post published on a date has a point later than `after` and not later than `until`."""
        youngest = max(0, (after - published).days + 1)
        oldest = (until - published).days
        beyond = -1
        for tier in self.tiers:
            low, high = max(youngest, beyond + 1), min(oldest, tier.max_age_days)
            if low <= high and high // tier.every_days * tier.every_days >= low:
                return True
            beyond = tier.max_age_days
        return False

    def depth(self, after: date, until: date) -> int | None:
        """Return how many days back a list of posts is read, None if nothing is due.

        A tier is due if a multiple of its `every_days` lies in the day numbers later than `after` and not
        later than `until`.
        """
        start, end = after.toordinal() + 1, until.toordinal()
        due = [t.max_age_days for t in self.tiers if end // t.every_days * t.every_days >= start]
        return max(due, default=None)


class Terms(NamedTuple):
    """What decides which posts are due in a run: its instant, the refresh schedule, the start date."""

    now: datetime
    schedule: RefreshSchedule
    start: datetime | None
