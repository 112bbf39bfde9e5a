"""Native posts, whoever sent them: GET /history/:platform, and their numbers by social post id."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.ayrshare.contract import NETWORKS, first, promote
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import Answer, Request
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Scope, StateError
from tap_ayrshare.posts.cursor import UNDATED, Cycle, check_cycle, read_date
from tap_ayrshare.refresh import PostToRead, Refresh
from tap_ayrshare.rows import freshness, post_rows, usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import dig, instant, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun

PAGE = 100
"""Posts that are asked for at once; above it the API advises against numbers (docs/api.md section 8)."""
MOST = 500
"""The most that the API gives where it has no cursor."""


class SocialPostsStream(AyrshareStream):
    """Native posts with the numbers that come with them, a snapshot a day."""

    name = "social_posts"
    bodies = (("analytics", "native"),)

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        cycle = values.get("cycle", {})
        if not isinstance(cycle, dict) or not isinstance(cycle.get("read", []), list):
            raise StateError("the state is not understood: the cycle of social_posts is no object")

    async def read(self, run: ProfileRun) -> None:
        """Read the native posts of every network to the depth that is due."""
        state = run.state(self)
        last = state.get("replication_key_value")
        networks = await run.networks("native_history", self)
        cycle = state.get("cycle", {})
        read = list(cycle.get("read", [])) if cycle.get("date") == run.run.snapshot_date else []
        since: datetime | None = run.settings.start_date
        if last:
            depth = run.settings.refresh_schedule.depth(read_date(last), run.today)
            if depth is None:
                return
            oldest = _midnight(run) - timedelta(days=depth)
            since = max(oldest, since) if since else oldest
        depths = {network: since for network in networks if network not in read}
        numbers = run.run.streams.get("social_post_analytics")
        if isinstance(numbers, SocialPostAnalyticsStream) and numbers.name in run.run.selected:
            # One list serves both: it is read as far back as either stream needs it.
            for network, needed in numbers.depths(run, list(depths)).items():
                depths[network] = _deeper(depths[network], needed)
        await self.list_networks(run, self, depths)

    async def list_networks(self, run: ProfileRun, reader: AyrshareStream, depths: dict[str, datetime | None]) -> None:
        """List native posts, each network to its depth, and emit every row that comes.

        Args:
            run: the profile.
            reader: the stream that the requests are for.
            depths: by network, the publication down to which is read; None for all.
        """
        last = run.state(self).get("replication_key_value")
        is_own = reader is self
        failed: list[str] = []
        read: list[str] = []
        jobs = (self._page(run, reader, network) for network in depths)
        async for network, answer in in_order(jobs, run.ahead):
            if answer.refusal and answer.refusal.temporary:
                failed.append(network)
                run.covered += 1
                continue
            await self._read_on(run, reader, network, depths[network], answer)
            read.append(network)
            if is_own:
                await run.bookmark(self, last, cycle={"date": run.run.snapshot_date, "read": read})
        for network in failed:
            self.logger.info("profile %s: %s is asked once more, it failed before", run.label, network)
            _, answer = await self._page(run, reader, network)
            await self._read_on(run, reader, network, depths[network], answer)
        if is_own:
            await run.bookmark(self, run.run.snapshot_date)

    async def _page(
        self,
        run: ProfileRun,
        reader: AyrshareStream,
        network: str,
        limit: int = PAGE,
        cursor: str | None = None,
    ) -> tuple[str, Answer]:
        query = {"limit": str(limit), **({"next": cursor} if cursor else {})}
        request = Request("GET", f"/history/{network}", reader.name, query, networks=(network,), usable=_has_posts)
        return network, await run.ask(request)

    async def _read_on(
        self, run: ProfileRun, reader: AyrshareStream, network: str, since: datetime | None, answer: Answer
    ) -> None:
        """Emit the rows of a first page and of those behind it, down to `since`."""
        seen: set[str] = set()
        listed = run.native.setdefault(network, [])
        cursors: set[str] = set()
        limit = PAGE
        while True:
            run.settle(reader.name, answer)
            for refusal in answer.refusals:
                if answer.refusal or refusal.scope is not Scope.RESOURCE:
                    await run.report(reader.name, refusal, platform=network)
            if answer.refusal:
                return
            items = objects(answer.body["posts"])
            oldest = await self._emit_page(run, network, items, answer.body, seen, listed)
            is_deep_enough = since is not None and oldest is not None and oldest < since
            cursor = text(dig(answer.body, ("meta", "pagination", "next")))
            if is_deep_enough or dig(answer.body, ("meta", "pagination", "hasMore")) is False:
                return
            if cursor and cursor not in cursors and "native_cursor" in NETWORKS[network].reads:
                cursors.add(cursor)
            elif len(items) >= limit and limit < MOST and "native_cursor" not in NETWORKS[network].reads:
                self.logger.info(
                    "profile %s: %s is asked again for %d posts, %d do not reach far enough",
                    run.label,
                    network,
                    MOST,
                    limit,
                )
                limit, cursor = MOST, None
            else:
                if len(items) >= limit:
                    self.logger.warning(
                        "profile %s: %s gives no more than its newest %d posts; what was published before %s "
                        "is out of reach of social_posts",
                        run.label,
                        network,
                        len(seen),
                        singer_time(oldest) if oldest else "them",
                    )
                return
            _, answer = await self._page(run, reader, network, limit, cursor)

    async def _emit_page(
        self,
        run: ProfileRun,
        network: str,
        items: list[dict[str, Any]],
        body: dict[str, Any],
        seen: set[str],
        listed: list[tuple[datetime | None, str]],
    ) -> datetime | None:
        """Emit the rows of a page; return the earliest publication on it."""
        start = run.settings.start_date
        dates = []
        for position, item in enumerate(items, len(seen)):
            post_id = usable_id(item.get("id"))
            if post_id is None or is_error(item):
                await run.report_no_id(self.name, position, item, network)
                continue
            if post_id in seen:
                continue
            seen.add(post_id)
            published = instant(first("native_fields", network, "published_at", item))
            dates += [published] if published else []
            if start and published and published < start:
                continue
            listed.append((published, post_id))
            await run.emit(self, _native_post(network, post_id, published, item, body))
        return min(dates, default=None)


def _has_posts(body: object) -> bool:
    return isinstance(body, dict) and isinstance(body.get("posts"), list) and not is_error(body)


def _deeper(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else min(one, other)


def _midnight(run: ProfileRun) -> datetime:
    return datetime.combine(run.today, time(), tzinfo=timezone.utc)


def _native_post(
    network: str, post_id: str, published: datetime | None, item: dict[str, Any], body: dict[str, Any]
) -> dict[str, Any]:
    return {
        "platform": network,
        "social_post_id": post_id,
        "published_at": singer_time(published) if published else None,
        "text": text(first("native_fields", network, "text", item)),
        "post_url": text(first("native_fields", network, "post_url", item)),
        **promote("native", network, item),
        "analytics": item,
        **freshness(body),
    }


class SocialPostAnalyticsStream(AyrshareStream):
    """The numbers of native posts that Ayrshare did not send, by social post id."""

    name = "social_post_analytics"
    bodies = (("analytics", "post"), ("block", "block"))

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        by_network = values.get("platforms", {})
        if not isinstance(by_network, dict) or not all(isinstance(s, dict) for s in by_network.values()):
            raise StateError("the state is not understood: platforms of social_post_analytics are no objects")
        for state in by_network.values():
            check_cycle(state)

    async def read(self, run: ProfileRun) -> None:
        """Read the numbers of the posts that are due, or of exactly those that the settings name."""
        settings = run.settings
        if settings.social_post_ids is not None:
            named = [PostToRead.named(post, (post.platform or "",)) for post in settings.social_post_ids]
            if any("twitter" in post.networks for post in named) and not await run.check_x_keys():
                named = [post for post in named if "twitter" not in post.networks]
            await Refresh(run, self, _request, _rows).read([post for post in named if post.is_of(run.label)])
            return
        networks = await run.networks("social_post_analytics", self)
        cycles = self._cycles(run, networks)
        await self._list(run, cycles)
        posts = [
            PostToRead(post_id, (network,), published, cycle, platform=network)
            for network, cycle in cycles.items()
            for published, post_id in run.native.get(network, [])
            if post_id not in run.history.native_ids and cycle.is_due((published or UNDATED, post_id))
        ]
        kept = {**run.state(self).get("platforms", {})}

        async def save() -> None:
            kept.update({network: cycle.to_state() for network, cycle in cycles.items()})
            dates = [state["date"] for state in kept.values() if state.get("date")]
            await run.bookmark(self, min(dates, default=None), platforms=dict(kept))

        await Refresh(run, self, _request, _rows, save).read(posts, list(cycles.values()))

    def _cycles(self, run: ProfileRun, networks: list[str]) -> dict[str, Cycle]:
        state = run.state(self)
        by_network = state.get("platforms", {})
        older = {"date": state.get("replication_key_value")} if not by_network else {}
        settings = run.settings
        return {
            network: Cycle(settings.refresh_schedule, run.now, settings.start_date, by_network.get(network, older))
            for network in networks
        }

    def depths(self, run: ProfileRun, networks: list[str]) -> dict[str, datetime | None]:
        """Return, by network, the publication down to which native posts must be listed; None for all."""
        if run.settings.social_post_ids is not None or self.in_future(run):
            return {}
        able = [network for network in networks if self.name in NETWORKS[network].reads]
        return {network: cycle.oldest_due for network, cycle in self._cycles(run, able).items()}

    async def _list(self, run: ProfileRun, cycles: Mapping[str, Cycle]) -> None:
        """List the native posts that can be due, and the posts that Ayrshare sent in that time."""
        depths = {network: cycle.oldest_due for network, cycle in cycles.items() if network not in run.native}
        posts = run.run.streams["social_posts"]
        if isinstance(posts, SocialPostsStream) and depths:
            await posts.list_networks(run, self, depths)
        if cycles:
            bounds = [cycle.oldest_due for cycle in cycles.values()]
            dated = [bound for bound in bounds if bound is not None]
            await run.history.reach(self.name, min(dated) if len(dated) == len(bounds) else None)


def _request(post: PostToRead, networks: tuple[str, ...]) -> Request:
    body = {"id": post.post_id, "platforms": list(networks), "searchPlatformId": True}
    return Request("POST", "/analytics/post", SocialPostAnalyticsStream.name, body=body, networks=networks)


def _rows(post: PostToRead, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for network in post.networks:
        for row in post_rows(network, blocks[network]) if network in blocks else ():
            analytics = row["analytics"]
            published = post.published or instant(first("native_fields", network, "published_at", analytics))
            yield {
                "platform": network,
                **row,
                "social_post_id": post.post_id,
                "published_at": singer_time(published) if published else None,
            }
