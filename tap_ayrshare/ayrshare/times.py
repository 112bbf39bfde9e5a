"""Instants as the API takes them and as records carry them."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING

from tap_ayrshare.engine.clock import utc_text

if TYPE_CHECKING:
    from datetime import datetime


def api_time(instant: datetime) -> str:
    """Return an instant as the API takes dates in a query: `2026-11-20T08:44:29Z` (docs/api.md section 1).

    Milliseconds are there only if they are needed.
    """
    utc = instant.astimezone(timezone.utc)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def singer_time(instant: datetime) -> str:
    """Return an instant as records and state carry it: ISO 8601, UTC, microseconds."""
    return utc_text(instant)
