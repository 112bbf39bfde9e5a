"""Native posts, whoever sent them: GET /history/:platform, and their analytics by social post id."""

from __future__ import annotations

from contextlib import aclosing
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, first, promote
from tap_ayrshare.ayrshare.endpoints import POST_ANALYTICS
from tap_ayrshare.ayrshare.rows import freshness, post_rows
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.posts.cursor import UNDATED, check_dates, check_platforms, is_ahead, read_date
from tap_ayrshare.posts.due import DuePost, LeftOver, NativePasses, basis_of, newest_first
from tap_ayrshare.posts.history import OPEN_DAYS, earlier
from tap_ayrshare.posts.native import NativePost
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.refresh import Refresh, RefreshedStream
from tap_ayrshare.values import instant, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tap_ayrshare.engine.client import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint
    from tap_ayrshare.source import Source


class SocialPostsStream(AyrshareStream):
    """Native posts with the metrics that come with them, a snapshot a day."""

    name = "social_posts"

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`."""
        super().check(bookmark)
        check_dates(self.name, bookmark)
        pages = bookmark.get("pages", {})
        for page in pages.values() if isinstance(pages, dict) else [pages]:
            if not isinstance(page, list) or [type(text) for text in page] != [str, str]:
                raise StateError("pages of social_posts aren't lists of a cursor and a date")
            read_date(page[1])

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`: a page of each list; how many more there are is not known."""
        networks = source.known_networks("native_history")
        return None if networks is None else len(networks)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the native posts of every network to the depth that is due for it."""
        lasts = _lasts(bookmark, await source.networks("native_history", self.name))
        depths: dict[str, datetime | None] = {}
        # Those that have waited longest come first, so that no budget leaves any out for ever.
        for network, last in sorted(lasts.items(), key=lambda item: item[1] or date.min):
            since: datetime | None = source.settings.start_date
            if last:
                depth = source.settings.refresh_schedule.depth(last, source.today)
                if depth is None:
                    continue
                oldest = _days_ago(source, depth)
                since = max(oldest, since) if since and oldest else oldest or since
            depths[network] = since
        # One list serves both streams: it is read as far back as either needs it.
        for network, needed in analytics_depths(source, list(depths)).items():
            depths[network] = _deeper(depths[network], needed)
        read: dict[str, bool] = {}
        try:
            async with aclosing(source.native.read(self.name, depths, bookmark.get("pages", {}))) as found:
                async for one in found:
                    if isinstance(one, NativePost):
                        yield [self.record(source, _native_post(one))]
                    else:
                        read[one.network] = one.is_whole
                        yield [await self._saved(source, bookmark, read)]
        except BudgetSpent:
            yield [await self._saved(source, bookmark, read)]
            raise
        if not depths and lasts:
            yield [await self._saved(source, bookmark, {})]

    async def _saved(self, source: Source, bookmark: Mapping[str, Any], read: Mapping[str, bool]) -> Checkpoint:
        """Return the bookmark: a network whose list has been read whole has today's date."""
        networks = await source.networks("native_history", self.name)
        lasts = _lasts(bookmark, networks)
        dates = {network: last.isoformat() for network, last in lasts.items() if last}
        begun = {network: began for network, (_, began) in bookmark.get("pages", {}).items()}
        dates.update({n: begun.get(n, source.snapshot.date) for n, is_whole in read.items() if is_whole})
        gone = {n: value for n, value in bookmark.get("platforms", {}).items() if n not in lasts}
        is_complete = dates.keys() >= set(networks)
        value = min(dates.values(), default=None) if is_complete else bookmark.get("replication_key_value")
        return self.checkpoint(value, platforms={**gone, **dates}, pages=dict(source.native.pages))


def _lasts(bookmark: Mapping[str, Any], networks: list[str]) -> dict[str, date | None]:
    """Return, by network, the date on which its list was last read to the depth that was due."""
    by_network, whole = bookmark.get("platforms", {}), bookmark.get("replication_key_value")
    values = {network: by_network.get(network, None if by_network else whole) for network in networks}
    return {network: read_date(value) if value else None for network, value in values.items()}


def _deeper(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else min(one, other)


def _days_ago(source: Source, days: int) -> datetime | None:
    """Return the midnight so many days before today, None for one before the calendar."""
    try:
        return datetime.combine(source.today - timedelta(days=days), time(), tzinfo=timezone.utc)
    except OverflowError:
        return None


def _native_post(post: NativePost) -> dict[str, Any]:
    return {
        "platform": post.network,
        "social_post_id": post.post_id,
        "published_at": singer_time(post.published) if post.published else None,
        "text": text(first("native_fields", post.network, "text", post.item)),
        "post_url": text(first("native_fields", post.network, "post_url", post.item)),
        **promote("native", post.network, post.item),
        "analytics": post.item,
        **freshness(post.body),
    }


def analytics_depths(source: Source, networks: list[str]) -> dict[str, datetime | None]:
    """Return, by network, the publication down to which social_post_analytics needs native posts; None for all."""
    name = SocialPostAnalyticsStream.name
    bookmark = source.bookmark(name)
    is_wanted = name in source.snapshot.selected and source.settings.social_post_ids is None
    if not is_wanted or is_ahead(bookmark, source.today):
        return {}
    able = [network for network in networks if name in NETWORKS[network].reads]
    passes = NativePasses(source.snapshot.terms, bookmark, able)
    return {network: cursor.oldest_due for network, cursor in passes.cursors.items()}


class SocialPostAnalyticsStream(RefreshedStream):
    """The analytics of native posts that Ayrshare did not send, by social post id."""

    name = "social_post_analytics"

    def __init__(self) -> None:
        super().__init__()
        self._lists = SocialPostsStream()

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`."""
        super().check(bookmark)
        check_platforms(self.name, bookmark)
        LeftOver(bookmark, UNDATED)

    def named(self, source: Source) -> list[DuePost] | None:
        """Return the posts that the settings name, None if they name none."""
        ids = source.settings.social_post_ids
        if ids is None:
            return None
        named = [DuePost.named(post, (post.platform or "",)) for post in ids]
        return [post for post in named if all(map(source.check_keys, post.networks))]

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post, by the network's own id."""
        body = {"id": post.post_id, "platforms": list(networks), "searchPlatformId": True}
        return POST_ANALYTICS.request(self.name, body=body, networks=networks)

    def rows(self, post: DuePost, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a post's block."""
        for network in post.networks:
            for row in post_rows(network, blocks[network]) if network in blocks else ():
                published = post.published or instant(first("native_fields", network, "published_at", row["analytics"]))
                yield {
                    "platform": network,
                    **row,
                    "social_post_id": post.post_id,
                    "published_at": singer_time(published) if published else None,
                }

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:  # noqa: ARG002
        """Return the network's own id, which is the post's."""
        return post.post_id

    def known_due(self, source: Source) -> list[DuePost] | None:
        """Return the posts that are due; None as long as they haven't been listed."""
        networks, native = source.known_networks("social_post_analytics"), source.native
        if networks is None or not native.ended.issuperset(networks):
            return None
        passes = NativePasses(source.snapshot.terms, source.bookmark(self.name), networks)
        passes.list_as_of(source.now)
        since = passes.oldest_due
        is_listed = source.history.has_reached(earlier(since, OPEN_DAYS) if since else None)
        return passes.due(native.posts, source.history.native_ids, {}) if is_listed else None

    async def read_due(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that an earlier run listed and left over for want of requests, then all that are due."""
        networks = await source.networks("social_post_analytics", self.name, with_limited=True)
        terms, native, sent = source.snapshot.terms, source.native, source.history.native_ids
        passes = NativePasses(terms, bookmark, networks)
        left = LeftOver(bookmark, source.now, basis_of(terms, networks))
        passes.cut_short(source.limited)
        for network, cursor in passes.in_future:
            source.warn_of_future(self.name, cursor.last_read, network)

        def saved() -> Checkpoint:
            return self.checkpoint(**passes.to_state(), left_over=left.to_state(refresh.unread))

        refresh = Refresh(source, self, saved)
        if left.posts:
            if not left.is_checked:
                oldest = min(post.published or UNDATED for post in left.posts)
                await source.history.reach(self.name, earlier(oldest, OPEN_DAYS))
                left.is_checked = True
            passes.list_as_of(left.listed_at)
            listed = {name: [(p.published, p.post_id) for p in left.posts if name in p.networks] for name in networks}
            due = passes.due(listed, sent, left.read)
            async for batch in refresh.read(due, seen=None if left.is_of_today else left.read):
                yield batch
            left.relist()
        passes.list_as_of(source.now)
        try:
            async for batch in self._list(source, passes, left.network):
                yield batch
        except BudgetSpent:
            whole = {network: posts for network, posts in native.posts.items() if network not in native.gaps}
            refresh.unread = newest_first(passes.due(whole, sent, left.read))
            left.is_checked, left.network = False, [left.network, *native.posts][-1]
            yield [saved()]
            raise
        left.network = ""
        passes.cut_short(native.gaps)
        async for batch in refresh.read(passes.due(native.posts, sent, left.read), [*passes.cursors.values()]):
            yield batch

    async def _list(self, source: Source, passes: NativePasses, after: str) -> AsyncIterator[Batch]:
        """List the native posts that can be due, and the posts that Ayrshare sent in that time."""
        cursors = passes.cursors
        # Those at which the last run's budget ended come first, so that none is left out for ever.
        waiting = sorted(cursors.keys() - source.limited, key=lambda network: (network <= after, network))
        depths = {network: cursors[network].oldest_due for network in waiting if network not in source.native.posts}
        async with aclosing(source.native.read(self.name, depths, {})) as found:
            async for one in found:
                if isinstance(one, NativePost) and self._lists.name in source.snapshot.selected:
                    yield [self._lists.record(source, _native_post(one))]
        if cursors:
            start = passes.oldest_due
            await source.history.reach(self.name, earlier(start, OPEN_DAYS) if start else None)
