"""The lists of native posts, whoever sent them (GET /history/:platform)."""

from __future__ import annotations

from contextlib import aclosing
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, first, promote
from tap_ayrshare.ayrshare.rows import format_of, freshness
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.values import hashtags, mentions, text
from tap_ayrshare.posts.bookmarks import ListsBookmark, RefreshBookmark
from tap_ayrshare.posts.cursor import is_ahead
from tap_ayrshare.posts.native import READERS, NativePost
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.windows import BEGINNING
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
        networks = source.networks.known("native_history")
        return None if networks is None else len(networks)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the native posts of every network to the depth that is due for it."""
        known = ListsBookmark.from_state(bookmark)
        lasts = _lasts(known, await source.networks.able("native_history", self.name))
        depths: dict[str, datetime | None] = {}
        # Those that have waited longest come first, so that no budget leaves any out for ever.
        for network, last in sorted(lasts.items(), key=lambda item: item[1] or date.min):
            if (due := _depth(source, last, (known.since or {}).get(network))) is not None:
                depths[network] = None if due == BEGINNING else due
        wanted = dict(depths)
        deepen(source, depths)
        read: dict[str, bool] = {}
        try:
            async with aclosing(source.native.read(self.name, depths, bookmark.get("pages", {}))) as found:
                async for one in found:
                    if isinstance(one, NativePost):
                        yield [listed_post(self, source, one)]
                    else:
                        read[one.network] = one.is_whole
                        yield [await self._saved(source, known, read, wanted)]
        except BudgetSpent:
            yield [await self._saved(source, known, read, wanted)]
            raise
        if not depths and lasts:
            yield [await self._saved(source, known, {}, wanted)]

    async def _saved(
        self, source: Source, known: ListsBookmark, read: Mapping[str, bool], depths: Mapping[str, datetime | None]
    ) -> Checkpoint:
        """Return the bookmark: a network whose list has been read whole has today's date."""
        networks = await source.networks.able("native_history", self.name)
        lasts = _lasts(known, networks)
        dates = {network: last for network, last in lasts.items() if last}
        begun = {network: began for network, (_, began) in (known.pages or {}).items()}
        since, start = dict(known.since or {}), source.settings.start_date
        for network in (name for name, is_whole in read.items() if is_whole):
            dates[network] = begun.get(network, source.today)
            if depths.get(network) == start or network not in since:
                since.pop(network, None)
                since |= {network: start} if start else {}
        gone = {n: value for n, value in (known.platforms or {}).items() if n not in lasts}
        is_complete = dates.keys() >= set(networks)
        value = min(dates.values(), default=None) if is_complete else known.value
        pages = {network: (name, read_date(began)) for network, (name, began) in source.native.pages.items()}
        return self.saved(ListsBookmark(value, {**gone, **dates}, since, pages))


def listed_post(stream: AyrshareStream, source: Source, post: NativePost) -> Record | Issue:
    """Return the record of a post that a list has brought, for the stream of these lists."""
    return stream.record(source, _native_post(post))


def _depth(source: Source, last: date | None, since: datetime | None) -> datetime | None:
    """Return the publication down to which a list is read, `BEGINNING` for all of it, None for not at all.

    Args:
        source: the profile.
        last: when it was last read.
        since: the start date down to which it has been.
    """
    start = source.settings.start_date or BEGINNING
    if last is None or (since and start < since):
        return start
    days = source.settings.refresh_schedule.depth(last, source.today)
    return None if days is None else max(start, _days_ago(source, days) or BEGINNING)


def _lasts(known: ListsBookmark, networks: list[str]) -> dict[str, date | None]:
    """Return, by network, the date on which its list was last read to the depth that was due."""
    by_network = known.platforms or {}
    return {network: by_network.get(network, None if by_network else known.value) for network in networks}


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
    passes = Passes(source.snapshot.terms(reader), RefreshBookmark.from_state(bookmark), able, is_native=True)
    return {network: passes.oldest_due_of([network]) for network in able}
