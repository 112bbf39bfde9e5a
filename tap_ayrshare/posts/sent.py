"""GET /history of one profile, each stretch of time read at most once in a run.

The endpoint has no cursor and gives at most 1,000 rows, newest first: it is read by windows of time, and a
window that comes back full is split (docs/api.md section 8). Which date the API compares is not documented, so
rows are judged by their own dates, and a window is whole when it is not full.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tap_ayrshare.ayrshare.codes import POST_GONE
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.endpoints import HISTORY, HISTORY_BY_ID
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.ayrshare.times import api_time
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.errors import UNREAD, Refusal, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import instant, objects

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.posts.open_posts import OpenPosts

LIMIT = 1000
FULL = {500, LIMIT}
"""Numbers of rows that may be a cut: the limit asked for, and the limit of older versions of the API."""
BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""Before the first post that the API can know."""
OPEN_DAYS = timedelta(days=90)
"""How far back an open post is followed, and how long before its publication a post may have been made."""
UPPER_SHARE = 0.9
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
OPEN_STATUSES = {"pending", "processing", "paused", "scheduled", "awaiting approval", "awaitingapproval"}
UNSENT_STATUSES = {*OPEN_STATUSES, "error", "deleted"}


Window = tuple[datetime, datetime]
"""A stretch of time, both ends included."""


class Listed(NamedTuple):
    """A post as the analytics streams need it.

    published: None where its date can't be read.
    out_at: when it went out, where that was later than its date says.
    """

    published: datetime | None
    post_id: str
    networks: tuple[str, ...]
    out_at: datetime | None = None


class Reader(Protocol):
    """What a listing needs of a profile (`Source`): a way to ask, and to note how its requests ended."""

    label: str
    now: datetime

    @property
    def limited(self) -> set[str]:
        """Networks that allow no more requests now."""

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


class History:
    """The posts that a profile sent through Ayrshare, as far back as a stream has asked for them.

    posts: those read so far, in no order.
    native_ids: the networks' own ids of them, where a stream needs them.
    social_ids: the same by post and network; None where a post has several on a network, like a thread.
    gaps: the windows that could not be read, in which there may be posts that are not known.
    unread: the windows that were left when the request budget ended.
    """

    def __init__(
        self,
        reader: Reader,
        open_posts: OpenPosts,
        *,
        keeps_native_ids: bool,
        keeps_rows: bool,
        keeps_social_ids: bool,
    ) -> None:
        """Make a history of nothing yet.

        Args:
            reader: the profile.
            open_posts: those of earlier runs that lists may not bring any more.
            keeps_native_ids: whether `native_ids` are needed.
            keeps_rows: whether the rows of a window that is split are kept for `newest`.
            keeps_social_ids: whether `social_ids` are needed.
        """
        self._reader = reader
        self._open_posts = open_posts
        self._read_from: datetime | None = None
        self._seen: set[str] = set()
        self._keeps_native_ids, self._keeps_rows = keeps_native_ids, keeps_rows
        self._keeps_social_ids = keeps_social_ids
        self._combinations: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.posts: list[Listed] = []
        self.native_ids: set[str] = set()
        self.social_ids: dict[tuple[str, str], str | None] = {}
        self.gaps: list[Window] = []
        self.unread: list[Window] = []
        self._beyond: list[dict[str, Any]] = []
        self._full: set[frozenset[str]] = set()
        self._followed: list[dict[str, Any]] | None = None

    async def read(
        self, stream: str, start: datetime | None, end: datetime | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the posts since `start` (None: all) that this run has not read yet, newest window first.

        `end`: nothing later is read (None: all), for a stretch that lies apart from what has been read.
        """
        start = start or BEGINNING
        last = end or self._read_from or self._reader.now + SECOND
        if start >= last:
            return
        async for rows in self._windows(stream, start, last):
            for row in rows:
                if self._note(row):
                    yield row
        if end is None:
            self._read_from = start

    async def reach(self, stream: str, start: datetime | None) -> None:
        """Read what has not been read since `start`, for `posts` and `native_ids` alone."""
        async for _ in self.read(stream, start):
            pass

    def has_reached(self, start: datetime | None) -> bool:
        """Return whether all posts since `start` (None: all) have been read."""
        return self._read_from is not None and self._read_from <= (start or BEGINNING)

    async def follow(self, stream: str, most: int | None = None) -> list[dict[str, Any]]:
        """Ask for the open posts that no list of this run has brought, each by its id; return those that are there.

        most: how many are asked for, others each day; None: all.
        """
        if self._followed is not None:
            return self._followed
        found: list[dict[str, Any]] = []
        waiting = [post_id for post_id in self._open_posts.ids if post_id not in self._seen]
        if most is not None and waiting:
            first = self._reader.now.toordinal() * most % len(waiting)
            waiting = [*waiting[first:], *waiting[:first]][:most]
        for post_id in waiting:
            answer = await self._reader.attempt(HISTORY_BY_ID.request(stream, id=post_id))
            self._reader.cover(answer.sent)
            if answer.refusal is None:
                row = {**answer.body, "id": post_id}
                found += [row] if self._note(row) else []
            elif answer.refusal.code == POST_GONE:
                self._open_posts.gone(post_id)
            else:
                self._reader.note(Issue(stream, answer.refusal, post_id))
        self._followed = found
        return found

    def _follow_up(self, post_id: str, row: dict[str, Any]) -> None:
        """Take note whether a post is open."""
        made, due = created_at(row), published_at(row)
        if is_open(row):
            if made and due:
                self._open_posts.opened(post_id, made, due)
        elif str(row.get("status")).lower() in UNSENT_STATUSES:
            self._open_posts.gone(post_id)
        else:
            self._open_posts.sent(post_id)

    async def deleted(self, stream: str, start: datetime) -> list[dict[str, Any]]:
        """Return the deleted posts since `start`, which the API gives only when asked for them."""
        windows = self._windows(stream, start, self._reader.now + SECOND, status="deleted")
        return [row async for rows in windows for row in rows]

    def newest(self) -> list[Listed]:
        """Return the posts that are known, as far down as none is missing, when the budget ended the listing."""
        bottom = max((high for _, high in self.gaps), default=BEGINNING)
        beyond = [listed for row in self._beyond for listed in self._listed(row)]
        known = {post.post_id: post for post in [*self.posts, *beyond]}
        return [post for post in known.values() if post.published and post.published > bottom]

    def unseen(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the posts that this run has not seen yet, each once."""
        for row in rows:
            post_id = usable_id(row.get("id"))
            if post_id and post_id not in self._seen:
                self._seen.add(post_id)
                self._open_posts.gone(post_id)
                yield row

    def _note(self, row: dict[str, Any]) -> bool:
        """Keep what the analytics streams need of a row; return whether it is new."""
        post_id = usable_id(row.get("id"))
        if post_id is None:
            return True
        if post_id in self._seen:
            return False
        self._seen.add(post_id)
        self._follow_up(post_id, row)
        if self._keeps_native_ids:
            self.native_ids.update(filter(None, (usable_id(e.get("id")) for e in objects(row.get("postIds")))))
        for entry in objects(row.get("postIds")) if self._keeps_social_ids else ():
            key = post_id, str(entry.get("platform")).lower()
            self.social_ids[key] = None if key in self.social_ids else usable_id(entry.get("id"))
        self.posts += self._listed(row)
        return True

    def _listed(self, row: dict[str, Any]) -> list[Listed]:
        """Return a post as the analytics streams need it, none if it was sent to no network that has analytics."""
        networks = analytics_networks(row)
        post_id = usable_id(row.get("id"))
        if not networks or post_id is None:
            return []
        published, out_at = published_at(row), self._open_posts.out_at(post_id) or approved_at(row)
        is_late = published is not None and out_at is not None and out_at > published
        known = self._combinations.setdefault(networks, networks)
        return [Listed(published, post_id, known, out_at if is_late else None)]

    async def _windows(
        self, stream: str, start: datetime, end: datetime, **query: str
    ) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield the rows of a stretch of time, window by window, newest first; both ends are included."""
        waiting: list[tuple[datetime, datetime, frozenset[str]]] = [(start, end, frozenset())]
        failed: list[tuple[datetime, datetime, frozenset[str]]] = []
        is_last_try = False
        # The list of deleted posts answering doesn't mean that any post could be read.
        owner = "" if query else "posts"
        while waiting:
            start, end, above = waiting.pop()
            window = {"startDate": api_time(start), "endDate": api_time(end)}
            request = HISTORY.request(stream, {"limit": str(LIMIT), **window, **query})
            try:
                answer = await self._reader.attempt(request)
            except BudgetSpent:
                if not query:
                    self.unread += [(low, high) for low, high, _ in [*waiting, (start, end, above)]]
                    self.gaps += [(low, high) for low, high, _ in failed]
                raise
            resource = f"{window['startDate']}/{window['endDate']}"
            refusal = answer.refusal
            if refusal and refusal.transient and not is_last_try:
                # It is asked once more when all other windows have been.
                self._reader.cover(answer.sent)
                failed.append((start, end, above))
            elif refusal:
                self._reader.settle_list(stream, answer, owner)
                if refusal.scope is not Scope.NOTHING:
                    # A list of deleted posts is no part of what the analytics streams need.
                    self.gaps += [] if query or not refusal.rule.failure else [(start, end)]
                    self._reader.note(Issue(stream, refusal, resource))
            else:
                self._reader.settle_list(stream, answer, owner)
                rows, parts = self._split(stream, answer.body, (start, end), above, resource)
                waiting += parts
                if rows is not None:
                    yield rows
            if not waiting and not is_last_try:
                waiting, is_last_try = failed, True

    def _split(
        self, stream: str, body: Any, window: tuple[datetime, datetime], above: frozenset[str], resource: str
    ) -> tuple[list[dict[str, Any]] | None, list[tuple[datetime, datetime, frozenset[str]]]]:
        """Return the rows of a window that is whole, else None and the windows to ask instead, oldest first."""
        start, end = window
        rows, count = HISTORY.listed(body), HISTORY.count(body)
        if not (count in FULL or count > LIMIT):
            return rows, []
        ids = frozenset(filter(None, (usable_id(row.get("id")) for row in rows)))
        # A narrower window that brings the same posts, some from outside of it: the API compares whole days, say.
        is_same = bool(ids) and ids == above and any(_is_outside(row, start, end) for row in rows)
        if self._keeps_rows:
            self._beyond = rows
        middle = None if is_same else _middle(rows, start, end)
        if middle:
            # The end of one window is the start of the next: a fraction of a second is in neither else.
            return None, [(start, middle, ids), (middle, end, ids)]
        if end - start >= SECOND and not is_same:
            # Two seconds, since both ends are included: each on its own.
            last = end.replace(microsecond=0)
            return None, [(start, last - MILLISECOND, ids), (last, last + SECOND - MILLISECOND, ids)]
        if count >= LIMIT and ids not in self._full:
            self._full.add(ids)
            message = f"{count} posts in a window that can't be split: the API gives no more than {LIMIT}"
            self._reader.note(Issue(stream, Refusal(UNREAD, "window_full", message), resource))
        return rows, []


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


def _is_outside(row: dict[str, Any], start: datetime, end: datetime) -> bool:
    """Return whether none of a post's dates lies in a window."""
    dates = [date for date in (created_at(row), published_at(row)) if date]
    return bool(dates) and not any(start <= date <= end + SECOND for date in dates)


def created_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was made; `createDate` is the older name (docs/api.md section 8)."""
    return instant(row.get("created")) or instant(row.get("createDate"))


def published_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was published: the later of created and scheduleDate when it was scheduled.

    A `type: now` post may carry a scheduleDate years off, as in the published example, so the type decides.
    """
    created, scheduled = created_at(row), instant(row.get("scheduleDate"))
    if created and scheduled and str(row.get("type")).lower() == "scheduled":
        return max(created, scheduled)
    return created or scheduled


def approved_at(row: dict[str, Any]) -> datetime | None:
    """Return when a post was approved that had to be, None if that isn't known."""
    return instant(row.get("approvedDate")) if row.get("approved") is True else None


def is_open(row: dict[str, Any]) -> bool:
    """Return whether a post changes later: it is not sent yet, or a network has not given its id."""
    entries = objects(row.get("postIds"))
    return str(row.get("status")).lower() in OPEN_STATUSES or any(
        str(entry.get("id")).lower() == "pending" for entry in entries
    )


def analytics_networks(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the networks whose analytics a post can have: those it was sent to that have post analytics."""
    if isinstance(row.get("postIds"), list):
        sent = [e.get("platform") for e in objects(row["postIds"]) if str(e.get("status")).lower() == "success"]
    elif str(row.get("status")).lower() in UNSENT_STATUSES:
        sent = []
    else:
        platforms = row.get("platforms")
        sent = platforms if isinstance(platforms, list) else []
    names = dict.fromkeys(name.lower() for name in sent if isinstance(name, str))
    return tuple(name for name in names if name in NETWORKS and "post_analytics" in NETWORKS[name].reads)
