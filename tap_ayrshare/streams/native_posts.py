"""Native posts that Ayrshare did not send, read one by one, and their analytics by social post id."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import first
from tap_ayrshare.ayrshare.endpoints import POST_ANALYTICS
from tap_ayrshare.ayrshare.rows import post_rows
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.bookmarks import RefreshBookmark
from tap_ayrshare.posts.cursor import UNDATED
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.left_over import LeftOver
from tap_ayrshare.posts.native import NativePost
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.sent import OPEN_DAYS, Listed
from tap_ayrshare.posts.windows import earlier
from tap_ayrshare.streams.refresh import Refresh, RefreshedStream
from tap_ayrshare.streams.social_posts import SocialPostsStream, deepen, listed_post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence

    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint
    from tap_ayrshare.streams.source import Source


class NativePostsStream(RefreshedStream):
    """A stream that reads the native posts that Ayrshare did not send one by one, by social post id.

    spares_measured: whether a post needn't be asked for whose item in a list had every metric.
    """

    spares_measured: ClassVar[bool] = False
    serves = (SocialPostsStream.name,)

    def named(self, source: Source) -> list[DuePost] | None:
        """Return the posts that the settings name, None if they name none."""
        ids = source.settings.social_post_ids
        if ids is None:
            return None
        named = [DuePost.named(post, (post.platform or "",)) for post in ids]
        return [post for post in named if all(map(source.networks.check_keys, post.networks))]

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:  # noqa: ARG002
        """Return the network's own id, which is the post's."""
        return post.post_id

    def _listed(self, source: Source, without: Collection[str] = ()) -> Iterator[Listed]:
        """Yield the posts that have been listed and that Ayrshare didn't send, `without` those of some networks."""
        sent = source.history.native_ids
        for network, posts in source.native.kept.listed(without_measured=self.spares_measured).items():
            alone = (network,)
            for published, post_id in posts if network not in without else ():
                if post_id not in sent:
                    yield Listed(published, post_id, alone)

    def known_due(self, source: Source) -> list[DuePost] | None:
        """Return the posts that are due; None as long as they haven't been listed."""
        networks, native = source.networks.known(self.name), source.native
        if networks is None or not native.ended.issuperset(networks):
            return None
        passes = self.passes(source, networks)
        since = passes.oldest_due
        is_listed = source.history.has_reached(earlier(since, OPEN_DAYS) if since else None)
        return passes.due(self._listed(source), {}, is_native=True) if is_listed else None

    def passes(self, source: Source, networks: Sequence[str]) -> Passes:
        """Return the passes of networks, where the bookmark left them."""
        known = RefreshBookmark.from_state(source.bookmark(self.name))
        return Passes(source.snapshot.terms(self.name), known, networks, is_native=True)

    async def read_due(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that an earlier run listed and left over, then all that are due."""
        networks = await source.networks.able(self.name, self.name, with_limited=True)
        terms, native, sent = source.snapshot.terms(self.name), source.native, source.history.native_ids
        passes = self.passes(source, networks)
        left = LeftOver(RefreshBookmark.from_state(bookmark).left_over, terms, networks)
        passes.cut_short(source.networks.limited)
        for network, last in passes.in_future:
            source.warn_of_future(self.name, last, network)

        def saved() -> Checkpoint:
            return self.saved(RefreshBookmark(**passes.to_state(), left_over=left.to_state(refresh.unread, passes)))

        refresh = Refresh(source, self, passes, saved)
        if left.posts:
            if not left.is_checked:
                oldest = min(post.published or UNDATED for post in left.posts)
                await source.history.reach(self.name, earlier(oldest, OPEN_DAYS))
                left.is_checked = True
            passes.split()
            passes.list_as_of(left.listed_at, [])
            due = passes.due((p for p in left.posts if p.post_id not in sent), left.read, is_native=True)
            async for batch in refresh.read(due, seen=None if left.is_of_today else left.read):
                yield batch
            left.relist()
        passes.join()
        passes.list_as_of(source.now, [])
        try:
            async for batch in self._list(source, passes, networks, left.network):
                yield batch
        except BudgetSpent:
            refresh.unread = passes.due(self._listed(source, without=native.gaps), left.read, is_native=True)
            left.is_checked, left.network = False, [left.network, *native.kept.posts][-1]
            yield [saved()]
            raise
        left.network = ""
        refused = native.gaps & source.networks.left_out - source.networks.limited
        passes.cut_short(refused, is_refused=True)
        passes.cut_short(native.gaps - refused)
        async for batch in refresh.read(passes.due(self._listed(source), left.read, is_native=True), is_whole=True):
            yield batch

    async def _list(self, source: Source, passes: Passes, networks: Sequence[str], after: str) -> AsyncIterator[Batch]:
        """List the native posts that can be due, and the posts that Ayrshare sent in that time."""
        # Those at which the last run's budget ended come first, so that none is left out for ever.
        known = source.native.kept.posts
        waiting = sorted(set(networks) - source.networks.left_out, key=lambda network: (network <= after, network))
        depths = {network: passes.oldest_due_of([network]) for network in waiting if network not in known}
        deepen(source, depths)
        async with aclosing(source.native.read(self.name, depths, {})) as found:
            async for one in found:
                if isinstance(one, NativePost):
                    yield [listed_post(stream, source, one) for stream in self.served]
        if networks:
            start = passes.oldest_due
            await source.history.reach(self.name, earlier(start, OPEN_DAYS) if start else None)
            if source.settings.request_budget is None and self._has_undated(source, networks):
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
            for post_id, published in source.native.kept.posts.get(network, {}).items()
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
