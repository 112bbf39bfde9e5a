"""What a run logs while it goes on: how many requests it has made of how many, and when it will be done."""

from __future__ import annotations

import logging
import math
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from tap_ayrshare.run.estimate import Count, Estimate, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_ayrshare.engine.sync import Stream
    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.streams.source import Source

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 30.0
ENOUGH = 25
"""Posts after which the requests that they took tell what the others will take."""
DAY = timedelta(days=1)


class Progress:
    """The line that a run logs every 30 s, and the estimate that it logs as soon as all posts are listed."""

    def __init__(self, extraction: Extraction) -> None:
        """Make the lines of a run."""
        self._extraction = extraction
        self._is_planned = False
        self._expected: dict[tuple[str, str], int] = {}
        self._last_line = extraction.tally.began

    def tick(self) -> None:
        """Log what is due."""
        now = monotonic()
        if not self._is_planned and (plan := self._plan()):
            self._is_planned = True
            logger.info("%s", " ".join(sentences(plan, self._extraction.settings, "This run")))
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            logger.info("%s", self.line())

    def line(self) -> str:
        """Return the line: requests made and planned, the next window if all wait for it, the time of the end."""
        extraction = self._extraction
        sent = sum(source.client.sent for source in extraction.sources)
        planned, longest, is_known, waits = sent, 0.0, True, []
        for source, streams in extraction.sync.work:
            if source.label not in extraction.sync.active:
                continue
            left, is_all = self._left(source, streams)
            planned, is_known = planned + left, is_known and is_all
            longest = max(longest, _seconds(source, left))
            waits.append(source.client.pacer.seconds_until(1))
        budget = extraction.settings.request_budget
        if budget is not None and planned > budget:
            planned, is_known = budget, True
        wait = min(waits, default=0.0)
        return ", ".join(
            [
                f"{sent:,} of {'' if is_known else 'at least '}{planned:,} requests",
                *([f"next window in {math.ceil(wait)} s"] if wait >= 1 else []),
                f"done at {'about' if is_known else 'the earliest at'} {self._clock(longest)}",
            ]
        )

    def _plan(self) -> list[Estimate]:
        """Return the requests of each profile, made and to come; none if any aren't known yet, or if all are made."""
        found, to_come = [], 0
        for source, streams in self._extraction.sync.work:
            estimate = Estimate(source.label)
            for stream in streams:
                left = self._left_of(source, stream)
                if left is None:
                    return []
                to_come += left
                estimate.requests[stream.name] = Count.exactly(source.client.requests[stream.name] + left)
            found.append(estimate)
        return found if to_come else []

    def _clock(self, seconds: float) -> str:
        """Return the time of day in so many seconds, with its date if that is a day away."""
        present = self._extraction.snapshot.at(monotonic())
        end = present + timedelta(seconds=seconds)
        return f"{end:%Y-%m-%d %H:%M} UTC" if end - present >= DAY else f"{end:%H:%M} UTC"

    def _left(self, source: Source, streams: Iterable[Stream[Source]]) -> tuple[int, bool]:
        """Return how many requests of a profile are still to come, and whether that is all that is to come."""
        found = [self._left_of(source, stream) for stream in streams]
        return sum(left or 0 for left in found), None not in found

    def _left_of(self, source: Source, stream: Stream[Source]) -> int | None:
        """Return how many requests of a stream are still to come, None as long as that isn't known."""
        if not stream.takes_turns or (source.label, stream.name) in self._extraction.sync.ended:
            return 0
        stats, sent = source.stats(stream.name), source.client.requests[stream.name]
        if stats.planned is not None:
            each = stats.taken / stats.asked if stats.asked >= ENOUGH else 1.0
            to_come = math.ceil((stats.planned - stats.asked) * each)
            # What is on its way has been counted as sent.
            return max(0, to_come - source.client.pacer.in_flight)
        key = source.label, stream.name
        if key not in self._expected:
            expected = stream.expected(source)
            if expected is None:
                return None
            self._expected[key] = expected
        return max(0, self._expected[key] - sent)


def _seconds(source: Source, requests: int) -> float:
    """Return how long requests of a profile take: at the limit, or at the API's own speed where that is slower."""
    if not requests:
        return 0.0
    client = source.client
    each = sum(client.seconds.values()) / client.sent if client.sent else 0.0
    return max(client.pacer.seconds_until(requests), requests * each / client.lanes.size)
