"""Posts that are due: which of them, on which networks, and those that a request budget left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.bookmarks import read_date
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.cursor import UNDATED, RefreshCursor
from tap_ayrshare.posts.sent import Listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.posts.cursor import Position
    from tap_ayrshare.posts.schedule import RefreshSchedule
    from tap_ayrshare.posts.sent import Window

MOST_LEFT_OVER = 5
"""Posts that the state names for the next run, which need not list them again."""


class Terms(NamedTuple):
    """What decides which posts are due in a run: its instant, the refresh schedule, the start date."""

    now: datetime
    schedule: RefreshSchedule
    start: datetime | None


@dataclass(frozen=True)
class PostId:
    """A post requested by id; platform: None for an Ayrshare id; profile: None to try every profile."""

    post_id: str
    platform: str | None
    profile: str | None


@dataclass(frozen=True, eq=False, slots=True)
class DuePost:
    """A post to be read.

    networks: those to ask; none: the API decides.
    cursor: the pass that it belongs to; None where the settings name the post.
    apart: passes of single networks that have fallen behind the others, by network.
    profile: the profile that the settings name for it.
    platform: its network, where it is a native post.
    """

    post_id: str
    networks: tuple[str, ...]
    published: datetime | None = None
    cursor: RefreshCursor | None = None
    apart: Mapping[str, RefreshCursor] = field(default_factory=dict)
    profile: str | None = None
    platform: str | None = None

    @classmethod
    def named(cls, post: PostId, networks: Sequence[str]) -> DuePost:
        """Return a post that the settings name."""
        return cls(post.post_id, tuple(networks), profile=post.profile, platform=post.platform)

    def is_of(self, label: str) -> bool:
        """Return whether a profile is asked for it."""
        return self.profile in (None, label)

    @property
    def anywhere(self) -> bool:
        """Return whether every profile is tried: only not found by all of them is an error."""
        return self.cursor is None and not self.apart and self.profile is None

    @property
    def has_failed(self) -> bool:
        """Whether an earlier run could not read it: it comes last, so that nothing waits behind it.

        Only if all of its passes know that; another one would count it as read once older posts have been.
        """
        return bool(self.cursors) and all(cursor.is_known_failure(self.position) for cursor in self.cursors)

    @property
    def cursors(self) -> list[RefreshCursor]:
        """All passes that it belongs to."""
        return [*([self.cursor] if self.cursor else []), *self.apart.values()]

    def defer(self) -> bool:
        """Leave it for the end of its passes; return whether there is room for it."""
        return all(cursor.defer(self.position) for cursor in self.cursors)

    @property
    def is_deferred(self) -> bool:
        """Whether it is left for the end of a pass."""
        return any(cursor.is_deferred(self.position) for cursor in self.cursors)

    def is_deferred_on(self, network: str) -> bool:
        """Return whether it is left for the end of the pass of a network."""
        cursor = self.apart.get(network, self.cursor)
        return cursor is not None and cursor.is_deferred(self.position)

    def resolve(self, unasked: Collection[str] = ()) -> None:
        """Count it as read where it was deferred, but on networks that could not be asked for."""
        if self.cursor and self.apart.keys() >= set(unasked):
            self.cursor.resolved(self.position)
        for network, cursor in self.apart.items():
            if network not in unasked:
                cursor.resolved(self.position)

    def cut_short(self, unasked: Iterable[str]) -> None:
        """Keep the passes of networks that could not be asked for from being complete."""
        for network in unasked:
            if network in self.apart:
                self.apart[network].is_cut_short = True
            elif self.cursor:
                self.cursor.is_cut_short = True

    def is_behind(self, network: str) -> bool:
        """Return whether the pass of a network has older posts, or newer ones, that could not be asked for."""
        cursor = self.apart.get(network, self.cursor)
        return cursor is not None and cursor.is_cut_short

    @property
    def position(self) -> Position:
        """Where it stands in the pass."""
        return self.published or UNDATED, self.post_id


def newest_first(posts: Iterable[DuePost]) -> list[DuePost]:
    """Return posts in the order in which they are read."""
    return sorted(posts, key=lambda post: (not post.has_failed, post.position), reverse=True)


class Passes:
    """One pass over all posts, and one for each network that has fallen behind the others.

    main: the pass of all networks but those in `kept`, the networks that stand apart in the state.
    """

    def __init__(self, terms: Terms, state: Mapping[str, Any], networks: Sequence[str]) -> None:
        """Take up the passes of `networks` where a bookmark left them.

        Raises:
            StateError: it is invalid.
        """

        def cursor_of(values: Mapping[str, Any]) -> RefreshCursor:
            return RefreshCursor(terms.schedule, terms.now, terms.start, values)

        main = cursor_state(state)
        self._kept: dict[str, Any] = dict(state.get("platforms", {}))
        self._main = cursor_of(main)
        self._apart = {network: cursor_of(self._kept.get(network, main)) for network in networks}

    @property
    def all(self) -> list[RefreshCursor]:
        """All passes."""
        return [self._main, *self._apart.values()]

    @property
    def oldest_due(self) -> datetime | None:
        """The earliest publication that can be due; None for no bound."""
        behind = (self._apart[network] for network in self._kept if network in self._apart)
        return _oldest((self._main, *behind))

    @property
    def in_future(self) -> list[tuple[str, RefreshCursor]]:
        """The networks whose pass lies in the future, and "" for the one over all of them."""
        behind = {network: cursor for network, cursor in self._apart.items() if network in self._kept}
        return [(name, cursor) for name, cursor in {"": self._main, **behind}.items() if cursor.in_future]

    def list_as_of(self, listed_at: datetime, gaps: list[Window]) -> None:
        """Set when the posts were listed that come now, and the windows of time that could not be."""
        for cursor in self.all:
            cursor.listed_at, cursor.gaps = listed_at, gaps

    def due(self, posts: Iterable[Listed], read: Mapping[str, Collection[str]]) -> list[DuePost]:
        """Return the posts that are due, with the networks on which they are and have not been `read`."""
        found = []
        # Posts by the million share a few combinations of networks.
        shared: dict[tuple[str, ...], tuple[tuple[str, ...], dict[str, RefreshCursor]]] = {}
        for post in posts:
            position = (post.published or UNDATED, post.post_id)
            is_due = self._main.is_due(position)
            asked = tuple(
                name
                for name in post.networks
                if name in self._apart
                and (self._apart[name].is_due(position) if name in self._kept else is_due)
                and name not in read.get(post.post_id, ())
            )
            if asked:
                if asked not in shared:
                    shared[asked] = asked, {name: self._apart[name] for name in asked}
                asked, own = shared[asked]
                in_main = self._main if any(name not in self._kept for name in asked) else None
                found.append(DuePost(post.post_id, asked, post.published, in_main, own))
        return found

    def to_state(self) -> dict[str, Any]:
        """Return what the next run needs, `replication_key_value` as `value`."""
        behind = {n: cursor.to_state() for n, cursor in self._apart.items() if n in self._kept or cursor.is_cut_short}
        left = {name: values for name, values in self._kept.items() if name not in self._apart}
        values = self._main.to_state()
        platforms = {name: own for name, own in {**left, **behind}.items() if own != values}
        return {"value": values.pop("date", None), **values, "platforms": platforms}


class NativePasses:
    """A pass over the native posts of each network.

    cursors: the passes by network.
    """

    def __init__(self, terms: Terms, state: Mapping[str, Any], networks: Sequence[str]) -> None:
        """Take up the passes of `networks` where a bookmark left them.

        Raises:
            StateError: it is invalid.
        """
        self._kept: dict[str, Any] = dict(state.get("platforms", {}))
        older = {} if self._kept else {"date": state.get("replication_key_value")}
        self.cursors = {
            network: RefreshCursor(terms.schedule, terms.now, terms.start, self._kept.get(network, older))
            for network in networks
        }

    @property
    def oldest_due(self) -> datetime | None:
        """The earliest publication that can be due; None for no bound."""
        return _oldest(self.cursors.values())

    @property
    def in_future(self) -> list[tuple[str, RefreshCursor]]:
        """The networks whose pass lies in the future."""
        return [(network, cursor) for network, cursor in self.cursors.items() if cursor.in_future]

    def list_as_of(self, listed_at: datetime) -> None:
        """Set when the posts were listed that come now."""
        for cursor in self.cursors.values():
            cursor.listed_at = listed_at

    def cut_short(self, networks: Collection[str]) -> None:
        """Keep the passes of networks from being complete: not all of their posts are known."""
        for network in self.cursors.keys() & networks:
            self.cursors[network].is_cut_short = True

    def due(
        self,
        listed: Mapping[str, Iterable[tuple[datetime | None, str]]],
        sent: Collection[str],
        read: Mapping[str, Collection[str]],
    ) -> list[DuePost]:
        """Return the posts that are due, without those that Ayrshare `sent` and those that have been `read`."""
        return [
            DuePost(post_id, (network,), published, cursor, platform=network)
            for network, cursor in self.cursors.items()
            for published, post_id in listed.get(network, ())
            if post_id not in sent and network not in read.get(post_id, ())
            if cursor.is_due((published or UNDATED, post_id))
        ]

    def to_state(self) -> dict[str, Any]:
        """Return what the next run needs, `replication_key_value` as `value`."""
        self._kept.update({network: cursor.to_state() for network, cursor in self.cursors.items()})
        dates = [state["date"] for state in self._kept.values() if state.get("date")]
        return {"value": min(dates, default=None), "platforms": dict(self._kept)}


def _oldest(cursors: Iterable[RefreshCursor]) -> datetime | None:
    """Return the earliest of the cursors' bounds, None if any has none."""
    bounds = [cursor.oldest_due for cursor in cursors]
    dated = [bound for bound in bounds if bound is not None]
    return min(dated) if len(dated) == len(bounds) else None


def cursor_state(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a pass out of a bookmark, whose value is its date."""
    return {**values, "date": values.get("replication_key_value")}


class LeftOver:
    """The posts that a request budget left over: the next run reads them before it lists any.

    listed_at: when they were listed. On a later date what is read of them counts for the date of the list, since
        nothing is known of newer posts; `read` has their networks by id then, so that none is asked again on it.
    network: the last network that was listed, in the order in which they are.
    is_checked: whether the posts are known that Ayrshare sent and another stream reads.
    """

    def __init__(self, state: Mapping[str, Any], now: datetime, basis: str = "") -> None:
        """Take up what a bookmark says; a list on another basis is forgotten, since other posts are due now.

        Raises:
            StateError: it is invalid.
        """
        value = state.get("left_over") or {}
        if not isinstance(value, dict):
            raise StateError("left_over isn't an object")
        self._now = now
        listed = (_listed(entry) for entry in _list(value.get("posts")))
        known = {post.post_id: post for post in listed}
        self.posts = list(known.values()) if value.get("basis") == basis else []
        self._basis = basis
        self.listed_at = now
        if "listed_at" in value and read_date(value["listed_at"]) and self.posts:
            self.listed_at = instant(value["listed_at"]) or now
        self.is_checked = not value.get("unchecked")
        self.network = str(value.get("network", ""))
        read_on = instant(value.get("read_on"))
        is_of_today = read_on is not None and read_on.date() == now.date()
        named = {
            str(post_id): {str(name) for name in names} for post_id, *names in map(_list, _list(value.get("read")))
        }
        self.read: dict[str, set[str]] = named if is_of_today else {}

    @property
    def is_of_today(self) -> bool:
        """Whether the posts were listed on today's date."""
        return self.listed_at.date() == self._now.date()

    def relist(self) -> None:
        """Forget the posts: from now on all are listed."""
        self.posts, self.listed_at = [], self._now

    def to_state(self, unread: Sequence[DuePost]) -> dict[str, Any]:
        """Return what the next run needs."""
        state: dict[str, Any] = {}
        named: list[list[str]] = []
        for post in unread:
            # A network that has fallen behind has older posts to be read before.
            names = [name for name in post.networks if not post.is_behind(name)]
            if names and post.published and len(named) < MOST_LEFT_OVER:
                named.append([singer_time(post.published), post.post_id, *names])
        if named:
            state |= {"listed_at": singer_time(self.listed_at), "posts": named, "basis": self._basis}
            state |= {} if self.is_checked else {"unchecked": True}
        state |= {"network": self.network} if self.network else {}
        if self.read:
            read = [[post_id, *sorted(names)] for post_id, names in sorted(self.read.items())]
            state |= {"read_on": self._now.date().isoformat(), "read": read}
        return state


def basis_of(terms: Terms, networks: Iterable[str]) -> str:
    """Return a short text that changes with what decides which posts are due."""
    deciding = terms.schedule, sorted(networks), terms.start
    return f"{crc32(repr(deciding).encode()):08x}"


def _list(value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise StateError("the posts of left_over aren't a list")
    return value or []


def _listed(entry: object) -> Listed:
    texts = entry if isinstance(entry, list) and all(isinstance(text, str) for text in entry) else []
    published = instant(texts[0]) if len(texts) > 2 else None  # noqa: PLR2004 - a date, an id, networks
    if published is None or not all(texts):
        raise StateError("a post of left_over isn't a list of date, id and networks")
    return Listed(published, texts[1], tuple(texts[2:]))
