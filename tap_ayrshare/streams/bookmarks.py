"""What the streams that don't read posts remember in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.bookmarks import COUNT, DATE, FLAG, TEXT, by_name, kept, list_of, row_of
from tap_ayrshare.posts.bookmarks import TIME, VALUE, StreamBookmark

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class SnapshotBookmark(StreamBookmark):
    """The bookmark of a stream that is read whole in one run."""

    value: date | None = kept(DATE, "the date of the last run that read it", name=VALUE)


@dataclass(frozen=True)
class NetworksBookmark(SnapshotBookmark):
    """The bookmark of a stream that is read network by network."""

    read_on: dict[str, date] | None = kept(
        by_name(DATE), "under a request budget, by network, the date on which it was last read"
    )


@dataclass(frozen=True)
class SeriesBookmark(NetworksBookmark):
    """The bookmark of daily series."""

    platforms: dict[str, date] | None = kept(
        by_name(DATE), "by network, the last date that all of its metrics have reached"
    )


@dataclass(frozen=True)
class MessagesBookmark(NetworksBookmark):
    """The bookmark of messages."""

    pages: dict[str, str] | None = kept(by_name(TEXT), "by network, the page at which a request budget ended")


@dataclass(frozen=True)
class LinksBookmark(SnapshotBookmark):
    """The bookmark of links."""

    endpoint: str | None = kept(TEXT, "the path of the link endpoint that answered")


@dataclass(frozen=True)
class ListBookmark(SnapshotBookmark):
    """The bookmark of a stream that is one list."""

    cursor: str | None = kept(TEXT, "the page at which a request budget ended")


@dataclass(frozen=True)
class AccountsBookmark(SnapshotBookmark):
    """What the tap remembers of a profile."""

    networks: tuple[str, ...] = kept(list_of(TEXT), "under a request budget, the linked networks", default=())
    networks_on: date | None = kept(DATE, "the date on which they were requested")
    open_posts: tuple[tuple[Any, ...], ...] = kept(
        list_of(row_of(TEXT, TIME, TIME, rest=TIME)),
        "up to twelve posts that wait for long to be sent: id, when it was made, its date, when it went out",
        default=(),
    )
    x_requests: dict[str, int] | None = kept(by_name(COUNT), "requests to X in the last 24 hours, by hour")


@dataclass(frozen=True)
class AdsBookmark(SnapshotBookmark):
    """The bookmark of a stream that is read ad account by ad account."""

    began: date | None = kept(DATE, "when the reading began that a request budget ended")
    left: tuple[tuple[str, str], ...] = kept(
        list_of(row_of(TEXT, TEXT)), "the ad accounts that are still to be read, with their currencies", default=()
    )
    failed: bool = kept(FLAG, "whether an account of that reading failed", default=False)
