"""Reading single values out of JSON whose types vary.

Every reader takes anything that JSON can hold and returns the value or None; none of them raises.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder
from typing import Any

from tap_ayrshare.engine.clock import utc_text
from tap_ayrshare.engine.salvage import salvaged

DIGITS = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
EPOCH = re.compile(r"[0-9]{9,16}(\.[0-9]{1,9})?")
"""Digits that are seconds or milliseconds since 1970."""
EARLIEST, MILLISECONDS_FROM, LATEST = 10**8, 10**11, 10**15
LONGEST_DATE = 100
DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
ZONE = re.compile(r"\s*(UTC|GMT|Z)$", re.IGNORECASE)
LARGEST_INTEGER = 2**63 - 1
"""The largest integer that a warehouse column holds; a larger one stays in the raw object alone."""


MOST_NUMBER = 1000
"""Digits of a number, and the size of its exponent; what is longer stays as text, as no target could load it."""
UNSTORABLE = re.compile(rb"\0|\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")
"""What becomes U+0000 or may become a lone surrogate."""
MOST_LEVELS = 50
"""Levels of nesting in a settings, state or catalog file."""
LONGEST_MESSAGE = 500
HASH_LENGTH = 32
HASHTAG = re.compile(r"(?<![\w/&#＃])[#＃](\w*[^\W\d_]\w*)")  # noqa: RUF001 - the full-width sign counts too
"""A tag with at least one letter, not in an address, an entity or a word."""
MENTION = re.compile(r"(?<![\w@./])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)")
"""An account, not in an e-mail address: letters, digits and underscores, with dots and hyphens inside."""
TOO_DEEP = re.compile(rb"[\]}](?:\s*[\]}]){99}")


def parse_json(raw: bytes) -> Any:
    """Return the body as Python values: integers exact, fractions as Decimal, text as Postgres can hold it.

    Bytes that aren't UTF-8 become U+FFFD; control characters in text are taken as they are.

    Raises:
        ValueError: the bytes aren't JSON, or are nested too deeply.
    """
    text = _text(raw)
    try:
        body = DECODER.decode(text)
    except ValueError as error:
        if "digits" not in str(error):
            raise
        # Python refuses to read an integer of more than 4,300 digits.
        body = PATIENT.decode(text)
    return storable(body) if UNSTORABLE.search(raw) else body


def parse_damaged(raw: bytes) -> tuple[Any, list[str]]:
    """Return a body as `parse_json` does, and why items of its lists couldn't be read; such an item is its text.

    Raises:
        ValueError: not even that much can be read.
    """
    try:
        return parse_json(raw), []
    except JSONDecodeError:
        body, broken = salvaged(_text(raw), PATIENT)
        return (storable(body) if UNSTORABLE.search(raw) else body), broken


def _text(raw: bytes) -> str:
    if TOO_DEEP.search(raw):
        raise ValueError("nested too deeply")
    # Python would guess UTF-16 and UTF-32 too, in which what can't be stored looks otherwise.
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode("utf-8", "surrogatepass").strip()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").strip()


def _fraction(digits: str) -> Decimal | str:
    try:
        value = Decimal(digits)
    except ArithmeticError:
        return digits
    return value if len(digits) <= MOST_NUMBER and abs(value.adjusted()) <= MOST_NUMBER else digits


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_NUMBER else digits


# A raw line break in a text is a mistake that costs nothing to read.
DECODER = JSONDecoder(strict=False, parse_float=_fraction, parse_constant=lambda _: None)
PATIENT = JSONDecoder(strict=False, parse_float=_fraction, parse_int=_integer, parse_constant=lambda _: None)


def storable(value: Any) -> Any:
    """Return a JSON value as Postgres can hold it: U+0000 left out of text, U+FFFD for a lone surrogate."""
    if isinstance(value, str):
        text = value.replace("\0", "")
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def is_too_deep(value: Any, levels: int = MOST_LEVELS) -> bool:
    """Return whether a JSON value is nested more deeply than that."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(is_too_deep(item, levels - 1) for item in inner)


def one_line(error: BaseException) -> str:
    """Return what an error says, as one line."""
    return " ".join(str(error).split())[:LONGEST_MESSAGE] or type(error).__name__


def dig(body: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of keys in nested objects, None where any step is missing."""
    for key in path:
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def number(value: Any) -> int | Decimal | None:
    """Return a metric as a number: digits as text count, everything else is None."""
    if isinstance(value, str) and DIGITS.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
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


def texts(items: list[Any]) -> list[str]:
    """Return the items of a list as text, what `text` can't read as its JSON; null and "" are left out."""
    return [text(item) or json.dumps(item, ensure_ascii=False, default=str) for item in items if item not in (None, "")]


def fitted(value: str, length: int) -> str:
    """Return text for a column of that many characters: what is longer as its beginning, `~` and a hash of it all.

    Equal texts stay equal and different ones different, so that it can be part of a key.
    """
    if len(value) <= length:
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]
    return f"{value[: length - HASH_LENGTH - 1]}~{digest}"


def hashtags(text: str | None) -> list[str] | None:
    """Return the hashtags of a text without #, in their order and each once; None for no text."""
    return None if text is None else list(dict.fromkeys(HASHTAG.findall(text)))


def mentions(text: str | None) -> list[str] | None:
    """Return the accounts that a text mentions, without @, in their order and each once; None for no text."""
    return None if text is None else list(dict.fromkeys(MENTION.findall(text)))


def snake_case(name: str) -> str:
    """Return a name of the API as columns have it: `ageRange` is age_range."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def instant(value: object) -> datetime | None:
    """Return a moment in UTC, None for what can't be read as one.

    ISO 8601 text, also with a blank and `UTC`; `{_seconds, _nanoseconds}`; RFC 2822 text; seconds or
    milliseconds since 1970. Text without an offset is UTC.
    """
    try:
        if isinstance(value, dict):
            return _seconds_object(value)
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return _epoch(Decimal(value))
        return _of_text(value) if isinstance(value, str) and len(value) <= LONGEST_DATE else None
    except (ValueError, TypeError, OverflowError, OSError, ArithmeticError, IndexError):
        return None


@lru_cache(maxsize=8192)
def _of_text(value: str) -> datetime:
    """Return the moment that a text says; the dates of a post are read several times."""
    parsed = _epoch(Decimal(value)) if EPOCH.fullmatch(value.strip()) else _parsed(value.strip())
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def _seconds_object(value: dict[str, Any]) -> datetime | None:
    seconds = number(value.get("_seconds", value.get("seconds")))
    if seconds is None:
        return instant(value["utc"]) if isinstance(value.get("utc"), str) else None
    nanoseconds = number(value.get("_nanoseconds", value.get("nanoseconds"))) or 0
    if not (-LATEST < seconds < LATEST and -LATEST < nanoseconds < LATEST):
        raise ValueError("no moment of this calendar")
    whole = datetime.fromtimestamp(int(seconds), tz=timezone.utc)
    return whole.replace(microsecond=int(nanoseconds) // 1000 % 1_000_000)


def _epoch(value: Decimal) -> datetime:
    """Return the moment that a number of seconds since 1970 means, or of milliseconds if it is that large."""
    # Compared first: a number with a large exponent would take for ever to become an integer.
    if not EARLIEST <= value < LATEST:
        raise ValueError("too small or too large for a date")
    seconds = value / (1000 if value >= MILLISECONDS_FROM else 1)
    return datetime.fromtimestamp(0, tz=timezone.utc) + timedelta(microseconds=int(seconds * 1_000_000))


def _parsed(value: str) -> datetime:
    try:
        return _iso(value)
    except ValueError:
        return parsedate_to_datetime(value)


def _iso(value: str) -> datetime:
    """Return a moment out of ISO 8601 text: the usual form at once, offsets and fractions of any kind after."""
    plain = value[:-1] + "+00:00" if value.endswith("Z") else value
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        plain = re.sub(r"\s*([+-]\d{2})(\d{2})$", r"\1:\2", ZONE.sub("+00:00", value))
        plain = re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found[1].ljust(6, "0"), plain)
        return datetime.fromisoformat(plain)


def timestamp(value: object) -> str | None:
    """Return a moment as records carry it: ISO 8601, UTC, microseconds; None for what is no moment."""
    moment = instant(value)
    return utc_text(moment) if moment else None


def day(value: object) -> date | None:
    """Return the date of a moment in any form that `instant` reads; text keeps the day that it begins with."""
    try:
        if isinstance(value, str) and DAY.match(value.strip()):
            return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None
    moment = instant(value)
    return moment.date() if moment else None


def one_object(value: object) -> object:
    """Return what a list of one object holds; everything else as it is."""
    is_one = isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)
    return value[0] if is_one else value  # type: ignore[index]


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; what is no list is empty, what is no object in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
