"""Analytics of accounts (POST /analytics/social): totals and audience of the day, the networks' own daily series."""

from __future__ import annotations

import math
from contextlib import aclosing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.audience import groups
from tap_ayrshare.ayrshare.contract import breakdowns, first, has_field, reported
from tap_ayrshare.ayrshare.endpoints import SOCIAL_ANALYTICS
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.ayrshare.fields import known_fields
from tap_ayrshare.ayrshare.rows import account_row, freshness
from tap_ayrshare.ayrshare.series import daily_series
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import number, one_object, text, timestamp
from tap_ayrshare.streams.bookmarks import SeriesBookmark
from tap_ayrshare.streams.by_network import ByNetworkStream, NetworkSnapshotStream
from tap_ayrshare.streams.issues import NO_ID, NO_OBJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.ayrshare.series import Series
    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

QUARTER_DAYS = 90
MOST_QUARTERS = 4
NO_DATE = Rule(Scope.RESOURCE, failure=False, action="skipped: a point without a date can't be kept")


class SocialAnalyticsStream(NetworkSnapshotStream):
    """The totals of an account, a snapshot a day; its answers serve account_demographics too."""

    name = "social_analytics"
    reads = "account_analytics"
    serves = ("account_demographics",)

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return _request(self.name, network)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the row of a network."""
        if (block := _block(network, answer)) is not None and block.get("analytics"):
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

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return _request(self.name, network)

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield a row for each group of a network's audience; a group without a name is an issue."""
        block = _block(network, answer) or {}
        analytics = one_object(block.get("analytics"))
        if (
            isinstance(analytics, dict)
            and analytics
            and not analytics.keys() & known_fields("account", network).inside.keys()
        ):
            refusal = Refusal(NO_OBJECT, "invalid_body", "the analytics have no field that is known", 200)
            yield Issue(self.name, refusal, "analytics", network)
        seen: set[tuple[str, str, str]] = set()
        for breakdown in breakdowns(network):
            for position, group in enumerate(groups(breakdown, analytics)):
                key = (breakdown.audience, group.dimension, group.bucket or "")
                if not group.bucket or key in seen:
                    details = {"path": ".".join(breakdown.path), "bucket": group.bucket, "group": group.item}
                    refusal = Refusal(NO_ID, "invalid_body", "the group has no name of its own", 200, details=details)
                    yield Issue(self.name, refusal, f"item-{position}:{group.dimension}", network)
                    continue
                seen.add(key)
                yield self.record(source, {
                    "platform": network, "audience": breakdown.audience, "dimension": group.dimension,
                    "bucket": group.bucket, "value": reported(network, number(group.value)), "unit": breakdown.unit,
                    **freshness(block),
                })  # fmt: skip


def _request(stream: str, network: str, **body: Any) -> Request:
    return SOCIAL_ANALYTICS.request(stream, body={"platforms": [network], **body}, networks=(network,))


def _block(network: str, answer: Answer) -> dict[str, Any] | None:
    return next(iter(good_elements(good_blocks(answer.body).get(network))), None)


class SocialAnalyticsDailyStream(ByNetworkStream):
    """The networks' own daily series, with look-back."""

    name = "social_analytics_daily"
    bookmark = SeriesBookmark
    reads = "daily"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the series of every network that has one, as far back as its bookmark asks."""
        networks = await source.networks.able(self.reads, self.name)
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
        analytics = one_object(block.get("analytics"))
        source.snapshot.drift.look_at(self.name, "account", network, analytics, is_kept=False)
        since, last_dates = _since(source, ends.get(network)), []
        for series in daily_series(network, analytics):
            for on, point in sorted(series.points.items()):
                if on >= since:
                    yield self.record(source, _point(network, on, series, point, block))
            last_dates += [max(series.points)] if series.points else []
            if series.unreadable:
                yield Issue(self.name, _without_date(series), series.metric, network)
        if last_dates:
            # Accounts ahead of UTC have a point of tomorrow, which isn't whole yet.
            end = min(*last_dates, source.today)
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


def _without_date(series: Series) -> Refusal:
    lost, total = len(series.unreadable), len(series.unreadable) + len(series.points)
    message = f"{lost} of {total} points have no date that can be read"
    return Refusal(NO_DATE, "invalid_body", message, 200, details={"point": series.unreadable[0]})


def _point(network: str, on: date, series: Series, point: dict[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    end_time = point.get("endTime")
    return {
        "platform": network,
        "metric": series.metric,
        "date": on.isoformat(),
        # In a series of differences -1 is a number like any other.
        "value": number(point.get("value")),
        "end_time": text(end_time) or timestamp(end_time),
        "period": text(series.around.get("period")),
        "total": number(series.around.get("total")),
        "point": point,
        "series": series.around,
        **freshness(block),
    }
