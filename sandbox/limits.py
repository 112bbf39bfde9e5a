"""The rate limit of a profile, counted in fixed windows or in a sliding one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Limit:
    """`limit` requests in `window` seconds; limit 0: none. `refused` counts the requests beyond it."""

    limit: int = 300
    window: float = 300.0
    counting: str = "sliding"
    refused: int = 0
    used: deque[float] = field(default_factory=deque)
    _window_start: float | None = None

    def count(self, now: float) -> tuple[int, bool]:
        """Take in a request; return how many the window then holds, and whether it is within the limit."""
        if not self.limit:
            return 0, True
        if self.counting == "fixed":
            if self._window_start is None or now - self._window_start >= self.window:
                self._window_start = now
                self.used.clear()
        else:
            while self.used and self.used[0] <= now - self.window:
                self.used.popleft()
        if len(self.used) >= self.limit:
            self.refused += 1
            return len(self.used) + 1, False
        self.used.append(now)
        return len(self.used), True
