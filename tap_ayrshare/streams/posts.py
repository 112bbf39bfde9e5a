"""Posts sent through Ayrshare (GET /history) and their numbers (POST /analytics/post by Ayrshare id)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import UNREAD
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import Request
from tap_ayrshare.engine.errors import Refusal, StateError
from tap_ayrshare.posts.cursor import UNDATED, Cycle, check_cycle, check_platforms, read_date
from tap_ayrshare.posts.history import BEGINNING, created_at, is_open, published_at
from tap_ayrshare.refresh import PostToRead, Refresh
from tap_ayrshare.rows import post_rows, usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import instant, objects, text, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun

MOST_GAPS = 3
"""Windows without an answer that the state remembers; with more the bookmark stays."""
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
        start = run.settings.start_date or BEGINNING
        lookback = _earlier(bookmark or run.now, timedelta(days=run.settings.lookback_days))
        begin = min(lookback, instant(state.get("open_since")) or lookback)
        if bookmark is None:
            begin = _earlier(start, OPEN_DAYS)
        # Asked side by side, emitted one after the other: a post that is in both is what the first says.
        deleted = asyncio.create_task(run.history.deleted(self.name, max(lookback, start)))
        try:
            open_since = await self._emit_since(run, begin)
            for gap_start, gap_end in _gaps(state):
                await self._emit_since(run, gap_start, gap_end)
            if bookmark and since and start < since:
                # What an earlier start_date than last time adds. A scheduled post may have been made long before
                # its publication, and which of the two dates the API compares is not known.
                await self._emit_since(run, _earlier(start, OPEN_DAYS), since, published_before=since)
            for post in run.history.unseen(await deleted):
                await self._emit(run, post)
        finally:
            deleted.cancel()
            await asyncio.gather(deleted, return_exceptions=True)
        gaps = run.history.gaps
        if len(gaps) <= MOST_GAPS and (bookmark or not gaps):
            await run.bookmark(
                self,
                singer_time(run.now),
                since=singer_time(min(start, since or start) if bookmark else start),
                open_since=singer_time(open_since) if open_since else None,
                gaps=[[singer_time(low), singer_time(high)] for low, high in gaps],
            )

    async def _emit_since(
        self, run: ProfileRun, begin: datetime, end: datetime | None = None, published_before: datetime | None = None
    ) -> datetime | None:
        """Emit the posts of a stretch; return when the earliest of those was made that still change."""
        open_since = None
        position = 0
        async for post in run.history.read(self.name, begin, end):
            published = published_at(post)
            if published_before is None or (published and published < published_before):
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
            refusal = Refusal(UNREAD, "invalid_body", "the post has no date that can be read", 200, details=post)
            await run.report(self.name, refusal, post_id)
        elif not run.settings.start_date or published >= run.settings.start_date:
            await run.emit(self, _post(post_id, published, post))


def _earlier(moment: datetime, by: timedelta) -> datetime:
    """Return a moment before another, no earlier than the first post that the API can know."""
    return max(moment, BEGINNING + by) - by


def _gaps(state: Mapping[str, Any]) -> list[tuple[datetime, datetime]]:
    """Return the windows that earlier runs could not read.

    Raises:
        StateError: they are not understood.
    """
    found = []
    listed = state.get("gaps") or []
    for gap in listed if isinstance(listed, list) else [listed]:
        ends = [instant(moment) for moment in gap] if isinstance(gap, list) else []
        if len(ends) != 2 or None in ends:  # noqa: PLR2004 - a start and an end
            raise StateError("the state is not understood: gaps of posts are no list of pairs of instants")
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
        check_cycle(_cycle_state(values))
        check_platforms(self.name, values)

    async def read(self, run: ProfileRun) -> None:
        """Read the numbers of the posts that are due, or of exactly those that the settings name."""
        settings = run.settings
        if settings.post_ids is not None:
            named = [PostToRead.named(post, settings.platforms or ()) for post in settings.post_ids]
            await Refresh(run, self, _request, _rows).read([post for post in named if post.is_of(run.label)])
            return
        state = run.state(self)

        def cycle_of(values: Mapping[str, Any]) -> Cycle:
            return Cycle(settings.refresh_schedule, run.now, settings.start_date, values)

        main, networks = cycle_of(_cycle_state(state)), await run.networks("post_analytics", self)
        kept: dict[str, Any] = dict(state.get("platforms", {}))
        # Each network has a pass of its own, which stays in the state where it has fallen behind.
        apart = {network: cycle_of(kept[network] if network in kept else _cycle_state(state)) for network in networks}
        bounds = [cycle.oldest_due for cycle in (main, *(apart[name] for name in kept if name in apart))]
        dated = [bound for bound in bounds if bound is not None]
        since = min(dated) if len(dated) == len(bounds) else None
        await run.history.reach(self.name, _earlier(since, OPEN_DAYS) if since else None)
        main.gaps = run.history.gaps
        for cycle in apart.values():
            cycle.gaps = run.history.gaps
        posts = []
        for post in run.history.posts:
            place = (post.published or UNDATED, post.post_id)
            is_due = main.is_due(place)
            asked = tuple(
                name
                for name in post.networks
                if name in apart and (apart[name].is_due(place) if name in kept else is_due)
            )
            if asked:
                own = {name: apart[name] for name in asked}
                in_main = main if any(name not in kept for name in asked) else None
                posts.append(PostToRead(post.post_id, asked, post.published, in_main, own))

        async def save() -> None:
            behind = {name: cycle.to_state() for name, cycle in apart.items() if name in kept or cycle.is_cut_short}
            left = {name: values for name, values in kept.items() if name not in apart}
            values = main.to_state()
            platforms = {name: own for name, own in {**left, **behind}.items() if own != values}
            await run.bookmark(self, values.pop("date", None), **values, platforms=platforms)

        await Refresh(run, self, _request, _rows, save).read(posts, [main, *apart.values()])


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
