"""Pacing ahead of the rate limit: one pacer for each profile.

Own code, since the limiter libraries that were looked at (aiolimiter, pyrate-limiter) neither hold
"never more than N in any window" together with a quota that others use too, nor can be informed of it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

from tap_ayrshare.engine.quota import NONE_TOLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tap_ayrshare.engine.lanes import Places
    from tap_ayrshare.engine.quota import Limits

logger = logging.getLogger(__name__)

JITTER = 0.01
"""Share of the window by which it is lengthened, for requests that reach the API faster than earlier ones."""
LONGEST_JITTER = 1.0
FALLS = 3
"""Falls of the count in a row that no end of a window explains."""


def allowed(limit: int, reserve: float) -> int:
    """Return how many requests may go in one window: the quota less the share that is left, at least one."""
    return max(1, math.floor(limit * (1 - reserve) + 1e-9))


class Window:
    """The requests that count now: those of the last so many seconds.

    own, foreign: when this run's went, and when others' were heard of.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.own: deque[float] = deque()
        self.foreign: deque[float] = deque()

    def free_at(self, allowed: int, place: int, now: float) -> float:
        """Return when a request may go that has `place` others before it."""
        self.forget(now)
        used = sorted((*self.own, *self.foreign)) if self.foreign else self.own
        over = len(used) + place - allowed
        return used[over] + self.seconds if over >= 0 else now

    def forget(self, now: float) -> None:
        """Leave out what has left the window."""
        for used in (self.own, self.foreign):
            while used and used[0] <= now - self.seconds:
                used.popleft()


class Pacer:
    """Lets requests go so that no window of any position holds more than the quota less the reserve.

    Until the first answer, and after an answer of 429, one request goes alone: it tells what is left of the
    quota, and a key that is refused is refused once.

    count: the API's count of requests that was last heard, None before.
    """

    def __init__(self, limit: int, window: float, reserve: float, label: str = "", limits: Limits = NONE_TOLD) -> None:
        """Make a pacer for `limit` requests in `window` seconds, of which the share `reserve` is left."""
        self._label = label
        self._limits = limits
        self._limit = limit
        self._reserve = reserve
        self._window = Window(window + min(window * JITTER, LONGEST_JITTER))
        self._blocked_until = 0.0
        self._alone = True
        self._in_flight = 0
        self._answered = asyncio.Event()
        self._turn = asyncio.Lock()
        self.count: int | None = None
        self._doubted: int | None = None
        self._falls = 0
        self._trusts_count = True
        self._waited = 0.0
        self._waiting_since: float | None = None

    @property
    def waited(self) -> float:
        """Seconds that requests have waited for their turn, the present wait too."""
        return self._waited + (0.0 if self._waiting_since is None else monotonic() - self._waiting_since)

    @property
    def in_flight(self) -> int:
        """Requests that have been sent and whose answers are still to come."""
        return self._in_flight

    @property
    def allowed(self) -> int:
        """Requests that may go in one window."""
        return allowed(self._limit, self._reserve)

    @property
    def rate(self) -> float:
        """Requests that the limit allows in a second."""
        return self.allowed / self._window.seconds

    def seconds_until(self, requests: int) -> float:
        """Return in how many seconds the last of so many further requests may go, 0 for at once."""
        now = monotonic()
        windows, place = divmod(max(requests, 1) - 1, self.allowed)
        free = self._window.free_at(self.allowed, place, now)
        return max(free, self._blocked_until) - now + windows * self._window.seconds

    @asynccontextmanager
    async def flight(self, everyone: Places | asyncio.Semaphore) -> AsyncIterator[int | None]:
        """Hold a request until it may go, and a place among the requests of all profiles while it is in flight.

        Yields the count that was last heard when it went, for `heard`.
        """
        async with self._turn:
            await self._ready()
            # A profile that waits for its limit holds no place; the moment that counts is the one of sending.
            await everyone.acquire()
            self._window.own.append(monotonic())
            self._in_flight += 1
        try:
            yield self.count
        finally:
            everyone.release()
            self._in_flight -= 1
            self._answered.set()

    async def _ready(self) -> None:
        self._waiting_since = started = monotonic()
        try:
            while True:
                if self._alone and self._in_flight:
                    self._answered.clear()
                    await self._answered.wait()
                    continue
                delay = self._delay(monotonic())
                if delay <= 0:
                    break
                await asyncio.sleep(delay)
        finally:
            self._waiting_since = None
            if (waited := monotonic() - started) > 0.001:  # noqa: PLR2004 - less is no waiting
                self._waited += waited

    def _delay(self, now: float) -> float:
        return max(self._window.free_at(self.allowed, 0, now), self._blocked_until) - now

    def heard(self, maximum: int | None, count: int | None, before: int | None = None) -> None:
        """Learn from an answer that isn't a 429.

        A lower maximum overrules the setting. A higher count than what this run has sent means that someone
        else uses the quota too: it is counted as used now (docs/api.md section 2).

        Args:
            maximum: requests that the API allows in a window.
            count: requests that it has counted in this window.
            before: the count that was last heard when the request went, as `flight` yields it. An honest count
                is higher than that, unless a window ended in between.
        """
        self._alone = False
        if maximum is not None and maximum > 0:
            self._limit = min(self._limit, maximum)
        if count is None or not self._trusts_count:
            return
        self._falls = self._falls + 1 if before is not None and count < before else 0
        doubted, self._doubted = self._doubted, None
        if self._falls >= FALLS or (doubted is not None and before == doubted and count <= doubted):
            self._distrust()
            return
        self.count = count
        if count > (maximum or self._limit):
            # The API did answer, so its limit can't have been reached.
            return
        self._window.forget(monotonic())
        unknown = min(count, self._limit) - len(self._window.own) - len(self._window.foreign)
        if unknown > 0 and count >= self.allowed and doubted is None:
            # It would hold everything up for a window: one request alone shows whether the count rises.
            self._alone, self._doubted = True, count
        elif unknown > 0:
            self._window.foreign.extend([monotonic()] * unknown)

    def _distrust(self) -> None:
        self._trusts_count = False
        self._window.foreign.clear()
        logger.warning(
            "profile %s: %s contradicts what was sent and is ignored; "
            "the pace follows rate_limit_requests, the API's maximum and its 429s",
            self._label,
            self._limits.count or "the API's count",
        )

    def unanswered(self) -> None:
        """Learn that no whole answer came."""
        self._alone = False

    def refused(self, retry_after: float | None) -> None:
        """Learn of a 429: nothing goes for `retry_after` seconds, without it for one window."""
        self._alone = True
        self._doubted = None
        wait = self._window.seconds if retry_after is None else retry_after
        self._blocked_until = max(self._blocked_until, monotonic() + wait)
