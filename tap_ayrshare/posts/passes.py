"""The passes of a stream over its posts: one for networks that are in step, so that each network has its own."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tap_ayrshare.posts.bookmarks import PassBookmark, RefreshBookmark
from tap_ayrshare.posts.cursor import UNDATED, Progress, RefreshCursor, Slice, read_schedule
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.failures import Failures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from tap_ayrshare.posts.bookmarks import OlderPassBookmark
    from tap_ayrshare.posts.schedule import RefreshSchedule, Terms
    from tap_ayrshare.posts.sent import Listed
    from tap_ayrshare.posts.windows import Window


class Passes:
    """The passes of the networks of a run, and of those that it doesn't read.

    A network without a bookmark has a pass over all posts before it. One that couldn't be asked for a post, or refused
    it, falls out of step: its pass ends there, and is as it was in the next run.

    failures: the posts that failed.
    """

    def __init__(
        self, terms: Terms, bookmark: RefreshBookmark, networks: Sequence[str], *, is_native: bool = False
    ) -> None:
        """Take up the passes of `networks` where a bookmark left them.

        Args:
            terms: what decides which posts are due.
            bookmark: what the state has.
            networks: those that are read.
            is_native: whether the posts are native ones, of which an older state has no pass of all networks.

        Raises:
            StateError: the bookmark is invalid.
        """
        self._terms = terms
        known = _progress(bookmark, terms.schedule, networks, is_native=is_native)
        self._by_network = {n: RefreshCursor(terms, known.pop(n, Progress())) for n in dict.fromkeys(networks)}
        self._networks = tuple(self._by_network)
        self._elsewhere_in_step = [((network,), progress) for network, progress in known.items()]
        self._schedule = str(terms.schedule)
        self._groups: dict[tuple[str, ...], list[tuple[RefreshCursor, tuple[str, ...]]]] = {}
        self.join()
        self.failures = Failures(terms.now.date(), _deferred(bookmark, terms.start), bookmark.failed)

    @property
    def cursors(self) -> list[RefreshCursor]:
        """The passes that are under way."""
        return [cursor for cursor, _ in self._in_step()]

    @property
    def oldest_due(self) -> datetime | None:
        """The earliest publication that can be due; None for no bound."""
        return self.oldest_due_of(self._by_network)

    def oldest_due_of(self, networks: Collection[str]) -> datetime | None:
        """Return the earliest publication that can be due on some networks; None for no bound."""
        bounds = [self._by_network[network].oldest_due for network in networks]
        places = (place for place in self.failures.positions if self.failures.networks_due(place, networks))
        failed = [published for published, _ in places if published != UNDATED]
        dated = [bound for bound in bounds if bound is not None]
        return min([*dated, *failed]) if dated and len(dated) == len(bounds) else None

    @property
    def in_future(self) -> list[tuple[str, date]]:
        """The networks whose last pass has a date in the future, each with that date."""
        return [(name, cursor.last_read) for name, cursor in self._by_network.items() if cursor.in_future]

    def list_as_of(self, listed_at: datetime, gaps: list[Window]) -> None:
        """Set when the posts were listed that come now, and the windows of time that could not be."""
        for cursor in self.cursors:
            cursor.listed_at, cursor.gaps = listed_at, gaps

    def split(self) -> None:
        """Let each network have a pass of its own, where it isn't known of all how far they have been listed."""
        self._by_network = {network: copy(cursor) for network, cursor in self._by_network.items()}
        self._groups.clear()

    def join(self) -> None:
        """Let networks share a pass that are in step."""
        in_step: dict[object, RefreshCursor] = {}
        for network, cursor in self._by_network.items():
            key = network if cursor.is_cut_short else cursor.progress
            self._by_network[network] = in_step.setdefault(key, cursor)
        self._groups.clear()

    def due(
        self, posts: Iterable[Listed], read: Mapping[str, Collection[str]], *, is_native: bool = False
    ) -> list[DuePost]:
        """Return the posts that are due, the newest first, with the networks on which they have not been `read`."""
        found = []
        for post in posts:
            position = (post.out_at or post.published or UNDATED, post.post_id)
            groups = self._groups_of(post.networks)
            asked = groups[0][1] if len(groups) == 1 and groups[0][0].is_due(position) else ()
            if len(groups) > 1 or (not asked and position in self.failures.positions):
                due = {name for cursor, names in groups if cursor.is_due(position) for name in names}
                due.update(self.failures.networks_due(position, (name for _, names in groups for name in names)))
                asked = tuple(name for name in post.networks if name in due)
            if post.post_id in read:
                asked = tuple(name for name in asked if name not in read[post.post_id])
            if asked:
                platform = asked[0] if is_native else None
                found.append(DuePost(post.post_id, asked, post.published, platform=platform, out_at=post.out_at))
                self.failures.reopen(found[-1])
        return self.failures.in_order(found)

    def _in_step(self) -> list[tuple[RefreshCursor, tuple[str, ...]]]:
        """Return the passes that are under way, each with its networks."""
        return self._groups_of(self._networks)

    def _groups_of(self, networks: tuple[str, ...]) -> list[tuple[RefreshCursor, tuple[str, ...]]]:
        """Return the passes of a post's networks, each with those of them that it is of."""
        # Posts by the million share a few combinations of networks.
        if networks not in self._groups:
            groups: dict[int, tuple[RefreshCursor, tuple[str, ...]]] = {}
            for network in networks:
                if cursor := self._by_network.get(network):
                    groups[id(cursor)] = cursor, (*groups.get(id(cursor), (cursor, ()))[1], network)
            self._groups[networks] = list(groups.values())
        return self._groups[networks]

    def cut_short(self, networks: Iterable[str], *, is_refused: bool = False) -> None:
        """Let networks fall out of step, which couldn't be asked for a post: their passes won't be complete."""
        for network in networks:
            cursor = self._by_network.get(network)
            if cursor and not cursor.is_cut_short:
                own = self._by_network[network] = copy(cursor)
                own.is_cut_short, own.is_refused = True, is_refused
                self._groups.clear()

    def is_cut_short(self, network: str) -> bool:
        """Return whether a network has posts in its pass that couldn't be asked for."""
        cursor = self._by_network.get(network)
        return cursor is not None and cursor.is_cut_short

    def passed(self, post: DuePost) -> None:
        """Count all posts down to this one as read, on its networks that are in step."""
        for cursor, _ in self._groups_of(post.networks):
            if not cursor.is_cut_short:
                cursor.passed(post.position)

    def complete(self) -> bool:
        """Count the passes as complete that nothing cut short; return whether no post stays due that could be read."""
        completed = {id(cursor) for cursor in self.cursors if cursor.complete()}
        self.failures.complete([name for name, cursor in self._by_network.items() if id(cursor) in completed])
        return all(id(cursor) in completed or cursor.is_refused for cursor in self.cursors)

    def to_state(self) -> dict[str, Any]:
        """Return the fields of a bookmark that say how far the passes have come."""
        in_step = self._in_step()
        present = ((names, cursor.progress) for cursor, names in in_step)
        passes = _bookmarks([*self._elsewhere_in_step, *present], self._terms.schedule)
        deferred, failed = self.failures.to_rows()
        dates = [cursor.bookmark for cursor, _ in in_step]
        return {
            "value": None if None in dates else min((date for date in dates if date), default=None),
            "passes": passes,
            "schedule": self._schedule if any(one.slices for one in passes) else "",
            "deferred": deferred,
            "failed": failed,
        }


def _bookmarks(
    passes: Iterable[tuple[tuple[str, ...], Progress]], schedule: RefreshSchedule
) -> tuple[PassBookmark, ...]:
    """Return the passes as the state has them, one for networks that are in step."""
    networks: dict[Progress, tuple[str, ...]] = {}
    for names, progress in passes:
        networks[progress] = (*networks.get(progress, ()), *names)
    networks.pop(Progress(), None)
    return tuple(
        PassBookmark(names, one.as_of, one.since, tuple(part.to_row(schedule) for part in one.slices))
        for one, names in networks.items()
    )


def _progress(
    bookmark: RefreshBookmark, today: RefreshSchedule, networks: Sequence[str], *, is_native: bool
) -> dict[str, Progress]:
    """Return how far the pass of each network has come, as a bookmark says."""
    schedule = read_schedule(bookmark.schedule) if bookmark.schedule else today

    def slices(rows: Iterable[tuple[Any, ...]]) -> tuple[Slice, ...]:
        return tuple(Slice.from_row(row, schedule) for row in rows)

    found = {
        network: Progress(one.as_of, one.since, slices(one.slices))
        for one in bookmark.passes
        for network in one.networks
    }
    if bookmark.passes:
        return found
    # A state of an older version: the pass of all networks, and those of networks that had fallen behind.
    older = bookmark.platforms or {}
    main = Progress(_as_of(bookmark.value, bookmark.as_of), None, slices(bookmark.slices))
    found = {network: Progress(_as_of(one.date, one.as_of), None, slices(one.slices)) for network, one in older.items()}
    return found if is_native and older else {**dict.fromkeys(networks, main), **found}


def _as_of(day: date | None, as_of: datetime | None) -> datetime | None:
    """Return when a pass began; without a time all of its day may have come after."""
    if day is None or (as_of and as_of.date() == day):
        return as_of if day else None
    return datetime.combine(day, datetime.min.time(), tzinfo=timezone.utc)


def _deferred(bookmark: RefreshBookmark, start: datetime | None) -> list[tuple[Any, ...]]:
    """Return the posts that stay due, without those that the start date leaves out."""
    rows = [*bookmark.deferred, *_deferred_by_network(bookmark.platforms or {})]
    return [row for row in rows if start is None or row[0] == UNDATED or row[0] >= start]


def _deferred_by_network(platforms: Mapping[str, OlderPassBookmark]) -> list[tuple[Any, ...]]:
    """Return those of a state of an older version that stay due on single networks."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for network, one in platforms.items():
        for published, post_id, *more in one.deferred:
            found.setdefault((published, post_id, *(more[:1] or ["1970-01-01"])), []).append(network)
    return [(*row, *networks) for row, networks in found.items()]
