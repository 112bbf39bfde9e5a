"""Posts sent through Ayrshare (GET /history) and their numbers (POST /analytics/post by Ayrshare id)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import UNREAD
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import BudgetSpent, Request
from tap_ayrshare.engine.errors import Refusal, StateError
from tap_ayrshare.passes import LeftOver, Passes, basis_of, cycle_state
from tap_ayrshare.posts.cursor import UNDATED, check_cycle, check_platforms, read_date
from tap_ayrshare.posts.history import BEGINNING, OPEN_DAYS, Window, created_at, earlier, is_open, published_at
from tap_ayrshare.refresh import PostToRead, Refresh, newest_first
from tap_ayrshare.rows import post_rows, usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import instant, objects, text, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun

MOST_GAPS = 3
"""Windows without an answer that the state remembers; with more the bookmark stays."""


@dataclass
class Reading:
    """How far the history has been read: what the bookmark says, wherever the run ends.

    until: up to when, since: from when; gaps: windows in between that are still to be read.
    deleted_since: from when the deleted posts are still to be asked for, None if they aren't.
    made: when the posts that still change were made.
    """

    until: datetime | None
    since: datetime
    gaps: list[Window]
    deleted_since: datetime | None
    made: list[datetime]


class PostsStream(AyrshareStream):
    """The posts that a profile sent through Ayrshare."""

    name = "posts"
    bodies = (("details", "history_post"),)

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        for moment in ("since", "open_since", "deleted_since"):
            if moment in values:
                read_date(values[moment])
        _gaps(values)

    def in_future(self, run: ProfileRun) -> bool:
        """See `AyrshareStream.in_future`; the bookmark is an instant here."""
        bookmark = instant(run.state(self).get("replication_key_value"))
        return bookmark is not None and bookmark > run.now

    async def read(self, run: ProfileRun) -> None:
        """Read the history since the bookmark less the look-back, or since the earliest open post.

        The bookmark is the instant up to which all has been read, never a date out of a post.
        """
        state = run.state(self)
        bookmark, since = instant(state.get("replication_key_value")), instant(state.get("since"))
        open_since, waiting = instant(state.get("open_since")), instant(state.get("deleted_since"))
        start = run.settings.start_date or BEGINNING
        lookback = earlier(bookmark or run.now, timedelta(days=run.settings.lookback_days))
        begin = min(lookback, open_since or lookback) if bookmark else earlier(start, OPEN_DAYS)
        deleted_since = max(min(lookback, waiting or lookback), start)
        reading = Reading(bookmark, since or start, _gaps(state), waiting, [])
        # Asked side by side, emitted one after the other: a post that is in both is what the first says.
        deleted = asyncio.create_task(run.history.deleted(self.name, deleted_since))
        try:
            if waiting:
                await self._emit_deleted(run, reading, deleted)
            for gap in [*reading.gaps]:
                reading.gaps.remove(gap)
                await self._emit_since(run, reading, *gap)
            await self._emit_newest(run, reading, begin)
            if bookmark and since and start < since:
                # What an earlier start_date than last time adds. A scheduled post may have been made long before
                # its publication, and which of the two dates the API compares is not known.
                reading.since = start
                await self._emit_since(run, reading, earlier(start, OPEN_DAYS), since, published_before=since)
            if not waiting:
                reading.deleted_since = deleted_since
                await self._emit_deleted(run, reading, deleted)
        except BudgetSpent:
            reading.gaps = _fewer([*run.history.gaps, *reading.gaps])
            reading.made += [open_since] if open_since else []
            if reading.until:
                await self._save(run, reading)
            raise
        finally:
            deleted.cancel()
            await asyncio.gather(deleted, return_exceptions=True)
        reading.gaps = run.history.gaps
        if len(reading.gaps) <= MOST_GAPS and (bookmark or not reading.gaps):
            await self._save(run, reading)

    async def _save(self, run: ProfileRun, reading: Reading) -> None:
        def said(moment: datetime | None) -> str | None:
            return singer_time(moment) if moment else None

        await run.bookmark(
            self,
            said(reading.until),
            since=said(reading.since),
            open_since=said(min(reading.made, default=None)),
            gaps=[[singer_time(low), singer_time(high)] for low, high in reading.gaps],
            deleted_since=said(reading.deleted_since),
        )

    async def _emit_newest(self, run: ProfileRun, reading: Reading, begin: datetime) -> None:
        before, sent = reading.until, run.client.sent
        reading.until = run.now
        try:
            await self._emit_since(run, reading, begin)
        except BudgetSpent:
            if run.client.sent == sent:
                reading.until = before
                reading.gaps = [gap for gap in reading.gaps if gap not in run.history.unread]
            raise

    async def _emit_deleted(
        self, run: ProfileRun, reading: Reading, deleted: asyncio.Task[list[dict[str, Any]]]
    ) -> None:
        for post in run.history.unseen(await deleted):
            await self._emit(run, post)
        reading.deleted_since = None

    async def _emit_since(
        self,
        run: ProfileRun,
        reading: Reading,
        begin: datetime,
        end: datetime | None = None,
        published_before: datetime | None = None,
    ) -> None:
        """Emit the posts of a stretch; note when those of them were made that still change."""
        position = 0
        try:
            async for post in run.history.read(self.name, begin, end):
                published = published_at(post)
                if published_before is None or (published and published < published_before):
                    await self._emit(run, post, position)
                position += 1
                made = created_at(post)
                if is_open(post) and made and made >= run.now - OPEN_DAYS:
                    reading.made.append(made)
        except BudgetSpent:
            reading.gaps += run.history.unread
            raise

    async def _emit(self, run: ProfileRun, post: dict[str, Any], position: int = 0) -> None:
        post_id, published = usable_id(post.get("id")), published_at(post)
        if post_id is None:
            await run.report_no_id(self.name, position, post)
        elif published is None:
            refusal = Refusal(UNREAD, "invalid_body", "the post has no date that can be read", 200, details=post)
            await run.report(self.name, refusal, post_id)
        elif not run.settings.start_date or published >= run.settings.start_date:
            await run.emit(self, _post(post_id, published, post))


def _fewer(gaps: list[Window]) -> list[Window]:
    """Return the windows, the oldest of them as one if they are too many for the state."""
    oldest_first = sorted(gaps)
    while len(oldest_first) > MOST_GAPS:
        (low, one), (_, other), *later = oldest_first
        oldest_first = [(low, max(one, other)), *later]
    return oldest_first


def _gaps(state: Mapping[str, Any]) -> list[Window]:
    """Return the windows that earlier runs could not read.

    Raises:
        StateError: they are invalid.
    """
    found = []
    listed = state.get("gaps") or []
    for gap in listed if isinstance(listed, list) else [listed]:
        ends = [instant(moment) for moment in gap if read_date(moment)] if isinstance(gap, list) else []
        if len(ends) != 2 or None in ends:  # noqa: PLR2004 - a start and an end
            raise StateError("gaps of posts isn't a list of pairs of times")
        found.append((ends[0], ends[1]))
    return found  # type: ignore[return-value]


def _post(post_id: str, published: datetime, post: dict[str, Any]) -> dict[str, Any]:
    def listed(column: str) -> list[Any] | None:
        value = post.get(column)
        return value if isinstance(value, list) else None

    created = created_at(post)
    platforms = listed("platforms")
    return {
        "post_id": post_id,
        "published_at": singer_time(published),
        "created_at": singer_time(created) if created else None,
        "scheduled_at": timestamp(post.get("scheduleDate")),
        "status": text(post.get("status")),
        "type": text(post.get("type")),
        "text": text(post.get("post")),
        "platforms": [str(platform) for platform in platforms] if platforms is not None else None,
        "post_ids": objects(post["postIds"]) if listed("postIds") is not None else None,
        "media_urls": listed("mediaUrls"),
        "urls": listed("urls"),
        "errors": objects(post["errors"]) if listed("errors") is not None else None,
        "notes": text(post.get("notes")),
        "ref_id": text(post.get("refId")),
        "profile_title": text(post.get("profileTitle")),
        "details": post,
    }


class PostAnalyticsStream(AyrshareStream):
    """The numbers of posts, a snapshot of each post on the days on which it is due."""

    name = "post_analytics"
    bodies = (("analytics", "post"), ("block", "block"))

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        check_cycle(cycle_state(values))
        check_platforms(self.name, values)
        LeftOver(values, UNDATED)

    async def read(self, run: ProfileRun) -> None:
        """Read the numbers of the posts that are due, or of exactly those that the settings name."""
        settings = run.settings
        if settings.post_ids is not None:
            named = [PostToRead.named(post, settings.platforms or ()) for post in settings.post_ids]
            await Refresh(run, self, _request, _rows).read([post for post in named if post.is_of(run.label)])
            return
        await self._read_due(run)

    async def _read_due(self, run: ProfileRun) -> None:
        """Read the posts that an earlier run listed and left over for want of requests, then all that are due."""
        state, networks = run.state(self), await run.networks("post_analytics", self, with_limited=True)
        passes = Passes(run.settings, run.now, state, networks)
        left = LeftOver(state, run.now, basis_of(run.settings, networks))

        async def save() -> None:
            await run.bookmark(self, **passes.to_state(), left_over=left.to_state(refresh.unread))

        for network, cycle in passes.in_future:
            run.warn_of_future(self, cycle.last_read, network)
        refresh = Refresh(run, self, _request, _rows, save)
        if left.posts:
            passes.list_as_of(left.listed_at, [])
            await refresh.read(passes.due(left.posts, left.read), seen=None if left.is_of_today else left.read)
            left.relist()
        since = passes.oldest_due
        try:
            await run.history.reach(self.name, earlier(since, OPEN_DAYS) if since else None)
        except BudgetSpent:
            refresh.unread = newest_first(passes.due(run.history.newest(), left.read))
            await save()
            raise
        passes.list_as_of(run.now, run.history.gaps)
        await refresh.read(passes.due(run.history.posts, left.read), passes.all)


def _request(post: PostToRead, networks: tuple[str, ...]) -> Request:
    body: dict[str, Any] = {"id": post.post_id}
    if networks:
        body["platforms"] = list(networks)
    return Request("POST", "/analytics/post", PostAnalyticsStream.name, body=body, networks=networks)


def _rows(post: PostToRead, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for network, block in blocks.items():
        for row in post_rows(network, block):
            yield {
                "post_id": post.post_id,
                "platform": network,
                "published_at": singer_time(post.published) if post.published else None,
                **row,
            }
