"""Windows of time of GET /history (docs/api.md section 8).

The endpoint has no cursor and gives at most 1,000 rows, newest first: it is read by windows of time, and a
window that comes back full is split. Which date the API compares is not documented, so rows are judged by their own
dates, and a window is whole when it is not full.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tap_ayrshare.ayrshare.endpoints import CUT_SHORT, HISTORY
from tap_ayrshare.ayrshare.paging import says_more
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.ayrshare.times import api_time
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import UNREAD, Refusal, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.posts.rows import is_outside, published_at

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from tap_ayrshare.engine.exchange import Answer, Request

LIMIT = 1000
FULL = {500, LIMIT}
"""Numbers of rows that may be a cut: the limit asked for, and the limit of older versions of the API."""
BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""Before the first post that the API can know."""
UPPER_SHARE = 0.9
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)

Window = tuple[datetime, datetime]
"""A stretch of time, both ends included."""


class LeftOut(Protocol):
    """The networks of a profile that can't be asked now.

    left_out: for the rest of the run; limited: those of them that only have to wait.
    """

    left_out: set[str]
    limited: set[str]


class Reader(Protocol):
    """What a listing needs of a profile (`Source`): a way to ask, and to note how its requests ended."""

    label: str
    now: datetime

    @property
    def networks(self) -> LeftOut:
        """The profile's networks."""

    async def attempt(self, request: Request) -> Answer:
        """Ask the API; what it refuses is the listing's to settle and note."""

    def cover(self, requests: int) -> None:
        """Count requests whose records have been yielded."""

    def settle_list(self, stream: str, answer: Answer, owner: str) -> None:
        """Count how a request ended."""

    def remark(self, text: str) -> None:
        """Note something that is worth a line at the end of the run."""

    def note(self, issue: Issue) -> None:
        """Note something that couldn't be read."""

    def note_no_id(self, stream: str, position: int, item: Mapping[str, Any], platform: str | None = None) -> None:
        """Note an item that has no id."""


class Asked(NamedTuple):
    """A window that is to be read; above: the posts of the window that it is a part of."""

    start: datetime
    end: datetime
    above: frozenset[str] = frozenset()

    @property
    def query(self) -> dict[str, str]:
        """The window as the API takes it."""
        return {"startDate": api_time(self.start), "endDate": api_time(self.end)}

    @property
    def resource(self) -> str:
        """Its name in `extraction_errors`."""
        return "/".join(self.query.values())


class Windows:
    """Reads stretches of time.

    gaps: the windows that could not be read.
    unread: the windows that were left when the request budget ended.
    beyond: the rows of the last window that was split, if they are kept.
    """

    def __init__(self, reader: Reader, *, keeps_rows: bool) -> None:
        self._reader = reader
        self._keeps_rows = keeps_rows
        self._full: set[frozenset[str]] = set()
        self.gaps: list[Window] = []
        self.unread: list[Window] = []
        self.beyond: list[dict[str, Any]] = []

    async def read(
        self, stream: str, start: datetime, end: datetime, **query: str
    ) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield the rows of a stretch of time, window by window, newest first; both ends are included."""
        waiting, failed, is_last_try = [Asked(start, end)], list[Asked](), False
        while waiting:
            window = waiting.pop()
            request = HISTORY.request(stream, {"limit": str(LIMIT), **window.query, **query})
            try:
                answer = await self._reader.attempt(request)
            except BudgetSpent:
                if not query:
                    self.unread += [one[:2] for one in [*waiting, window]]
                    self.gaps += [one[:2] for one in failed]
                raise
            if answer.refusal and answer.refusal.transient and not is_last_try:
                # It is asked once more when all other windows have been.
                self._reader.cover(answer.sent)
                failed.append(window)
            else:
                # The list of deleted posts answering doesn't mean that any post could be read.
                self._reader.settle_list(stream, answer, "" if query else "posts")
                rows, parts = self._taken(stream, answer, window, is_main=not query)
                waiting += parts
                if rows is not None:
                    yield rows
            if not waiting and not is_last_try:
                waiting, is_last_try = failed, True

    def _taken(
        self, stream: str, answer: Answer, window: Asked, *, is_main: bool
    ) -> tuple[list[dict[str, Any]] | None, list[Asked]]:
        """Return the rows of a window that is whole, else None and the windows to ask instead, oldest first."""
        refusal = answer.refusal
        if refusal is None:
            return self._split(stream, answer.body, window)
        if refusal.scope is not Scope.NOTHING:
            # The analytics streams don't need the deleted posts.
            self.gaps += [window[:2]] if is_main and refusal.rule.failure else []
            self._reader.note(Issue(stream, refusal, window.resource))
        return None, []

    def _split(self, stream: str, body: Any, window: Asked) -> tuple[list[dict[str, Any]] | None, list[Asked]]:
        start, end, above = window
        rows, count = HISTORY.listed(body), HISTORY.count(body)
        is_full, is_short = count in FULL or count > LIMIT, _is_short(body, count)
        if not is_full and not is_short:
            return rows, []
        ids = frozenset(filter(None, (usable_id(row.get("id")) for row in rows)))
        if is_short and not is_full and above and ids <= above:
            # A part of the window brings nothing that the whole hadn't.
            return self._said(stream, window, rows, "list_cut", "the answer says that there are more posts than came")
        # A narrower window that brings the same posts, some from outside of it: the API compares whole days, say.
        is_same = bool(ids) and ids == above and any(is_outside(row, start, end) for row in rows)
        if self._keeps_rows:
            self.beyond = rows
        middle = None if is_same else _middle(rows, start, end)
        if middle:
            # The end of one window is the start of the next: a fraction of a second is in neither else.
            return None, [Asked(start, middle, ids), Asked(middle, end, ids)]
        if end - start >= SECOND and not is_same:
            # Two seconds, since both ends are included: each on its own.
            last = end.replace(microsecond=0)
            return None, [Asked(start, last - MILLISECOND, ids), Asked(last, last + SECOND - MILLISECOND, ids)]
        if count >= LIMIT and ids not in self._full:
            self._full.add(ids)
            message = f"{count} posts in a window that can't be split: the API gives no more than {LIMIT}"
            return self._said(stream, window, rows, "window_full", message)
        if is_short:
            return self._said(stream, window, rows, "list_cut", "the answer says that there are more posts than came")
        return rows, []

    def _said(
        self, stream: str, window: Asked, rows: list[dict[str, Any]], code: str, message: str
    ) -> tuple[list[dict[str, Any]], list[Asked]]:
        """Note that not all posts of a window came."""
        rule = UNREAD if code == "window_full" else CUT_SHORT
        self._reader.note(Issue(stream, Refusal(rule, code, message), window.resource))
        return rows, []


def _is_short(body: Any, count: int) -> bool:
    """Return whether an answer says that there are more rows than it has."""
    return (HISTORY.claimed(body) or 0) > count or says_more(body)


def earlier(moment: datetime, by: timedelta) -> datetime:
    """Return a moment before another, no earlier than the first post that the API can know."""
    return max(moment, BEGINNING + by) - by


def _middle(rows: list[dict[str, Any]], start: datetime, end: datetime) -> datetime | None:
    """Return where to split a full window: below nine tenths of its rows, else in the middle of its time.

    Where that is at an end of the window, many posts share a second: it is parted from the rest.
    """
    dates = sorted((date for row in rows if (date := published_at(row))), reverse=True)
    candidates = [start + (end - start) / 2]
    if dates:
        most = dates[int(len(dates) * UPPER_SHARE)]
        candidates = [most, most + SECOND, most - SECOND, *candidates]
    for candidate in candidates:
        middle = candidate.replace(microsecond=0)
        if start + SECOND <= middle <= end - SECOND:
            return middle
    return None
