"""The sandbox's clock, and moments in the forms in which the API writes them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

TIMELINE = datetime(2020, 1, 1, tzinfo=timezone.utc)
FRESH_SECONDS = 1200
"""How long the API gives the same numbers again: what it calls lastUpdated and nextUpdate lies this far apart."""


class Clock:
    """A clock that was set once and has run on since, whatever becomes of the machine's."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        """Set it; it runs on from there."""
        self._offset = now.timestamp() - time.monotonic()

    @property
    def now(self) -> datetime:
        """The present instant, in whole seconds."""
        return datetime.fromtimestamp(int(time.monotonic() + self._offset), tz=timezone.utc)


def read_time(value: str | None) -> datetime | None:
    """Return a moment out of a query or an option.

    Raises:
        ValueError: it is none.
    """
    if not value:
        return None
    moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def iso(moment: datetime) -> str:
    """Return a moment as most bodies carry it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def firestore(moment: datetime) -> dict[str, Any]:
    """Return a moment as a Firestore timestamp."""
    return {"_seconds": int(moment.timestamp()), "_nanoseconds": moment.microsecond * 1000, "utc": iso(moment)}


def last_updated(now: datetime) -> datetime:
    """Return when the numbers that are given at a moment were taken: they stay the same for a while."""
    return now - timedelta(seconds=now.timestamp() % FRESH_SECONDS)


def stamps(now: datetime) -> dict[str, str]:
    """Return `lastUpdated` and `nextUpdate`."""
    last = last_updated(now)
    return {
        "lastUpdated": f"{last:%Y-%m-%dT%H:%M:%S}.778Z",
        "nextUpdate": f"{last + timedelta(seconds=FRESH_SECONDS):%Y-%m-%dT%H:%M:%S}.778Z",
    }
