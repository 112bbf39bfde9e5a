"""Shortened links and their clicks, from whichever link endpoint the API still has."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import first, promote
from tap_ayrshare.ayrshare.endpoints import LINKS
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.ayrshare.times import api_time
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import Refused
from tap_ayrshare.engine.values import integer, objects
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import LinksBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.ayrshare.endpoints import Endpoint
    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint
    from tap_ayrshare.streams.source import Source

logger = logging.getLogger(__name__)

LONGEST_WINDOW = 30
PATIENCE = 5.0
"""Seconds to wait for another profile to find the endpoint before looking for it oneself."""


class LinkAnalyticsStream(AyrshareStream):
    """The clicks of shortened links.

    The first profile that gets an answer finds the endpoint for all of them.
    """

    name = "link_analytics"
    bookmark = LinksBookmark

    def __init__(self) -> None:
        super().__init__()
        self._endpoint: Endpoint | None = None
        self._is_sought = False
        self._found = asyncio.Event()

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the links of a profile, with the clicks of the last days."""
        if source.is_read_today(self.name):
            return
        days = _window(source, bookmark)
        tried: list[Endpoint] = []
        try:
            answer = await self._ask(source, bookmark, days, tried)
        except (BudgetSpent, Refused):
            yield self._found_gone(bookmark, tried)
            raise
        endpoint = self._endpoint or LINKS[0]
        source.take(_request(endpoint, source, days), answer)
        if answer.refusal:
            yield self._found_gone(bookmark, tried)
            return
        links = endpoint.all_items(answer.body)
        yield self.records(source, links, more={"short_url": _short_url, "clicks": _clicks, "window_days": days})
        self.note_missing(source, endpoint, answer, len(links))
        yield [self.checkpoint(source.snapshot.date, endpoint=endpoint.path)]

    def _found_gone(self, bookmark: Mapping[str, Any], tried: list[Endpoint]) -> list[Checkpoint]:
        """Return a bookmark with the endpoint to begin with in the next run, if others were found to be gone."""
        value = bookmark.get("replication_key_value")
        return [self.checkpoint(value, endpoint=tried[-1].path)] if tried else []

    async def _ask(self, source: Source, bookmark: Mapping[str, Any], days: int, tried: list[Endpoint]) -> Answer:
        if self._endpoint is None and self._is_sought:
            # Another profile's wait for its limit must not hold up this one.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._found.wait(), PATIENCE)
        if self._endpoint is not None:
            return await source.attempt(_request(self._endpoint, source, days))
        self._is_sought = True
        try:
            return await self._find(source, bookmark, days, tried)
        finally:
            self._found.set()

    async def _find(self, source: Source, bookmark: Mapping[str, Any], days: int, tried: list[Endpoint]) -> Answer:
        """Ask one endpoint after another, from the one that was there last time on, until one isn't gone."""
        paths = [endpoint.path for endpoint in LINKS]
        labels = (profile.label for profile in source.settings.profiles)
        # What one profile has found is so for all.
        bookmarks = (bookmark, *(source.snapshot.bookmarks(self.name, label) for label in labels))
        known = (found.get("endpoint") for found in bookmarks)
        start = next((paths.index(path) for path in known if path in paths), 0)
        for endpoint in LINKS[start:] + LINKS[:start]:
            tried.append(endpoint)
            answer = await source.attempt(_request(endpoint, source, days))
            if answer.refusal is None:
                self._endpoint = endpoint
            if answer.refusal is None or answer.status != HTTPStatus.NOT_FOUND:
                break
            logger.info("%s is gone (404)", endpoint.path)
        return answer


def _window(source: Source, bookmark: Mapping[str, Any]) -> int:
    """Return the days to ask for: the setting, and more where the last run lies further back."""
    days = source.settings.link_last_days
    if last := bookmark.get("replication_key_value"):
        days = max(days, (source.today - read_date(last)).days + 1)
    return min(days, LONGEST_WINDOW)


def _request(endpoint: Endpoint, source: Source, days: int) -> Request:
    query = {"lastDays": str(days)}
    if endpoint is not LINKS[0]:
        since = api_time(source.now - timedelta(days=days))
        query = {"fromClickDate": since, "toClickDate": api_time(source.now)}
    return endpoint.request(LinkAnalyticsStream.name, query)


def _short_url(link: dict[str, Any]) -> str | None:
    link_id = usable_id(link.get("id"))
    named = usable_id(link.get("shortUrl")) or usable_id(link.get("shortLink"))
    return named or (f"id-{link_id}" if link_id else None)


def _clicks(link: dict[str, Any]) -> int | None:
    """Return the clicks of a link; the older answer gives them by device: text counts of CLICK events."""
    stats = first("link_fields", "all", "link_event_stats", link)
    if stats is None:
        return promote("link", "all", link)["clicks"]
    counts = [integer(entry.get("count")) for entry in objects(stats) if entry.get("event") == "CLICK"]
    return sum(count for count in counts if count is not None) if None not in counts else None
