"""Reading single values out of API bodies, whose types vary from network to network (docs/api.md section 12).

Every reader takes anything that JSON can hold and returns the value or None; none of them raises.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from tap_ayrshare.clock import singer_time

DIGITS = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
NOT_REPORTED = -1
"""What a network answers that declines to compute a metric (seen live on TikTok)."""
LARGEST_INTEGER = 2**63 - 1
"""The largest integer that a warehouse column holds; a larger one stays in the raw object alone."""


def parse_json(raw: bytes) -> Any:
    """Return the body as Python values: integers exact, fractions as Decimal, U+0000 taken out of text.

    Raises:
        ValueError: the bytes are no JSON text in UTF-8.
    """
    body = json.loads(raw, parse_float=Decimal, parse_constant=lambda _: None)
    # Postgres can hold no U+0000, neither in text nor in jsonb.
    return _without_nul(body) if b"\\u0000" in raw else body


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {key.replace("\0", ""): _without_nul(item) for key, item in value.items()}
    return value


def dig(body: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of keys in nested objects, None where any step is missing."""
    for key in path:
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def number(value: Any) -> int | Decimal | None:
    """Return a metric as a number: digits as text count, -1 and everything else is None."""
    if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value == NOT_REPORTED:
        return None
    return value


def integer(value: object) -> int | None:
    """Return a count as an integer: as `number`, and None for a fraction or what no bigint can hold."""
    count = number(value)
    if count is None or not -LARGEST_INTEGER <= count <= LARGEST_INTEGER:
        return None
    return int(count) if count == int(count) else None


def text(value: object) -> str | None:
    """Return an id or a label as text: text as it is, numbers as their digits, the rest and "" None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    return None


def instant(value: object) -> datetime | None:
    """Return a moment in UTC: ISO 8601 text or Firestore's `{_seconds, _nanoseconds}` (docs/api.md section 1).

    Text without an offset is UTC (Pinterest's createdAt has none).
    """
    try:
        if isinstance(value, dict):
            seconds: Any = value.get("_seconds", value.get("seconds"))
            nanoseconds = value.get("_nanoseconds", value.get("nanoseconds", 0)) or 0
            whole = datetime.fromtimestamp(int(seconds), tz=timezone.utc)
            return whole.replace(microsecond=int(nanoseconds) // 1000 % 1_000_000)
        if not isinstance(value, str):
            return None
        parsed = _iso(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _iso(value: str) -> datetime:
    """Return a moment out of ISO 8601 text: the usual form at once, offsets and fractions of any kind after."""
    plain = value[:-1] + "+00:00" if value.endswith("Z") else value
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        plain = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", plain.strip().replace("Z", "+00:00"))
        plain = re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found[1].ljust(6, "0"), plain)
        return datetime.fromisoformat(plain)


def timestamp(value: object) -> str | None:
    """Return a moment as records carry it: ISO 8601, UTC, microseconds; None for what is no moment."""
    moment = instant(value)
    return singer_time(moment) if moment else None


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; what is no list is empty, what is no object in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
