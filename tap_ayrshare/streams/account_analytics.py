"""The numbers of accounts: totals of the day and the networks' own daily series (POST /analytics/social)."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks, good_elements
from tap_ayrshare.ayrshare.contract import first
from tap_ayrshare.engine.client import Answer, BudgetSpent, Request
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.posts.cursor import check_dates, read_date
from tap_ayrshare.rows import account_row, freshness
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import number, objects, text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence

    from tap_ayrshare.profile_run import ProfileRun

QUARTER_DAYS = 90
MOST_QUARTERS = 4
DATE_LENGTH = 10


async def _ask(run: ProfileRun, stream: AyrshareStream, network: str, body: dict[str, Any]) -> tuple[str, Answer]:
    """Ask one network alone: one network's trouble must not cost the others."""
    body = {"platforms": [network], **body}
    request = Request("POST", "/analytics/social", stream.name, body=body, networks=(network,))
    return network, await run.ask(request)


async def _block(run: ProfileRun, stream: AyrshareStream, network: str, answer: Answer) -> dict[str, Any] | None:
    """Return the network's block of an answer; what it refuses is reported."""
    run.settle(stream.name, answer)
    for refusal in answer.refusals:
        await run.report(stream.name, refusal, platform=network)
    return next(iter(good_elements(good_blocks(answer.body).get(network))), None)


def read_dates(run: ProfileRun, stream: AyrshareStream) -> dict[str, str]:
    """Return when each network was last read under a request budget."""
    return dict(run.state(stream).get("read_on", {}))


def _jobs(
    run: ProfileRun,
    stream: AyrshareStream,
    networks: Sequence[str],
    read_on: Mapping[str, str],
    body: Callable[[str], dict[str, Any]] = lambda _: {},
) -> Iterator[Coroutine[None, None, tuple[str, Answer]]]:
    """Yield a request for each network, those first that have waited longest, without those of today."""
    for network in sorted(networks, key=lambda network: read_on.get(network, "")):
        if run.settings.request_budget is None or read_on.get(network) != run.run.snapshot_date:
            yield _ask(run, stream, network, body(network))


class AccountAnalyticsStream(AyrshareStream):
    """A stream that asks network by network, and whose bookmark has dates of networks."""

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        check_dates(self.name, values)


class SocialAnalyticsStream(AccountAnalyticsStream):
    """The totals of an account, a snapshot a day."""

    name = "social_analytics"
    bodies = (("analytics", "account"), ("block", "block"))

    async def read(self, run: ProfileRun) -> None:
        """Read the totals of every network that has them; what a budget leaves over comes first next time."""
        if run.is_read_today(self):
            return
        networks = await run.networks("account_analytics", self)
        read_on = read_dates(run, self)
        try:
            async for network, answer in in_order(_jobs(run, self, networks, read_on), run.ahead):
                block = await _block(run, self, network, answer)
                if block is not None:
                    name = text(first("account_fields", network, "account_name", block.get("analytics")))
                    row = {"platform": network, "account_name": name, **account_row(network, block)}
                    await run.emit(self, row)
                read_on[network] = run.run.snapshot_date
        except BudgetSpent:
            await run.bookmark(self, run.state(self).get("replication_key_value"), read_on=read_on)
            raise
        await run.bookmark(self, run.run.snapshot_date)


class SocialAnalyticsDailyStream(AccountAnalyticsStream):
    """The networks' own daily series, with look-back."""

    name = "social_analytics_daily"

    async def read(self, run: ProfileRun) -> None:
        """Read the series of every network that has one, as far back as its bookmark asks."""
        networks = await run.networks("daily", self)
        ends = self._ends(run)
        read_on = read_dates(run, self)

        def body(network: str) -> dict[str, Any]:
            return {"daily": True, "quarters": self._quarters(run, ends.get(network))}

        try:
            async for network, answer in in_order(_jobs(run, self, networks, read_on, body), run.ahead):
                block = await _block(run, self, network, answer)
                if block is not None:
                    end = await self._emit(run, network, block, ends.get(network))
                    if end and end <= run.today:
                        ends[network] = max(end, ends.get(network, end))
                read_on[network] = run.run.snapshot_date
        except BudgetSpent:
            await self._save(run, ends, read_on)
            raise
        await self._save(run, ends, read_on if run.settings.request_budget else {})

    async def _save(self, run: ProfileRun, ends: Mapping[str, date], read_on: Mapping[str, str]) -> None:
        by_network = {network: end.isoformat() for network, end in sorted(ends.items())}
        if by_network or read_on:
            value = min(by_network.values(), default=None)
            await run.bookmark(self, value, platforms=by_network, read_on=read_on)

    def _ends(self, run: ProfileRun) -> dict[str, date]:
        """Return, by network, the last date that all of its metrics have reached."""
        state = run.state(self)
        by_network = state.get("platforms", {})
        if not by_network and state.get("replication_key_value"):
            by_network = dict.fromkeys(
                ("facebook", "instagram", "snapchat", "tiktok", "youtube"), state["replication_key_value"]
            )
        return {network: read_date(value) for network, value in by_network.items()}

    def _quarters(self, run: ProfileRun, end: date | None) -> int:
        if end is None:
            return run.settings.social_quarters
        days = (run.today - end).days + run.settings.lookback_days + 1
        return min(MOST_QUARTERS, max(1, math.ceil(days / QUARTER_DAYS)))

    async def _emit(self, run: ProfileRun, network: str, block: dict[str, Any], end: date | None) -> date | None:
        """Emit the points since the look-back; return the earliest of the metrics' last dates."""
        run.run.drift.look_at(self.name, "account", network, block.get("analytics"))
        since = end - timedelta(days=run.settings.lookback_days) if end else None
        if run.settings.start_date:
            since = max(since or date.min, run.settings.start_date.date())
        last_dates = []
        for metric, series in daily_series(block.get("analytics")):
            points = {day: point for point in objects(series.get("values")) if (day := _day(point))}
            for day, point in sorted(points.items()):
                if since is None or day >= since:
                    await run.emit(self, _point(network, metric, day, series, point, block))
            if points:
                last_dates.append(max(points))
        return min(last_dates, default=None)


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
