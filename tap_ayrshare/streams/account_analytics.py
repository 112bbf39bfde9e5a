"""Analytics of accounts (POST /analytics/social): totals and audience of the day, the networks' own daily series."""

from __future__ import annotations

import math
from contextlib import aclosing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements
from tap_ayrshare.ayrshare.contract import breakdowns, first, has_field
from tap_ayrshare.ayrshare.endpoints import SOCIAL_ANALYTICS
from tap_ayrshare.ayrshare.rows import account_row, freshness
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.errors import Refusal
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import day, dig, number, objects, snake_case, text
from tap_ayrshare.posts.cursor import read_date
from tap_ayrshare.streams.by_network import ByNetworkStream, NetworkSnapshotStream
from tap_ayrshare.streams.source import NO_ID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.ayrshare.contract import Breakdown
    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

QUARTER_DAYS = 90
MOST_QUARTERS = 4


class SocialAnalyticsStream(NetworkSnapshotStream):
    """The totals of an account, a snapshot a day; its answers serve account_demographics too."""

    name = "social_analytics"
    reads = "account_analytics"

    def __init__(self) -> None:
        super().__init__()
        self.followers = (AccountDemographicsStream(),)

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return _request(self.name, network)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the row of a network."""
        if (block := _block(network, answer)) is not None:
            own = {
                name: text(first("account_fields", network, name, block.get("analytics")))
                for name in ("account_id", "account_name")
            }
            if not has_field("account_fields", network, "account_id"):
                own["account_id"] = source.linked_id(network)
            yield self.record(source, {"platform": network, **own, **account_row(network, block)})


class AccountDemographicsStream(NetworkSnapshotStream):
    """The audience of an account by age, gender, country and city, a snapshot a day."""

    name = "account_demographics"
    reads = "demographics"
    leader = SocialAnalyticsStream.name

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return _request(self.name, network)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield a row for each group of a network's audience; a group without a name is an issue."""
        block = _block(network, answer) or {}
        seen: set[tuple[str, str, str]] = set()
        for breakdown in breakdowns(network):
            found = dig(block.get("analytics"), breakdown.path)
            for position, (dimension, bucket, value) in enumerate(_groups(breakdown, found)):
                key = (breakdown.audience, dimension, bucket or "")
                if not bucket or key in seen:
                    details = {"path": ".".join(breakdown.path), "bucket": bucket, "value": value}
                    refusal = Refusal(NO_ID, "invalid_body", "the group has no name of its own", 200, details=details)
                    yield Issue(self.name, refusal, f"item-{position}:{dimension}", network)
                    continue
                seen.add(key)
                yield self.record(source, {
                    "platform": network, "audience": breakdown.audience, "dimension": dimension, "bucket": bucket,
                    "value": number(value), "unit": breakdown.unit, **freshness(block),
                })  # fmt: skip


def _request(stream: str, network: str, **body: Any) -> Request:
    return SOCIAL_ANALYTICS.request(stream, body={"platforms": [network], **body}, networks=(network,))


def _block(network: str, answer: Answer) -> dict[str, Any] | None:
    return next(iter(good_elements(good_blocks(answer.body).get(network))), None)


def _groups(breakdown: Breakdown, value: object) -> Iterator[tuple[str, str | None, Any]]:
    """Yield the groups of a breakdown: dimension, bucket (None if it has none), value."""
    if breakdown.dimension == "*":
        for name, inner in value.items() if isinstance(value, dict) else ():
            yield from ((snake_case(name), bucket, one) for bucket, one in _leaves(inner))
    elif breakdown.bucket:
        for item in objects(value):
            yield breakdown.dimension, text(item.get(breakdown.bucket)), item.get(breakdown.value)
    else:
        yield from ((breakdown.dimension, bucket, one) for bucket, one in _leaves(value))


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of an object with their dotted path: a map by gender may hold maps by age."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{path}{name}.")
        else:
            yield path + name, inner


class SocialAnalyticsDailyStream(ByNetworkStream):
    """The networks' own daily series, with look-back."""

    name = "social_analytics_daily"
    reads = "daily"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the series of every network that has one, as far back as its bookmark asks."""
        networks = await source.networks(self.reads, self.name)
        ends = _ends(bookmark)
        read_on = dict(bookmark.get("read_on", {}))

        def request(network: str) -> Request:
            return _request(self.name, network, daily=True, quarters=_quarters(source, ends.get(network)))

        def saved(read_on: Mapping[str, str]) -> Batch:
            by_network = {network: end.isoformat() for network, end in sorted(ends.items())}
            value = min(by_network.values(), default=None)
            return [self.checkpoint(value, platforms=by_network, read_on=read_on)] if by_network or read_on else []

        try:
            async with aclosing(self.answers(source, networks, read_on, request)) as answers:
                async for network, answer in answers:
                    if (block := _block(network, answer)) is not None:
                        yield self._points(source, network, block, ends)
                    read_on[network] = source.snapshot.date
        except BudgetSpent:
            yield saved(read_on)
            raise
        yield saved(read_on if source.settings.request_budget else {})

    def _points(self, source: Source, network: str, block: dict[str, Any], ends: dict[str, date]) -> Batch:
        """Yield the points of a network since the look-back; set its end to where all of its metrics reach."""
        analytics = block.get("analytics")
        source.snapshot.drift.look_at(self.name, "account", network, analytics, is_kept=False)
        since, last_dates = _since(source, ends.get(network)), []
        for metric, series in daily_series(analytics):
            points = {on: point for point in objects(series.get("values")) if (on := day(point.get("endTime")))}
            for on, point in sorted(points.items()):
                if on >= since:
                    yield self.record(source, _point(network, metric, on, series, point, block))
            last_dates += [max(points)] if points else []
        end = min(last_dates, default=None)
        if end and end <= source.today:
            ends[network] = max(end, ends.get(network, end))


def _ends(bookmark: Mapping[str, Any]) -> dict[str, date]:
    """Return, by network, the last date that all of its metrics have reached."""
    by_network = bookmark.get("platforms", {})
    if not by_network and bookmark.get("replication_key_value"):
        with_series = ("facebook", "instagram", "snapchat", "tiktok", "youtube")
        by_network = dict.fromkeys(with_series, bookmark["replication_key_value"])
    return {network: read_date(value) for network, value in by_network.items()}


def _quarters(source: Source, end: date | None) -> int:
    if end is None:
        return source.settings.social_quarters
    days = (source.today - end).days + source.settings.lookback_days + 1
    return min(MOST_QUARTERS, max(1, math.ceil(days / QUARTER_DAYS)))


def _since(source: Source, end: date | None) -> date:
    """Return the earliest date of which points are wanted."""
    since = end - timedelta(days=source.settings.lookback_days) if end else date.min
    return max(since, source.settings.start_date.date()) if source.settings.start_date else since


def daily_series(analytics: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the daily series of a body, `{period, total, values}`, each with its dotted path."""
    if not isinstance(analytics, dict):
        return
    for name, value in analytics.items():
        # A dot in a name is escaped: `a.b` and `b` inside of `a` are two metrics.
        key = name.replace("\\", "\\\\").replace(".", "\\.")
        if isinstance(value, dict):
            if isinstance(value.get("values"), list):
                yield path + key, value
            else:
                yield from daily_series(value, f"{path}{key}.")


def _point(
    network: str, metric: str, on: date, series: dict[str, Any], point: dict[str, Any], block: dict[str, Any]
) -> dict[str, Any]:
    return {
        "platform": network,
        "metric": metric,
        "date": on.isoformat(),
        "value": number(point.get("value")),
        "end_time": text(point.get("endTime")),
        "period": text(series.get("period")),
        "total": number(series.get("total")),
        "point": point,
        "series": {key: value for key, value in series.items() if key != "values"},
        **freshness(block),
    }
