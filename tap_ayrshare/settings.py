"""The settings: their definition, and their reading into checked values.

Text from the environment works for every type. A setting that can't be used is a `SettingsError`: one line
that names it and what it takes, and never shows the value of a secret.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.clock import read_clock
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.posts.schedule import RefreshSchedule, Tier
from tap_ayrshare.redaction import MASK, SHORTEST_SECRET, Redactor
from tap_ayrshare.values import instant, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PRIMARY = "primary"
"""The label of the primary profile."""
DEFAULT_API_URL = "https://api.ayrshare.com/api"
FIRST_YEAR = 1970
"""No network is older; the ends of the calendar leave no room to reckon with."""
DEFAULT_SCHEDULE = [
    {"max_age_days": 7, "every_days": 1},
    {"max_age_days": 30, "every_days": 3},
    {"max_age_days": 365, "every_days": 30},
]

_PROFILE = th.ObjectType(
    th.Property("name", th.StringType, required=True, description="Label of the profile in every record"),
    th.Property("profile_key", th.StringType, required=True, secret=True, description="Its Profile-Key"),
)
PROFILE_KEYS = ("name", "profile_key")
DEFINITION: dict[str, Any] = th.PropertiesList(
    th.Property(
        "api_key",
        th.StringType,
        required=True,
        secret=True,
        title="API key",
        description="API key of the primary profile (Ayrshare dashboard, API Key page)",
    ),
    th.Property(
        "profiles",
        th.ArrayType(_PROFILE),
        secret=True,
        title="Profiles",
        description="User profiles to read: a list of {name, profile_key}; without it the primary profile alone",
    ),
    th.Property(
        "profiles_file",
        th.StringType,
        title="Profiles file",
        description="Path of a JSON file with that list, for instance a mounted secret",
    ),
    th.Property(
        "include_primary_profile",
        th.BooleanType,
        default=False,
        title="Include the primary profile",
        description="Read the primary profile too when profiles are given",
    ),
    th.Property(
        "start_date",
        th.StringType,
        title="Start date",
        description="Nothing published earlier is read: a date (2026-01-31) or an instant (2026-01-31T00:00:00Z); "
        "without it all that the API gives",
    ),
    th.Property(
        "platforms",
        th.ArrayType(th.StringType),
        title="Platforms",
        description=f"Only these networks ({', '.join(NETWORKS)}); without it those linked to each profile",
    ),
    th.Property(
        "post_ids",
        th.ArrayType(th.AnyType),
        title="Post ids",
        description="Read the analytics of exactly these Ayrshare posts: ids, or {id, profile}; "
        "state is neither read nor written",
    ),
    th.Property(
        "social_post_ids",
        th.ArrayType(th.AnyType),
        title="Social post ids",
        description="The same for native posts: a list of {platform, id, profile?}",
    ),
    th.Property(
        "refresh_schedule",
        th.ArrayType(
            th.ObjectType(
                th.Property("max_age_days", th.IntegerType, required=True),
                th.Property("every_days", th.IntegerType, required=True),
            )
        ),
        title="Refresh schedule",
        description="How often a post's numbers are read again by its age: a list of {max_age_days, every_days}; "
        "default: daily for 7 days, every 3 days up to 30, every 30 days up to 365",
    ),
    th.Property(
        "lookback_days",
        th.IntegerType,
        default=3,
        title="Look-back days",
        description="Days of post history and of daily series that are read again",
    ),
    th.Property(
        "social_quarters",
        th.IntegerType,
        default=1,
        title="Quarters",
        description="Quarters of daily series that the first run reads (1 to 4)",
    ),
    th.Property(
        "link_last_days",
        th.IntegerType,
        default=30,
        title="Link window",
        description="Days of clicks asked of the link endpoint (1 to 30); widened up to 30 after missed days",
    ),
    th.Property(
        "rate_limit_requests",
        th.IntegerType,
        default=300,
        title="Rate limit",
        description="Requests that Ayrshare allows in one window for each profile; "
        "a lower x-ratelimit-max of the API overrules it",
    ),
    th.Property(
        "rate_limit_window_seconds",
        th.NumberType,
        default=300,
        title="Rate limit window",
        description="Length of that window in seconds",
    ),
    th.Property(
        "rate_limit_reserve",
        th.NumberType,
        default=0.05,
        title="Rate limit reserve",
        description="Share of the quota that is left for the account's own use (0 to 0.9)",
    ),
    th.Property(
        "request_budget",
        th.IntegerType,
        title="Request budget",
        description="Requests that a run may make in all; when spent, the run ends cleanly and says what is left",
    ),
    th.Property(
        "max_concurrency",
        th.IntegerType,
        default=8,
        title="Concurrency",
        description="Requests in flight for each profile",
    ),
    th.Property(
        "max_concurrency_total",
        th.IntegerType,
        default=64,
        title="Total concurrency",
        description="Requests in flight over all profiles",
    ),
    th.Property(
        "shard",
        th.StringType,
        title="Shard",
        description='"k/n": only the profiles that fall in part k of n (1/4 to 4/4), for parallel jobs',
    ),
    th.Property(
        "on_error",
        th.StringType,
        default="skip",
        allowed_values=["skip", "fail"],
        title="On error",
        description="What happens when one post, network or profile can't be read: "
        "skip (a row in extraction_errors) or fail (the run ends)",
    ),
    th.Property(
        "x_api_key",
        th.StringType,
        secret=True,
        title="X API key",
        description="X-Twitter-OAuth1-Api-Key of your own X app; without the pair X is left out",
    ),
    th.Property(
        "x_api_secret",
        th.StringType,
        secret=True,
        title="X API secret",
        description="X-Twitter-OAuth1-Api-Secret of your own X app",
    ),
    th.Property(
        "x_daily_requests",
        th.IntegerType,
        title="X requests a day",
        description="Analytics requests to X that a profile may make in 24 hours; "
        "default: 1000 with a Profile-Key, 500 for the primary profile",
    ),
    th.Property(
        "api_url",
        th.StringType,
        default=DEFAULT_API_URL,
        title="API URL",
        description="Base URL of the API (an older host is https://app.ayrshare.com/api)",
    ),
    th.Property(
        "request_timeout",
        th.NumberType,
        default=60,
        title="Request timeout",
        description="Seconds until a request without an answer is tried again",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        title="User agent",
        description="User-Agent header; default: name and version of the tap",
    ),
).to_dict()


@dataclass(frozen=True)
class Profile:
    """A profile to read: its label in records and state, and the Profile-Key (None: the primary profile)."""

    label: str
    key: str | None


@dataclass(frozen=True)
class PostId:
    """A post asked for by id; platform: None for an Ayrshare id; profile: None to try every profile."""

    post_id: str
    platform: str | None
    profile: str | None


@dataclass(frozen=True)
class Settings:
    """The settings of a run, checked. Times are in seconds."""

    api_key: str
    profiles: tuple[Profile, ...]
    reads_profile_list: bool
    primary_left_out: bool
    start_date: datetime | None
    platforms: tuple[str, ...] | None
    post_ids: tuple[PostId, ...] | None
    social_post_ids: tuple[PostId, ...] | None
    refresh_schedule: RefreshSchedule
    lookback_days: int
    social_quarters: int
    link_last_days: int
    rate_limit_requests: int
    rate_limit_window: float
    rate_limit_reserve: float
    request_budget: int | None
    max_concurrency: int
    max_concurrency_total: int
    fail_on_error: bool
    x_keys: tuple[str, str] | None
    x_daily_requests: int | None
    api_url: str
    request_timeout: float
    user_agent: str
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        """Everything that must never come out."""
        keys = {self.api_key, *(self.x_keys or ()), *(profile.key or "" for profile in self.profiles)}
        return frozenset(keys - {""})

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Return the settings out of a configuration.

        Raises:
            SettingsError: a setting is missing or can't be used; no secret is in its text.
        """
        take = _Reader(config)
        named = take.profiles()
        include_primary = take.boolean("include_primary_profile")
        everyone = [Profile(PRIMARY, None), *named] if include_primary or not named else named
        part = take.shard()
        x_key, x_secret = take.secret("x_api_key"), take.secret("x_api_secret")
        if bool(x_key) != bool(x_secret):
            missing = "x_api_secret" if x_key else "x_api_key"
            raise SettingsError(f"setting '{missing}': is missing; X needs x_api_key and x_api_secret together")
        labels = {profile.label for profile in everyone}
        return cls(
            api_key=take.required_secret("api_key"),
            profiles=tuple(profile for profile in everyone if part.holds(profile.label)),
            reads_profile_list=part.holds(PRIMARY),
            primary_left_out=bool(named) and not include_primary,
            start_date=take.date("start_date"),
            platforms=take.platforms(),
            post_ids=take.post_ids("post_ids", labels, native=False),
            social_post_ids=take.post_ids("social_post_ids", labels, native=True),
            refresh_schedule=take.refresh_schedule(),
            lookback_days=take.whole("lookback_days", 0, 365),
            social_quarters=take.whole("social_quarters", 1, 4),
            link_last_days=take.whole("link_last_days", 1, 30),
            rate_limit_requests=take.whole("rate_limit_requests", 1, 1_000_000),
            rate_limit_window=take.real("rate_limit_window_seconds", 0.01, 86_400),
            rate_limit_reserve=take.real("rate_limit_reserve", 0, 0.9),
            request_budget=take.whole("request_budget", 1, 10**9) if take.has("request_budget") else None,
            max_concurrency=take.whole("max_concurrency", 1, 256),
            max_concurrency_total=take.whole("max_concurrency_total", 1, 1024),
            fail_on_error=take.choice("on_error", ("skip", "fail")) == "fail",
            x_keys=(x_key, x_secret) if x_key and x_secret else None,
            x_daily_requests=take.whole("x_daily_requests", 1, 1_000_000) if take.has("x_daily_requests") else None,
            api_url=take.api_url(),
            request_timeout=take.real("request_timeout", 0.05, 3600),
            user_agent=take.header("user_agent") or f"tap-ayrshare/{version('tap-ayrshare')}",
            warnings=tuple(take.warnings),
        )


@dataclass(frozen=True)
class Shard:
    """Part `part` of `parts`: profiles fall in it by a stable hash of their label."""

    part: int
    parts: int

    def holds(self, label: str) -> bool:
        """Tell whether a profile belongs to this part: the same on every machine and in every run."""
        digest = hashlib.sha256(label.encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.parts == self.part - 1


class _Reader:
    """Takes single settings out of a configuration; every failure is a SettingsError that names the setting."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._known = set(_secrets_in(config))
        self.warnings: list[str] = []

    def shown(self, value: str) -> str:
        """Return a value as it may stand in a message: one line without secrets, where it holds one by mistake."""
        clean = Redactor(self._known).text(value)
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in clean)

    def has(self, name: str) -> bool:
        return self._config.get(name) not in (None, "")

    def _value(self, name: str) -> Any:
        return self._config[name] if self.has(name) else DEFINITION["properties"][name].get("default")

    def _wrong(self, name: str, takes: str, value: object = None) -> SettingsError:
        secret = name.startswith("profiles") or DEFINITION["properties"][name].get("secret")
        shown = "" if secret or value is None else f", not {self._part(value)!r}"
        return SettingsError(f"setting '{name}': takes {takes}{shown}")

    def _part(self, value: object) -> str:
        """Return the beginning of a value; redacted before it is cut, or part of a secret would be left."""
        try:
            return self.shown(str(value))[:60]
        except (ValueError, RecursionError):
            return MASK

    def header(self, name: str) -> str | None:
        """Return text that can stand in a header."""
        if not self.has(name):
            return None
        value = self._value(name)
        if not isinstance(value, str) or not value.strip().isprintable() or not value.isascii():
            raise self._wrong(name, "one line of plain text")
        return value.strip()

    def secret(self, name: str) -> str | None:
        value = self.header(name)
        if value and re.search(r"\s", value):
            raise self._wrong(name, "a key without blanks")
        if value and len(value) < SHORTEST_SECRET:
            raise self._wrong(name, f"an API key; this is {_too_short(name)}")
        return value

    def required_secret(self, name: str) -> str:
        value = self.secret(name)
        if not value:
            raise SettingsError(
                f"setting '{name}': is missing; set it to the API key of your Ayrshare account "
                f"(environment: TAP_AYRSHARE_{name.upper()})"
            )
        return value

    def boolean(self, name: str) -> bool:
        value = self._value(name)
        known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False}
        known["off"] = False
        if isinstance(value, bool):
            return value
        word = self._part(value).strip().lower()
        if word in known:
            return known[word]
        raise self._wrong(name, "true or false", value)

    def real(self, name: str, least: float, most: float) -> float:
        value = self._value(name)
        try:
            if isinstance(value, bool):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not least <= number <= most:
            raise self._wrong(name, f"a number from {least} to {most}", value)
        return number

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._value(name)
        return self._whole(name, value, least, most)

    def _whole(self, name: str, value: object, least: int, most: int, what: str = "a whole number") -> int:
        try:
            digits = str(int(value)) if isinstance(value, (float, Decimal)) and value == int(value) else str(value)
        except (ValueError, OverflowError, RecursionError):
            digits = ""
        if (
            isinstance(value, bool)
            or not re.fullmatch(r"\s*[0-9]{1,12}\s*", digits)
            or not least <= int(digits) <= most
        ):
            raise self._wrong(name, f"{what} from {least} to {most}", value)
        return int(digits)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self._value(name)
        if value not in choices:
            raise self._wrong(name, " or ".join(choices), value)
        return str(value)

    def date(self, name: str) -> datetime | None:
        if not self.has(name):
            return None
        value = self._value(name)
        moment = instant(value) if isinstance(value, str) and re.match(r"\s*\d{4}-\d{2}-\d{2}", value) else None
        if moment is None:
            raise self._wrong(name, "a date such as 2026-01-31 or 2026-01-31T00:00:00Z", value)
        if moment.year < FIRST_YEAR:
            raise self._wrong(name, f"a date from the year {FIRST_YEAR} on", value)
        if moment > read_clock():
            raise self._wrong(name, "a date that is not in the future", value)
        return moment.astimezone(timezone.utc)

    def _list(self, name: str, takes: str, parse_words: Callable[[str], Any] | None = None) -> list[Any]:
        value = self._value(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = parse_words(value) if parse_words else None
            if parse_words and isinstance(value, (str, int)):
                value = [str(value)]
        if not isinstance(value, list):
            raise self._wrong(name, takes, value)
        return value

    @staticmethod
    def _words(value: str) -> list[str] | None:
        return None if set(value) & set("[]{}\"'") else [word.strip() for word in value.split(",") if word.strip()]

    def profiles(self) -> list[Profile]:
        listed = self._profile_list("profiles", self._value("profiles")) if self.has("profiles") else []
        if self.has("profiles_file"):
            listed += self._profile_list("profiles_file", self._file("profiles_file"))
        labels: set[str] = set()
        keys: dict[str, str] = {}
        for profile in listed:
            if profile.label in labels:
                raise SettingsError(
                    f"setting 'profiles': takes each name once, and {self.shown(profile.label)!r} is there twice"
                )
            labels.add(profile.label)
            other = keys.setdefault(str(profile.key), profile.label)
            if other != profile.label:
                raise SettingsError(
                    f"setting 'profiles': takes each profile_key once, and {self.shown(other)!r} "
                    f"and {self.shown(profile.label)!r} have the same"
                )
        return listed

    def _file(self, name: str) -> str:
        """Return the text of a file that a setting names."""
        value = self._value(name)
        if not isinstance(value, str):
            raise self._wrong(name, "the path of a JSON file")
        try:
            return Path(value).expanduser().read_text(encoding="utf-8-sig")
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except UnicodeDecodeError:
            reason = "it is not text in UTF-8"
        except (ValueError, RuntimeError):
            reason = "it is no path"
        raise SettingsError(f"setting '{name}': can't read {self.shown(value)[:200]}: {reason}")

    def _profile_list(self, name: str, value: object) -> list[Profile]:
        takes = 'a list of {"name": "...", "profile_key": "..."}'
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise self._wrong(name, f"{takes} as JSON") from None
        if not isinstance(value, list):
            raise self._wrong(name, takes)
        self._known.update(_strings([item.get("profile_key") for item in value if isinstance(item, dict)]))
        profiles = []
        for position, item in enumerate(value, 1):
            label, key = (item.get("name"), item.get("profile_key")) if isinstance(item, dict) else (None, None)
            if not (isinstance(label, str) and label.strip() and isinstance(key, str) and key.strip()):
                raise self._wrong(name, f"{takes}; entry {position} has not this form")
            if not label.strip().isprintable():
                raise self._wrong(name, f"names of plain text; that of entry {position} has control characters")
            if label.strip().lower() == PRIMARY:
                raise self._wrong(
                    name,
                    f"any name but '{PRIMARY}', which stands for the primary profile "
                    "(include_primary_profile: true reads it)",
                )
            if not key.isascii() or re.search(r"\s", key.strip()) or not key.strip().isprintable():
                raise self._wrong(name, f"a profile_key without blanks; that of entry {position} has some")
            if len(key.strip()) < SHORTEST_SECRET:
                raise self._wrong(name, f"Profile-Keys; that of entry {position} is too short to be an Ayrshare key")
            self._known.add(key.strip())
            self._check_names(name, position, item)
            profiles.append(Profile(label.strip(), key.strip()))
        return profiles

    def _check_names(self, name: str, position: int, item: dict[Any, Any]) -> None:
        """Warn of what an entry of the profiles has that is not known."""
        for unknown in sorted(str(key) for key in set(item) - set(PROFILE_KEYS)):
            near = difflib.get_close_matches(unknown.lower(), PROFILE_KEYS, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            self.warnings.append(
                f"setting '{name}': entry {position} has {self._part(unknown)!r}, which is ignored{hint}"
            )

    def platforms(self) -> tuple[str, ...] | None:
        if not self.has("platforms"):
            return None
        takes = f"a list of networks out of {', '.join(NETWORKS)}"
        listed = self._list("platforms", takes, self._words)
        for name in listed:
            if not isinstance(name, str) or name.strip().lower() not in NETWORKS:
                raise self._wrong("platforms", f"{takes} (X is 'twitter')", name)
        return tuple(dict.fromkeys(name.strip().lower() for name in listed)) or None

    def post_ids(self, name: str, labels: set[str], *, native: bool) -> tuple[PostId, ...] | None:
        if not self.has(name):
            return None
        takes = (
            'a list of {"platform": "...", "id": "...", "profile": "..."}'
            if native
            else ('a list of ids or {"id": "...", "profile": "..."}')
        )
        posts = []
        for item in self._list(name, takes, None if native else self._words):
            entry = item if isinstance(item, dict) else {"id": item}
            try:
                post_id, platform, profile = text(entry.get("id")), entry.get("platform"), entry.get("profile")
            except ValueError:
                raise self._wrong(name, f"{takes}; an id has too many digits") from None
            if not post_id or not (native or not platform):
                raise self._wrong(name, takes, item)
            if native:
                platform = platform.strip().lower() if isinstance(platform, str) else ""
                can = [network.name for network in NETWORKS.values() if "social_post_analytics" in network.reads]
                if platform not in can:
                    raise self._wrong(name, f"{takes} with a platform out of {', '.join(can)}", item)
            if profile is not None and (not isinstance(profile, str) or profile not in labels):
                raise self._wrong(
                    name,
                    f"profiles of the settings ({', '.join(self.shown(label) for label in sorted(labels))})",
                    profile,
                )
            posts.append(PostId(post_id.strip(), platform, profile))
        return tuple(dict.fromkeys(posts)) or None

    def refresh_schedule(self) -> RefreshSchedule:
        takes = 'a list of {"max_age_days": 7, "every_days": 1} with rising max_age_days'
        listed = self._list("refresh_schedule", takes) if self.has("refresh_schedule") else DEFAULT_SCHEDULE
        tiers: list[Tier] = []
        for item in listed:
            if not isinstance(item, dict) or set(item) != {"max_age_days", "every_days"}:
                raise self._wrong("refresh_schedule", takes, item)
            oldest = self._whole("refresh_schedule", item["max_age_days"], 0, 36_500, "max_age_days")
            every = self._whole("refresh_schedule", item["every_days"], 1, 36_500, "every_days")
            if tiers and oldest <= tiers[-1].max_age_days:
                raise self._wrong("refresh_schedule", takes, item)
            tiers.append(Tier(oldest, every))
        if not tiers:
            raise self._wrong("refresh_schedule", takes, "an empty list")
        return RefreshSchedule(tuple(tiers))

    def shard(self) -> Shard:
        if not self.has("shard"):
            return Shard(1, 1)
        value = self._value("shard")
        found = re.fullmatch(r"\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*", value) if isinstance(value, str) else None
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise self._wrong("shard", '"k/n" with k from 1 to n, such as "1/4"', value)
        return Shard(int(found[1]), int(found[2]))

    def api_url(self) -> str:
        takes = "an https URL such as https://api.ayrshare.com/api (plain http only to this machine)"
        value = self._value("api_url")
        try:
            url = urlsplit(value.strip())
            host, _ = url.hostname or "", url.port
        except (AttributeError, ValueError):
            raise self._wrong("api_url", takes) from None
        if url.username or url.password or url.query or url.fragment or not host:
            raise self._wrong("api_url", f"{takes}, without user, query or fragment")
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
            raise self._wrong("api_url", takes, f"{url.scheme}://{host}")
        return str(value.strip().rstrip("/"))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _too_short(name: str) -> str:
    return "too short to be a key of X" if name.startswith("x_") else "too short to be an Ayrshare key"


def _secrets_in(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the secrets of a configuration that nobody has checked: all text in secret settings but names."""
    for name, definition in DEFINITION["properties"].items():
        value = config.get(name) if definition.get("secret") else None
        if isinstance(value, str) and name == "profiles":
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                yield value
                continue
        yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    """Yield the text in a JSON value, without what is the name of a profile."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield from {item, item.strip()} - {""}
        elif isinstance(item, dict):
            waiting += [inner for key, inner in item.items() if key != "name"]
        elif isinstance(item, list):
            waiting += item
