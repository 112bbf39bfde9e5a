"""What the streams of posts remember in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.engine.bookmarks import (
    DATE,
    FLAG,
    MOMENT,
    TEXT,
    Bookmark,
    by_name,
    kept,
    list_of,
    object_of,
    row_of,
)

if TYPE_CHECKING:
    from datetime import date, datetime

VALUE = "replication_key_value"


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
    pages: dict[str, tuple[str, date]] | None = kept(
        by_name(row_of(TEXT, DATE)),
        "by network, where a request budget ended its list: a cursor, a size or a time, and the day it was begun on",
    )


SLICE = row_of(MOMENT, TEXT, MOMENT, TEXT, DATE, rest=TEXT)
POST = row_of(MOMENT, TEXT, rest=TEXT)


@dataclass(frozen=True)
class PassBookmark(Bookmark):
    """A pass over posts of a single network."""

    date: date | None = kept(DATE, "the date of the last complete pass")
    as_of: datetime | None = kept(MOMENT, "when that pass began")
    slices: tuple[tuple[Any, ...], ...] = kept(list_of(SLICE), "the stretches that are done", default=())
    deferred: tuple[Any, ...] = kept(list_of(POST), "posts that failed", default=())


@dataclass(frozen=True)
class LeftOverBookmark(Bookmark):
    """Posts that a request budget left over."""

    listed_at: datetime | None = kept(MOMENT, "when they were listed")
    posts: tuple[tuple[Any, ...], ...] = kept(
        list_of(row_of(MOMENT, TEXT, TEXT, rest=TEXT)), "up to five posts that are due next", default=()
    )
    basis: str = kept(TEXT, "a hash of what decided that they were due", default="")
    unchecked: bool = kept(FLAG, "whether Ayrshare may have sent some of them", default=False)
    network: str = kept(TEXT, "the last network that was listed", default="")
    read_on: date | None = kept(DATE, "the date of `read`")
    read: tuple[tuple[Any, ...], ...] = kept(
        list_of(row_of(TEXT, rest=TEXT)), "what has been read of an older list", default=()
    )


@dataclass(frozen=True)
class RefreshBookmark(StreamBookmark):
    """The passes of a stream that reads posts one by one."""

    value: date | None = kept(DATE, "the date of the last complete pass", name=VALUE)
    as_of: datetime | None = kept(MOMENT, "when that pass began")
    slices: tuple[tuple[Any, ...], ...] = kept(list_of(SLICE), "the stretches that are done", default=())
    deferred: tuple[Any, ...] = kept(list_of(POST), "posts that failed", default=())
    platforms: dict[str, PassBookmark] | None = kept(
        by_name(object_of(PassBookmark)), "networks that have fallen behind, each with its own pass"
    )
    left_over: LeftOverBookmark | None = kept(object_of(LeftOverBookmark), "what a request budget left over")
