"""The lists of native posts, whoever sent them (GET /history/:platform)."""

from __future__ import annotations

from contextlib import aclosing
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, first, promote
from tap_ayrshare.ayrshare.rows import format_of, freshness
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.values import hashtags, mentions, text
from tap_ayrshare.posts.bookmarks import ListsBookmark
from tap_ayrshare.posts.cursor import is_ahead
from tap_ayrshare.posts.due import NativePasses
from tap_ayrshare.posts.native import READERS, NativePost
from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch, Checkpoint, Issue, Record
    from tap_ayrshare.streams.source import Source


class SocialPostsStream(AyrshareStream):
    """Native posts with the metrics that come with them, a snapshot a day."""

    name = "social_posts"
    bookmark = ListsBookmark

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
        deepen(source, depths)
        read: dict[str, bool] = {}
        try:
            async with aclosing(source.native.read(self.name, depths, bookmark.get("pages", {}))) as found:
                async for one in found:
                    if isinstance(one, NativePost):
                        yield [self.listed(source, one)]
                    else:
                        read[one.network] = one.is_whole
                        yield [await self._saved(source, bookmark, read)]
        except BudgetSpent:
            yield [await self._saved(source, bookmark, read)]
            raise
        if not depths and lasts:
            yield [await self._saved(source, bookmark, {})]

    def listed(self, source: Source, post: NativePost) -> Record | Issue:
        """Return the record of a post that a list has brought."""
        return self.record(source, _native_post(post))

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
    said = text(first("native_fields", post.network, "text", post.item))
    return {
        "platform": post.network,
        "social_post_id": post.post_id,
        "published_at": singer_time(post.published) if post.published else None,
        "text": said,
        "hashtags": hashtags(said),
        "mentions": mentions(said),
        **format_of(post.network, post.item),
        "post_url": text(first("native_fields", post.network, "post_url", post.item)),
        "published_by": text(first("native_fields", post.network, "published_by", post.item)),
        **promote("native", post.network, post.item),
        "analytics": post.item,
        **freshness(post.body),
    }


def deepen(source: Source, depths: dict[str, datetime | None]) -> None:
    """Let lists be read as far back as any stream needs them, since one list serves all; `depths` is by network."""
    for reader in READERS:
        for network, needed in _depths_of(reader, source, list(depths)).items():
            depths[network] = _deeper(depths[network], needed)


def _depths_of(reader: str, source: Source, networks: list[str]) -> dict[str, datetime | None]:
    """Return, by network, the publication down to which a stream needs native posts; None for all."""
    bookmark = source.bookmark(reader)
    is_wanted = reader in source.snapshot.selected and source.settings.social_post_ids is None
    if not is_wanted or is_ahead(bookmark, source.today):
        return {}
    able = [network for network in networks if reader in NETWORKS[network].reads]
    passes = NativePasses(source.snapshot.terms(reader), bookmark, able)
    return {network: cursor.oldest_due for network, cursor in passes.cursors.items()}
