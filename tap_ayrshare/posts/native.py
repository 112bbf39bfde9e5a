"""GET /history/:platform of one profile: native posts, whoever sent them, each network listed at most once in a run."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.contract import NETWORKS, first, has_every_metric
from tap_ayrshare.ayrshare.endpoints import CUT_SHORT, NATIVE_HISTORY
from tap_ayrshare.ayrshare.envelopes import is_error
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.ayrshare.times import api_time
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import UNREAD, Refusal, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.pages import Walk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping
    from datetime import datetime

    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.posts.windows import Reader

READERS = ("social_post_analytics", "social_post_comments")
"""The streams that read native posts one by one."""
OWNER = "social_posts"
"""The stream whose endpoint this is, and in whose bookmark the pages stand."""
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


class NativePosts:
    """The native posts that lists have brought.

    posts: by network, when they were published, by id.
    """

    def __init__(self, start: datetime | None, *, with_metrics: bool) -> None:
        """Begin with none.

        Args:
            start: nothing published earlier is kept.
            with_metrics: whether a post needn't be asked for whose item has every metric that its answer would have.
        """
        self._start = start
        self._with_metrics = with_metrics
        self._seen: dict[str, set[str]] = {}
        self._measured: dict[str, set[str]] = {}
        self.posts: dict[str, dict[str, datetime | None]] = {}

    def listed(self, *, without_measured: bool) -> dict[str, list[tuple[datetime | None, str]]]:
        """Return, by network, the posts that have been listed: (published, id).

        without_measured: leave out those whose item had every metric, if the lists are read for them.
        """
        left_out = self._measured if without_measured else {}
        return {
            network: [(published, post_id) for post_id, published in posts.items() if post_id not in read]
            for network, posts in self.posts.items()
            for read in [left_out.get(network, set())]
        }

    def keep(self, post: NativePost) -> bool:
        """Keep a post that is wanted; return whether this run hasn't seen it yet."""
        is_wanted = not (self._start and post.published and post.published < self._start)
        if is_wanted:
            self.posts[post.network][post.post_id] = post.published
        if is_wanted and self._with_metrics and has_every_metric(post.network, post.item):
            self._measured.setdefault(post.network, set()).add(post.post_id)
        seen = self._seen.setdefault(post.network, set())
        is_new = post.post_id not in seen
        seen.add(post.post_id)
        return is_new and is_wanted


class NativeLists:
    """The lists of a profile's native posts.

    kept: the posts that they have brought.
    gaps: the networks whose list couldn't be read to the end; ended: those whose list is over, either way.
    pages: by network, the page that comes next, by its name, and the date on which the list was begun.
    """

    def __init__(self, reader: Reader, ahead: int, kept: NativePosts) -> None:
        """Make lists of nothing yet; ahead: requests at once."""
        self._reader = reader
        self._ahead = ahead
        self.kept = kept
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
        jobs = (self._first_page(stream, network, since, begun.get(network)) for network, since in depths.items())
        async with aclosing(in_order(jobs, self._ahead)) as answers:
            async for walk, answer in answers:
                if answer.refusal and answer.refusal.transient:
                    failed.append(walk.network)
                    self._reader.cover(answer.sent)
                    continue
                async for found in self._read_on(stream, walk, answer):
                    yield found
                if walk.network in self.gaps and walk.network not in self._reader.networks.left_out:
                    failed.append(walk.network)
        for network in failed:
            self._reader.remark(f"the list of {NETWORKS[network].label} was requested again, since it had failed")
            walk = Walk(network, depths[network])
            async for found in self._read_on(stream, walk, await self._page(stream, walk)):
                yield found

    async def _first_page(
        self, stream: str, network: str, since: datetime | None, begun: list[str] | None
    ) -> tuple[Walk, Answer]:
        """Ask for the page at which an earlier run's budget ended, else for the newest."""
        if begun:
            self.pages[network] = begun
            walk = Walk(network, since, begun[0])
            answer = await self._page(stream, walk)
            if answer.refusal is None or answer.refusal.transient:
                return walk, answer
            # What a page was called may not last.
            self.pages.pop(network)
        walk = Walk(network, since)
        return walk, await self._page(stream, walk)

    async def _page(self, stream: str, walk: Walk) -> Answer:
        """Ask for the page that comes next, or for the one instead of a window that the API refuses."""
        answer = await self._ask(stream, walk)
        refusal = answer.refusal
        if refusal and refusal.scope is Scope.RESOURCE and not refusal.transient and walk.give_up_windows():
            self._reader.remark(f"{NETWORKS[walk.network].label} lists no windows of time ({refusal})")
            self._reader.cover(answer.sent)
            self._keep_page(stream, walk)
            return await self._ask(stream, walk)
        return answer

    def _keep_page(self, stream: str, walk: Walk) -> None:
        """Keep the page that comes next, for the next run if the budget ends."""
        if stream == OWNER and len(walk.page.name) <= LONGEST_CURSOR:
            today = self._reader.now.date().isoformat()
            self.pages[walk.network] = [walk.page.name, self.pages.get(walk.network, ["", today])[1]]

    async def _ask(self, stream: str, walk: Walk) -> Answer:
        request = NATIVE_HISTORY.request(stream, walk.query(), networks=(walk.network,), network=walk.network)
        return await self._reader.attempt(request)

    async def _read_on(self, stream: str, walk: Walk, answer: Answer) -> AsyncGenerator[NativePost | ListEnd, None]:
        """Yield the posts of a page and of those behind it, and the end of the list."""
        network = walk.network
        self.kept.posts.setdefault(network, {})
        begun = stream == OWNER and network in self.pages
        position, is_whole = 0, True
        while True:
            self._settle(stream, network, answer)
            if answer.refusal and not (answer.refusal.scope is Scope.NOTHING and walk.page.until):
                # What the API has none of is read; anything else is read on next time.
                rule = answer.refusal.rule
                is_whole = not rule.failure and not rule.stays_due and rule.scope is not Scope.PART
                break
            items = NATIVE_HISTORY.listed(answer.body)
            posts = list(self._posts(network, items, position, answer.body))
            for post in posts:
                if self.kept.keep(post):
                    yield post
            # A date in the future would be no end of a window.
            dates = [min(post.published, self._reader.now) for post in posts if post.published]
            has_next = walk.turn(answer.body, [post.post_id for post in posts], dates, len(items))
            self._say(stream, walk)
            if not has_next:
                break
            self._keep_page(stream, walk)
            # A larger page begins with the same items.
            position = position + len(items) if walk.page.cursor or walk.page.until else 0
            answer = await self._page(stream, walk)
        self.pages.pop(network, None)
        if begun and answer.refusal is None:
            # The newer part of the list was read by an earlier run: whoever needs it lists it again.
            self.kept.posts.pop(network)
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
                published = first("native_fields", network, "published_at", item, instant)
                yield NativePost(network, post_id, published, item, body)

    def _settle(self, stream: str, network: str, answer: Answer) -> None:
        self._reader.settle_list(stream, answer, OWNER)
        for refusal in answer.refusals:
            if answer.refusal or refusal.scope is not Scope.RESOURCE:
                self._reader.note(Issue(stream, refusal, platform=network))

    def _say(self, stream: str, walk: Walk) -> None:
        """Say what of a list can't be read."""
        if walk.gap:
            message = "two windows of the list have no post in common: posts before this time may be missing"
            refusal = Refusal(UNREAD, "window_gap", message, 200)
            self._reader.note(Issue(stream, refusal, api_time(walk.gap), walk.network))
            walk.gap = None
        if walk.cut_short:
            self._reader.note(Issue(stream, Refusal(CUT_SHORT, "list_cut", walk.cut_short, 200), platform=walk.network))
        if walk.is_cut:
            label, count = NETWORKS[walk.network].label, len(self.kept.posts[walk.network])
            self._reader.remark(
                f"{label} lists no more than its newest {count} posts; older ones are out of reach of social_posts"
            )
