"""How many requests are in flight, in virtual time: by the limit and the latency, and as open files allow."""

import asyncio
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine import lanes, pacing
from tap_ayrshare.engine.lanes import Lanes, Places
from tap_ayrshare.engine.pacing import Pacer
from tests.support import examples
from tests.unit.test_pacing import VirtualTime, most_in_a_window


@pytest.fixture
def loop(monkeypatch):
    loop = VirtualTime()
    for module in (lanes, pacing):
        monkeypatch.setattr(module, "monotonic", loop.time)
    yield loop
    loop.close()


class Server:
    """Answers after a latency; latency: seconds, by how many requests are in flight."""

    def __init__(self, loop, latency, status=lambda _now: 200):
        self.loop, self.latency, self.status = loop, latency, status
        self.in_flight = self.most = 0
        self.sizes = []

    async def answer(self):
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        seconds = self.latency(self.in_flight)
        await asyncio.sleep(seconds)
        self.in_flight -= 1
        return seconds, self.status(self.loop.time())


async def ask(server, lane, pacer, places, kind="posts"):
    async with lane:
        async with pacer.flight(places):
            seconds, status = await server.answer()
            lane.heard(kind, seconds, is_failure=status >= 500)
            server.sizes.append(lane.size)
            pacer.heard(None, None)
        return seconds


def profile(limit=300, window=300, most=None):
    pacer = Pacer(limit, window, 0.05)
    return Lanes(lambda: pacer.rate, most), pacer


def run(loop, server, requests, profiles, places=10_000):
    async def main():
        everyone = asyncio.Semaphore(places)
        await asyncio.gather(*(ask(server, *one, everyone) for one in profiles for _ in range(requests)))

    began = loop.time()
    loop.run_until_complete(main())
    return loop.time() - began


@pytest.mark.parametrize("seconds", [0.1, 1, 3, 8])
@pytest.mark.parametrize("profiles", [1, 100])
@pytest.mark.parametrize("requests", [60, 900])
def test_the_limit_is_reached_at_any_latency(loop, seconds, profiles, requests):
    """Within 1.15 of the larger of the limit's floor and the way through eight lanes, the first request alone."""
    if profiles * requests > 10_000:
        requests = 300
    every = [profile() for _ in range(profiles)]
    took = run(loop, Server(loop, lambda _: seconds), requests, every)
    floor = (math.ceil(requests / 285) - 1) * 303
    last = requests - 285 * (math.ceil(requests / 285) - 1)
    path = seconds + math.ceil((min(requests, 285) - 1) / 8) * seconds
    assert took <= 1.15 * max(floor + math.ceil(last / 8) * seconds, path)


@pytest.mark.parametrize(("limit", "seconds", "expected"), [(300, 0.1, 8), (300, 3, 8), (300, 8, 12), (300, 60, 32),
                                                            (3000, 2, 29), (3000, 8, 32), (10, 60, 8)])  # fmt: skip
def test_how_many_are_wanted_follows_from_rate_and_latency(loop, limit, seconds, expected):
    lane, pacer = profile(limit)
    run(loop, Server(loop, lambda _: seconds), 5, [(lane, pacer)])
    assert lane.wanted == expected


@pytest.mark.parametrize("most", [1, 2, 5, 20, 256])
def test_a_setting_is_an_upper_bound(loop, most):
    server = Server(loop, lambda _: 5)
    run(loop, server, 200, [profile(10**6, 1, most)])
    assert server.most == min(most, 32)


def test_they_go_in_their_order(loop):
    lane, pacer = profile()
    order = []

    async def one(number):
        async with lane:
            order.append(number)
            await asyncio.sleep(random.Random(number).random())

    async def main():
        await asyncio.gather(*(one(number) for number in range(100)))

    loop.run_until_complete(main())
    assert order == list(range(100))
    assert pacer.in_flight == 0


def test_a_server_that_can_t_keep_up_is_asked_less_at_once_and_more_again(loop):
    """Its latency grows with what is in flight beyond six, by far."""
    lane, pacer = profile(10**6, 1)
    strained, well = Server(loop, lambda n: 1 if n <= 6 else 1 + (n - 6)), Server(loop, lambda _: 1)
    run(loop, well, 30, [(lane, pacer)])
    assert lane.size > 8
    run(loop, strained, 100, [(lane, pacer)])
    assert min(strained.sizes) < max(strained.sizes) / 2
    run(loop, well, 600, [(lane, pacer)])
    assert lane.size > 20


def test_server_errors_leave_two_and_good_answers_bring_them_back(loop):
    lane, pacer = profile(3000)
    bad = Server(loop, lambda _: 1, lambda _: 503)
    run(loop, bad, 60, [(lane, pacer)])
    assert lane.size == 2
    good = Server(loop, lambda _: 1)
    run(loop, good, 200, [(lane, pacer)])
    assert lane.size >= 8


def test_latencies_of_different_requests_are_not_compared(loop):
    lane, pacer = profile()
    for _ in range(20):
        lane.heard("user", 0.05)
        lane.heard("posts", 4)
    assert lane.size == 8
    assert pacer.rate == pytest.approx(285 / 301)


def test_answers_that_vary_by_chance_cost_little(loop):
    """Some come from a cache and some live."""
    chance = random.Random(7)
    lane, pacer = profile(10**6, 1, 8)
    took = run(loop, Server(loop, lambda _: chance.choice((0.1, 3))), 800, [(lane, pacer)])
    assert took < 1.3 * 800 / 8 * 1.55


@settings(max_examples=examples(60), deadline=None)
@given(
    st.integers(1, 400),
    st.floats(1, 300),
    st.lists(st.tuples(st.floats(0, 9), st.booleans()), min_size=1, max_size=80),
    st.none() | st.integers(1, 40),
    st.integers(0, 10),
)
def test_the_limit_holds_and_all_end_whatever_comes(limit, window, answers, most, cancelled):
    loop = VirtualTime()
    originals = lanes.monotonic, pacing.monotonic
    lanes.monotonic = pacing.monotonic = loop.time
    pacer = Pacer(limit, window, 0.05)
    lane, sent, in_flight = Lanes(lambda: pacer.rate, most), [], [0, 0]

    async def one(everyone, seconds, is_failure):
        async with lane, pacer.flight(everyone):
            sent.append(loop.time())
            in_flight[0] += 1
            in_flight[1] = max(in_flight)
            try:
                await asyncio.sleep(seconds)
            finally:
                in_flight[0] -= 1
            lane.heard("posts", seconds, is_failure=is_failure)
            pacer.heard(None, None)

    async def main():
        everyone = asyncio.Semaphore(50)
        tasks = [asyncio.create_task(one(everyone, *answer)) for answer in answers]
        await asyncio.sleep(0.5)
        for task in tasks[:cancelled]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    try:
        found = loop.run_until_complete(asyncio.wait_for(main(), 1e9))
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in found)
    finally:
        lanes.monotonic, pacing.monotonic = originals
        loop.close()
    assert in_flight[1] <= min(most or 32, 32)
    if sent:
        assert most_in_a_window(sent, window) <= limit


# All profiles together


@pytest.mark.parametrize(
    ("files", "setting", "most", "says"),
    [(1024, None, 960, "open files allow 960 requests in flight; raise their limit (now ulimit -n 1024)"),
     (70, None, 6, "open files allow 6 requests"), (1024, 4, 4, "max_concurrency_total allows 4 requests in flight"),
     (68, 100, 4, "open files allow 4 requests"), (0, None, 436, "open files allow 436 requests")],
)  # fmt: skip
def test_what_binds_is_one_line(loop, monkeypatch, caplog, files, setting, most, says):
    monkeypatch.setattr(lanes, "_open_files", lambda: files)
    places = Places(setting)
    server = Server(loop, lambda _: 3)

    async def main():
        async def one():
            await places.acquire()
            await server.answer()
            places.release()

        await asyncio.gather(*(one() for _ in range(3 * most)))

    loop.run_until_complete(main())
    assert server.most == places.most == most
    assert [record.message for record in caplog.records if "profiles wait for each other" in record.message] == [
        next(record.message for record in caplog.records if says in record.message)
    ]


def test_a_place_that_is_free_at_once_is_no_line(loop, caplog):
    places = Places(5)

    async def main():
        for _ in range(20):
            await places.acquire()
            places.release()

    loop.run_until_complete(main())
    assert caplog.records == []
