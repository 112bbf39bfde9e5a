"""What the report shows, out of the tables of the models: columns of values that the page filters and draws.

Days are numbers, counted from `first`; profiles and networks are numbers too, positions in the lists of their names.
Nothing is added up here. The page adds up what the table `ayrshare__metrics` says may be added up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_ayrshare_report.database import literal
from tap_ayrshare_report.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_ayrshare_report.database import Tables

POSTS = "ayrshare__post_facts"
NETWORK_DAYS = "ayrshare__network_metrics_daily"
ACCOUNT_DAYS = "ayrshare__account_metrics_daily"
ACCOUNTS = "ayrshare__accounts_current"
COVERAGE = "ayrshare__account_coverage"
LINKS = "ayrshare__link_clicks_daily"
ERRORS = "ayrshare__extraction_errors"
HEALTH = "ayrshare__sync_health"
AUDIENCE = "ayrshare__audience"
METRICS = "ayrshare__metrics"
NEEDED = (POSTS, ACCOUNT_DAYS)
"""One of them at least."""

COUNTS = ("likes", "reactions", "comments", "shares", "saves", "clicks", "impressions", "reach", "views",
          "video_views", "watch_time_seconds", "engagements")  # fmt: skip
RATES = ("engagement_rate", "engagement_rate_by_impressions", "engagement_rate_by_reach",
         "engagement_rate_by_followers")  # fmt: skip
LONGEST_TEXT = 280
LONGEST_ADDRESS = 600
THUMBNAIL_CHARACTERS = 300_000
"""How long the addresses of thumbnails may be in all: those of networks are long, and don't compress."""
DIGITS = 6
"""How many digits of a rate are kept."""
OVER = ("days", "posts", "profiles")


@dataclass(frozen=True)
class Limits:
    """How much is shown.

    days: up to the newest snapshot. posts: the newest. profiles: which (None: all). month: its first day, to show that
    month against the one before in place of `days`. is_client: for a client's eyes, without what only the agency needs.
    """

    days: int
    posts: int
    profiles: list[str] | None = None
    month: date | None = None
    is_client: bool = False


class Names:
    """Names and the numbers that stand for them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: object) -> int:
        """Return a name's number, a new one for a name that is new."""
        return self._numbers.setdefault(str(name), len(self._numbers))

    @property
    def names(self) -> list[str]:
        """All names, by their numbers."""
        return list(self._numbers)


@dataclass(frozen=True)
class Window:
    """The days shown, and the numbers of what is shown in them."""

    first: date
    last: date
    profiles: Names
    networks: Names
    wanted: list[str] | None

    def day(self, value: object) -> int | None:
        """Return a day's number, None if it is no date."""
        found = _date(value)
        return (found - self.first).days if found else None

    def where(self, day: str | None = None, *, or_undated: bool = False) -> str:
        """Return the condition of the rows that are shown; day: the column that must be in the window, or null."""
        inside = f"{day} BETWEEN DATE '{self.first}' AND DATE '{self.last}'"
        conditions = [f"({inside} OR {day} IS NULL)" if or_undated else inside] if day else []
        if self.wanted is not None:
            conditions.append(f"profile IN ({', '.join(map(literal, self.wanted))})")
        return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def collect(tables: Tables, limits: Limits) -> dict[str, Any]:
    """Return the report's data.

    Raises:
        ReportError: the models are not there, are older than this command, or hold nothing.
    """
    window = _window(tables, limits)
    posts, posts_total = _posts(tables, window, limits.posts)
    data = {
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "additive": _additive(tables),
        "daily": _network_days(tables, window),
        "followers": _account_days(tables, window),
        "posts": posts,
        "posts_total": posts_total,
        "posts_shown": len(posts["profile"]),
        "accounts": _accounts(tables, window),
        "coverage": _coverage(tables, window),
        "links": _links(tables, window),
        "audience": _audience(tables, window),
        "is_client": limits.is_client,
        "month": limits.month.isoformat() if limits.month else None,
        "errors": [] if limits.is_client else _errors(tables, window),
        "health": [] if limits.is_client else _health(tables, window),
        "meanings": _meanings(tables),
        "missing": [
            name
            for name in (POSTS, NETWORK_DAYS, ACCOUNT_DAYS, LINKS, ERRORS, HEALTH)
            if not tables.has(name) and not limits.is_client
        ],
    }
    return {**data, "profiles": window.profiles.names, "networks": window.networks.names}


def _window(tables: Tables, limits: Limits) -> Window:
    if not any(tables.has(name) for name in NEEDED):
        raise ReportError(
            f"{tables.name} has no tables of the models in the schema {tables.schema!r}: build them with dbt "
            "(docs/models.md), or name their schema with --schema"
        )
    if not tables.has(METRICS):
        raise ReportError(
            f"{tables.name}: the models in {tables.schema!r} are incomplete or older than this command "
            f"(no {METRICS}): build them again with dbt"
        )
    extents = [
        (str(profile), column, _date(first), _date(last))
        for table, column in ((POSTS, "snapshot_date"), (ACCOUNT_DAYS, "snapshot_date"), (POSTS, "published_date"))
        for profile, first, last in tables.extents(table, column)
    ]
    found = {profile for profile, *_ in extents}
    shown = [extent for extent in extents if limits.profiles is None or extent[0] in limits.profiles]
    days = [last for _, column, _, last in shown if column == "snapshot_date" and last]
    if unknown := sorted(set(limits.profiles or ()) - found):
        known = ", ".join(sorted(found)[:10]) or "none"
        raise ReportError(f"no profile {unknown[0]!r} in the models; profiles there: {known}")
    if not days:
        raise ReportError(
            f"{tables.name}: the models in {tables.schema!r} have no rows yet: run the tap and dbt, then this command"
        )
    earliest = min(first for _, _, first, _ in shown if first)
    first, last = _span(limits, earliest, max(days))
    return Window(first, last, Names(), Names(), limits.profiles)


def _span(limits: Limits, earliest: date, newest: date) -> tuple[date, date]:
    """Return the first and the last day that are shown: of a month, also the days of the one before."""
    if limits.month is None:
        return max(earliest, newest - timedelta(days=limits.days - 1)), newest
    after = (limits.month + timedelta(days=31)).replace(day=1)
    if not earliest < after or limits.month > newest:
        raise ReportError(f"the models have nothing of {limits.month:%Y-%m}: they reach from {earliest} to {newest}")
    before = (limits.month - timedelta(days=1)).replace(day=1)
    return before, min(newest, after - timedelta(days=1))


def _additive(tables: Tables) -> dict[str, dict[str, dict[str, bool]]]:
    """Return what may be added up, by level and metric, over what; all networks agree.

    Of a metric with growth, that is its growth; of any other, its values.
    """
    columns = ["level", "metric", *(f"{what}_over_{over}" for what in ("growth_additive", "additive") for over in OVER)]
    found: dict[str, dict[str, dict[str, bool]]] = {}
    for level, metric, *flags in tables.rows(METRICS, columns):
        over = found.setdefault(str(level), {}).setdefault(str(metric), dict.fromkeys(OVER, True))
        growth, values = flags[: len(OVER)], flags[len(OVER) :]
        has_growth = any(flag is not None for flag in growth)
        for name, flag in zip(OVER, growth if has_growth else values, strict=True):
            over[name] = over[name] and bool(flag)
    return found


def _network_days(tables: Tables, window: Window) -> dict[str, list[Any]]:
    columns = ["profile", "platform", "snapshot_date", "posts_published", *(f"{name}_gained" for name in COUNTS)]
    rows = tables.rows(
        NETWORK_DAYS, columns, window.where("snapshot_date") + " ORDER BY snapshot_date, profile, platform"
    )
    return _columns(["profile", "network", "day", "posts_published", *COUNTS], _keyed(rows, window))


def _account_days(tables: Tables, window: Window) -> dict[str, list[Any]]:
    numbers = ["followers_filled", "followers_delta", "followers_gained", "followers_lost"]
    rows = tables.rows(
        ACCOUNT_DAYS,
        ["profile", "platform", "snapshot_date", *numbers],
        window.where("snapshot_date") + " ORDER BY snapshot_date, profile, platform",
    )
    known = (row for row in _keyed(rows, window) if row[3] is not None)
    return _columns(["profile", "network", "day", "followers", "change", "gained", "lost"], known)


def _keyed(rows: Iterable[Sequence[Any]], window: Window) -> Iterable[list[Any]]:
    """Yield rows that begin with profile, network and day, with those as numbers."""
    for profile, network, day, *values in rows:
        numbers = [_number(value) for value in values]
        yield [window.profiles.number(profile), window.networks.number(network), window.day(day), *numbers]


def _posts(tables: Tables, window: Window, limit: int) -> tuple[dict[str, list[Any]], int]:
    """Return the newest posts of the window, newest first, and how many there are in all."""
    names = ["profile", "platform", "published_date", "published_hour", "published_weekday", "snapshot_date",
             "post_format", "media_type", "message", "post_url", "thumbnail_url", "post_key",
             "times_usual"]  # fmt: skip
    where = window.where("published_date", or_undated=True)
    newest = f"{where} ORDER BY published_at DESC NULLS LAST, profile, platform, post_key LIMIT {limit}"
    keys = Names()
    shown = [
        [
            window.profiles.number(profile), window.networks.number(network), window.day(published), _number(hour),
            _number(weekday), window.day(read), form, media, _text(message), _address(url), _address(thumbnail),
            keys.number(f"{profile} {key}"), _number(times), *(_number(value) for value in numbers),
        ]
        for profile, network, published, hour, weekday, read, form, media, message, url, thumbnail, key, times, *numbers
        in tables.rows(POSTS, [*names, *COUNTS, *RATES], newest)
    ]  # fmt: skip
    columns = ["profile", "network", "day", "hour", "weekday", "read", "format", "media", "text", "url", "thumbnail",
               "key", "times", *COUNTS, *RATES]  # fmt: skip
    _spare_thumbnails(shown, columns.index("thumbnail"), columns.index("engagements"))
    return _columns(columns, shown), tables.count(POSTS, where)


def _spare_thumbnails(posts: list[list[Any]], thumbnail: int, engagements: int) -> None:
    """Keep the thumbnails of the best posts, as many as there is room for."""
    left = THUMBNAIL_CHARACTERS
    for post in sorted(posts, key=lambda post: -(post[engagements] or 0)):
        left -= len(post[thumbnail] or "")
        if left < 0:
            post[thumbnail] = None


def _accounts(tables: Tables, window: Window) -> list[dict[str, Any]]:
    columns = ["profile", "platform", "account_name", "profile_url", "followers", "snapshot_date"]
    return [
        {
            "profile": window.profiles.number(profile), "network": window.networks.number(network),
            "name": _text(name), "url": _address(url), "followers": _number(followers), "read": window.day(read),
        }
        for profile, network, name, url, followers, read
        in tables.rows(ACCOUNTS, columns, window.where() + " ORDER BY profile, platform")
    ]  # fmt: skip


def _coverage(tables: Tables, window: Window) -> list[dict[str, Any]]:
    """Return, of each account, the days whose growth is known, and the time zone that they are of."""
    columns = ["profile", "platform", "covered_from", "covered_until", "time_zone"]
    return [
        {
            "profile": window.profiles.number(profile), "network": window.networks.number(network),
            "from": window.day(begin), "to": window.day(end), "zone": zone,
        }
        for profile, network, begin, end, zone
        in tables.rows(COVERAGE, columns, window.where() + " ORDER BY profile, platform, account_number")
    ]  # fmt: skip


def _links(tables: Tables, window: Window) -> list[dict[str, Any]]:
    """Return each link with its clicks by day."""
    columns = ["profile", "short_url", "original_url", "snapshot_date", "clicks_gained"]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for profile, short, address, day, clicks in tables.rows(
        LINKS, columns, window.where("snapshot_date") + " ORDER BY snapshot_date DESC, profile, short_url"
    ):
        link: dict[str, Any] = {
            "profile": window.profiles.number(profile), "short": _text(short), "url": _address(address),
            "read": window.day(day), "days": {},
        }  # fmt: skip
        days = found.setdefault((str(profile), str(short)), link)["days"]
        if clicks:
            days[window.day(day)] = _number(clicks)
    return list(found.values())


def _audience(tables: Tables, window: Window) -> list[dict[str, Any]]:
    """Return the groups of each account's audience, largest first."""
    columns = ["profile", "platform", "audience", "dimension", "bucket", "share", "share_basis", "snapshot_date"]
    rows = [row for row in tables.rows(AUDIENCE, columns, window.where()) if row[5] is not None]
    return [
        {
            "profile": window.profiles.number(profile), "network": window.networks.number(network),
            "audience": str(audience), "dimension": str(dimension), "bucket": _text(bucket), "share": _number(share),
            "basis": basis, "read": window.day(read),
        }
        for profile, network, audience, dimension, bucket, share, basis, read
        in sorted(rows, key=lambda row: (*map(str, row[:4]), -row[5], str(row[4])))
    ]  # fmt: skip


def profiles_of(tables: Tables) -> list[str]:
    """Return the names of all profiles that there are numbers of."""
    return sorted({str(row[0]) for name in NEEDED for row in tables.extents(name, "snapshot_date")})


def _errors(tables: Tables, window: Window) -> list[dict[str, Any]]:
    """Return what could not be read, with how often and when last."""
    columns = ["profile", "platform", "stream", "code", "message", "action", "snapshot_date"]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for profile, network, stream, code, message, action, day in tables.rows(
        ERRORS,
        columns,
        window.where("snapshot_date") + " ORDER BY snapshot_date DESC, profile, stream, platform, code, message",
    ):
        row = {
            "profile": str(profile), "network": str(network), "stream": str(stream),
            "code": code, "message": _text(message), "action": action, "days": {},
        }  # fmt: skip
        row = found.setdefault((profile, network, stream, code, message), row)
        number = window.day(day)
        row["days"][number] = row["days"].get(number, 0) + 1
    return list(found.values())


def _health(tables: Tables, window: Window) -> list[dict[str, Any]]:
    columns = ["profile", "stream", "last_complete_date", "last_run_at", "last_status", "last_reason"]
    return [
        {
            "profile": str(profile), "stream": str(stream), "complete": window.day(complete),
            "run": window.day(run), "status": status, "reason": _text(reason),
        }
        for profile, stream, complete, run, status, reason
        in tables.rows(HEALTH, columns, window.where() + " ORDER BY profile, stream")
    ]  # fmt: skip


def _meanings(tables: Tables) -> list[dict[str, Any]]:
    """Return what each number of posts and accounts counts, by network."""
    columns = ["level", "platform", "metric", "basis", "counts", "source_field"]
    rows = tables.rows(METRICS, columns, "ORDER BY level, metric, platform")
    return [
        {"level": level, "network": network, "metric": metric, "basis": basis, "counts": _text(counts), "field": field}
        for level, network, metric, basis, counts, field in rows
        if level in ("post", "account") and metric in (*COUNTS, "followers")
    ]


def _columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    listed = list(rows)
    return {name: [row[at] for row in listed] for at, name in enumerate(names)}


def _number(value: Any) -> int | float | None:
    """Return a number that JSON can hold: NaN and infinity are none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    number = float(value)
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def _address(value: object) -> str | None:
    """Return the address of a web page, None for anything else: `javascript:` is an address too."""
    text = str(value or "").strip()
    is_web = text.lower().startswith(("https://", "http://"))
    return text if is_web and len(text) <= LONGEST_ADDRESS and not any(c.isspace() for c in text) else None
