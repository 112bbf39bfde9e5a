"""The posts that a profile sent through Ayrshare (GET /history), each stretch of time read at most once in a run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.codes import POST_GONE
from tap_ayrshare.ayrshare.contract import NETWORKS, network_name
from tap_ayrshare.ayrshare.endpoints import HISTORY_BY_ID
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.posts.rows import (
    approved_at,
    network_entries,
    published_at,
    sent_to,
    with_analytics,
)
from tap_ayrshare.posts.windows import BEGINNING, SECOND, Windows

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from datetime import datetime

    from tap_ayrshare.posts.open_posts import OpenPosts
    from tap_ayrshare.posts.windows import Reader

OPEN_DAYS = timedelta(days=90)
"""How far back an open post is followed, and how long before its publication a post may have been made."""


class Listed(NamedTuple):
    """A post as the analytics streams need it.

    published: None where its date can't be read.
    out_at: when it went out, where that was later than its date says.
    """

    published: datetime | None
    post_id: str
    networks: tuple[str, ...]
    out_at: datetime | None = None


class History:
    """The posts that a profile sent through Ayrshare, as far back as a stream has asked for them.

    windows: what has been read, with the gaps in it.
    posts: those read so far, in no order.
    native_ids: the networks' own ids of them, where a stream needs them.
    social_ids: the same by post and network; None where a post has several on a network, like a thread.
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
        self.windows = Windows(reader, keeps_rows=keeps_rows)
        self._keeps_native_ids, self._keeps_social_ids = keeps_native_ids, keeps_social_ids
        self._combinations: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.posts: list[Listed] = []
        self.native_ids: set[str] = set()
        self.social_ids: dict[tuple[str, str], str | None] = {}
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
        async for rows in self.windows.read(stream, start, last):
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

    async def deleted(self, stream: str, start: datetime) -> list[dict[str, Any]]:
        """Return the deleted posts since `start`, which the API gives only when asked for them."""
        windows = self.windows.read(stream, start, self._reader.now + SECOND, status="deleted")
        return [row async for rows in windows for row in rows]

    def newest(self) -> list[Listed]:
        """Return the posts that are known, as far down as none is missing, when the budget ended the listing."""
        bottom = max((high for _, high in self.windows.gaps), default=BEGINNING)
        beyond = [listed for row in self.windows.beyond for listed in self._listed(row)]
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
        self._open_posts.see(post_id, row)
        if self._keeps_native_ids:
            self.native_ids.update(filter(None, (usable_id(e.get("id")) for e in network_entries(row) or ())))
        for entry in (network_entries(row) or ()) if self._keeps_social_ids else ():
            key = post_id, network_name(entry.get("platform")) or ""
            self.social_ids[key] = None if key in self.social_ids else usable_id(entry.get("id"))
        self.posts += self._listed(row)
        return True

    def _listed(self, row: dict[str, Any]) -> list[Listed]:
        """Return a post as the analytics streams need it, none if it was sent to no network that has analytics."""
        sent = sent_to(row)
        # Posts by the million share a few combinations of networks.
        if sent not in self._combinations:
            self._combinations[sent] = with_analytics(sent)
            for unknown in set(sent) - NETWORKS.keys():
                self._reader.remark(f"posts were sent to {unknown[:40]}, a network that this version doesn't know")
        networks, post_id = self._combinations[sent], usable_id(row.get("id"))
        if not networks or post_id is None:
            return []
        published, out_at = published_at(row), self._open_posts.out_at(post_id) or approved_at(row)
        is_late = published is not None and out_at is not None and out_at > published
        return [Listed(published, post_id, networks, out_at if is_late else None)]
