"""The one place that reads the calendar clock.

A run reads its instant once and keeps it, also past midnight: whatever has a date of the run takes it from there, so
that a run is one snapshot.
"""

from __future__ import annotations

from datetime import datetime, timezone


def read_clock() -> datetime:
    """Return the present instant, in UTC, to the microsecond."""
    return datetime.now(timezone.utc)


def utc_text(instant: datetime) -> str:
    """Return an instant as ISO 8601, UTC, microseconds and Z: such texts sort as their instants do."""
    return instant.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
