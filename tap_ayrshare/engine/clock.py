"""The one place that reads the calendar clock.

A run reads its instant once and keeps it, also past midnight: `snapshot_date`, `extracted_at`, the ages of
posts and the ends of windows all come from that one instant, so that a run is one snapshot.
"""

from __future__ import annotations

from datetime import datetime, timezone


def read_clock() -> datetime:
    """Return the present instant, in UTC, to the microsecond."""
    return datetime.now(timezone.utc)


def api_time(instant: datetime) -> str:
    """Return an instant as the API takes dates in a query: `2026-11-20T08:44:29Z` (docs/api.md section 1).

    Milliseconds stand there only where they are needed.
    """
    utc = instant.astimezone(timezone.utc)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def singer_time(instant: datetime) -> str:
    """Return an instant as records and state carry it: ISO 8601, UTC, microseconds."""
    return instant.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
