"""Posts sent through Ayrshare (GET /history) and their numbers (POST /analytics/post by Ayrshare id)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import UNREAD
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import Request
from tap_ayrshare.engine.errors import Refusal
from tap_ayrshare.posts.cursor import Cycle, check_cycle, read_date
from tap_ayrshare.posts.history import BEGINNING, created_at, is_open, published_at
from tap_ayrshare.refresh import PostToRead, Refresh
from tap_ayrshare.rows import post_rows, usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import instant, objects, text, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun

OPEN_DAYS = timedelta(days=90)
"""How far back an open post is followed, and how long before its publication a post may have been made."""


class PostsStream(AyrshareStream):
    """The posts that a profile sent through Ayrshare."""

    name = "posts"
    bodies = (("details", "history_post"),)

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        for moment in ("since", "open_since"):
            if moment in values:
                read_date(values[moment])

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
        start = run.settings.start_date or BEGINNING
        lookback = (bookmark or run.now) - timedelta(days=run.settings.lookback_days)
        begin = min(lookback, instant(state.get("open_since")) or lookback)
        if bookmark is None or (since and start < since):
            # All, or what an earlier start_date than last time adds. A scheduled post may have been made long
            # before its publication, and which of the two dates the API compares is not known.
            begin = start - OPEN_DAYS
        # Asked side by side, emitted one after the other: a post that is in both is what the first says.
        deleted = asyncio.create_task(run.history.deleted(self.name, max(lookback, start)))
        try:
            open_since = await self._emit_since(run, begin)
            for post in run.history.unseen(await deleted):
                await self._emit(run, post)
        finally:
            deleted.cancel()
            await asyncio.gather(deleted, return_exceptions=True)
        if run.history.whole:
            await run.bookmark(
                self,
                singer_time(run.now),
                since=singer_time(min(start, since or start) if bookmark else start),
                open_since=singer_time(open_since) if open_since else None,
            )

    async def _emit_since(self, run: ProfileRun, begin: datetime) -> datetime | None:
        """Emit the posts since an instant; return when the earliest of those was made that still change."""
        open_since = None
        position = 0
        async for post in run.history.read(self.name, begin):
            await self._emit(run, post, position)
            position += 1
            made = created_at(post)
            if is_open(post) and made and made >= run.now - OPEN_DAYS:
                open_since = min(open_since or made, made)
        return open_since

    async def _emit(self, run: ProfileRun, post: dict[str, Any], position: int = 0) -> None:
        post_id, published = usable_id(post.get("id")), published_at(post)
        if post_id is None:
            await run.report_no_id(self.name, position, post)
        elif published is None:
            refusal = Refusal(UNREAD, "invalid_body", "the post has no date", 200, details=post)
            await run.report(self.name, refusal, post_id)
        elif not run.settings.start_date or published >= run.settings.start_date:
            await run.emit(self, _post(post_id, published, post))


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
        check_cycle(_cycle_state(values))

    async def read(self, run: ProfileRun) -> None:
        """Read the numbers of the posts that are due, or of exactly those that the settings name."""
        settings = run.settings
        if settings.post_ids is not None:
            named = [PostToRead.named(post, settings.platforms or ()) for post in settings.post_ids]
            await Refresh(run, self, _request, _rows).read([post for post in named if post.is_of(run.label)])
            return
        cycle = Cycle(settings.refresh_schedule, run.now, settings.start_date, _cycle_state(run.state(self)))
        networks = set(await run.networks("post_analytics", self))
        since = cycle.oldest_due
        await run.history.reach(self.name, since - OPEN_DAYS if since else None)
        posts = [
            PostToRead(post.post_id, asked, post.published, cycle)
            for post in run.history.posts
            if cycle.is_due((post.published, post.post_id))
            and (asked := tuple(network for network in post.networks if network in networks))
        ]

        async def save() -> None:
            state = cycle.to_state()
            await run.bookmark(self, state.pop("date", None), **state)

        # A pass over a list with a gap is no pass: it is read, but does not count.
        await Refresh(run, self, _request, _rows, save if run.history.whole else None).read(posts, [cycle])


def _cycle_state(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "date": values.get("replication_key_value")}


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
