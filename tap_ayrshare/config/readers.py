"""Readers of single settings: each returns a value as the tap uses it, or raises `Unusable`.

Every reader accepts text, because settings from the environment are text. `Unusable` says what the setting takes;
`tap_ayrshare.config.settings` adds the name of the setting and hides secrets.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_ayrshare.config.files import UnusableFile, json_file
from tap_ayrshare.config.nearest import nearest
from tap_ayrshare.engine.bookmarks import FIRST_YEAR
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.redaction import SHORTEST_SECRET
from tap_ayrshare.engine.route import is_loopback
from tap_ayrshare.engine.values import instant, text
from tap_ayrshare.posts.due import PostId
from tap_ayrshare.posts.schedule import RefreshSchedule, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

PROFILE_KEYS = ("name", "profile_key")
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NAN = float("nan")


class Unusable(Exception):
    """A value that a setting can't use: what the setting takes, and the part of the value that is wrong.

    known: the names that it may have been meant for.
    """

    def __init__(self, problem: str, value: object = None, known: Collection[str] = ()) -> None:
        super().__init__(problem)
        self.value = value
        self.known = known


@dataclass(frozen=True)
class Shard:
    """Part `part` of `parts`; a stable hash of its label decides which part a profile belongs to."""

    part: int
    parts: int

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"

    def holds(self, label: str) -> bool:
        """Return whether a profile belongs to this part, the same on every machine and in every run."""
        digest = hashlib.sha256(label.encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.parts == self.part - 1


def key(owner: str) -> Callable[[Any], str]:
    """Return the reader of a key that goes into a header."""

    def read(value: Any) -> str:
        if not _is_key(value):
            raise Unusable("must be a key in plain ASCII, without whitespace")
        if len(value.strip()) < SHORTEST_SECRET:
            raise Unusable(f"must be a key, and no {owner} key is that short")
        return str(value.strip())

    return read


def header(value: Any) -> str:
    """Read text that goes into a header."""
    if not isinstance(value, str) or not value.isascii() or not value.strip().isprintable():
        raise Unusable("must be one line of plain ASCII text")
    return value.strip()


def boolean(value: Any) -> bool:
    """Read true or false, as a word too."""
    found = WORDS.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, int) or found not in (0, 1):
        raise Unusable("must be true or false", value)
    return bool(found)


def whole(least: int, most: int, what: str = "") -> Callable[[Any], int]:
    """Return the reader of a whole number."""

    def read(value: Any) -> int:
        try:
            digits = isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value)
            exact = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
            found = int(value) if digits or (exact and float(value).is_integer()) else NAN
        except (ValueError, OverflowError):
            found = NAN
        if not least <= found <= most:
            raise Unusable(f"must be {what}a whole number from {least} to {most}", value)
        return int(found)

    return read


def number(least: float, most: float) -> Callable[[Any], float]:
    """Return the reader of a number."""

    def read(value: Any) -> float:
        try:
            found = NAN if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            found = NAN
        if not least <= found <= most:
            raise Unusable(f"must be a number from {least} to {most}", value)
        return found

    return read


def choice(*choices: str) -> Callable[[Any], str]:
    """Return the reader of one of a few words."""

    def read(value: Any) -> str:
        found = value.strip().lower() if isinstance(value, str) else value
        if found not in choices:
            raise Unusable(f"must be {' or '.join(choices)}", value, choices)
        return str(found)

    return read


def past_date(value: Any) -> datetime:
    """Read a date or timestamp that isn't in the future."""
    found = instant(value) if isinstance(value, str) and re.match(r"\s*\d{4}-\d{2}-\d{2}", value) else None
    if found is None:
        raise Unusable("must be a date such as 2026-01-31 or 2026-01-31T00:00:00Z", value)
    if found.year < FIRST_YEAR:
        raise Unusable(f"must be a date in {FIRST_YEAR} or later", value)
    if found > read_clock():
        raise Unusable("must be a date that isn't in the future", value)
    return found


def shard(value: Any) -> Shard:
    """Read a part of all profiles, `k/n`."""
    found = re.fullmatch(r"\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*", value) if isinstance(value, str) else None
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise Unusable('must be "k/n" with k from 1 to n, such as "1/4"', value)
    return Shard(int(found[1]), int(found[2]))


def base_url(value: Any) -> str:
    """Read the base URL of the API; keys are sent there, so http is for this machine only."""
    takes = "must be an https URL such as https://api.ayrshare.com/api (plain http to this machine only)"
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value.strip()):
        raise Unusable(takes)
    try:
        url = urlsplit(value.strip())
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise Unusable(takes) from None
    if "@" in url.netloc or url.query or url.fragment or not host:
        raise Unusable(f"{takes}, with a host and without user, query or fragment")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise Unusable(takes, f"{url.scheme}://{host}")
    return value.strip().rstrip("/")


def networks(known: Collection[str]) -> Callable[[Any], tuple[str, ...] | None]:
    """Return the reader of a list of networks; an empty one is None."""
    takes = f"must be a list of networks, each one of {', '.join(known)} (X is 'twitter')"

    def read(value: Any) -> tuple[str, ...] | None:
        found = []
        for item in _items(value, takes, words=True):
            if not isinstance(item, str) or item.strip().lower() not in known:
                raise Unusable(takes, item, known)
            found.append(item.strip().lower())
        return tuple(dict.fromkeys(found)) or None

    return read


def words(known: Collection[str]) -> Callable[[Any], frozenset[str]]:
    """Return the reader of a list of a few words, which may be empty."""
    takes = f"must be a list of {', '.join(known)}"

    def read(value: Any) -> frozenset[str]:
        found = _items(value, takes, words=True)
        for item in found:
            if item not in known:
                raise Unusable(takes, item, known)
        return frozenset(found)

    return read


def path(value: Any) -> str:
    """Read the path of a file that is to be written."""
    takes = "must be the path of a file"
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise Unusable(takes, value)
    try:
        return str(Path(value.strip()).expanduser())
    except RuntimeError:  # an unknown ~user
        raise Unusable(takes, value) from None


def post_ids(value: Any) -> tuple[PostId, ...] | None:
    """Read a list of Ayrshare posts; an empty one is None."""
    takes = 'must be a list of ids or {"id": "...", "profile": "..."}'
    found = []
    for position, item in enumerate(_items(value, takes, words=True), 1):
        entry = item if isinstance(item, dict) else {"id": item}
        if entry.get("platform"):
            raise Unusable(f"{takes}; entry {position} has a platform, which is for social_post_ids")
        found.append(_post(entry, None, f"{takes}; entry {position} isn't one"))
    return tuple(dict.fromkeys(found)) or None


def social_post_ids(known: Collection[str]) -> Callable[[Any], tuple[PostId, ...] | None]:
    """Return the reader of a list of native posts; an empty one is None."""
    takes = f'must be a list of {{"platform": "...", "id": "...", "profile": "..."}}, platform: {", ".join(known)}'

    def read(value: Any) -> tuple[PostId, ...] | None:
        found = []
        for position, item in enumerate(_items(value, takes), 1):
            platform = item.get("platform") if isinstance(item, dict) else None
            if not isinstance(platform, str) or platform.strip().lower() not in known:
                raise Unusable(f"{takes}; entry {position} isn't one", platform)
            found.append(_post(item, platform.strip().lower(), f"{takes}; entry {position} isn't one"))
        return tuple(dict.fromkeys(found)) or None

    return read


def refresh_schedule(value: Any) -> RefreshSchedule:
    """Read tiers by rising age."""
    takes = 'must be a list of {"max_age_days": 7, "every_days": 1} with rising max_age_days'
    tiers: list[Tier] = []
    for position, item in enumerate(_items(value, takes), 1):
        if not isinstance(item, dict) or set(item) != {"max_age_days", "every_days"}:
            raise Unusable(f"{takes}; entry {position} isn't one")
        oldest = whole(0, 36_500, "for max_age_days ")(item["max_age_days"])
        if tiers and oldest <= tiers[-1].max_age_days:
            raise Unusable(f"{takes}; that of entry {position} doesn't rise")
        tiers.append(Tier(oldest, whole(1, 36_500, "for every_days ")(item["every_days"])))
    if not tiers:
        raise Unusable(f"{takes}; the list is empty")
    return RefreshSchedule(tuple(tiers))


def profiles(value: Any) -> list[dict[str, Any]]:
    """Read a list of `{name, profile_key}`; whatever else its entries have is kept."""
    takes = 'must be a list of {"name": "...", "profile_key": "..."}'
    found = []
    for position, item in enumerate(_items(value, takes), 1):
        name, profile_key = (item.get("name"), item.get("profile_key")) if isinstance(item, dict) else (None, None)
        for missing in PROFILE_KEYS if isinstance(item, dict) else ():
            others = [other for other in item if isinstance(other, str) and other not in PROFILE_KEYS]
            if missing not in item and (meant := nearest(missing, others)):
                raise Unusable(f"{takes}; entry {position} has {meant[:40]!r} where {missing!r} is expected")
        if not isinstance(name, str) or not isinstance(profile_key, str) or not profile_key.strip():
            raise Unusable(f"{takes}; entry {position} isn't one")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in name.strip()):
            raise Unusable(f"{takes}; the name of entry {position} has control characters")
        if not any(character.isprintable() and not character.isspace() for character in name):
            raise Unusable(f"{takes}; the name of entry {position} is blank")
        if not _is_key(profile_key):
            raise Unusable(f"{takes}; the profile_key of entry {position} isn't plain ASCII without whitespace")
        if len(profile_key.strip()) < SHORTEST_SECRET:
            raise Unusable(f"{takes}; no Ayrshare key is as short as the profile_key of entry {position}")
        found.append({**item, "name": name.strip(), "profile_key": profile_key.strip()})
    return found


def profiles_file(value: Any) -> list[dict[str, Any]]:
    """Read the profiles in a JSON file, from its path."""
    if not isinstance(value, str) or value.lstrip()[:1] in ("[", "{"):
        raise Unusable("must be the path of a JSON file, not the list itself")
    try:
        content = json_file(value.strip())
    except UnusableFile as problem:
        raise Unusable(f"can't be read: {problem}", value) from None
    if content is None:
        raise Unusable("can't be read: this isn't valid JSON: the file is empty", value)
    return profiles(content)


def _is_key(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value.strip()) is not None


def _items(value: Any, takes: str, *, words: bool = False) -> list[Any]:
    """Return a list; text may be JSON, or words with commas between them."""
    if isinstance(value, str):
        if words and not set(value) & set("[]{}\"'"):
            return [word.strip() for word in value.split(",") if word.strip()]
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Unusable(f"{takes}; this isn't valid JSON") from None
        if words and isinstance(value, str):
            return [value]
    if not isinstance(value, list):
        raise Unusable(takes)
    return value


def _post(entry: dict[str, Any], platform: str | None, takes: str) -> PostId:
    try:
        post_id = text(entry.get("id")) or ""
    except ValueError:  # too many digits
        post_id = ""
    profile = entry.get("profile")
    if not post_id.strip() or not (profile is None or isinstance(profile, str)):
        raise Unusable(takes)
    return PostId(post_id.strip(), platform, profile)
