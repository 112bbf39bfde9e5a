"""The default schedules, judged by `benchmarks/refresh.py` on a week."""

from benchmarks.refresh import DAILY, HALF_LIVES, accuracy, ages, outcome, schedule_of
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.config.settings import BATCHED_SCHEDULE, DEFAULT_SCHEDULE

WEEK = 7


def test_the_default_with_batches_is_almost_as_good_as_daily_at_a_third_of_the_requests():
    daily, batched = outcome(DAILY, WEEK), outcome(BATCHED_SCHEDULE, WEEK)
    assert all("post_batches" in NETWORKS[network].reads for network in HALF_LIVES)
    assert (daily.error, round(daily.misplaced, 9)) == (0, 0)
    assert batched.error <= 0.003
    assert batched.batched <= 11
    assert batched.grown <= 24
    assert batched.batched < daily.batched / 3


def test_the_default_without_batches_asks_for_the_least_and_is_the_least_exact():
    single, batched = outcome(DEFAULT_SCHEDULE, WEEK), outcome(BATCHED_SCHEDULE, WEEK)
    assert single.single == 108
    assert single.single < batched.single / 2
    assert single.error > batched.error
    assert single.misplaced > batched.misplaced


def test_what_is_never_read_again_stays_as_it_was():
    once = schedule_of([{"max_age_days": 0, "every_days": 1}])
    assert ages(once) == [0]
    error, misplaced = accuracy(once, 1.0)
    assert 0.6 < error < 0.67
    assert 0.6 < misplaced < 0.67
