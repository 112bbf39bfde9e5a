"""How many of a profile's requests would be repeated after a kill."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Coverage:
    """Counts of a profile's requests.

    covered: those whose records have been yielded; in_state: those that the last STATE covers; flushed: those that a
        STATE covers that is out.
    is_waiting: whether a STATE is waited for.
    is_written: whether anybody writes STATE at all.
    """

    def __init__(self) -> None:
        self.covered = self.in_state = self.flushed = 0
        self.is_waiting = self.is_written = False
        self._risen = asyncio.Event()

    def flush(self, requests: int) -> None:
        """Count requests that a STATE covers that is out."""
        self.flushed, self.is_waiting = requests, False
        self._risen.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until a STATE is out that covers more; return whether one is."""
        flushed = self.flushed
        self.is_waiting = True
        self._risen.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._risen.wait(), seconds)
        return self.flushed > flushed
