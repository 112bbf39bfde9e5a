"""Posts whose requests failed: those that stay due, and those that come last when they are due again."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.posts.bookmarks import FAILED, FAILURES_ROOM

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_ayrshare.posts.cursor import Position
    from tap_ayrshare.posts.due import DuePost

MOST = 10
"""Posts that stay due; the state has no room for more."""
MOST_SETTLED = 5
Row = tuple[Any, ...]
EVERY_NETWORK = ""
"""Stands for all of a post's networks in a state that names none."""


class Failures:
    """The posts of a stream that failed.

    A post is deferred, and stays due whatever its passes say, until it is resolved. One that failed again is settled:
    it counts as read, but when it is due again, what has never failed comes first.
    """

    def __init__(self, today: date, deferred: Iterable[Row] = (), settled: Iterable[Row] = ()) -> None:
        """Take up the posts that a state has, as rows of time, id, day and networks."""
        self._today = today
        self._deferred = dict(map(_read_row, deferred))
        self._settled = {position: on for position, (on, _) in map(_read_row, settled)}
        self._known = dict(self._deferred)

    @property
    def positions(self) -> Collection[Position]:
        """The posts that stay due."""
        return self._deferred.keys()

    def networks_due(self, position: Position, networks: Iterable[str]) -> tuple[str, ...]:
        """Return those of a post's networks on which it stays due."""
        return _of(self._deferred.get(position), networks)

    def is_deferred_on(self, post: DuePost, network: str) -> bool:
        """Return whether a post stays due on a network."""
        return bool(self.networks_due(post.position, (network,)))

    def is_deferred(self, post: DuePost) -> bool:
        """Return whether a post stays due on any of its networks."""
        return bool(self.networks_due(post.position, post.networks))

    def has_failed(self, post: DuePost) -> bool:
        """Return whether an earlier run couldn't read a post, on all of the networks on which it is due.

        On any other network it would count as read once older posts have been.
        """
        networks = post.networks
        return bool(networks) and len(_of(self._known.get(post.position), networks)) == len(networks)

    def has_failed_before_today(self, post: DuePost) -> bool:
        """Return whether that was on an earlier date."""
        return self.has_failed(post) and self._known[post.position][0] < self._today

    def in_order(self, posts: Iterable[DuePost]) -> list[DuePost]:
        """Return posts in the order in which they are read: the newest first, and those that have failed last."""
        return sorted(posts, key=lambda post: (not self.has_failed(post), post.position), reverse=True)

    def reopen(self, post: DuePost) -> None:
        """Let a settled post that is due again come last: it stays due until then, if there is room for it."""
        on = self._settled.get(post.position)
        if on is not None and self.defer(post):
            self._known[post.position] = self._deferred[post.position] = (on, frozenset(post.networks))

    def defer(self, post: DuePost) -> bool:
        """Let a post stay due; return whether there was room for it."""
        position = post.position
        first, before = self._deferred.get(position) or self._known.get(position) or (self._today, frozenset())
        deferred = {**self._deferred, position: (first, before.union(post.networks))}
        if position not in self._deferred and (len(deferred) > MOST or _size(deferred) > FAILURES_ROOM):
            return False
        self._deferred = deferred
        return True

    def resolve(self, post: DuePost, unasked: Collection[str] = ()) -> None:
        """Count a post as read, but on networks that couldn't be asked for it."""
        position = post.position
        if position not in self._deferred:
            return
        on, deferred = self._deferred[position]
        left = frozenset(unasked if EVERY_NETWORK in deferred else deferred.intersection(unasked))
        self._deferred = {other: entry for other, entry in self._deferred.items() if other != position}
        if left:
            self._deferred[position] = on, left

    def complete(self, networks: Collection[str]) -> None:
        """Forget the deferred posts of networks whose passes are complete, such as those that no list has any more."""
        left = {
            position: (on, named.difference(networks, [EVERY_NETWORK]))
            for position, (on, named) in self._deferred.items()
        }
        self._deferred = (
            {position: entry for position, entry in left.items() if entry[1]} if networks else self._deferred
        )

    def remember(self, post: DuePost, *, failed: bool) -> None:
        """Remember whether a post has failed for good today, for the next time that it is due."""
        kept = [(position, on) for position, on in self._settled.items() if position != post.position]
        self._settled = dict([*([(post.position, self._today)] if failed else []), *kept][:MOST_SETTLED])

    def to_rows(self) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        """Return the posts that stay due and those that are settled, as the state has them."""
        deferred = tuple(_rows(self._deferred))
        settled = tuple((*position, on.isoformat()) for position, on in self._settled.items())
        return deferred, tuple(row for row in settled if row[:2] not in self._deferred)


def _of(entry: tuple[date, frozenset[str]] | None, networks: Iterable[str]) -> tuple[str, ...]:
    named = entry[1] if entry else frozenset()
    return tuple(name for name in networks if name in named or EVERY_NETWORK in named)


def _read_row(row: Row) -> tuple[Position, tuple[date, frozenset[str]]]:
    published, post_id, *more = row
    on = read_date(more[0]) if more else date.min
    return (published, post_id), (on, frozenset(more[1:] or [EVERY_NETWORK]))


def _rows(deferred: Mapping[Position, tuple[date, frozenset[str]]]) -> Iterator[Row]:
    for position, (on, networks) in deferred.items():
        yield (*position, on.isoformat(), *sorted(networks - {EVERY_NETWORK}))


def _size(deferred: Mapping[Position, tuple[date, frozenset[str]]]) -> int:
    return len(json.dumps([FAILED.write(row) for row in _rows(deferred)]))
