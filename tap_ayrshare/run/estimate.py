"""How many requests a run takes, how long that is at the limit, what dominates and what would cut it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_ayrshare.engine.pacing import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_ayrshare.config.settings import Settings

REASONS = {
    "comments": "a request for each post",
    "post_analytics": "a request for each post",
    "social_post_comments": "a request for each native post that Ayrshare did not send",
    "social_post_analytics": "a request for each native post that Ayrshare did not send",
    "social_posts": "pages of native posts",
    "posts": "windows of the history",
}
DOMINATES = 0.3
"""The share of all requests from which a stream is named."""
MINUTE, HOUR = 60, 3600
WORTH_CUTTING = 15 * MINUTE


@dataclass(frozen=True)
class Count:
    """A number that isn't known exactly: at least, about, at most."""

    low: float = 0
    about: float = 0
    high: float = 0

    @classmethod
    def exactly(cls, number: float) -> Count:
        """Return a number that is known."""
        return cls(number, number, number)

    def __add__(self, other: Count) -> Count:
        return Count(self.low + other.low, self.about + other.about, self.high + other.high)

    def times(self, factor: float) -> Count:
        """Return it so many times."""
        return Count(self.low * factor, self.about * factor, self.high * factor)


@dataclass
class Estimate:
    """The requests of one profile, by stream; is_open: whether there may be more of them than can be seen."""

    label: str
    requests: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    is_open: bool = False

    @property
    def total(self) -> Count:
        """Of all streams."""
        return sum(self.requests.values(), Count())


def sentences(estimates: Sequence[Estimate], settings: Settings, what: str) -> Iterator[str]:
    """Yield what there is to say of a run; what: its name, such as "A first run"."""
    total = sum((one.total for one in estimates), Count())
    largest = max(estimates, key=lambda one: one.total.about)
    least = "at least" if any(one.is_open for one in estimates) else "about"
    yield f"{what} makes {least} {number(total)} requests."
    duration = Count(*(_seconds(requests, settings) for requests in vars(largest.total).values()))
    which = f"the largest profile ({largest.label}, {number(largest.total)} requests)" if estimates[1:] else "it"
    at_once = " and all profiles read at once" if estimates[1:] else ""
    pace = f"{_in_window(settings):,} requests in {settings.rate_limit_window:g} s for each profile{at_once}"
    yield f"At {pace}, {which} takes {_time(duration, least)}."
    by_stream: defaultdict[str, float] = defaultdict(float)
    for one in estimates:
        for stream, count in one.requests.items():
            by_stream[stream] += count.about
    dominant = [(share, stream) for stream, n in by_stream.items() if (share := n / (total.about or 1)) >= DOMINATES]
    for share, stream in sorted(dominant, reverse=True):
        reason = f": {REASONS[stream]}" if stream in REASONS else ""
        yield f"{share:.0%} of it is {stream}{reason}."
    if duration.about >= WORTH_CUTTING:
        yield f"To make it shorter: {'; '.join(_cuts(by_stream, total.about, settings))}."


def _cuts(by_stream: dict[str, float], total: float, settings: Settings) -> Iterator[str]:
    if settings.start_date is None:
        yield "set start_date, so that older posts aren't read"
    else:
        yield "set a later start_date"
    native = by_stream.get("social_post_analytics", 0.0)
    if native >= DOMINATES * total:
        yield f"deselect social_post_analytics ({_percent(native, total)} fewer requests)"
    if not settings.uses_batches:
        yield "bulk_analytics: auto (up to 100 posts a request; not yet confirmed against the live API)"


def _in_window(settings: Settings) -> int:
    return allowed(settings.rate_limit_requests, settings.rate_limit_reserve)


def _seconds(requests: float, settings: Settings) -> float:
    """Return how long a profile's requests take at the limit: the last window's go at its beginning."""
    windows = math.ceil(round(requests) / _in_window(settings)) - 1
    return max(0, windows) * settings.rate_limit_window


def number(count: Count) -> str:
    """Return a number, with its range if that is wide."""
    low, about, high = map(round, (count.low, count.about, count.high))
    is_sure = high - low <= about * 0.05
    return f"{about:,}" if is_sure else f"{about:,} ({low:,} to {high:,})"


def _time(seconds: Count, least: str) -> str:
    """Return a duration, as a range if its ends differ; least: `about` or `at least`."""
    if seconds.high < MINUTE:
        return "less than a minute"
    unit, name = (HOUR, "hours") if seconds.about >= 2 * HOUR else (MINUTE, "minutes")
    low, high = (
        f"{end / unit:.1f}" if unit == HOUR else str(max(1, math.ceil(end / unit)))
        for end in (seconds.low, seconds.high)
    )
    return f"{least} {low} {name}" if low == high else f"{least} {low} to {high} {name}"


def _percent(part: float, total: float) -> str:
    return f"{part / (total or 1):.0%}"
