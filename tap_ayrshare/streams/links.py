"""Shortened links and their clicks, from whichever link endpoint the API still has."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.ayrshare.contract import first, promote
from tap_ayrshare.clock import api_time
from tap_ayrshare.engine.client import Answer, BudgetSpent, Request
from tap_ayrshare.posts.cursor import read_date
from tap_ayrshare.rows import usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import integer, objects, text, timestamp

if TYPE_CHECKING:
    from tap_ayrshare.profile_run import ProfileRun

ENDPOINTS = ("/analytics/links", "/analytics/links-short", "/links")
"""From the seed era to the present one (docs/api.md section 5); the first that answers serves the whole run."""
LONGEST_WINDOW = 30
PATIENCE = 5.0
"""Seconds to wait for another profile to find the endpoint before looking for it oneself."""
NOT_FOUND = 404


class LinkAnalyticsStream(AyrshareStream):
    """The clicks of shortened links."""

    name = "link_analytics"
    bodies = (("analytics", "link"),)

    async def read(self, run: ProfileRun) -> None:
        """Read the links of a profile, with the clicks of the last days."""
        if run.is_read_today(self):
            return
        days = self._window(run)
        answer = await self._ask(run, days)
        run.settle(self.name, answer)
        if answer.refusal:
            await run.report(self.name, answer.refusal)
            return
        listed = answer.body if isinstance(answer.body, list) else answer.body["analytics"]
        seen: set[str] = set()
        for position, link in enumerate(objects(listed if isinstance(listed, list) else [listed])):
            short_url = _short_url(link)
            if short_url is None:
                await run.report_no_id(self.name, position, link)
            elif short_url not in seen:
                seen.add(short_url)
                await run.emit(self, _link(short_url, link, days))
        await run.bookmark(self, run.run.snapshot_date, endpoint=run.run.shared(LinkEndpoint).path)

    def _window(self, run: ProfileRun) -> int:
        """Return the days to ask for: the setting, and more where the last run lies further back."""
        days = run.settings.link_last_days
        if last := run.state(self).get("replication_key_value"):
            days = max(days, (run.today - read_date(last)).days + 1)
        return min(days, LONGEST_WINDOW)

    async def _ask(self, run: ProfileRun, days: int) -> Answer:
        endpoint = run.run.shared(LinkEndpoint)
        if endpoint.path is None and endpoint.is_sought:
            # Another profile's wait for its limit must not hold up this one.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(endpoint.found.wait(), PATIENCE)
        if endpoint.path is not None:
            return await run.ask(_request(endpoint.path, run, days))
        endpoint.is_sought = True
        try:
            return await self._find(endpoint, run, days)
        finally:
            endpoint.found.set()

    async def _find(self, endpoint: LinkEndpoint, run: ProfileRun, days: int) -> Answer:
        last = run.state(self).get("endpoint")
        first = ENDPOINTS.index(last) if last in ENDPOINTS else 0
        for path in ENDPOINTS[first:] + ENDPOINTS[:first]:
            try:
                answer = await run.ask(_request(path, run, days))
            except BudgetSpent:
                await run.bookmark(self, run.state(self).get("replication_key_value"), endpoint=path)
                raise
            if answer.refusal is None:
                endpoint.path = path
            if answer.refusal is None or answer.status != NOT_FOUND:
                return answer
            self.logger.info("%s is gone (404)", path)
        return answer


class LinkEndpoint:
    """The link endpoint of a run: the first profile that gets an answer finds it, for all of them."""

    def __init__(self) -> None:
        self.path: str | None = None
        self.is_sought = False
        self.found = asyncio.Event()


def _request(endpoint: str, run: ProfileRun, days: int) -> Request:
    query = {"lastDays": str(days)}
    if endpoint != ENDPOINTS[0]:
        query = {"fromClickDate": api_time(run.now - timedelta(days=days)), "toClickDate": api_time(run.now)}
    return Request("GET", endpoint, LinkAnalyticsStream.name, query, usable=_has_links)


def _has_links(body: object) -> bool:
    return isinstance(body, list) or (
        isinstance(body, dict) and isinstance(body.get("analytics"), (list, dict)) and not is_error(body)
    )


def _short_url(link: dict[str, Any]) -> str | None:
    link_id = usable_id(link.get("id"))
    named = usable_id(link.get("shortUrl")) or usable_id(link.get("shortLink"))
    return named or (f"id-{link_id}" if link_id else None)


def _link(short_url: str, link: dict[str, Any], days: int) -> dict[str, Any]:
    def value(column: str) -> Any:
        return first("link_fields", "all", column, link)

    def counts(column: str) -> dict[str, Any] | None:
        return found if isinstance(found := value(column), dict) else None

    stats = value("link_event_stats")
    return {
        "short_url": short_url,
        "link_id": text(value("link_id")),
        "original_url": text(value("original_url")),
        "created_at": timestamp(value("created_at")),
        "clicks": promote("link", "all", link)["clicks"] if stats is None else _clicks(stats),
        "window_days": days,
        "status": text(value("status")),
        "utm_source": text(value("utm_source")),
        "browser_counts": counts("browser_counts"),
        "referer_counts": counts("referer_counts"),
        "social_clicks": counts("social_clicks"),
        "link_event_stats": objects(stats) if stats is not None else None,
        "analytics": link,
    }


def _clicks(stats: object) -> int | None:
    """Return the clicks of the older answer, which gives them by device: text counts of CLICK events."""
    counts = [integer(entry.get("count")) for entry in objects(stats) if entry.get("event") == "CLICK"]
    return sum(count for count in counts if count is not None) if None not in counts else None
