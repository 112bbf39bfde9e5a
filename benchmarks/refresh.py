"""`python -m benchmarks.refresh`: what refresh schedules cost, and how wrong they leave the metrics.

A simulation without clock, API or chance: posts on six networks gather engagement on a curve with a published
half-life, are read on the days of a schedule at midnight UTC, and keep the value of the last reading in between.

* error: how far the last value read lies below the true one, relative to the true one; the mean over all posts and
  the days of their first year.
* on the wrong day: the share of a post's growth within its first year that differences between readings put on another
  day than the one on which it happened.
* requests a day: those for the metrics of posts, in a day with a year of posts behind it: one for each post; in batches
  of 100; in batches as the tap makes them, which grow from 25 on and are compared with a single answer first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tap_ayrshare.config.settings import BATCHED_SCHEDULE, DEFAULT_SCHEDULE
from tap_ayrshare.posts.schedule import RefreshSchedule, Tier
from tap_ayrshare.streams.batches import FIRST, MOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

YEAR = 365
HALF_LIVES = {"twitter": 21 / 1440, "facebook": 30 / 1440, "instagram": 19 / 24, "linkedin": 1.0, "youtube": 6.0,
              "tiktok": 6.0}  # fmt: skip
"""Days until a post has half of its engagement: S. M. Graffius, "Half-Life for Posts on Different Social Media
Platforms" (2018, updated 2019), scottgraffius.com/blog/files/halflife-social-media.html. TikTok isn't in it: that of
YouTube is taken."""
LONGEST = {"pinterest": 106.0}
"""The longest half-life there, 3.5 months; Pinterest has no batches."""
POSTS_A_DAY = 4
COMBINATIONS = (("facebook", "instagram"), ("twitter", "linkedin"), ("tiktok",), ("youtube", "facebook", "instagram"),
                ("twitter",), ("linkedin", "facebook"), ("instagram", "tiktok"), ("youtube",))  # fmt: skip
"""The networks of one post after another."""


def schedule_of(tiers: Iterable[Mapping[str, int]]) -> RefreshSchedule:
    """Return a schedule as the settings give it."""
    return RefreshSchedule(tuple(Tier(tier["max_age_days"], tier["every_days"]) for tier in tiers))


DAILY = [{"max_age_days": YEAR, "every_days": 1}]
POLICIES = {
    "daily for a year": DAILY,
    "30:1, 365:7 (default with batches)": BATCHED_SCHEDULE,
    "7:1, 30:3, 365:30 (default)": DEFAULT_SCHEDULE,
    "14:1, 90:30": [{"max_age_days": 14, "every_days": 1}, {"max_age_days": 90, "every_days": 30}],
}


@dataclass(frozen=True)
class Outcome:
    """What a policy costs and leaves.

    single, batched, grown: requests a day, post by post, in full batches, and in batches as the tap makes them.
    error, misplaced: of the metrics, and of the growth, as shares.
    """

    single: float
    batched: float
    grown: float
    error: float
    misplaced: float


def engagement(age_days: float, half_life: float) -> float:
    """Return the share of its engagement that a post has at an age: half at its half-life, with a long tail."""
    return age_days / (age_days + half_life)


def ages(schedule: RefreshSchedule) -> list[int]:
    """Return the ages in days at which a schedule reads a post in its first year."""
    published = date(2026, 1, 1)
    days = (published + timedelta(days=age) for age in range(YEAR + 1))
    one = timedelta(days=1)
    return [(day - published).days for day in days if schedule.has_point(published, day - one, day)]


def accuracy(schedule: RefreshSchedule, half_life: float) -> tuple[float, float]:
    """Return the error of a post's metrics, and the share of its growth that stands on the wrong day.

    A post is published at noon on average, so that it is half a day old at the first midnight.
    """
    true = [engagement(age + 0.5, half_life) for age in range(YEAR + 1)]
    points, value, error, right = set(ages(schedule)), 0.0, 0.0, 0.0
    for age, now in enumerate(true):
        if age in points:
            before = true[age - 1] if age else 0.0
            right += min(now - value, now - before)
            value = now
        error += (now - value) / now
    return error / len(true), 1 - right / true[-1]


def requests(schedule: RefreshSchedule, days: int) -> tuple[float, float, float]:
    """Return the requests a day, over so many days with a year of posts behind them; see `Outcome`."""
    points = ages(schedule)
    sent = [COMBINATIONS[number % len(COMBINATIONS)] for number in range((YEAR + days + 1) * POSTS_A_DAY)]
    totals = [0, 0, 0]
    for today in range(YEAR, YEAR + days):
        due = [sent[(today - age) * POSTS_A_DAY + number] for age in points for number in range(POSTS_A_DAY)]
        counts = [sum(network in networks for networks in due) for network in HALF_LIVES]
        for column, made in enumerate((len(due), sum(-(-count // MOST) for count in counts), sum(map(_grown, counts)))):
            totals[column] += made
    return totals[0] / days, totals[1] / days, totals[2] / days


def _grown(posts: int) -> int:
    """Return the requests for posts of one network: batches that double, and the single one for the comparison."""
    made, size = min(posts, 1), FIRST
    while posts > 0:
        made, posts, size = made + 1, posts - size, min(MOST, 2 * size)
    return made


def outcome(tiers: Iterable[Mapping[str, int]], days: int = 28) -> Outcome:
    """Return what a policy costs and leaves."""
    schedule = schedule_of(tiers)
    found = [accuracy(schedule, half_life) for half_life in HALF_LIVES.values()]
    error, misplaced = (sum(values) / len(found) for values in zip(*found, strict=True))
    return Outcome(*requests(schedule, days), error, misplaced)


TITLE = f"Refresh schedules, simulated: {POSTS_A_DAY} posts a day on {len(HALF_LIVES)} networks"
HEADER = ["`refresh_schedule`", "requests a day", "in batches of 100", "as the tap makes them", "error",
          "growth on the wrong day", "error with a half-life of 3.5 months"]  # fmt: skip
NOTE = (
    "Requests for the metrics of posts alone, with a year of posts behind. The tap's batches begin with 25 posts and "
    "double; each network's first is compared with a single answer. The error is the mean distance of the last value "
    "read from the true one; growth on the wrong day is what differences between readings put on another day than its "
    "own. Engagement follows age / (age + half-life), with the half-lives that S. M. Graffius published in 2018: X 21 "
    "minutes, Facebook 30 minutes, Instagram 19 hours, LinkedIn 1 day, YouTube 6 days; TikTok is taken to be like "
    "YouTube. The last column is Pinterest's, the longest, which has no batches."
)


def rows() -> list[list[str]]:
    """Return the table's rows."""
    table = []
    for name, tiers in POLICIES.items():
        found = outcome(tiers)
        longest, _ = accuracy(schedule_of(tiers), LONGEST["pinterest"])
        shares = [f"{100 * value:.2f} %" for value in (found.error, found.misplaced, longest)]
        table.append([name, f"{found.single:,.0f}", f"{found.batched:.1f}", f"{found.grown:.1f}", *shares])
    return table


if __name__ == "__main__":
    for row in (HEADER, *rows()):
        print(" | ".join(row))
