"""Posts sent through Ayrshare (GET /history) and their analytics (POST /analytics/post by Ayrshare id)."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.endpoints import POST_ANALYTICS
from tap_ayrshare.ayrshare.rows import post_rows, usable_id
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import UNREAD, Refusal
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import hashtags, instant, mentions, objects, text, texts, timestamp
from tap_ayrshare.posts.bookmarks import PostsBookmark, RefreshBookmark
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.left_over import LeftOver
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.rows import created_at, is_open, network_entries, published_at
from tap_ayrshare.posts.sent import OPEN_DAYS
from tap_ayrshare.posts.windows import BEGINNING, Window, earlier
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.refresh import Refresh, RefreshedStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint
    from tap_ayrshare.streams.source import Source

CLOCK_SLACK = timedelta(hours=1)
"""How far a bookmark may be ahead: clocks are set back, and runs take turns on machines."""
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
    bookmark = PostsBookmark

    def expected(self, source: Source) -> int:  # noqa: ARG002
        """See `AyrshareStream.expected`: a window of the history and the deleted posts; more windows if it is full."""
        return 2

    def in_future(self, source: Source, bookmark: Mapping[str, Any]) -> bool:
        """See `AyrshareStream.in_future`; the bookmark is an instant here, of a clock that may have been set since."""
        until = instant(bookmark.get("replication_key_value"))
        return until is not None and until > source.now + CLOCK_SLACK

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the history since the bookmark less the look-back, or since the earliest open post.

        The bookmark is the instant up to which all has been read, never a date out of a post.
        """
        history, settings = source.history, source.settings
        known = PostsBookmark.from_state(bookmark)
        until, since, open_since, waiting = known.until, known.since, known.open_since, known.deleted_since
        start = settings.start_date or BEGINNING
        lookback = earlier(until or source.now, timedelta(days=settings.lookback_days))
        begin = min(lookback, open_since or lookback) if until else earlier(start, OPEN_DAYS)
        deleted_since = max(min(lookback, waiting or lookback), start)
        reading = Reading(until, since or start, [*known.gaps], waiting, [])
        # Asked side by side, emitted one after the other: a post that is in both is what the first says.
        deleted = asyncio.create_task(history.deleted(self.name, deleted_since))

        def parts() -> Iterator[AsyncIterator[Batch]]:
            if waiting:
                yield self._deleted(source, reading, deleted)
            for gap in [*reading.gaps]:
                reading.gaps.remove(gap)
                yield self._since(source, reading, *gap)
            yield self._newest(source, reading, begin)
            yield self._followed(source)
            if until and since and start < since:
                # What an earlier start_date than last time adds. A scheduled post may have been made long before
                # its publication, and which of the two dates the API compares is not known.
                reading.since = start
                yield self._since(source, reading, earlier(start, OPEN_DAYS), since, only_before=since)
            if not waiting:
                reading.deleted_since = deleted_since
                yield self._deleted(source, reading, deleted)

        try:
            for part in parts():
                async for batch in part:
                    yield batch
        except BudgetSpent:
            reading.gaps = _fewer([*history.windows.gaps, *reading.gaps])
            reading.made += [open_since] if open_since else []
            yield [self._saved(reading)] if reading.until else []
            raise
        finally:
            deleted.cancel()
            await asyncio.gather(deleted, return_exceptions=True)
        reading.gaps = history.windows.gaps
        if len(reading.gaps) <= MOST_GAPS and (until or not reading.gaps):
            yield [self._saved(reading)]

    def _saved(self, reading: Reading) -> Checkpoint:
        open_since = min(reading.made, default=None)
        gaps = tuple(reading.gaps)
        return self.saved(PostsBookmark(reading.until, reading.since, open_since, gaps, reading.deleted_since))

    async def _newest(self, source: Source, reading: Reading, begin: datetime) -> AsyncIterator[Batch]:
        before, sent = reading.until, source.client.sent
        reading.until = source.now
        try:
            async for batch in self._since(source, reading, begin):
                yield batch
        except BudgetSpent:
            if source.client.sent == sent:
                reading.until = before
                reading.gaps = [gap for gap in reading.gaps if gap not in source.history.windows.unread]
            raise

    async def _followed(self, source: Source) -> AsyncIterator[Batch]:
        """Yield the open posts that are older than what has been listed."""
        budget = source.settings.request_budget
        for position, post in enumerate(await source.history.follow(self.name, budget and max(1, budget // 10))):
            yield self._read_post(source, post, position)
        if left_out := source.memory.open_posts.left_out:
            source.remark(f"posts: {left_out} more open posts wait for long to be sent than are followed one by one")

    async def _deleted(
        self, source: Source, reading: Reading, deleted: asyncio.Task[list[dict[str, Any]]]
    ) -> AsyncIterator[Batch]:
        for post in source.history.unseen(await deleted):
            yield self._read_post(source, post)
        reading.deleted_since = None

    async def _since(
        self,
        source: Source,
        reading: Reading,
        begin: datetime,
        end: datetime | None = None,
        only_before: datetime | None = None,
    ) -> AsyncIterator[Batch]:
        """Yield the posts of a window of time; note when those of them were made that still change."""
        position = 0
        try:
            async with aclosing(source.history.read(self.name, begin, end)) as posts:
                async for post in posts:
                    published = published_at(post)
                    if only_before is None or (published and published < only_before):
                        yield self._read_post(source, post, position)
                    position += 1
                    made = created_at(post)
                    if is_open(post) and made and made >= source.now - OPEN_DAYS:
                        reading.made.append(made)
        except BudgetSpent:
            reading.gaps += source.history.windows.unread
            raise

    def _read_post(self, source: Source, post: dict[str, Any], position: int = 0) -> Batch:
        post_id, published = usable_id(post.get("id")), published_at(post)
        if post_id is None:
            source.note_no_id(self.name, position, post)
        elif published is None:
            refusal = Refusal(UNREAD, "invalid_body", "the post has no date that can be read", 200, details=post)
            yield Issue(self.name, refusal, post_id)
        elif not source.settings.start_date or published >= source.settings.start_date:
            yield self.record(source, _post(post_id, published, post))


def _fewer(gaps: list[Window]) -> list[Window]:
    """Return the windows, the oldest of them as one if they are too many for the state."""
    oldest_first = sorted(gaps)
    while len(oldest_first) > MOST_GAPS:
        (low, one), (_, other), *later = oldest_first
        oldest_first = [(low, max(one, other)), *later]
    return oldest_first


def _post(post_id: str, published: datetime, post: dict[str, Any]) -> dict[str, Any]:
    def listed(column: str) -> list[Any] | None:
        value = post.get(column)
        return value if isinstance(value, list) else None

    def texts_of(field: str) -> list[str] | None:
        return None if (items := listed(field)) is None else texts(items)

    created = created_at(post)
    said = text(post.get("post"))
    return {
        "post_id": post_id,
        "published_at": singer_time(published),
        "created_at": singer_time(created) if created else None,
        "scheduled_at": timestamp(post.get("scheduleDate")),
        "status": text(post.get("status")),
        "type": text(post.get("type")),
        "text": said,
        "hashtags": hashtags(said),
        "mentions": mentions(said),
        "platforms": texts_of("platforms"),
        "post_ids": network_entries(post),
        "media_urls": texts_of("mediaUrls"),
        "urls": texts_of("urls"),
        "errors": objects(post["errors"]) if listed("errors") is not None else None,
        "notes": text(post.get("notes")),
        "ref_id": text(post.get("refId")),
        "profile_title": text(post.get("profileTitle")),
        "details": post,
    }


class SentPostsStream(RefreshedStream):
    """A stream that reads the posts sent through Ayrshare one by one, by their Ayrshare ids.

    reads: what a network of theirs must have.
    """

    reads: ClassVar[str]

    def named(self, source: Source) -> list[DuePost] | None:
        """Return the posts that the settings name, None if they name none."""
        ids = source.settings.post_ids
        return None if ids is None else [DuePost.named(post, source.settings.platforms or ()) for post in ids]

    def known_due(self, source: Source) -> list[DuePost] | None:
        """Return the posts that are due; None as long as they haven't been listed."""
        networks = source.networks.known(self.reads)
        if networks is None:
            return None
        known = RefreshBookmark.from_state(source.bookmark(self.name))
        passes = Passes(source.snapshot.terms(self.name), known, networks)
        passes.list_as_of(source.now, source.history.windows.gaps)
        since = passes.oldest_due
        is_listed = source.history.has_reached(earlier(since, OPEN_DAYS) if since else None)
        return passes.due(source.history.posts, {}) if is_listed else None

    async def read_due(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that an earlier run listed and left over, then all that are due."""
        networks = await source.networks.able(self.reads, self.name, with_limited=True)
        terms, history = source.snapshot.terms(self.name), source.history
        known = RefreshBookmark.from_state(bookmark)
        passes = Passes(terms, known, networks)
        left = LeftOver(known.left_over, terms, networks)

        def saved() -> Checkpoint:
            return self.saved(RefreshBookmark(**passes.to_state(), left_over=left.to_state(refresh.unread, passes)))

        for network, last in passes.in_future:
            source.warn_of_future(self.name, last, network)
        refresh = Refresh(source, self, passes, saved)
        if left.posts:
            passes.list_as_of(left.listed_at, [])
            due = passes.due(left.posts, left.read)
            async for batch in refresh.read(due, seen=None if left.is_of_today else left.read):
                yield batch
            left.relist()
        since = passes.oldest_due
        try:
            await history.reach(self.name, earlier(since, OPEN_DAYS) if since else None)
            if source.settings.request_budget is None:
                await history.follow(self.name)
        except BudgetSpent:
            refresh.unread = passes.due(history.newest(), left.read)
            yield [saved()]
            raise
        passes.list_as_of(source.now, history.windows.gaps)
        async for batch in refresh.read(passes.due(history.posts, left.read), is_whole=True):
            yield batch


class PostAnalyticsStream(SentPostsStream):
    """The analytics of posts, a snapshot of each post on the days on which it is due."""

    name = "post_analytics"
    reads = "post_analytics"

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post, by Ayrshare id."""
        body: dict[str, Any] = {"id": post.post_id}
        if networks:
            body["platforms"] = list(networks)
        return POST_ANALYTICS.request(self.name, body=body, networks=networks)

    def rows(self, post: DuePost, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a post's blocks, by network."""
        for network, block in blocks.items():
            for row in post_rows(network, block):
                yield {
                    "post_id": post.post_id,
                    "platform": network,
                    "published_at": singer_time(post.published) if post.published else None,
                    **row,
                }

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:
        """Return the id that /history gives for a network."""
        return source.history.social_ids.get((post.post_id, network))
