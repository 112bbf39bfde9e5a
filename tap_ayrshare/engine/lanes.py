"""How many requests are in flight: of one source as its limit and the latency want it, of all as open files allow."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

if sys.platform != "win32":
    import resource

logger = logging.getLogger(__name__)

LEAST, USUAL, MOST = 2, 8, 32
"""Requests in flight of one source."""
CAUTIOUS = 4
"""As few as growing latency leaves; server errors and timeouts leave `LEAST`."""
HEADROOM = 1.5
SLOWER = 2.0
"""How many times the usual latency is too much."""
QUICK, STEADY, RELUCTANT = 0.2, 0.05, 0.01
"""Shares of the newest answer in the present latency and in the usual one, and in the latter while answers are slow."""
FILES_LEFT = 64
"""Open files that are left for everything but requests."""
FILES_UNKNOWN = 500
LONG_WAIT = 2.0
"""Seconds that a request waits for a place among all before it is worth a line."""


class Lanes:
    """The requests that may be in flight of one source; those that wait go in their order.

    As many as the limit's rate takes at the usual latency, with some headroom, and no fewer than `USUAL`, so that what
    the limit allows at once is also asked at once. Growing latency, server errors and timeouts take some of them away;
    good answers give them back, one in the time of an answer.

    size: how many, as a fraction while it grows.
    """

    def __init__(self, rate: Callable[[], float], most: int | None = None) -> None:
        """Make the lanes of a source.

        Args:
            rate: returns how many requests the limit allows in a second.
            most: the most that are wanted by the settings, None for `MOST`.
        """
        self._rate = rate
        self._most = min(most or MOST, MOST)
        self.size = float(min(USUAL, self._most))
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._latency: dict[str, tuple[float, float]] = {}
        self._is_growing_fast = True
        self._reduced_at = -math.inf

    async def __aenter__(self) -> None:
        """Take a lane, or wait for one."""
        if self._taken < int(self.size) and not self._waiting:
            self._taken += 1
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._taken -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken < int(self.size):
            future = self._waiting.popleft()
            if not future.done():
                self._taken += 1
                future.set_result(None)

    @property
    def wanted(self) -> int:
        """How many the limit's rate takes at the usual latency."""
        latency = max((usual for _, usual in self._latency.values()), default=0.0)
        return min(self._most, max(USUAL, math.ceil(min(self._rate() * latency * HEADROOM, MOST))))

    def heard(self, kind: str, seconds: float, *, is_failure: bool = False) -> None:
        """Learn how long an answer took.

        Args:
            kind: what was asked for: latencies are compared with others of the same kind.
            seconds: the latency.
            is_failure: whether it was a server error, or no answer came in time.
        """
        present, usual = self._latency.get(kind, (seconds, seconds))
        present += QUICK * (seconds - present)
        is_slow = present > SLOWER * usual
        if not is_failure:
            self._latency[kind] = present, usual + (RELUCTANT if is_slow else STEADY) * (seconds - usual)
        if not (is_failure or is_slow):
            self.size = min(float(self.wanted), self.size + (1.0 if self._is_growing_fast else 1 / self.size))
            self._let_in()
            return
        self._is_growing_fast = False
        now = monotonic()
        # Answers to what was sent before the last reduction say nothing of it.
        if now - self._reduced_at >= present:
            self._reduced_at = now
            least = min(LEAST if is_failure else CAUTIOUS, self._most)
            self.size = max(float(least), self.size * (0.5 if is_failure else 0.75))


class Places:
    """The requests that may be in flight of all sources together."""

    def __init__(self, most: int | None) -> None:
        """Make the places; most: as many as the settings allow, None for as many as open files do."""
        files = _open_files()
        by_files = max(LEAST, (files or FILES_UNKNOWN) - FILES_LEFT)
        self.most = min(most or by_files, by_files)
        self._why = (
            f"max_concurrency_total allows {self.most} requests in flight; raise it, or leave it unset"
            if most and most <= by_files
            else f"open files allow {self.most} requests in flight; raise their limit (now ulimit -n {files})"
        )
        self._semaphore = asyncio.Semaphore(self.most)
        self._is_told = False

    async def acquire(self) -> None:
        """Take a place, or wait for one; a long wait is logged once."""
        if not self._semaphore.locked():
            await self._semaphore.acquire()
            return
        began = monotonic()
        await self._semaphore.acquire()
        if not self._is_told and monotonic() - began > LONG_WAIT:
            self._is_told = True
            logger.warning("profiles wait for each other: %s", self._why)

    def release(self) -> None:
        """Give a place back."""
        self._semaphore.release()


def _open_files() -> int:
    """Return how many files this process may have open, 0 where that isn't known."""
    if sys.platform == "win32":
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 16 if soft == resource.RLIM_INFINITY else soft
