"""What a run says of itself: counts by stream, a line now and then, the summary at its end."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_ayrshare.profile_run import ProfileRun

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0


@dataclass
class StreamTally:
    """What happened to a stream."""

    records: int = 0
    planned: int = 0
    done: int = 0
    answered: int = 0
    failed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    cause: str = ""
    began: float = 0.0


class Tally:
    """Counts of a run, by stream."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams: dict[str, StreamTally] = defaultdict(StreamTally, {name: StreamTally() for name in streams})
        self.began = self._last_line = monotonic()
        self._told: set[tuple[str, ...]] = set()

    def is_news(self, *what: str) -> bool:
        """Tell whether something has not been asked about before in this run."""
        news = what not in self._told
        self._told.add(what)
        return news

    def plan(self, stream: str, requests: int) -> None:
        """Take in that a stream is going to make requests."""
        tally = self.streams[stream]
        tally.planned += requests
        tally.began = tally.began or monotonic()

    def tell(self, runs: Iterable[ProfileRun]) -> None:
        """Log a line for each stream under way, every 30 s."""
        now = monotonic()
        if now - self._last_line < SECONDS_BETWEEN_LINES:
            return
        self._last_line = now
        active = [run.client.pacer for run in runs if not run.done]
        share = max((pacer.share_used for pacer in active), default=0.0)
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

    def summary(self, runs: Iterable[ProfileRun]) -> list[str]:
        """Return the closing table, a line for each stream."""
        runs = list(runs)
        requests: Counter[str] = Counter()
        for run in runs:
            requests.update(run.client.requests)
        waited = max((run.client.pacer.waited for run in runs), default=0.0)
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
