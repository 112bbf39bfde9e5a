"""What the streams of posts remember in the state."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.engine.bookmarks import (
    DATE,
    FLAG,
    MOMENT,
    TEXT,
    Bookmark,
    Form,
    by_name,
    compact_time,
    kept,
    list_of,
    object_of,
    read_moment,
    row_of,
)
from tap_ayrshare.engine.values import instant

if TYPE_CHECKING:
    from datetime import date, datetime

VALUE = "replication_key_value"
ROOM = 850
"""Bytes that a stream's passes and posts may take in the state."""
FEW = 3
FAILURES_ROOM = 500
"""Those of them that are for posts that failed."""


@dataclass(frozen=True)
class StreamBookmark(Bookmark):
    """The bookmark of a stream and profile, beside which Singer, the SDK and `Sync` have fields of their own."""

    foreign: ClassVar[frozenset[str]] = frozenset(
        {
            "context",
            "replication_key",
            VALUE,
            "turn",
            "progress_markers",
            "replication_key_signpost",
            "starting_replication_value",
        }
    )


@dataclass(frozen=True)
class PostsBookmark(StreamBookmark):
    """How far the history has been read."""

    until: datetime | None = kept(MOMENT, "the time up to which the history is complete", name=VALUE)
    since: datetime | None = kept(
        MOMENT, "the date that the history was read from: an earlier `start_date` reads what is missing, once"
    )
    open_since: datetime | None = kept(MOMENT, "when the earliest post was created that can still change")
    gaps: tuple[tuple[datetime, datetime], ...] = kept(
        list_of(row_of(MOMENT, MOMENT)), "up to three windows without an answer, which the next run reads", default=()
    )
    deleted_since: datetime | None = kept(MOMENT, "the time from which deleted posts are still to be requested")


@dataclass(frozen=True)
class ListsBookmark(StreamBookmark):
    """How far the lists of native posts have been read."""

    value: date | None = kept(DATE, "the earliest date in `platforms`", name=VALUE)
    platforms: dict[str, date] | None = kept(
        by_name(DATE), "by network, the day on which its list was last read to the depth that was due"
    )
    since: dict[str, datetime] | None = kept(
        by_name(MOMENT),
        "by network, the `start_date` down to which its list has been read: an earlier one reads it whole",
    )
    pages: dict[str, tuple[str, date]] | None = kept(
        by_name(row_of(TEXT, DATE)),
        "by network, where a request budget ended its list: a cursor, a size or a time, and the day it was begun on",
    )


def _any_time(value: Any) -> datetime:
    moment = instant(value) if isinstance(value, str) else None
    if moment is None:
        raise ValueError
    return moment


PLACE: Form[datetime] = Form("a time", _any_time, compact_time)
"""When a post was published; the year 1 for one without a date."""
TIME: Form[datetime] = Form("a time", read_moment, compact_time)
SLICE = row_of(PLACE, TEXT, PLACE, TEXT, DATE, rest=TEXT)
FAILED = row_of(PLACE, TEXT, rest=TEXT)
NAMED = row_of(TIME, TEXT, TEXT, rest=TEXT)


@dataclass(frozen=True)
class PassBookmark(Bookmark):
    """The pass of networks that are in step."""

    networks: tuple[str, ...] = kept(list_of(TEXT), "the networks that it is of", default=())
    as_of: datetime | None = kept(TIME, "when the last complete pass began; absent: none has been complete")
    since: datetime | None = kept(TIME, "the `start_date` of that pass: what was published before is still to be read")
    slices: tuple[tuple[Any, ...], ...] = kept(
        list_of(SLICE), "stretches that count as read: newest and oldest post, day, and schedule if another", default=()
    )


@dataclass(frozen=True)
class OlderPassBookmark(Bookmark):
    """The pass of a single network, as older states have it."""

    date: date | None = kept(DATE, "older states: the date of the last complete pass")
    as_of: datetime | None = kept(TIME, "older states: when it began")
    slices: tuple[tuple[Any, ...], ...] = kept(list_of(SLICE), "older states: the stretches that are done", default=())
    deferred: tuple[tuple[Any, ...], ...] = kept(list_of(FAILED), "older states: posts that failed", default=())


@dataclass(frozen=True)
class LeftOverBookmark(Bookmark):
    """Posts that a request budget left over."""

    listed_at: datetime | None = kept(TIME, "when they were listed")
    posts: tuple[tuple[Any, ...], ...] = kept(
        list_of(NAMED), "up to five posts that are due next: time, id, networks", default=()
    )
    basis: str = kept(TEXT, "a hash of what decided that they were due", default="")
    unchecked: bool = kept(FLAG, "whether Ayrshare may have sent some of them", default=False)
    network: str = kept(TEXT, "the last network that was listed", default="")
    read_on: date | None = kept(DATE, "the date of `read`")
    read: tuple[tuple[str, ...], ...] = kept(
        list_of(row_of(TEXT, rest=TEXT)), "what has been read of an older list: id, networks", default=()
    )


@dataclass(frozen=True)
class RefreshBookmark(StreamBookmark):
    """The passes of a stream that reads posts one by one."""

    value: date | None = kept(DATE, "the date of the last complete pass, the earliest of all networks'", name=VALUE)
    passes: tuple[PassBookmark, ...] = kept(
        list_of(object_of(PassBookmark)), "the passes, each of the networks that are in step", default=()
    )
    schedule: str = kept(TEXT, "the schedule that judged the slices", default="")
    deferred: tuple[tuple[Any, ...], ...] = kept(
        list_of(FAILED), "posts whose requests failed and that stay due: time, id, day, networks", default=()
    )
    failed: tuple[tuple[Any, ...], ...] = kept(
        list_of(FAILED), "posts that failed last time; when they are due again, they come last", default=()
    )
    left_over: LeftOverBookmark | None = kept(object_of(LeftOverBookmark), "what a request budget left over")
    as_of: datetime | None = kept(TIME, "older states: when the pass of all networks began")
    slices: tuple[tuple[Any, ...], ...] = kept(list_of(SLICE), "older states: the stretches of it", default=())
    platforms: dict[str, OlderPassBookmark] | None = kept(
        by_name(object_of(OlderPassBookmark)), "older states: networks with a pass of their own"
    )

    def to_state(self) -> dict[str, Any]:
        """Return the bookmark as JSON within its room: what would have to be read again goes first."""
        state = super().to_state()
        if self._is_plain or len(json.dumps(state)) <= ROOM:
            return state
        smaller = self._smaller()
        return smaller.to_state() if smaller else state

    @property
    def _is_plain(self) -> bool:
        """Whether there is a single pass and little else, as in most runs: then there is room for it."""
        return len(self.passes) == 1 and len(self.passes[0].slices) < FEW and not (self.left_over or self.failed)

    def _smaller(self) -> RefreshBookmark | None:
        """Return the bookmark without what costs least when it is lost, None if nothing is left to lose."""
        left = self.left_over
        if left and len(left.posts) > 1:
            return replace(self, left_over=replace(left, posts=left.posts[:-1]))
        if self.failed:
            return replace(self, failed=self.failed[:-1])
        longest = max(self.passes, key=lambda one: (len(one.slices), -len(one.networks)), default=PassBookmark())
        if longest.slices:
            shorter = replace(longest, slices=longest.slices[:-1])
            return replace(self, passes=tuple(shorter if one is longest else one for one in self.passes))
        if left and left.posts:
            return replace(self, left_over=replace(left, posts=()))
        return None
