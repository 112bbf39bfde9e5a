"""What the headers of an answer say of the rate limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tap_ayrshare.engine.clock import read_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DIGITS = 9
"""Digits of a number in a header; a longer one is as if it were absent."""
LONGEST_DATE = 60


@dataclass(frozen=True)
class Quota:
    """What an answer says of the rate limit.

    maximum: requests that the API allows in a window; count: those that it has counted in this window.
    retry_after: in how many seconds it wants to be asked again. None where it doesn't say.
    """

    maximum: int | None = None
    count: int | None = None
    retry_after: float | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether the count has reached the maximum, as far as both are known."""
        return bool(self.maximum) and self.count is not None and self.count >= (self.maximum or 0)


@dataclass(frozen=True)
class Limits:
    """The headers in which an API tells its rate limit, "" for none.

    maximum: requests allowed in a window; count: requests counted in this window.
    """

    maximum: str = ""
    count: str = ""

    def read(self, headers: Mapping[str, str], in_body: str | None = None) -> Quota:
        """Return what an answer says; in_body: what its body says where it has no Retry-After header."""
        # The local clock may be wrong by hours, and it is the API's that the date is meant by.
        now = _date(headers.get("Date"))
        wait = seconds_until(headers.get("Retry-After"), now)
        if wait is None:
            wait = seconds_until(in_body, now)
        return Quota(_count(headers, self.maximum), _count(headers, self.count), wait)


NOTHING_SAID = Quota()
NONE_TOLD = Limits()


def _count(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip() if name else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else None


def seconds_until(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return Retry-After in seconds, None for what can't be read.

    Args:
        retry_after: a number of seconds or an HTTP date.
        now: the instant that a date is measured against, None for that of the local clock.
    """
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return float(text)
    moment = _date(text)
    return None if moment is None else max(0.0, (moment - (now or read_clock())).total_seconds())


def _date(text: str | None) -> datetime | None:
    if not text or len(text) > LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
