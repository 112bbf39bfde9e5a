"""Values of the API replaced by others of the same form: names, nesting and types stay, nothing of an account does.

The same value always becomes the same other one within a recording, so that ids still fit together. What replaces a
value follows from a key that is made for the recording and kept nowhere.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, load
from tap_ayrshare.ayrshare.envelopes import is_error
from tap_ayrshare.ayrshare.fields import ANY_KEY, ELEMENT, steps
from tap_ayrshare.engine.values import DIGITS, EPOCH, instant

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = {"code", "status"}
"""Fields whose numbers are the API's own: error codes."""
KEPT_NUMBERS = {0, -1}
"""What the API answers for none, and for what isn't reported."""
_WORDS = """
    success error partial pending processing paused deleted scheduled failed active archived suspended published
    draft now immediate sent received started completed day week month days_28 lifetime yes no true false none user
    video image photo text link story reel carousel album carousel_album feed reels stories ad post posts status
    added_photos added_video mobile_status_update shared_story public private unlisted page personal corporate one
    two three four five positive negative recommended google_business click post_scheduled history analytics request
    get create delete list message messages comment comments review reviews profile profiles api key invalid not
    found id paid plan required is linked please confirm the linkage on social accounts this a an of to for in with
    and or account platform network quota limit reached used up rate too many requests unauthorized forbidden
    temporarily unavailable try again later missing parameter parameters business data other ios android web
    available token expired relink authorization monthly daily
"""
WORDS = frozenset(_WORDS.split())
"""Words of the API's own: a status, a kind of media, what messages of errors are made of."""
_ID_WORDS = """
    urn li share comment ugcpost activity person organization at did plc app bsky http https
"""
ID_WORDS = frozenset(_ID_WORDS.split())
"""Words in ids that say what they are ids of."""
ORDINARY = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore "
SHORTEST = 8
ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2}:\d{2}))?(.*)", re.DOTALL)
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
URL = re.compile(r"(https?|ftp|wss?)://|www\.", re.IGNORECASE)
OF_TIME = re.compile(r"seconds|date|time|created|updated|expires|at$", re.IGNORECASE)
FIELD = re.compile(r"[a-z][a-zA-Z0-9_]*")
COMPOUND = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+")
LONGEST_FIELD, LEAST_ID, EARLIEST = 60, 4, 1900
ERROR, SAID = "what an error says", ("message", "action", "details")


OPEN = {"schedules"}
"""Objects whose keys are data, beside those of which the contract says so."""
_AROUND = """
    adAccounts ads analytics code conversationIds count data errors hasMore history insights message messages meta
    next nextCursor onlineFollowersByHour pagination platform playLists playlists posts profiles schedules status
    _seconds _nanoseconds utc
"""
AROUND = frozenset(_AROUND.split())
"""Names around the bodies that the contract knows."""


def _paths() -> Iterator[str]:
    yield from (path for body in load("bodies.json").values() for path in body["fields"])
    for network in NETWORKS:
        yield from (path for fields in load(f"networks/{network}.json")["fields"].values() for path in fields)


@cache
def known_names() -> frozenset[str]:
    """Return every name of a field that the contract knows."""
    parts = {part for path in _paths() for part in steps(path)}
    return frozenset((parts - {ANY_KEY, ELEMENT}) | AROUND | NETWORKS.keys())


@cache
def open_names() -> frozenset[str]:
    """Return the names of the objects whose keys are data."""
    ways = (steps(path) for path in _paths())
    return frozenset(OPEN | {way[way.index(ANY_KEY) - 1] for way in ways if ANY_KEY in way[1:]})


class Masks:
    """The masks of one recording.

    shift: by how much its dates are moved.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        """Make masks; secret: what they follow from, for tests."""
        self._secret = secret or secrets.token_bytes(32)
        days, seconds = self._stream("shift", 4), self._stream("seconds", 4)
        self.shift = timedelta(
            days=-(200 + int.from_bytes(days, "big") % 600), seconds=-(int.from_bytes(seconds, "big") % 80_000)
        )

    def body(self, value: Any, name: str = "") -> Any:
        """Return a body with every value replaced; name: the field that it stands in."""
        if isinstance(value, dict):
            # Without a single known name, an object may be keyed by what people wrote.
            is_open = not value.keys() & known_names()
            pattern = None if name in open_names() else COMPOUND if is_open else FIELD
            says = ERROR if is_error(value) else ""
            masked: dict[str, Any] = {}
            for key, item in value.items():
                other = self._key(key, pattern)
                while other in masked:
                    other += "_"
                masked[other] = self.body(item, says if says and key in SAID else key)
            return masked
        if isinstance(value, list):
            return [self.body(item, name) for item in value]
        if isinstance(value, str):
            return self.text(value, name)
        if value is None or isinstance(value, bool):
            return value
        return self._number(value, name)

    def text(self, value: str, name: str = "") -> str:
        """Return text in place of text: of the same form, and the same for the same."""
        plain = value.strip().lower()
        if not plain or plain in WORDS or plain in NETWORKS or (name in CODES and plain.isdigit()):
            return value
        if DIGITS.fullmatch(value.strip()) and not (EPOCH.fullmatch(value.strip()) and OF_TIME.search(name)):
            return self._scrambled(value)
        if instant(value) is not None:
            return self._moment(value)
        if ADDRESS.fullmatch(value.strip()):
            return f"{self._letters(value, 6)}@example.com"
        if URL.match(value.strip()):
            return f"https://example.com/{self._letters(value, 10)}"
        if name == ERROR:
            return re.sub(r"\w+", lambda word: word[0] if word[0].lower() in WORDS else "x" * len(word[0]), value)
        return self._words(value) if re.search(r"\s", value.strip()) else self._scrambled(value)

    def _key(self, key: str, pattern: re.Pattern[str] | None) -> str:
        """Return a key as it is if it is the name of a field, else another one; pattern: how unknown names look."""
        if key in known_names() or (key.isdigit() and len(key) < LEAST_ID):
            return key
        is_field = pattern is not None and len(key) <= LONGEST_FIELD and pattern.fullmatch(key)
        return key if is_field else self._scrambled(key)

    # Values

    def _number(self, value: float | Decimal, name: str) -> float | Decimal:
        if value in KEPT_NUMBERS or name in CODES:
            return value
        if OF_TIME.search(name) and isinstance(value, int) and instant(value) is not None:
            seconds = self.shift.total_seconds()
            return value + int(seconds * (1000 if value > 10**11 else 1))
        if isinstance(value, int):
            return int(self._scrambled(str(value)))
        whole, point, fraction = format(Decimal(value), "f").partition(".")
        # What is less than one stays so: a share of something.
        return Decimal(
            (whole if whole.strip("-") == "0" else self._scrambled(whole)) + point + self._scrambled(fraction)
        )

    def _moment(self, value: str) -> str:
        """Return a moment in its own form, shifted; a date alone by days."""
        if EPOCH.fullmatch(value.strip()):
            return str(self._number(int(Decimal(value.strip())), "time"))
        found = ISO.fullmatch(value.strip())
        if found is None:
            moment = instant(value)
            return format_datetime(moment + self.shift) if moment and moment.year > EARLIEST else self._words(value)
        day, separator, clock, rest = found.groups()
        try:
            moved = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}") + self.shift
        except (ValueError, OverflowError):
            return self._words(value)
        # What lies behind the seconds is a fraction and a zone.
        fraction = re.sub(r"(?<=\.)\d+", lambda digits: "0" * len(digits[0]), rest)
        return f"{moved:%Y-%m-%d}" + (f"{separator}{moved:%H:%M:%S}{fraction}" if clock else "")

    def _words(self, value: str) -> str:
        """Return ordinary words, as long as the next power of two, with the marks that the text has."""
        marks = {"#": "#lorem ", "@": "@ipsum ", "://": "https://example.com/lorem ", "\n": "lorem\n"}
        begin = f"{self._letters(value, 5)} " + "".join(mark for sign, mark in marks.items() if sign in value)
        begin += "" if value.isascii() else "ö☺ "
        length = SHORTEST
        while length < len(value):
            length *= 2
        return (begin + ORDINARY * (length // len(ORDINARY) + 1))[:length].rstrip()

    def _scrambled(self, value: str) -> str:
        """Return text with every letter and digit replaced by another of its kind, but for words that ids have."""
        parts = re.split(r"([^\W_]+)", value)
        taken = iter(self._stream(value, 2 * len(value) + 2))
        return "".join(part if part.lower() in ID_WORDS else self._other(part, taken) for part in parts)

    def _other(self, part: str, taken: Iterator[int]) -> str:
        found = []
        for position, sign in enumerate(part):
            kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
            kind = next((kind for kind in kinds if sign in kind), string.ascii_lowercase if sign.isalpha() else "")
            if sign.isdigit() and (position == 0 and len(part) > 1) and sign != "0":
                kind = string.digits[1:]
            choices = kind.replace(sign, "") if len(kind) > 1 else ""
            found.append(choices[next(taken) % len(choices)] if choices else sign if sign.isascii() else "x")
        return "".join(found)

    def _letters(self, value: str, length: int) -> str:
        return "".join(string.ascii_lowercase[byte % 26] for byte in self._stream(value, length))

    def _stream(self, value: str, length: int) -> bytes:
        """Return bytes that follow from a value and the secret."""
        found = b""
        while len(found) < length:
            block = f"{len(found)}:{value}".encode("utf-8", "surrogatepass")
            found += hmac.new(self._secret, block, sha256).digest()
        return found[:length]
