"""What a row of GET /history says of its post: its dates, whether it is open, and the networks that have it.

See docs/api.md section 8. Networks are written in several ways, and so are the entries for them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, network_name
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.values import instant, objects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SECOND = timedelta(seconds=1)
OPEN_STATUSES = {"pending", "processing", "paused", "scheduled", "awaiting approval", "awaitingapproval"}
UNSENT_STATUSES = {*OPEN_STATUSES, "error", "deleted"}
UNSENT_ENTRIES = {*UNSENT_STATUSES, "failed", "rejected", "canceled", "cancelled"}
"""What the entry of a network has in place of `success`; with any other word its id decides."""


def is_outside(row: dict[str, Any], start: datetime, end: datetime) -> bool:
    """Return whether none of a post's dates lies in a window."""
    dates = [date for date in (created_at(row), published_at(row)) if date]
    return bool(dates) and not any(start <= date <= end + SECOND for date in dates)


def created_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was made; `createDate` is the older name (docs/api.md section 8)."""
    return instant(row.get("created")) or instant(row.get("createDate"))


def published_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was published: the later of created and scheduleDate when it was scheduled.

    A `type: now` post may carry a scheduleDate years off, as in the published example, so the type decides.
    """
    created, scheduled = created_at(row), instant(row.get("scheduleDate"))
    if created and scheduled and str(row.get("type")).lower() == "scheduled":
        return max(created, scheduled)
    return created or scheduled


def approved_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was approved that had to be, None if that isn't known."""
    return instant(row.get("approvedDate")) if row.get("approved") is True else None


def network_entries(row: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the entries of a post's networks, `postIds`, each with `platform`; None if it has none.

    They are a list, one entry in place of a list, or an object by network or index.
    """
    given = row.get("postIds")
    if isinstance(given, dict) and given:
        by_key = {key: entry for key, entry in given.items() if isinstance(entry, dict)}
        given = [{"platform": key, **entry} for key, entry in by_key.items()] if by_key else [given]
    return objects(given) if isinstance(given, list) else None


def is_open(row: dict[str, Any]) -> bool:
    """Return whether a post changes later: it is not sent yet, or a network has not given its id."""
    return _word(row.get("status")) in OPEN_STATUSES or any(
        _word(entry.get("id")) == "pending" for entry in network_entries(row) or ()
    )


def is_unsent(row: dict[str, Any]) -> bool:
    """Return whether no network has a post."""
    return _word(row.get("status")) in UNSENT_STATUSES


def sent_to(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the networks that have a post, those too that aren't known."""
    entries = network_entries(row)
    names: list[Any]
    if entries is not None:
        names = [entry.get("platform") for entry in entries if _is_sent(entry)]
    elif is_unsent(row):
        names = []
    else:
        given = row.get("platforms")
        names = given if isinstance(given, list) else given.split(",") if isinstance(given, str) else []
    return tuple(dict.fromkeys(name for name in map(network_name, names) if name))


def analytics_networks(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the networks whose analytics a post can have: those it was sent to that have post analytics."""
    return with_analytics(sent_to(row))


def with_analytics(networks: Iterable[str]) -> tuple[str, ...]:
    """Return those of some networks that have post analytics."""
    return tuple(name for name in networks if name in NETWORKS and "post_analytics" in NETWORKS[name].reads)


def _is_sent(entry: dict[str, Any]) -> bool:
    status = _word(entry.get("status"))
    return status == "success" or (status not in UNSENT_ENTRIES and usable_id(entry.get("id")) is not None)


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""
