"""GET /history of one profile, each stretch of time read at most once in a run.

The endpoint has no cursor and gives at most 1,000 rows, newest first: it is read by windows of time, and a
window that comes back full is split (docs/api.md section 8). Which date the API compares is not documented, so
rows are judged by their own dates, and a window is whole when it is not full.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.codes import UNREAD, is_error
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.clock import api_time
from tap_ayrshare.engine.client import Request
from tap_ayrshare.engine.errors import Refusal, Scope
from tap_ayrshare.rows import usable_id
from tap_ayrshare.values import instant, objects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tap_ayrshare.profile_run import ProfileRun

LIMIT = 1000
FULL = {500, LIMIT}
"""Numbers of rows that may be a cut: the limit asked for, and the limit of older versions of the API."""
BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""Before the first post that the API can know."""
UPPER_SHARE = 0.9
SECOND = timedelta(seconds=1)
OPEN_STATUSES = {"pending", "processing", "paused", "scheduled", "awaiting approval", "awaitingapproval"}
UNSENT_STATUSES = {*OPEN_STATUSES, "error", "deleted"}


class Listed(NamedTuple):
    """A post as the analytics streams need it."""

    published: datetime
    post_id: str
    networks: tuple[str, ...]


class History:
    """The posts that a profile sent through Ayrshare, as far back as a stream has asked for them.

    posts: those read so far, in no order.
    native_ids: the networks' own ids of them, where a stream needs them.
    whole: False once a window could not be read.
    """

    def __init__(self, run: ProfileRun) -> None:
        self._run = run
        self._read_from: datetime | None = None
        self._seen: set[str] = set()
        self._keeps_native_ids = "social_post_analytics" in run.run.selected
        self._combinations: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.posts: list[Listed] = []
        self.native_ids: set[str] = set()
        self.whole = True

    async def read(self, stream: str, start: datetime | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the posts since `start` (None: all) that this run has not read yet, newest window first."""
        end = self._read_from or self._run.now + SECOND
        start = start or BEGINNING
        if start >= end:
            return
        async for rows in self._windows(stream, start, end):
            for row in rows:
                if self._note(row):
                    yield row
        self._read_from = start

    async def reach(self, stream: str, start: datetime | None) -> None:
        """Read what has not been read since `start`, for `posts` and `native_ids` alone."""
        async for _ in self.read(stream, start):
            pass

    async def deleted(self, stream: str, start: datetime) -> list[dict[str, Any]]:
        """Return the deleted posts since `start`, which the API gives only when asked for them."""
        windows = self._windows(stream, start, self._run.now + SECOND, status="deleted")
        return [row async for rows in windows for row in rows]

    def unseen(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the posts that this run has not seen yet, each once."""
        for row in rows:
            post_id = usable_id(row.get("id"))
            if post_id and post_id not in self._seen:
                self._seen.add(post_id)
                yield row

    def _note(self, row: dict[str, Any]) -> bool:
        """Keep what the analytics streams need of a row; tell whether it is new."""
        post_id = usable_id(row.get("id"))
        if post_id is None:
            return True
        if post_id in self._seen:
            return False
        self._seen.add(post_id)
        if self._keeps_native_ids:
            self.native_ids.update(filter(None, (usable_id(e.get("id")) for e in objects(row.get("postIds")))))
        published = published_at(row)
        networks = analytics_networks(row)
        if published and networks:
            networks = self._combinations.setdefault(networks, networks)
            self.posts.append(Listed(published, post_id, networks))
        return True

    async def _windows(
        self, stream: str, start: datetime, end: datetime, **query: str
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the rows of a stretch of time, window by window, newest first; both ends are included."""
        waiting = [(start, end)]
        while waiting:
            start, end = waiting.pop()
            window = {"startDate": api_time(start), "endDate": api_time(end)}
            answer = await self._run.ask(
                Request("GET", "/history", stream, {"limit": str(LIMIT), **window, **query}, usable=has_history)
            )
            if stream == "posts" or answer.refusal:
                # A stream is judged by its own endpoint.
                self._run.settle(stream, answer)
            else:
                self._run.covered += 1
            resource = f"{window['startDate']}/{window['endDate']}"
            if answer.refusal:
                if answer.refusal.scope is not Scope.NOTHING:
                    self.whole = False
                    await self._run.report(stream, answer.refusal, resource)
                continue
            listed = answer.body["history"] if isinstance(answer.body, dict) else answer.body
            rows = history_rows(answer.body)
            middle = _middle(rows, start, end) if len(listed) in FULL or len(listed) > LIMIT else None
            if middle:
                # The end of one window is the start of the next: a fraction of a second is in neither else.
                waiting += [(start, middle), (middle, end)]
                continue
            if len(listed) >= LIMIT:
                self.whole = False
                message = f"{len(listed)} posts in one second: the API gives no more than {LIMIT} of them"
                await self._run.report(stream, Refusal(UNREAD, "window_full", message), resource)
            yield rows


def has_history(body: object) -> bool:
    """Tell whether an answer of GET /history holds posts, none of them too."""
    return isinstance(body, list) or (
        isinstance(body, dict) and isinstance(body.get("history"), list) and not is_error(body)
    )


def history_rows(body: Any) -> list[dict[str, Any]]:
    """Return the posts in an answer of GET /history."""
    return objects(body["history"] if isinstance(body, dict) else body)


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


def is_open(row: dict[str, Any]) -> bool:
    """Tell whether a post changes later: it is not sent yet, or a network has not given its id."""
    entries = objects(row.get("postIds"))
    return str(row.get("status")).lower() in OPEN_STATUSES or any(
        str(entry.get("id")).lower() == "pending" for entry in entries
    )


def analytics_networks(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the networks whose numbers a post can have: those it was sent to that have post analytics."""
    if isinstance(row.get("postIds"), list):
        sent = [e.get("platform") for e in objects(row["postIds"]) if str(e.get("status")).lower() == "success"]
    elif str(row.get("status")).lower() in UNSENT_STATUSES:
        sent = []
    else:
        platforms = row.get("platforms")
        sent = platforms if isinstance(platforms, list) else []
    names = dict.fromkeys(name.lower() for name in sent if isinstance(name, str))
    return tuple(name for name in names if name in NETWORKS and "post_analytics" in NETWORKS[name].reads)
