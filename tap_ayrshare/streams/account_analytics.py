"""Analytics of accounts: totals of the day and the networks' own daily series (POST /analytics/social)."""

from __future__ import annotations

import math
from contextlib import aclosing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements
from tap_ayrshare.ayrshare.contract import first
from tap_ayrshare.ayrshare.endpoints import SOCIAL_ANALYTICS
from tap_ayrshare.ayrshare.rows import account_row, freshness
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.posts.cursor import check_dates, read_date
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import number, objects, text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence

    from tap_ayrshare.engine.client import Answer
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.source import Source

QUARTER_DAYS = 90
MOST_QUARTERS = 4
DATE_LENGTH = 10


class AccountAnalyticsStream(AyrshareStream):
    """A stream that asks network by network, and whose bookmark has dates of networks.

    reads: what of a network it reads.
    """

    reads: ClassVar[str]

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`."""
        networks = source.known_networks(self.reads)
        return None if networks is None else len(networks)

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`."""
        super().check(bookmark)
        check_dates(self.name, bookmark)

    async def _blocks(
        self,
        source: Source,
        networks: Sequence[str],
        read_on: dict[str, str],
        body: Callable[[str], dict[str, Any]] = lambda _: {},
    ) -> AsyncGenerator[tuple[str, dict[str, Any] | None], None]:
        """Yield networks, each with its block: one network's failure must not affect the others.

        Under a request budget those come first that have waited longest, without those of today, as `read_on` says.
        """

        async def ask(network: str) -> tuple[str, Answer]:
            asked = {"platforms": [network], **body(network)}
            return network, await source.ask(SOCIAL_ANALYTICS.request(self.name, body=asked, networks=(network,)))

        waiting = sorted(networks, key=lambda network: read_on.get(network, ""))
        if source.settings.request_budget is not None:
            waiting = [network for network in waiting if read_on.get(network) != source.snapshot.date]
        async with aclosing(in_order(map(ask, waiting), source.ahead)) as answers:
            async for network, answer in answers:
                source.settle(self.name, answer)
                for refusal in answer.refusals:
                    source.note(Issue(self.name, refusal, platform=network))
                yield network, next(iter(good_elements(good_blocks(answer.body).get(network))), None)
                read_on[network] = source.snapshot.date


class SocialAnalyticsStream(AccountAnalyticsStream):
    """The totals of an account, a snapshot a day."""

    name = "social_analytics"
    reads = "account_analytics"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the totals of every network that has them; what a budget leaves over comes first next time."""
        if source.is_read_today(self.name):
            return
        networks = await source.networks(self.reads, self.name)
        read_on = dict(bookmark.get("read_on", {}))
        try:
            async with aclosing(self._blocks(source, networks, read_on)) as blocks:
                async for network, block in blocks:
                    if block is not None:
                        name = text(first("account_fields", network, "account_name", block.get("analytics")))
                        row = {"platform": network, "account_name": name, **account_row(network, block)}
                        yield [self.record(source, row)]
        except BudgetSpent:
            yield [self.checkpoint(bookmark.get("replication_key_value"), read_on=read_on)]
            raise
        yield [self.checkpoint(source.snapshot.date)]


class SocialAnalyticsDailyStream(AccountAnalyticsStream):
    """The networks' own daily series, with look-back."""

    name = "social_analytics_daily"
    reads = "daily"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the series of every network that has one, as far back as its bookmark asks."""
        networks = await source.networks(self.reads, self.name)
        ends = _ends(bookmark)
        read_on = dict(bookmark.get("read_on", {}))

        def body(network: str) -> dict[str, Any]:
            return {"daily": True, "quarters": _quarters(source, ends.get(network))}

        def saved(read_on: Mapping[str, str]) -> Batch:
            by_network = {network: end.isoformat() for network, end in sorted(ends.items())}
            value = min(by_network.values(), default=None)
            return [self.checkpoint(value, platforms=by_network, read_on=read_on)] if by_network or read_on else []

        try:
            async with aclosing(self._blocks(source, networks, read_on, body)) as blocks:
                async for network, block in blocks:
                    if block is not None:
                        yield self._points(source, network, block, ends)
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
            points = {day: point for point in objects(series.get("values")) if (day := _day(point))}
            for day, point in sorted(points.items()):
                if day >= since:
                    yield self.record(source, _point(network, metric, day, series, point, block))
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


def _day(point: dict[str, Any]) -> date | None:
    """Return the date of a point: the first ten characters of its `endTime`, unshifted."""
    end_time = point.get("endTime")
    try:
        return date.fromisoformat(end_time[:DATE_LENGTH]) if isinstance(end_time, str) else None
    except ValueError:
        return None


def _point(
    network: str, metric: str, day: date, series: dict[str, Any], point: dict[str, Any], block: dict[str, Any]
) -> dict[str, Any]:
    return {
        "platform": network,
        "metric": metric,
        "date": day.isoformat(),
        "value": number(point.get("value")),
        "end_time": text(point.get("endTime")),
        "period": text(series.get("period")),
        "total": number(series.get("total")),
        "point": point,
        "series": {key: value for key, value in series.items() if key != "values"},
        **freshness(block),
    }
