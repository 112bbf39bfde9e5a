"""What a run logs about itself: counts by stream, a line now and then, the summary at its end."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_ayrshare.engine.client import ProfileClient
    from tap_ayrshare.engine.errors import Refusal

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


@dataclass
class Stats:
    """What happened to a stream."""

    records: int = 0
    planned: int = 0
    done: int = 0
    answered: int = 0
    failed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    cause: str = ""
    began: float = 0.0
    first_read: float = 0.0
    last_read: float = 0.0

    @property
    def seconds(self) -> float:
        """From when the first source's turn began to when the last one's ended."""
        return self.last_read - self.first_read


class Tally:
    """Counts of a run, by stream."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams: dict[str, Stats] = defaultdict(Stats, {name: Stats() for name in streams})
        self.began = self._last_line = monotonic()
        self._logged: set[tuple[str, ...]] = set()

    def first_time(self, *what: str) -> bool:
        """Return whether something hasn't been asked about before in this run."""
        is_first = what not in self._logged
        self._logged.add(what)
        return is_first

    def answered(self, stream: str, refusal: Refusal | None = None) -> None:
        """Count a request that has ended; refusal: what refused the whole request."""
        stats = self.streams[stream]
        if refusal and refusal.rule.failure:
            stats.failed += 1
            stats.cause = str(refusal)
        else:
            stats.answered += 1

    def plan(self, stream: str, requests: int) -> None:
        """Count requests that a stream is going to make."""
        stats = self.streams[stream]
        stats.planned += requests
        stats.began = stats.began or monotonic()

    def log(self, clients: Iterable[ProfileClient]) -> None:
        """Log a line for each stream under way, every 30 s."""
        now = monotonic()
        if now - self._last_line < SECONDS_BETWEEN_LINES:
            return
        self._last_line = now
        share = max((client.pacer.share_used for client in clients), default=0.0)
        for name, tally in self.streams.items():
            if tally.planned > tally.done:
                rate = tally.done / max(now - tally.began, 1e-3)
                left = f"about {(tally.planned - tally.done) / rate:.0f} s left" if rate else "no answer yet"
                logger.info(
                    "%s: %d of %d, %.1f a second, %.0f %% of the limit used, %s",
                    name,
                    tally.done,
                    tally.planned,
                    rate,
                    share * 100,
                    left,
                )

    def summary(self, clients: Iterable[ProfileClient]) -> list[str]:
        """Return the closing table, a line for each stream."""
        clients = list(clients)
        requests: Counter[str] = Counter()
        for client in clients:
            requests.update(client.requests)
        waited = max((client.pacer.waited for client in clients), default=0.0)
        lines = [f"{'stream':<24}{'records':>9}{'requests':>10}{'skipped':>9}  errors by code"]
        for name, tally in sorted(self.streams.items()):
            codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.errors.items())) or "-"
            skipped = sum(tally.errors.values())
            lines.append(f"{name:<24}{tally.records:>9}{requests[name]:>10}{skipped:>9}  {codes}")
        lines.append(
            f"{sum(requests.values())} requests, {waited:.0f} s waited for the limit "
            f"(the profile that waited longest), {monotonic() - self.began:.0f} s in all"
        )
        return lines

    def left(self, stream: str) -> int:
        """Return how many of a stream's planned requests have not been made."""
        return max(0, self.streams[stream].planned - self.streams[stream].done)

    def failed_streams(self) -> list[str]:
        """Return the streams whose requests all failed, each with its cause."""
        return [
            f"{name} ({tally.cause})"
            for name, tally in sorted(self.streams.items())
            if tally.failed and not tally.answered
        ]
