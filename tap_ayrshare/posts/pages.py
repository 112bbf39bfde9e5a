"""The pages of GET /history/:platform (docs/api.md section 8).

X and Threads have a cursor. Facebook's list takes `since` and `until`, so that it is read in windows of time. The other
networks give their newest posts and no more.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.endpoints import NATIVE_HISTORY
from tap_ayrshare.ayrshare.paging import cursor_of, has_no_more, says_more
from tap_ayrshare.ayrshare.times import api_time, singer_time
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.windows import BEGINNING, earlier

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

PAGE = 100
"""Posts to request at once; above it the API advises against metrics (docs/api.md section 8)."""
MOST = 500
"""The most that the API returns at once."""
TAIL = 25
"""Posts at the end of a page that must all be older than what is wanted, before a list without a cursor ends."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=timezone.utc) - DAY
"""Moments after it overflow with a day added."""


class Page(NamedTuple):
    """A page: so many posts, from a cursor on, or published until a moment; with neither, the newest."""

    limit: int
    cursor: str = ""
    until: datetime | None = None

    @classmethod
    def named(cls, network: str, name: str) -> Page:
        """Return the page of a network that the state names; "" is the first."""
        if "native_cursor" in NETWORKS[network].reads:
            return cls(PAGE, name)
        size, _, until = name.rpartition(" ")
        if name == str(MOST):
            return cls(MOST)
        return cls(MOST if size else PAGE, until=instant(until))

    @property
    def name(self) -> str:
        """What the state calls it."""
        size = "" if self.limit == PAGE else str(self.limit)
        until = singer_time(self.until) if self.until else ""
        return self.cursor or " ".join(filter(None, (size, until)))


class Walk:
    """The way through the list of one network, page by page.

    network: its name. page: the page that comes next.
    is_cut: whether the list ended at the most that the API returns.
    gap: the moment below which posts may be missing, since two windows have no post in common.
    cut_short: why pages or posts are missing that the answers say there are, "" if none are.
    """

    def __init__(self, network: str, since: datetime | None, begun: str = "") -> None:
        """Begin at the newest page, or at the one where an earlier run's budget ended; `since`: how deep it is read."""
        self.network = network
        self.page = Page.named(network, begun)
        self.is_cut = False
        self.gap: datetime | None = None
        self.cut_short = ""
        self._since = since
        reads = NETWORKS[network].reads
        self._has_cursor, self._has_windows = "native_cursor" in reads, "native_windows" in reads
        self._asked = {self.page}
        self._known: set[str] = set()
        # How exactly the API compares `until` is not known: windows overlap by a second, by a day if that isn't enough.
        # Nothing is known of the page above the one with which a run begins, so that it overlaps by a day at once.
        self._overlap = DAY if begun else SECOND
        self._knows_above = not begun

    def query(self) -> dict[str, str]:
        """Return the query of the page."""
        limit, cursor, until = self.page
        query = {"limit": str(limit), **({"next": cursor} if cursor else {})}
        if until:
            since = earlier(self._since, DAY) if self._since else BEGINNING
            until = (min(until, LATEST) + self._overlap).replace(microsecond=0)
            query |= {"since": api_time(since), "until": api_time(until)}
        return query

    def give_up_windows(self) -> bool:
        """Go on without windows, if this is one; return whether it is."""
        if self.page.until is None:
            return False
        self._has_windows, self.page = False, Page(MOST)
        return True

    def turn(self, body: Any, ids: Collection[str], dates: Sequence[datetime], count: int) -> bool:
        """Go on from a page that came; return whether there is another.

        Args:
            body: its answer.
            ids: the posts on it.
            dates: when they were published, as far as is known, in the order of the page.
            count: how many items it has, those too that are no posts.
        """
        new = set(ids) - self._known
        if self.page.until and (not ids or (self._knows_above and self._known.isdisjoint(ids))):
            if self._overlap < DAY:
                self._overlap = DAY
                return True
            if not new:
                return self.give_up_windows()
            self.gap = self.page.until
        self._known |= new
        self._knows_above = True
        if self._is_deep_enough(dates):
            return False
        if has_no_more(body):
            self.cut_short = self._missing(body)
            return False
        page = self._page_after(body, new, dates, count)
        if self._has_cursor and ids and not new:
            page = None
        if page is None or page in self._asked:
            self.is_cut = count >= self.page.limit and not self._has_cursor
            self.cut_short = "" if self.is_cut else self._missing(body)
            return False
        self._asked.add(page)
        self.page = page
        return True

    def _missing(self, body: Any) -> str:
        """Return what the last page says that there is and that didn't come, "" if it says nothing."""
        if says_more(body):
            return "the answer says that there are more pages but names no new one"
        claimed = NATIVE_HISTORY.claimed(body) or 0
        return f"the answer counts {claimed} items and {len(self._known)} came" if claimed > len(self._known) else ""

    def _page_after(self, body: Any, new: set[str], dates: Sequence[datetime], count: int) -> Page | None:
        limit, _, until = self.page
        if self._has_cursor:
            cursor = cursor_of(body)
            return Page(PAGE, cursor) if cursor else None
        if until and 2 * sum(date - until > 2 * DAY for date in dates) > len(dates):
            # The API ignores windows.
            self._has_windows, until = False, None
        larger = Page(MOST, until=until) if count >= limit and limit < MOST else None
        if not self._has_windows or not dates or not new:
            return larger
        # Facebook may leave posts out of a page, so that one that isn't full need not be the last
        # (Meta's documentation of the Graph API).
        if count < limit // 2:
            return None
        tail = dates[-TAIL:]
        below = max(tail) if until is None or max(tail) < until else min(tail)
        return Page(PAGE, until=below) if until is None or below < until else larger

    def _is_deep_enough(self, dates: Sequence[datetime]) -> bool:
        """Return whether a page reaches below what is wanted: one old post that is pinned to its head does not."""
        tail = dates if self._has_cursor else dates[-TAIL:]
        return self._since is not None and bool(tail) and max(tail) < self._since
