"""How many posts a profile has, from a few requests: pages here and there, and an estimate of what lies between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tap_ayrshare.ayrshare.contract import NETWORKS, first
from tap_ayrshare.ayrshare.endpoints import HISTORY, NATIVE_HISTORY
from tap_ayrshare.ayrshare.envelopes import is_error
from tap_ayrshare.ayrshare.paging import cursor_of, has_no_more
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.ayrshare.times import api_time
from tap_ayrshare.engine.errors import Refusal, Scope
from tap_ayrshare.engine.values import instant, objects
from tap_ayrshare.posts.pages import MOST
from tap_ayrshare.posts.rows import analytics_networks, published_at
from tap_ayrshare.posts.windows import BEGINNING, LIMIT, SECOND
from tap_ayrshare.run.estimate import Count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator

    from tap_ayrshare.engine.exchange import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer | Refusal]]

MOST_PAGES = 12
"""Pages of a history that are looked at."""
MOST_LIST_PAGES = 3
"""Pages of a list with a cursor that are looked at."""
CLOSE_ENOUGH = 0.1
"""The share of all posts that may lie in one gap between two pages."""
UNSEEN = 0.25
"""By how much what lies between two pages may differ from them, at least."""


class Page(NamedTuple):
    """A stretch of time of which every post was seen: how many they are, and when the first of them was published."""

    low: datetime
    high: datetime
    posts: int
    oldest: datetime

    @property
    def rate(self) -> float:
        """Posts in a second."""
        return self.posts / max((self.high - self.oldest).total_seconds(), 1.0)


@dataclass
class Posts:
    """The posts that a profile sent through Ayrshare, as far as pages of its history show.

    pages: the newest first; is_whole: whether they reach down to the first post.
    networks: of each post seen, those that have analytics of it; ids: the networks' own ids of them.
    refusal: why there are none to be seen.
    """

    pages: list[Page] = field(default_factory=list)
    is_whole: bool = False
    networks: list[tuple[str, ...]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    refusal: Refusal | None = None

    @property
    def count(self) -> Count:
        """How many there are."""
        return sum((_between(*gap) for gap in self.gaps()), Count.exactly(sum(page.posts for page in self.pages)))

    def gaps(self) -> Iterator[tuple[Page, Page]]:
        """Yield the pages around each gap, the newer one first."""
        for above, below in zip(self.pages, self.pages[1:], strict=False):
            if below.high < above.low:
                yield above, below

    def analysed(self, able: Collection[str]) -> Count:
        """Return how many posts have analytics on any of some networks."""
        return self.count.times(self._share(lambda networks: any(name in able for name in networks)))

    def on(self, network: str) -> Count:
        """Return how many posts have analytics on a network."""
        return self.count.times(self._share(lambda networks: network in networks))

    def _share(self, has: Callable[[tuple[str, ...]], bool]) -> float:
        return sum(map(has, self.networks)) / len(self.networks) if self.networks else 0.0

    def shows(self, moment: datetime) -> bool:
        """Return whether every post of a moment was seen."""
        return any(page.low <= moment <= page.high for page in self.pages)


@dataclass
class NativeList:
    """The native posts of a network that a run can list.

    foreign: those that Ayrshare did not send; is_whole: whether the list was seen to its end.
    refusal: why there are none to be seen.
    """

    count: int = 0
    foreign: Count = field(default_factory=Count)
    is_whole: bool = True
    refusal: Refusal | None = None


def _between(above: Page, below: Page) -> Count:
    """Return how many posts lie between two pages: at the rate of one of them, or of the other."""
    seconds = (above.low - below.high).total_seconds()
    one, other = sorted((above.rate * seconds, below.rate * seconds))
    about = (one + other) / 2
    return Count(min(one, about * (1 - UNSEEN)), about, max(other, about * (1 + UNSEEN)))


async def count_posts(ask: Ask, start: datetime | None, now: datetime) -> Posts:
    """Look at pages of a history: down to its first post in growing steps, then where most is unsure."""
    posts, begin = Posts(), start or BEGINNING
    low, high = begin, now + SECOND
    for number in range(MOST_PAGES):
        window = {"startDate": api_time(low), "endDate": api_time(high)}
        answer = await ask(HISTORY.request("posts", {"limit": str(LIMIT), **window}))
        refusal = refusal_of(answer)
        if refusal and refusal.scope is not Scope.NOTHING:
            posts.refusal = None if number else refusal
            break
        rows = [] if refusal or isinstance(answer, Refusal) else HISTORY.listed(answer.body)
        dated = [(date, row) for row in rows if (date := published_at(row)) and low <= date <= high]
        for _, row in dated:
            posts.networks.append(analytics_networks(row))
            posts.ids.update(filter(None, (usable_id(entry.get("id")) for entry in objects(row.get("postIds")))))
        oldest = min((date for date, _ in dated), default=high)
        is_full = len(rows) >= LIMIT and oldest > low
        posts.pages.append(Page(oldest if is_full else low, high, len(dated), oldest))
        posts.pages.sort(reverse=True)
        posts.is_whole |= not is_full and low == begin
        window_next = _next_window(posts, begin)
        if window_next is None:
            break
        low, high = window_next
    return posts


def _next_window(posts: Posts, begin: datetime) -> tuple[datetime, datetime] | None:
    """Return the stretch of time to look at next, None if enough is known."""
    if not posts.is_whole:
        last = posts.pages[-1]
        step = (last.high - last.low) * (2 ** len(posts.pages) // 4)
        return (begin, last.low - step) if last.low - step > begin + SECOND else (begin, last.low - SECOND)
    above, below = max(posts.gaps(), default=(None, None), key=lambda gap: _between(*gap).high)
    if above is None or below is None or _between(above, below).high <= CLOSE_ENOUGH * posts.count.about:
        return None
    is_small = _between(above, below).high <= LIMIT
    middle = above.low if is_small else below.high + (above.low - below.high) / 2
    return below.high + SECOND, middle - SECOND


async def count_native(ask: Ask, network: str, start: datetime | None, posts: Posts) -> NativeList:
    """Look at a network's list as far as a run can; see which of its posts Ayrshare sent.

    The list is asked for without metrics, which it would take the API long to gather.
    """
    found, seen = NativeList(), set[str]()
    checked = foreign = unchecked = 0
    further: dict[str, str] | None = {}
    for _ in range(MOST_LIST_PAGES):
        query = {"limit": str(MOST), "skipAnalytics": "true", **(further or {})}
        answer = await ask(NATIVE_HISTORY.request("social_posts", query, networks=(network,), network=network))
        found.refusal = refusal_of(answer) if not found.count else None
        if isinstance(answer, Refusal) or answer.refusal:
            break
        items, dates = NATIVE_HISTORY.listed(answer.body), list[datetime]()
        for item in items:
            post_id = usable_id(item.get("id"))
            published = first("native_fields", network, "published_at", item, instant)
            if post_id is None or post_id in seen or is_error(item) or (start and published and published < start):
                continue
            seen.add(post_id)
            dates += [published] if published else []
            found.count += 1
            if published and not posts.shows(published):
                unchecked += 1
            else:
                checked += 1
                foreign += post_id not in posts.ids
        further = _further(network, answer.body, len(items), dates)
        if further is None:
            break
    found.is_whole = further is None
    share = foreign / checked if checked else 1.0
    found.foreign = Count(foreign, foreign + share * unchecked, foreign + unchecked)
    return found


def _further(network: str, body: object, count: int, dates: list[datetime]) -> dict[str, str] | None:
    """Return the query of the page behind one, None if there is none or it brought nothing new."""
    reads = NETWORKS[network].reads
    if "native_cursor" in reads:
        cursor = cursor_of(body)
        return {"next": cursor} if cursor and not has_no_more(body) else None
    if "native_windows" in reads and dates and count >= MOST:
        return {"since": api_time(BEGINNING), "until": api_time(min(dates))}
    return None


def refusal_of(answer: Answer | Refusal) -> Refusal | None:
    """Return what refused a whole request."""
    return answer if isinstance(answer, Refusal) else answer.refusal
