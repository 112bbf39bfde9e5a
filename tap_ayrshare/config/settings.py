"""The settings: one table of what each is, and their values as a run uses them.

A setting that can't be used is a `SettingsError`: one line that names it and what it takes, never with a secret.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_ayrshare.ayrshare.contract import NETWORKS, opt_in_streams, tap_version
from tap_ayrshare.config import readers as types
from tap_ayrshare.config.environment import ENVIRONMENT
from tap_ayrshare.config.nearest import LONGEST_SHOWN, hint, unknown_names
from tap_ayrshare.config.readers import PROFILE_KEYS, Shard
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.engine.exchange import Options
from tap_ayrshare.engine.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_ayrshare.posts.due import PostId
    from tap_ayrshare.posts.schedule import RefreshSchedule


PRIMARY = "primary"
"""The label of the primary profile."""
DEFAULT_SCHEDULE = [
    {"max_age_days": 7, "every_days": 1},
    {"max_age_days": 30, "every_days": 3},
    {"max_age_days": 365, "every_days": 30},
]
DEFAULT_COMMENTS_SCHEDULE = [{"max_age_days": 3, "every_days": 1}, {"max_age_days": 14, "every_days": 7}]
BATCHED_SCHEDULE = [{"max_age_days": 30, "every_days": 1}, {"max_age_days": 365, "every_days": 7}]
"""The default where posts are read in batches: `python -m benchmarks.refresh` compares the two."""
TEXT, WHOLE, NUMBER, ANY_LIST = th.StringType, th.IntegerType, th.NumberType, th.ArrayType(th.AnyType)
PROFILE_LIST = th.ArrayType(th.ObjectType(
    th.Property("name", TEXT, required=True, description="Label of the profile in every record"),
    th.Property("profile_key", TEXT, required=True, secret=True, description="Its Profile-Key"),
))  # fmt: skip
TIERS = th.ArrayType(th.ObjectType(
    th.Property("max_age_days", WHOLE, required=True), th.Property("every_days", WHOLE, required=True),
))  # fmt: skip
FAIL_ON = ("profile", "stream", "network", "budget")
SKIP_OR_FAIL = th.StringType(allowed_values=["skip", "fail"])
OPT_INS = {name: opt_in_streams(name) for name in ("personal_data_streams", "add_on_streams")}
"""The streams that each of these settings must name before they are read."""
WITH_POST_ANALYTICS = [network.name for network in NETWORKS.values() if "social_post_analytics" in network.reads]


@dataclass(frozen=True)
class Setting:
    """A row of the table."""

    name: str
    json_type: Any
    read: Callable[[Any], Any]
    default: Any
    title: str
    description: str
    secret: bool = False
    required: bool = False


def _stream_list(setting: str) -> Any:
    return th.ArrayType(th.StringType(allowed_values=[*OPT_INS[setting]]))


SETTINGS = (
    Setting("api_key", TEXT, types.key("Ayrshare"), None, "API key",
            "API key of the primary profile (Ayrshare dashboard, API Key page)", secret=True, required=True),
    Setting("profiles", PROFILE_LIST, types.profiles, None, "Profiles",
            "User profiles to read: a list of {name, profile_key}. If unset, only the primary profile is read",
            secret=True),
    Setting("profiles_file", TEXT, types.profiles_file, None, "Profiles file",
            "Path of a JSON file with the same list, such as a mounted secret"),
    Setting("include_primary_profile", th.BooleanType, types.boolean, False, "Include the primary profile",  # noqa: FBT003
            "Also read the primary profile when profiles are given"),
    Setting("start_date", TEXT, types.past_date, None, "Start date",
            "Don't read anything published before this date (2026-01-31) or timestamp (2026-01-31T00:00:00Z). "
            "If unset, everything the API returns"),
    Setting("platforms", th.ArrayType(TEXT), types.networks(NETWORKS), None, "Platforms",
            f"Read only these networks ({', '.join(NETWORKS)}; twitter is X). "
            "If unset, the networks linked to each profile"),
    Setting("personal_data_streams", _stream_list("personal_data_streams"),
            types.words(OPT_INS["personal_data_streams"]), [], "Personal data streams",
            "Streams with what other people wrote, and who they are, that may be read: "
            f"{', '.join(OPT_INS['personal_data_streams'])}. One that isn't listed isn't read, even if it is selected"),
    Setting("add_on_streams", _stream_list("add_on_streams"), types.words(OPT_INS["add_on_streams"]), [],
            "Add-on streams",
            "Streams that may be read because your account has Ayrshare's Ads add-on: "
            f"{', '.join(OPT_INS['add_on_streams'])}. One that isn't listed isn't read, even if it is selected"),
    Setting("post_ids", ANY_LIST, types.post_ids, None, "Post ids",
            "Read analytics for exactly these Ayrshare posts: ids, or {id, profile}. "
            "State is neither read nor written"),
    Setting("social_post_ids", ANY_LIST, types.social_post_ids(WITH_POST_ANALYTICS), None, "Social post ids",
            "The same for native posts: a list of {platform, id, profile?}"),
    Setting("refresh_schedule", TIERS, types.refresh_schedule, DEFAULT_SCHEDULE, "Refresh schedule",
            "How often a post's metrics are refreshed, by post age: a list of {max_age_days, every_days}. "
            "Default with batches (bulk_analytics): daily for 30 days, weekly for 365"),
    Setting("comments_schedule", TIERS, types.refresh_schedule, DEFAULT_COMMENTS_SCHEDULE, "Comments schedule",
            "The same for a post's comments, if comments or social_post_comments is selected"),
    Setting("bulk_analytics", th.StringType(allowed_values=["auto", "off"]), types.choice("auto", "off"), "off",
            "Bulk analytics",
            "Request metrics of up to 100 posts at once (auto). Each network's first batch is compared with a single "
            "response, and posts that a batch lacks are requested singly. Not used with request_budget. "
            "Not yet confirmed against the live API"),
    Setting("native_metrics_from", th.StringType(allowed_values=["list", "post"]), types.choice("list", "post"), "post",
            "Native metrics from",
            "list: social_post_analytics doesn't request a native post whose item in social_posts already has every "
            "promoted metric; then only social_posts has a row for it. Takes effect while social_posts is selected"),
    Setting("lookback_days", WHOLE, types.whole(0, 365), 3, "Look-back days",
            "Days of post history and daily series to read again"),
    Setting("social_quarters", WHOLE, types.whole(1, 4), 1, "Quarters",
            "Quarters of daily series to read on the first run (1 to 4)"),
    Setting("link_last_days", WHOLE, types.whole(1, 30), 30, "Link window",
            "Days of clicks to request from the link endpoint (1 to 30); widened up to 30 after missed days"),
    Setting("rate_limit_requests", WHOLE, types.whole(1, 1_000_000), 300, "Rate limit",
            "Requests Ayrshare allows per window and profile; a lower x-ratelimit-max from the API takes precedence"),
    Setting("rate_limit_window_seconds", NUMBER, types.number(0.01, 86_400), 300, "Rate limit window",
            "Length of the rate limit window in seconds"),
    Setting("rate_limit_reserve", NUMBER, types.number(0, 0.9), 0.05, "Rate limit reserve",
            "Share of the quota to leave for your own use (0 to 0.9)"),
    Setting("request_budget", WHOLE, types.whole(1, 10**9), None, "Request budget",
            "Maximum number of requests per run. When it is spent, the run ends cleanly and reports what is left"),
    Setting("max_concurrency", WHOLE, types.whole(1, 256), None, "Concurrency",
            "Most requests in flight per profile. If unset, 2 to 32, by the rate limit and the latency"),
    Setting("max_concurrency_total", WHOLE, types.whole(1, 65_536), None, "Total concurrency",
            "Most requests in flight across all profiles. If unset, as many as open files allow (ulimit -n)"),
    Setting("shard", TEXT, types.shard, None, "Shard",
            '"k/n": read only the profiles in part k of n (1/4 to 4/4), for parallel jobs'),
    Setting("on_error", SKIP_OR_FAIL, types.choice("skip", "fail"), "skip", "On error",
            "What happens when one post, network or profile can't be read: "
            "skip (write a row to extraction_errors) or fail (end the run)"),
    Setting("fail_on", th.ArrayType(TEXT), types.words(FAIL_ON), ["profile"], "Fail on",
            "End with exit code 1, after everything else was read and its state written, if one of these couldn't be "
            "read: profile, stream, network; or budget: the request budget left something over. "
            "[] for none of them"),
    Setting("summary_file", TEXT, types.path, None, "Summary file",
            "Path of a JSON file for the run's summary: verdict, exit code, records, requests and errors by stream"),
    Setting("x_api_key", TEXT, types.key("X"), None, "X API key",
            "X-Twitter-OAuth1-Api-Key of your own X app. Without both X keys, X is skipped", secret=True),
    Setting("x_api_secret", TEXT, types.key("X"), None, "X API secret",
            "X-Twitter-OAuth1-Api-Secret of your own X app", secret=True),
    Setting("x_daily_requests", WHOLE, types.whole(1, 1_000_000), None, "X requests per day",
            "Analytics requests to X that a profile may make in 24 hours; "
            "default: 1000 with a Profile-Key, 500 for the primary profile"),
    Setting("api_url", TEXT, types.base_url, "https://api.ayrshare.com/api", "API URL",
            "Base URL of the API (an older host is https://app.ayrshare.com/api)"),
    Setting("request_timeout", NUMBER, types.number(0.05, 3600), 60, "Request timeout",
            "Seconds to wait for a response before retrying"),
    Setting("user_agent", TEXT, types.header, None, "User agent",
            "User-Agent header (defaults to the tap's name and version)"),
)  # fmt: skip
DEFINITION: dict[str, Any] = th.PropertiesList(*(
    th.Property(
        setting.name,
        setting.json_type,
        required=setting.required,
        default=setting.default,
        secret=setting.secret,
        title=setting.title,
        description=setting.description,
    )
    for setting in SETTINGS
)).to_dict()  # fmt: skip
"""The settings as a JSON Schema."""


@dataclass(frozen=True)
class Profile:
    """A profile to read: its label in records and state, and the Profile-Key (None: the primary profile)."""

    label: str
    key: str | None


@dataclass(frozen=True)
class Settings(Options):
    """The checked settings of a run. Times are in seconds."""

    profiles: tuple[Profile, ...]
    reads_profile_list: bool
    primary_left_out: bool
    start_date: datetime | None
    platforms: tuple[str, ...] | None
    opted_in: frozenset[str]
    post_ids: tuple[PostId, ...] | None
    social_post_ids: tuple[PostId, ...] | None
    refresh_schedule: RefreshSchedule
    comments_schedule: RefreshSchedule
    uses_batches: bool
    native_metrics_from_list: bool
    lookback_days: int
    social_quarters: int
    link_last_days: int
    fail_on_error: bool
    fail_on: frozenset[str]
    summary_file: str | None
    shard: Shard | None
    network_keys: Mapping[str, str]
    x_daily_requests: int | None
    warnings: tuple[str, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        """Everything that must never be output."""
        keys = {self.api_key, *self.network_keys.values(), *(profile.key or "" for profile in self.profiles)}
        return frozenset(keys - {""})

    def missing_keys(self, network: str) -> list[str]:
        """Return the settings that a network needs for its keys and that are unset."""
        return [name for name in NETWORKS[network].key_headers.values() if name not in self.network_keys]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Return the settings of a configuration.

        Raises:
            SettingsError: a setting is missing or can't be used; the message has no secret.
        """
        values: dict[str, Any] = {}
        secrets: set[str] = set()
        # Secret settings first: all keys are known before a message can show a value.
        for setting in sorted(SETTINGS, key=lambda setting: not setting.secret):
            value = values[setting.name] = _read(setting, config.get(setting.name), secrets)
            if setting.secret or setting.name == "profiles_file":
                secrets.update(_keys_in(value))
        network_keys = _network_keys(values)
        named, warnings = _profiles(values, secrets)
        # A budget that ended between a post's networks would leave it half read, which no bookmark can say.
        uses_batches = values["bulk_analytics"] == "auto" and values["request_budget"] is None
        if values["bulk_analytics"] == "auto" and not uses_batches:
            warnings.append("bulk_analytics isn't used with request_budget: posts are requested singly")
        if uses_batches and _is_unset(config.get("refresh_schedule")):
            values["refresh_schedule"] = types.refresh_schedule(BATCHED_SCHEDULE)
        include_primary = values["include_primary_profile"] or not named
        everyone = [Profile(PRIMARY, None), *named] if include_primary else named
        labels = {profile.label for profile in everyone}
        for name in ("post_ids", "social_post_ids"):
            for post in values[name] or ():
                if post.profile is not None and post.profile not in labels:
                    raise _error(name, "must name profiles that these settings read", post.profile, secrets)
        shard = values["shard"] or Shard(1, 1)
        values |= {
            "profiles": tuple(profile for profile in everyone if shard.holds(profile.label)),
            "reads_profile_list": shard.holds(PRIMARY),
            "primary_left_out": not include_primary,
            "rate_limit_window": values["rate_limit_window_seconds"],
            "opted_in": frozenset().union(*(values[name] for name in OPT_INS)),
            "fail_on_error": values["on_error"] == "fail",
            "network_keys": network_keys,
            "uses_batches": uses_batches,
            "native_metrics_from_list": values["native_metrics_from"] == "list",
            "user_agent": values["user_agent"] or f"tap-ayrshare/{tap_version()}",
            "warnings": tuple(warnings),
        }
        return cls(**{field.name: values[field.name] for field in fields(cls)})


def _network_keys(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the networks' own keys, by setting."""
    found: dict[str, str] = {}
    for network in NETWORKS.values():
        needed = [*network.key_headers.values()]
        given = {name: values[name] for name in needed if values[name]}
        if given and (missing := [name for name in needed if name not in given]):
            needs = f"{network.label} needs {'both ' if len(needed) > 1 else ''}{' and '.join(needed)}"
            raise SettingsError(f"setting '{missing[0]}': is missing; {needs}")
        found |= given
    return found


def opted_in(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the streams that a configuration opts in to, none for a setting that a run would refuse."""
    found: set[str] = set()
    for setting in SETTINGS:
        if setting.name in OPT_INS:
            with suppress(types.Unusable):
                found |= setting.read(config.get(setting.name) or [])
    return frozenset(found)


def unknown_variables(environment: Iterable[str], settings: Iterable[str]) -> list[str]:
    """Return one line for each environment variable of this tap that isn't a setting's."""
    known = {ENVIRONMENT + name for name in ("LOGLEVEL", *(setting.upper() for setting in settings))}
    # Meltano's own (TAP_AYRSHARE__SELECT) have two underscores.
    names = [name for name in environment if name.upper().startswith(ENVIRONMENT)]
    return unknown_names([name for name in names if not name.startswith(f"{ENVIRONMENT}_")], known)


def _is_unset(value: Any) -> bool:
    """Return whether a value counts as unset: None, "" and blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def _read(setting: Setting, value: Any, secrets: Collection[str]) -> Any:
    """Return the value of a setting, its default if it is unset."""
    if _is_unset(value):
        value = setting.default
    if value is None and setting.required:
        raise SettingsError(
            f"setting '{setting.name}': is missing; set it to the API key of your Ayrshare account "
            f"(environment: {ENVIRONMENT}{setting.name.upper()})"
        )
    try:
        return None if value is None else setting.read(value)
    except types.Unusable as problem:
        wrong = None if setting.secret else problem.value
        raise _error(setting.name, str(problem), wrong, secrets, problem.known) from None


def _error(
    name: str, problem: str, wrong: object, secrets: Iterable[str], known: Collection[str] = ()
) -> SettingsError:
    """Return the error for a setting, with the wrong value if it is text or a number without a secret in it."""
    shown = ""
    if isinstance(wrong, (str, int, float)):
        try:
            plain = str(wrong)
        except ValueError:  # an integer of too many digits
            plain = ""
        if plain and Redactor(secrets).text(plain) == plain:
            shown = f" (got {plain[:LONGEST_SHOWN]!r}{hint(plain, known)})"
    return SettingsError(f"setting '{name}': {problem}{shown}")


def _profiles(values: Mapping[str, Any], secrets: Collection[str]) -> tuple[list[Profile], list[str]]:
    """Return the profiles of both settings that list some, and warnings about them."""
    redactor = Redactor(secrets)
    profiles: list[Profile] = []
    warnings: list[str] = []
    by_label: set[str] = set()
    by_key: dict[str, str] = {}
    for name in ("profiles", "profiles_file"):
        for position, entry in enumerate(values[name] or (), 1):
            label, key = entry["name"], entry["profile_key"]
            if redactor.text(label) != label:
                raise SettingsError(f"setting '{name}': the name of entry {position} has a key in it")
            if label.casefold() == PRIMARY:
                reserved = f"'{PRIMARY}' stands for the primary profile (include_primary_profile: true reads it)"
                raise SettingsError(f"setting '{name}': entry {position} must have another name; {reserved}")
            if label in by_label:
                raise SettingsError(f"setting '{name}': each name may be used once, and {label!r} is there twice")
            if key in by_key:
                both = f"{by_key[key]!r} and {label!r} have the same"
                raise SettingsError(f"setting '{name}': each profile_key may be used once; {both}")
            by_label.add(label)
            by_key[key] = label
            profiles.append(Profile(label, key))
            unknown = unknown_names((redactor.text(str(other)) for other in entry), PROFILE_KEYS)
            warnings += [f"setting '{name}', entry {position}: {line}" for line in unknown]
    return profiles, warnings


def secrets_in(config: Mapping[str, Any]) -> frozenset[str]:
    """Return all text that may be a secret in the settings of a run, before they are checked."""
    found: set[str] = set()
    for setting in SETTINGS:
        value = config.get(setting.name) if setting.secret else None
        if isinstance(value, str) and value.lstrip().startswith("["):
            with suppress(ValueError, RecursionError):
                value = json.loads(value)
        found.update(_keys_in(value))
    return frozenset(found - {""})


def _keys_in(value: Any) -> Iterator[str]:
    """Yield all text in the value of a secret setting but the names of profiles."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item.strip()
        elif isinstance(item, dict):
            waiting += [inner for name, inner in item.items() if name != "name"]
        elif isinstance(item, list):
            waiting += item
