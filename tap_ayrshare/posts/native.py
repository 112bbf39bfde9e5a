"""GET /history/:platform of one profile: native posts, whoever sent them, each network listed at most once in a run."""

from __future__ import annotations

import logging
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.ayrshare.contract import NETWORKS, first
from tap_ayrshare.ayrshare.endpoints import NATIVE_HISTORY
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.values import dig, instant, text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from tap_ayrshare.engine.client import Answer
    from tap_ayrshare.posts.history import Reader

logger = logging.getLogger(__name__)

OWNER = "social_posts"
"""The stream whose endpoint this is, and in whose bookmark the pages stand."""
PAGE = 100
"""Posts to request at once; above it the API advises against metrics (docs/api.md section 8)."""
TAIL = 25
"""Posts at the end of a page that must all be older than what is wanted, before a list without a cursor ends."""
MOST = 500
"""The most that the API returns where it has no cursor."""
PAGINATION = ("meta", "pagination")
LONGEST_CURSOR = 300
"""Characters of a cursor that the state keeps."""


class NativePost(NamedTuple):
    """A native post; item: the post as the API gave it, body: the answer around it."""

    network: str
    post_id: str
    published: datetime | None
    item: dict[str, Any]
    body: dict[str, Any]


class ListEnd(NamedTuple):
    """A network's list has been read; is_whole: down to the depth that was asked for."""

    network: str
    is_whole: bool


class NativeLists:
    """The native posts of a profile.

    posts: by network, those that have been listed: (published, id).
    gaps: the networks whose list couldn't be read to the end; ended: those whose list is over, either way.
    pages: by network, the page that comes next, by its cursor, and the date on which the list was begun.
    """

    def __init__(self, reader: Reader, ahead: int, start: datetime | None) -> None:
        """Make lists of nothing yet; ahead: requests at once; start: nothing published earlier is kept."""
        self._reader = reader
        self._ahead = ahead
        self._start = start
        self._seen: dict[str, set[str]] = {}
        self.posts: dict[str, list[tuple[datetime | None, str]]] = {}
        self.gaps: set[str] = set()
        self.ended: set[str] = set()
        self.pages: dict[str, list[str]] = {}

    async def read(
        self, stream: str, depths: Mapping[str, datetime | None], begun: Mapping[str, list[str]]
    ) -> AsyncGenerator[NativePost | ListEnd, None]:
        """List networks, each to its depth; yield every post that is new, and the end of each list.

        Args:
            stream: the stream that the requests are for.
            depths: by network, the publication down to which is read; None for all.
            begun: the pages at which an earlier run's budget ended, as `pages`.
        """
        failed: list[str] = []
        jobs = (self._first_page(stream, network, begun) for network in depths)
        async with aclosing(in_order(jobs, self._ahead)) as answers:
            async for network, answer in answers:
                if answer.refusal and answer.refusal.transient:
                    failed.append(network)
                    self._reader.cover(answer.sent)
                    continue
                async for found in self._read_on(stream, network, depths[network], answer):
                    yield found
                if network in self.gaps and network not in self._reader.limited:
                    failed.append(network)
        for network in failed:
            self._reader.remark(f"the list of {NETWORKS[network].label} was requested again, since it had failed")
            _, answer = await self._page(stream, network)
            async for found in self._read_on(stream, network, depths[network], answer):
                yield found

    async def _first_page(self, stream: str, network: str, begun: Mapping[str, list[str]]) -> tuple[str, Answer]:
        """Ask for the page at which an earlier run's budget ended, else for the newest."""
        if network in begun:
            self.pages[network] = begun[network]
            _, answer = await self._page(stream, network, *_page_at(begun[network][0]))
            if answer.refusal is None or answer.refusal.transient:
                return network, answer
            # What a page was called may not last.
            self.pages.pop(network)
        return await self._page(stream, network)

    async def _page(
        self, stream: str, network: str, limit: int = PAGE, cursor: str | None = None
    ) -> tuple[str, Answer]:
        query = {"limit": str(limit), **({"next": cursor} if cursor else {})}
        request = NATIVE_HISTORY.request(stream, query, networks=(network,), network=network)
        return network, await self._reader.ask(request)

    async def _read_on(
        self, stream: str, network: str, since: datetime | None, answer: Answer
    ) -> AsyncGenerator[NativePost | ListEnd, None]:
        """Yield the posts of a first page and of those behind it, down to `since`, and the end of the list."""
        listed = self.posts.setdefault(network, [])
        begun = self.pages.get(network) if stream == OWNER else None
        page, began = begun or ("", self._reader.now.date().isoformat())
        limit, position, pages = _page_at(page)[0], 0, {page}
        is_whole = True
        while True:
            self._settle(stream, network, answer)
            if answer.refusal:
                # A refusal that lasts is all that can be read; anything else is read on next time.
                is_whole = not answer.refusal.rule.failure and not answer.refusal.rule.stays_due
                break
            items, dates = NATIVE_HISTORY.listed(answer.body), list[datetime]()
            for post in self._posts(network, items, position, answer.body):
                dates += [post.published] if post.published else []
                if self._is_new(post):
                    yield post
            if _is_deep_enough(network, dates, since) or dig(answer.body, (*PAGINATION, "hasMore")) is False:
                break
            page = _page_after(network, answer.body, len(items), limit)
            if page in pages:
                if len(items) >= limit:
                    self._warn_of_end(network, len(listed))
                break
            pages.add(page)
            if stream == OWNER and len(page) <= LONGEST_CURSOR:
                self.pages[network] = [page, began]
            limit, cursor = _page_at(page)
            position = position + len(items) if cursor else 0
            _, answer = await self._page(stream, network, limit, cursor)
        self.pages.pop(network, None)
        if begun and answer.refusal is None:
            # The newer part of the list was read by an earlier run: whoever needs it lists it again.
            self.posts.pop(network)
        (self.gaps.discard if is_whole else self.gaps.add)(network)
        self.ended.add(network)
        yield ListEnd(network, is_whole)

    def _posts(
        self, network: str, items: list[dict[str, Any]], position: int, body: dict[str, Any]
    ) -> Iterator[NativePost]:
        for number, item in enumerate(items, position):
            post_id = usable_id(item.get("id"))
            if post_id is None or is_error(item):
                self._reader.note_no_id(OWNER, number, item, network)
            else:
                published = instant(first("native_fields", network, "published_at", item))
                yield NativePost(network, post_id, published, item, body)

    def _settle(self, stream: str, network: str, answer: Answer) -> None:
        self._reader.settle_list(stream, answer, OWNER)
        for refusal in answer.refusals:
            if answer.refusal or refusal.scope is not Scope.RESOURCE:
                self._reader.note(Issue(stream, refusal, platform=network))

    def _is_new(self, post: NativePost) -> bool:
        """Return whether a post is wanted that hasn't been listed yet; then it is from now on."""
        seen = self._seen.setdefault(post.network, set())
        if post.post_id in seen:
            return False
        seen.add(post.post_id)
        if self._start and post.published and post.published < self._start:
            return False
        self.posts[post.network].append((post.published, post.post_id))
        return True

    def _warn_of_end(self, network: str, count: int) -> None:
        self._reader.remark(
            f"{NETWORKS[network].label} lists no more than its newest {count} posts; "
            "older ones are out of reach of social_posts"
        )


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
