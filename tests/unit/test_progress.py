"""What a run says of itself while it works."""

import asyncio
import logging
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest

from tap_ayrshare.config.settings import Settings
from tap_ayrshare.engine import pacing, tally
from tap_ayrshare.engine.pacing import Pacer
from tap_ayrshare.run import extraction as extraction_module
from tap_ayrshare.run import progress
from tap_ayrshare.run.extraction import Extraction
from tap_ayrshare.run.progress import Progress
from tests.world import CONFIG, START

CLOCK = SimpleNamespace(seconds=1000.0)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    CLOCK.seconds = 1000.0
    for module in (progress, pacing, tally):
        monkeypatch.setattr(module, "monotonic", lambda: CLOCK.seconds)
    # In the middle of a minute, so that no rounding makes it another one.
    monkeypatch.setattr(extraction_module, "read_clock", lambda: START.replace(second=20))
    return CLOCK


def extraction(*selected: str, **settings) -> Extraction:
    config = {**CONFIG, "rate_limit_requests": 100, "rate_limit_window_seconds": 300, "rate_limit_reserve": 0}
    run = Extraction(Settings.read({**config, **settings}), selected, lambda *_: {})
    run.sync.active.update(source.label for source in run.sources)
    return run


def send(source, stream: str, count: int) -> None:
    """Count requests as sent at this moment, each answered in a tenth of a second."""
    source.client.requests[stream] += count
    source.client.seconds[stream] += count / 10
    source.client.pacer._window.own.extend([CLOCK.seconds] * count)


def plan(source, stream: str, posts: int, done: int = 0) -> None:
    stats = source.stats(stream)
    stats.planned, stats.done = posts, done
    stats.asked, stats.taken = done, source.client.requests[stream] or done


def end_of(line: str) -> str:
    return line.rsplit("done at ", 1)[1]


def test_the_time_of_the_end_stays_while_the_limit_is_waited_for(clock):
    run = extraction("post_analytics")
    source = run.sources[0]
    plan(source, "post_analytics", 350, done=100)
    send(source, "post_analytics", 100)
    line = Progress(run).line
    first = line()
    assert first.startswith("100 of 350 requests, next window in 301 s, done at about ")
    # The windows begin at 301, 602 and 903 s, less the requests of the last one.
    expected = f"{run.snapshot.now + timedelta(seconds=602 + 301):%H:%M} UTC"
    assert end_of(first) == f"about {expected}"
    clock.seconds += 200
    assert end_of(line()) == end_of(first)
    assert "next window in 101 s" in line()


def test_what_is_not_known_yet_is_said(clock):
    run = extraction("accounts", "post_analytics")
    send(run.sources[0], "accounts", 1)
    assert Progress(run).line().startswith("1 of at least 1 requests, done at the earliest at ")


def test_the_slowest_profile_decides_and_all_are_counted():
    profiles = [{"name": name, "profile_key": f"key-of-{name}-0"} for name in ("small", "large")]
    run = extraction("post_analytics", profiles=profiles, include_primary_profile=False)
    for source, posts in zip(run.sources, (10, 301), strict=True):
        plan(source, "post_analytics", posts)
    line = Progress(run).line()
    assert line.startswith("0 of 311 requests, done at about ")
    assert end_of(line) == f"about {run.snapshot.now + timedelta(seconds=903):%H:%M} UTC"


def test_an_api_that_is_slower_than_the_limit_decides():
    run = extraction("post_analytics", rate_limit_requests=10_000, max_concurrency=1)
    source = run.sources[0]
    source.client.seconds["post_analytics"] = 600.0
    source.client.requests["post_analytics"] = 10
    plan(source, "post_analytics", 20, done=10)
    assert end_of(Progress(run).line()) == f"about {run.snapshot.now + timedelta(seconds=600):%H:%M} UTC"


def test_a_wait_counts_while_it_lasts(clock):
    async def main():
        pacer = Pacer(1, 300, 0)
        clock.seconds += 1
        async with pacer.flight(asyncio.Semaphore()):
            pass
        waiting = asyncio.create_task(pacer.flight(asyncio.Semaphore()).__aenter__())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.seconds += 100
        assert pacer.waited == 100
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert pacer.waited == 100

    asyncio.run(main())


def test_batches_take_the_requests_that_they_took_so_far():
    run = extraction("post_analytics", bulk_analytics="auto")
    source = run.sources[0]
    send(source, "post_analytics", 10)
    plan(source, "post_analytics", 1000, done=500)
    assert Progress(run).line().startswith("10 of 20 requests")


def test_a_budget_is_all_that_is_planned():
    run = extraction("post_analytics", request_budget=50)
    plan(run.sources[0], "post_analytics", 350)
    assert Progress(run).line().startswith("0 of 50 requests")


def test_an_end_that_is_days_away_has_its_date():
    run = extraction("post_analytics")
    plan(run.sources[0], "post_analytics", 100 * 24 * 12 * 2)
    assert f"{run.snapshot.now + timedelta(days=2):%Y-%m-%d}" in Progress(run).line()


def test_one_line_every_half_minute(clock, caplog):
    run = extraction("post_analytics")
    shown = Progress(run)
    plan(run.sources[0], "post_analytics", 100)
    with caplog.at_level(logging.INFO):
        for _ in range(65):
            clock.seconds += 1
            shown.tick()
    assert len([record for record in caplog.records if "done at" in record.getMessage()]) == 2


@pytest.mark.parametrize(("used", "requests", "seconds"), [
    (0, 1, 0), (0, 10, 0), (0, 11, 60.6), (9, 1, 0), (9, 2, 60.6), (10, 10, 60.6), (10, 11, 121.2), (4, 25, 121.2),
])  # fmt: skip
def test_when_a_number_of_requests_will_have_gone(used, requests, seconds):
    pacer = Pacer(10, 60, 0)
    pacer._window.own.extend([CLOCK.seconds] * used)
    assert pacer.seconds_until(requests) == pytest.approx(seconds)


def test_the_time_told_is_the_time_taken():
    """The pacer itself, in virtual time, against what it says beforehand."""
    loop = asyncio.new_event_loop()
    moments = []

    async def go(pacer, everyone):
        async with pacer.flight(everyone):
            pacer.unanswered()
            moments.append(CLOCK.seconds)

    async def sleep(seconds):
        CLOCK.seconds += seconds

    async def main():
        pacer, everyone = Pacer(10, 60, 0.1), asyncio.Semaphore(1)
        for _ in range(4):
            await go(pacer, everyone)
        told, began = pacer.seconds_until(30), CLOCK.seconds
        for _ in range(30):
            await go(pacer, everyone)
        return told, moments[-1] - began

    with mock.patch.object(pacing.asyncio, "sleep", sleep):
        told, taken = loop.run_until_complete(main())
    loop.close()
    assert told == pytest.approx(taken)
