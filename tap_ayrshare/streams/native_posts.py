"""Native posts, whoever sent them: GET /history/:platform, and their numbers by social post id."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.ayrshare.contract import NETWORKS, first, promote
from tap_ayrshare.clock import singer_time
from tap_ayrshare.engine.client import Answer, BudgetSpent, Request
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Scope, StateError
from tap_ayrshare.passes import LeftOver, NativePasses, basis_of
from tap_ayrshare.posts.cursor import UNDATED, Cycle, check_dates, check_platforms, read_date
from tap_ayrshare.posts.history import OPEN_DAYS, earlier
from tap_ayrshare.refresh import PostToRead, Refresh, newest_first
from tap_ayrshare.rows import freshness, post_rows, usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import dig, instant, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.profile_run import ProfileRun

PAGE = 100
"""Posts that are asked for at once; above it the API advises against numbers (docs/api.md section 8)."""
TAIL = 25
"""Posts at the end of a page that must all be older than what is wanted, before a list without a cursor ends."""
MOST = 500
"""The most that the API gives where it has no cursor."""
PAGINATION = ("meta", "pagination")
LONGEST_CURSOR = 300
"""Characters of a cursor that the state keeps."""


class SocialPostsStream(AyrshareStream):
    """Native posts with the numbers that come with them, a snapshot a day."""

    name = "social_posts"
    bodies = (("analytics", "native"),)

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`."""
        super().check_state(values)
        check_dates(self.name, values)
        pages = values.get("pages", {})
        for page in pages.values() if isinstance(pages, dict) else [pages]:
            if not isinstance(page, list) or [type(text) for text in page] != [str, str]:
                raise StateError("pages of social_posts aren't lists of a cursor and a date")
            read_date(page[1])

    async def read(self, run: ProfileRun) -> None:
        """Read the native posts of every network to the depth that is due for it."""
        lasts = self._lasts(run, await run.networks("native_history", self))
        depths: dict[str, datetime | None] = {}
        # Those that have waited longest come first, so that no budget leaves any out for ever.
        for network, last in sorted(lasts.items(), key=lambda item: item[1] or date.min):
            since: datetime | None = run.settings.start_date
            if last:
                depth = run.settings.refresh_schedule.depth(last, run.today)
                if depth is None:
                    continue
                oldest = _days_ago(run, depth)
                since = max(oldest, since) if since and oldest else oldest or since
            depths[network] = since
        numbers = run.run.streams.get("social_post_analytics")
        if isinstance(numbers, SocialPostAnalyticsStream) and numbers.name in run.run.selected:
            # One list serves both: it is read as far back as either stream needs it.
            for network, needed in numbers.depths(run, list(depths)).items():
                depths[network] = _deeper(depths[network], needed)
        await self.list_networks(run, self, depths)
        if not depths and lasts:
            await self._save(run, {})

    def _lasts(self, run: ProfileRun, networks: list[str]) -> dict[str, date | None]:
        """Return, by network, the date on which its list was last read to the depth that was due."""
        state = run.state(self)
        by_network, whole = state.get("platforms", {}), state.get("replication_key_value")
        values = {network: by_network.get(network, None if by_network else whole) for network in networks}
        return {network: read_date(value) if value else None for network, value in values.items()}

    async def _save(self, run: ProfileRun, read: Mapping[str, bool]) -> None:
        """Send the bookmark on its way: a network whose list has been read whole has today's date."""
        state = run.state(self)
        networks = await run.networks("native_history", self)
        lasts = self._lasts(run, networks)
        dates = {network: last.isoformat() for network, last in lasts.items() if last}
        # A network on which nothing is due today has been read whole, too.
        begun = {network: began for network, (_, began) in state.get("pages", {}).items()}
        dates.update({n: begun.get(n, run.run.snapshot_date) for n, is_whole in read.items() if is_whole})
        gone = {n: value for n, value in state.get("platforms", {}).items() if n not in lasts}
        is_complete = dates.keys() >= set(networks)
        value = min(dates.values(), default=None) if is_complete else state.get("replication_key_value")
        await run.bookmark(self, value, platforms={**gone, **dates}, pages=dict(run.native_pages))

    async def list_networks(self, run: ProfileRun, reader: AyrshareStream, depths: dict[str, datetime | None]) -> None:
        """List native posts, each network to its depth, and emit every row that comes.

        Args:
            run: the profile.
            reader: the stream that the requests are for.
            depths: by network, the publication down to which is read; None for all.
        """
        is_own = reader is self
        failed: list[str] = []
        read: dict[str, bool] = {}
        jobs = (self._first_page(run, reader, network) for network in depths)
        async for network, answer in in_order(jobs, run.ahead):
            if answer.refusal and answer.refusal.temporary:
                failed.append(network)
                run.covered += answer.sent
                continue
            try:
                read[network] = await self._read_on(run, reader, network, depths[network], answer)
            except BudgetSpent:
                if is_own:
                    await self._save(run, read)
                raise
            if not read[network] and network not in run.limited:
                failed.append(network)
            if is_own:
                await self._save(run, read)
        for network in failed:
            self.logger.info("profile %s: retrying the list of %s, which failed before", run.label, network)
            _, answer = await self._page(run, reader, network)
            read[network] = await self._read_on(run, reader, network, depths[network], answer)
            if is_own:
                await self._save(run, read)
        run.native_gaps.update(network for network, is_whole in read.items() if not is_whole)

    async def _first_page(self, run: ProfileRun, reader: AyrshareStream, network: str) -> tuple[str, Answer]:
        """Ask for the page at which an earlier run's budget ended, else for the newest."""
        pages = run.state(self).get("pages", {}) if reader is self else {}
        if network in pages:
            run.native_pages[network] = pages[network]
            _, answer = await self._page(run, reader, network, *_page_at(pages[network][0]))
            if answer.refusal is None or answer.refusal.temporary:
                return network, answer
            # What a page was called may not last.
            run.native_pages.pop(network)
        return await self._page(run, reader, network)

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
    ) -> bool:
        """Emit the rows of a first page and of those behind it, down to `since`; return whether that was reached."""
        run.native_seen.setdefault(network, set())
        listed = run.native.setdefault(network, [])
        is_own = reader is self
        begun_at = run.native_pages.get(network) if is_own else None
        page, began = begun_at or ("", run.run.snapshot_date)
        limit, position, pages = _page_at(page)[0], 0, {page}
        while True:
            run.settle_list(reader.name, answer, self.name)
            for refusal in answer.refusals:
                if answer.refusal or refusal.scope is not Scope.RESOURCE:
                    await run.report(reader.name, refusal, platform=network)
            if answer.refusal:
                # A refusal that lasts is all that can be read; anything else is read on next time.
                run.native_pages.pop(network, None)
                return not answer.refusal.rule.failure and not answer.refusal.rule.stays_due
            items = objects(answer.body["posts"])
            dates = await self._emit_page(run, network, items, position, answer.body)
            if _is_deep_enough(network, dates, since) or dig(answer.body, (*PAGINATION, "hasMore")) is False:
                break
            page = _page_after(network, answer.body, len(items), limit)
            if page in pages:
                if len(items) >= limit:
                    self._warn_of_end(run, network, len(listed), dates)
                break
            pages.add(page)
            if is_own and len(page) <= LONGEST_CURSOR:
                run.native_pages[network] = [page, began]
            limit, cursor = _page_at(page)
            position = position + len(items) if cursor else 0
            _, answer = await self._page(run, reader, network, limit, cursor)
        run.native_pages.pop(network, None)
        if begun_at:
            # The newer part of the list was read by an earlier run: whoever needs it lists it again.
            run.native.pop(network)
        return True

    def _warn_of_end(self, run: ProfileRun, network: str, count: int, dates: list[datetime]) -> None:
        self.logger.warning(
            "profile %s: %s returns no more than its newest %d posts; what was published before %s "
            "is out of reach of social_posts",
            run.label,
            network,
            count,
            singer_time(min(dates)) if dates else "them",
        )

    async def _emit_page(
        self, run: ProfileRun, network: str, items: list[dict[str, Any]], position: int, body: dict[str, Any]
    ) -> list[datetime]:
        """Emit the rows of a page that have not been yet; return the dates on it, in its order."""
        start, seen = run.settings.start_date, run.native_seen[network]
        dates = []
        for number, item in enumerate(items, position):
            post_id = usable_id(item.get("id"))
            if post_id is None or is_error(item):
                await run.report_no_id(self.name, number, item, network)
                continue
            published = instant(first("native_fields", network, "published_at", item))
            dates += [published] if published else []
            if post_id in seen:
                continue
            seen.add(post_id)
            if start and published and published < start:
                continue
            run.native[network].append((published, post_id))
            await run.emit(self, _native_post(network, post_id, published, item, body))
        return dates


def _page_at(page: str) -> tuple[int, str | None]:
    """Return limit and cursor of a page, as the state names it; "" is the first."""
    return (MOST, None) if page == str(MOST) else (PAGE, page or None)


def _page_after(network: str, body: Any, count: int, limit: int) -> str:
    """Return the name of the page behind one with so many posts; "" if there is none."""
    if "native_cursor" in NETWORKS[network].reads:
        return text(dig(body, (*PAGINATION, "next"))) or ""
    return str(MOST) if count >= limit and limit < MOST else ""


def _is_deep_enough(network: str, dates: list[datetime], since: datetime | None) -> bool:
    """Return whether a page reaches beyond `since`: one old post that is pinned to its head does not."""
    tail = dates if "native_cursor" in NETWORKS[network].reads else dates[-TAIL:]
    return since is not None and bool(tail) and max(tail) < since


def _has_posts(body: object) -> bool:
    return isinstance(body, dict) and isinstance(body.get("posts"), list) and not is_error(body)


def _deeper(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else min(one, other)


def _days_ago(run: ProfileRun, days: int) -> datetime | None:
    """Return the midnight so many days before today, None for one before the calendar."""
    try:
        return datetime.combine(run.today - timedelta(days=days), time(), tzinfo=timezone.utc)
    except OverflowError:
        return None


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
        check_platforms(self.name, values)
        LeftOver(values, UNDATED)

    async def read(self, run: ProfileRun) -> None:
        """Read the numbers of the posts that are due, or of exactly those that the settings name."""
        settings = run.settings
        if settings.social_post_ids is not None:
            named = [PostToRead.named(post, (post.platform or "",)) for post in settings.social_post_ids]
            if any("twitter" in post.networks for post in named) and not await run.check_x_keys():
                named = [post for post in named if "twitter" not in post.networks]
            await Refresh(run, self, _request, _rows).read([post for post in named if post.is_of(run.label)])
            return
        await self._read_due(run)

    async def _read_due(self, run: ProfileRun) -> None:
        """Read the posts that an earlier run listed and left over for want of requests, then all that are due."""
        state = run.state(self)
        networks = await run.networks("social_post_analytics", self, with_limited=True)
        passes = NativePasses(run.settings, run.now, state, networks)
        left = LeftOver(state, run.now, basis_of(run.settings, networks))
        passes.cut_short(run.limited)
        for network, cycle in passes.in_future:
            run.warn_of_future(self, cycle.last_read, network)

        async def save() -> None:
            await run.bookmark(self, **passes.to_state(), left_over=left.to_state(refresh.unread))

        refresh = Refresh(run, self, _request, _rows, save)
        sent = run.history.native_ids
        if left.posts:
            if not left.is_checked:
                oldest = min(post.published or UNDATED for post in left.posts)
                await run.history.reach(self.name, earlier(oldest, OPEN_DAYS))
                left.is_checked = True
            passes.list_as_of(left.listed_at)
            listed = {name: [(p.published, p.post_id) for p in left.posts if name in p.networks] for name in networks}
            await refresh.read(passes.due(listed, sent, left.read), seen=None if left.is_of_today else left.read)
            left.relist()
        passes.list_as_of(run.now)
        try:
            await self._list(run, passes.cycles, left.network)
        except BudgetSpent:
            whole = {network: posts for network, posts in run.native.items() if network not in run.native_gaps}
            refresh.unread = newest_first(passes.due(whole, sent, left.read))
            left.is_checked, left.network = False, [left.network, *whole][-1]
            await save()
            raise
        left.network = ""
        passes.cut_short(run.native_gaps)
        await refresh.read(passes.due(run.native, sent, left.read), list(passes.cycles.values()))

    def depths(self, run: ProfileRun, networks: list[str]) -> dict[str, datetime | None]:
        """Return, by network, the publication down to which native posts must be listed; None for all."""
        if run.settings.social_post_ids is not None or self.in_future(run):
            return {}
        able = [network for network in networks if self.name in NETWORKS[network].reads]
        passes = NativePasses(run.settings, run.now, run.state(self), able)
        return {network: cycle.oldest_due for network, cycle in passes.cycles.items()}

    async def _list(self, run: ProfileRun, cycles: Mapping[str, Cycle], after: str) -> None:
        """List the native posts that can be due, and the posts that Ayrshare sent in that time."""
        # Those at which the last run's budget ended come first, so that none is left out for ever.
        waiting = sorted(cycles.keys() - run.limited, key=lambda network: (network <= after, network))
        depths = {network: cycles[network].oldest_due for network in waiting if network not in run.native}
        posts = run.run.streams["social_posts"]
        if isinstance(posts, SocialPostsStream) and depths:
            await posts.list_networks(run, self, depths)
        if cycles:
            bounds = [cycle.oldest_due for cycle in cycles.values()]
            dated = [bound for bound in bounds if bound is not None]
            start = min(dated) if len(dated) == len(bounds) else None
            await run.history.reach(self.name, earlier(start, OPEN_DAYS) if start else None)


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
