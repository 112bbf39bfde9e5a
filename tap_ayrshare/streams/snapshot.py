"""What the profiles of a run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tap_ayrshare.ayrshare.drift import Drift
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.posts.schedule import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.engine.tally import Tally

COMMENTS = ("comments", "social_post_comments")


@dataclass
class Snapshot:
    """What the profiles of a run share.

    now: the instant of the run, read once; the snapshot's date and `extracted_at` come from it.
    run_id: names the run in `sync_runs`.
    selected: the names of the streams whose records are wanted.
    bookmarks: returns the bookmark of a stream and profile as it came in, empty if there is none.
    """

    settings: Settings
    now: datetime
    selected: Collection[str]
    bookmarks: Callable[[str, str], Mapping[str, Any]]
    tally: Tally
    drift: Drift = field(default_factory=Drift)
    run_id: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        self.date = self.now.date().isoformat()
        self.extracted_at = singer_time(self.now)

    def terms(self, stream: str) -> Terms:
        """Return what decides which posts are due for a stream: comments have a schedule of their own."""
        schedule = self.settings.comments_schedule if stream in COMMENTS else self.settings.refresh_schedule
        return Terms(self.now, schedule, self.settings.start_date)

    def at(self, ticks: float) -> datetime:
        """Return the instant of a moment of `monotonic`; the calendar clock is read once in a run."""
        return self.now + timedelta(seconds=ticks - self.tally.began)
