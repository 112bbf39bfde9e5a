"""Native posts that Ayrshare did not send, read one by one, and their analytics by social post id."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import first
from tap_ayrshare.ayrshare.endpoints import POST_ANALYTICS
from tap_ayrshare.ayrshare.rows import post_rows
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.clock import singer_time
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.cursor import UNDATED, check_platforms
from tap_ayrshare.posts.due import DuePost, LeftOver, NativePasses, basis_of, newest_first
from tap_ayrshare.posts.native import NativePost
from tap_ayrshare.posts.sent import OPEN_DAYS, earlier
from tap_ayrshare.streams.refresh import Refresh, RefreshedStream
from tap_ayrshare.streams.social_posts import SocialPostsStream, deepen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_ayrshare.engine.client import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint
    from tap_ayrshare.streams.source import Source


class NativePostsStream(RefreshedStream):
    """A stream that reads the native posts that Ayrshare did not send one by one, by social post id.

    spares_measured: whether a post needn't be asked for whose item in a list had every metric.
    """

    spares_measured: ClassVar[bool] = False
    feeds = (SocialPostsStream.name,)

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

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:  # noqa: ARG002
        """Return the network's own id, which is the post's."""
        return post.post_id

    def _listed(self, source: Source) -> dict[str, list[tuple[datetime | None, str]]]:
        """Return, by network, the posts that have been listed and may have to be asked for: (published, id)."""
        return source.native.listed(without_measured=self.spares_measured)

    def known_due(self, source: Source) -> list[DuePost] | None:
        """Return the posts that are due; None as long as they haven't been listed."""
        networks, native = source.known_networks(self.name), source.native
        if networks is None or not native.ended.issuperset(networks):
            return None
        passes = NativePasses(source.snapshot.terms(self.name), source.bookmark(self.name), networks)
        passes.list_as_of(source.now)
        since = passes.oldest_due
        is_listed = source.history.has_reached(earlier(since, OPEN_DAYS) if since else None)
        return passes.due(self._listed(source), source.history.native_ids, {}) if is_listed else None

    async def read_due(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that an earlier run listed and left over for want of requests, then all that are due."""
        networks = await source.networks(self.name, self.name, with_limited=True)
        terms, native, sent = source.snapshot.terms(self.name), source.native, source.history.native_ids
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
            whole = {network: posts for network, posts in self._listed(source).items() if network not in native.gaps}
            refresh.unread = newest_first(passes.due(whole, sent, left.read))
            left.is_checked, left.network = False, [left.network, *native.posts][-1]
            yield [saved()]
            raise
        left.network = ""
        passes.cut_short(native.gaps)
        async for batch in refresh.read(passes.due(self._listed(source), sent, left.read), [*passes.cursors.values()]):
            yield batch

    async def _list(self, source: Source, passes: NativePasses, after: str) -> AsyncIterator[Batch]:
        """List the native posts that can be due, and the posts that Ayrshare sent in that time."""
        cursors = passes.cursors
        # Those at which the last run's budget ended come first, so that none is left out for ever.
        waiting = sorted(cursors.keys() - source.limited, key=lambda network: (network <= after, network))
        depths = {network: cursors[network].oldest_due for network in waiting if network not in source.native.posts}
        deepen(source, depths)
        async with aclosing(source.native.read(self.name, depths, {})) as found:
            async for one in found:
                if isinstance(one, NativePost) and self._lists.name in source.snapshot.selected:
                    yield [self._lists.listed(source, one)]
        if cursors:
            start = passes.oldest_due
            await source.history.reach(self.name, earlier(start, OPEN_DAYS) if start else None)
            if source.settings.request_budget is None and self._has_undated(source, cursors):
                # A post without a date may be of any age, and Ayrshare may have sent it long ago: to know that takes
                # a request for a thousand posts, and to read it one a day for each.
                await source.history.reach(self.name, None)

    @staticmethod
    def _has_undated(source: Source, networks: Iterable[str]) -> bool:
        """Return whether there are native posts without a date that Ayrshare isn't known to have sent."""
        sent = source.history.native_ids
        return any(
            published is None and post_id not in sent
            for network in networks
            for post_id, published in source.native.posts.get(network, {}).items()
        )


class SocialPostAnalyticsStream(NativePostsStream):
    """The analytics of native posts that Ayrshare did not send, a snapshot on the days on which they are due."""

    name = "social_post_analytics"
    spares_measured = True

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post, by the network's own id."""
        body = {"id": post.post_id, "platforms": list(networks), "searchPlatformId": True}
        return POST_ANALYTICS.request(self.name, body=body, networks=networks)

    def rows(self, post: DuePost, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a post's block."""
        for network in post.networks:
            for row in post_rows(network, blocks[network]) if network in blocks else ():
                published = post.published or first("native_fields", network, "published_at", row["analytics"], instant)
                yield {
                    "platform": network,
                    **row,
                    "social_post_id": post.post_id,
                    "published_at": singer_time(published) if published else None,
                }
