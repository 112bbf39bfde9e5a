"""Open posts that lists may not bring any more, or whose date says nothing of when they go out.

A post that was scheduled, or waits for approval, for longer than lists reach back is asked for by its id
(docs/api.md section 8), until it is sent, deleted or a year overdue. One that goes out later than its date says, since
it was approved or resumed, counts as published then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.posts.rows import created_at, is_open, is_unsent, published_at

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 12
"""Posts that the state remembers."""
FAR_AHEAD = timedelta(days=60)
"""A post that is scheduled that far ahead, or has been open for that long, is remembered before no list has it."""
OVERDUE = timedelta(days=365)
LATE = timedelta(days=2)
KEPT = timedelta(days=7)
"""How long a post is asked for that has gone out, so that every stream has read it."""
Row = tuple[Any, ...]


@dataclass(frozen=True)
class OpenPost:
    """An open post; made: when; due: its date; out_at: when it went out."""

    post_id: str
    made: datetime
    due: datetime
    out_at: datetime | None = None

    def to_row(self) -> Row:
        """Return it as the state has it."""
        return (self.post_id, self.made, self.due, *([self.out_at] if self.out_at else []))


class OpenPosts:
    """The open posts of a profile."""

    def __init__(self, rows: Iterable[Row], now: datetime, reach: timedelta) -> None:
        """Take up the posts that a state has.

        Args:
            rows: the posts, as `OpenPost.to_row` returns them.
            now: the instant of the run.
            reach: how far back posts are listed.
        """
        self._now = now
        self._reach = reach
        self._posts = {post.post_id: post for post in (OpenPost(*row) for row in rows)}

    @property
    def ids(self) -> list[str]:
        """The posts that are remembered, those first whose date is nearest."""
        return [post.post_id for post in self._remembered()]

    def see(self, post_id: str, row: dict[str, Any]) -> None:
        """Take note of what a row of the history says of a post."""
        if is_open(row):
            made, due = created_at(row), published_at(row)
            if made and due:
                self.opened(post_id, made, due)
        elif post_id in self._posts:
            (self.gone if is_unsent(row) else self.sent)(post_id)

    def opened(self, post_id: str, made: datetime, due: datetime) -> None:
        """Take note that a post is open."""
        self._posts[post_id] = OpenPost(post_id, made, due)

    def sent(self, post_id: str) -> None:
        """Take note that a post has gone out."""
        post = self._posts.get(post_id)
        if post and post.out_at is None:
            out_at = post.due if self._now - post.due < LATE else self._now
            self._posts[post_id] = replace(post, out_at=out_at)

    def gone(self, post_id: str) -> None:
        """Forget a post: it is deleted, or has failed."""
        self._posts.pop(post_id, None)

    def out_at(self, post_id: str) -> datetime | None:
        """Return when a post that was open went out, None if that isn't known."""
        post = self._posts.get(post_id)
        return post.out_at if post else None

    @property
    def left_out(self) -> int:
        """How many posts there is no room to remember."""
        return max(0, len(self._wanted()) - MOST)

    def _wanted(self) -> list[OpenPost]:
        return [post for post in self._posts.values() if self._is_wanted(post)]

    def _is_wanted(self, post: OpenPost) -> bool:
        if post.out_at:
            # Refreshed for as long as any other, if no list has it.
            kept = max(KEPT, self._reach) if post.made < self._now - self._reach else KEPT
            return self._now - post.out_at <= kept
        is_far = post.due - post.made > FAR_AHEAD or self._now - post.made > FAR_AHEAD
        return (is_far or post.due <= self._now) and self._now - post.due <= OVERDUE

    def _remembered(self) -> list[OpenPost]:
        def distance(post: OpenPost) -> tuple[bool, timedelta, str]:
            return post.out_at is None, abs(post.due - self._now), post.post_id

        return sorted(self._wanted(), key=distance)[:MOST]

    def to_rows(self) -> tuple[Row, ...]:
        """Return the posts that the next run should know."""
        return tuple(post.to_row() for post in self._remembered())
