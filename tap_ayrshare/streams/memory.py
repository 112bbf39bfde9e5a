"""What a profile remembers between runs beside its bookmarks: its networks and the requests to X of the last day.

It stands in the bookmark of `accounts`, whether that stream is selected or not.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.engine.values import instant
from tap_ayrshare.posts.open_posts import OpenPosts
from tap_ayrshare.streams.bookmarks import AccountsBookmark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WINDOW = timedelta(hours=25)
"""Requests are counted by the hour, so a window of 24 hours may begin within an hour that still counts."""
SMALL_BUDGET = 10
"""With a smaller request budget the networks are asked for once a week, else once a day."""
WEEK = 7


class Memory:
    """The memory of a profile.

    open_posts: the posts that wait for long to be sent.
    networks: those linked when GET /user was last asked, None if that is not known.
    """

    def __init__(self, state: Mapping[str, Any], now: datetime, reach: timedelta = WINDOW) -> None:
        """Take up what a bookmark remembers; `reach`: how far back posts are listed.

        Raises:
            StateError: it is invalid.
        """
        self._now = now
        self.open_posts = OpenPosts(AccountsBookmark.from_state(state).open_posts, now, reach)
        self._began = monotonic()
        self.networks = _names(state.get("networks"))
        self._networks_on = _day(state.get("networks_on"))
        self._x_requests = _counts(state.get("x_requests"))

    def networks_now(self, budget: int | None) -> Sequence[str] | None:
        """Return the linked networks if they need not be asked for in a run with this budget."""
        if budget is None or self._networks_on is None:
            return None
        age = (self._now.date() - self._networks_on).days
        return self.networks if 0 <= age < (WEEK if budget < SMALL_BUDGET else 1) else None

    def keep_networks(self, networks: Sequence[str]) -> None:
        """Remember the linked networks."""
        self.networks, self._networks_on = tuple(networks), self._now.date()

    def count_x(self, requests: int) -> None:
        """Count requests to X."""
        hour = self._clock().replace(minute=0, second=0, microsecond=0)
        self._x_requests[hour] = self._x_requests.get(hour, 0) + requests

    @property
    def x_requests(self) -> int:
        """Requests to X in the last 24 hours, or a little longer."""
        since = self._clock() - WINDOW
        return sum(count for hour, count in self._x_requests.items() if hour > since)

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._began)

    def to_state(self) -> dict[str, Any]:
        """Return what the next run should know."""
        state: dict[str, Any] = {}
        if self.networks is not None and self._networks_on:
            state |= {"networks": list(self.networks), "networks_on": self._networks_on.isoformat()}
        since = self._clock() - WINDOW
        if counts := {f"{hour:%Y-%m-%dT%HZ}": n for hour, n in self._x_requests.items() if hour > since}:
            state["x_requests"] = counts
        state |= {"open_posts": [], **AccountsBookmark(open_posts=self.open_posts.to_rows()).to_state()}
        return state


def _names(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise StateError("networks of accounts isn't a list of names")
    return tuple(value)


def _day(value: object) -> date | None:
    moment = instant(value)
    if value is not None and moment is None:
        raise StateError("networks_on of accounts isn't a date")
    return moment.date() if moment else None


def _counts(value: object) -> dict[datetime, int]:
    if value is None:
        return {}
    found = {}
    for hour, count in value.items() if isinstance(value, dict) else [(None, None)]:
        moment = instant(str(hour).replace("Z", ":00Z"))
        if moment is None or not isinstance(count, int):
            raise StateError("x_requests of accounts isn't a count by hour")
        found[moment] = count
    return found
