"""The pacer, in virtual time: no window of any position ever holds more than the quota less the reserve."""

import asyncio
import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine import pacing
from tap_ayrshare.engine.pacing import Pacer
from tests.support import examples
from tests.world import World, posts


class VirtualTime(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer, so that hours pass in no time."""

    def __init__(self):
        super().__init__()
        self._now = 1000.0

    def time(self):
        return self._now

    def _run_once(self):
        if not self._ready and self._scheduled:
            while self._scheduled and self._scheduled[0]._cancelled:
                heapq.heappop(self._scheduled)
            if self._scheduled:
                self._now = max(self._now, self._scheduled[0]._when)
        super()._run_once()


@pytest.fixture
def loop(monkeypatch):
    loop = VirtualTime()
    monkeypatch.setattr(pacing, "monotonic", loop.time)
    yield loop
    loop.close()


async def fly(pacer, everyone, sent, latency):
    async with pacer.flight(everyone):
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(latency)
        pacer.heard(None, None)


def most_in_a_window(sent, window):
    return max(sum(1 for other in sent if start <= other < start + window) for start in sent)


def test_no_window_holds_too_many_and_no_time_is_lost(loop):
    pacer = Pacer(60, 6, 0.05)

    async def main():
        everyone, sent = asyncio.Semaphore(16), []
        await asyncio.gather(*(fly(pacer, everyone, sent, 0.8) for _ in range(240)))
        return sent

    sent = loop.run_until_complete(main())
    assert most_in_a_window(sent, 6) <= 57
    assert loop.time() - 1000 <= 240 / 57 * 6 * 1.05


@settings(max_examples=examples(40), deadline=None)
@given(
    st.integers(1, 40),
    st.floats(0.5, 30),
    st.floats(0, 0.9),
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_the_limit_holds_for_any_limit_and_any_latency(limit, window, reserve, latencies, places):
    loop = VirtualTime()
    original, pacing.monotonic = pacing.monotonic, loop.time
    try:
        pacer = Pacer(limit, window, reserve)

        async def main():
            everyone, sent = asyncio.Semaphore(places), []
            await asyncio.gather(*(fly(pacer, everyone, sent, latency) for latency in latencies))
            return sent

        sent = loop.run_until_complete(main())
    finally:
        pacing.monotonic = original
        loop.close()
    assert len(sent) == len(latencies)
    assert most_in_a_window(sent, window) <= pacer.allowed


def test_the_first_request_goes_alone(loop):
    pacer = Pacer(300, 300, 0)

    async def main():
        everyone, sent = asyncio.Semaphore(8), []
        await asyncio.gather(*(fly(pacer, everyone, sent, 5) for _ in range(3)))
        return sent

    assert loop.run_until_complete(main()) == [1000, 1005, 1005]


def test_a_quota_that_others_use_is_left_to_them(loop):
    pacer = Pacer(100, 60, 0)

    async def main():
        everyone = asyncio.Semaphore(8)
        async with pacer.flight(everyone):
            pacer.heard(100, 95)
        sent = []
        await asyncio.gather(*(fly(pacer, everyone, sent, 0.1) for _ in range(10)))
        return [moment - 1000 for moment in sent]

    sent = loop.run_until_complete(main())
    assert sum(moment < 1 for moment in sent) == 5
    assert all(60 <= moment < 62 for moment in sent[5:])


def test_a_limit_lower_than_the_settings_is_heard(loop, monkeypatch):
    monkeypatch.setattr(asyncio.events, "new_event_loop", lambda: loop)
    world, sent = World(posts(40, networks=("threads",)), linked=("threads",)), []

    def counted(path, given):
        sent.append(loop.time())
        count = sum(sent[-1] - 2 < at for at in sent)
        headers = {"x-ratelimit-max": "20", "x-ratelimit-count": str(count)}
        status, body = world.answer(path, given) if count <= 20 else (429, {"status": "error"})
        return status, body, headers

    world.fault = counted
    output = world.run("posts", "post_analytics", rate_limit_requests=300, rate_limit_window_seconds=2)
    assert output.code == 0
    assert len(output.records("post_analytics")) == 40
    assert most_in_a_window(sent, 2) <= 20
    assert loop.time() - 1000 >= 4


def test_a_lower_maximum_overrules_the_setting_and_a_higher_does_not():
    pacer = Pacer(300, 300, 0.1)
    pacer.heard(1000, None)
    assert pacer.allowed == 270
    pacer.heard(50, None)
    assert pacer.allowed == 45


def test_a_count_over_the_maximum_on_a_good_answer_is_not_believed(loop):
    pacer = Pacer(10, 60, 0)
    pacer.heard(10, 5000)
    assert pacer.seconds_until(10) == 0


@pytest.mark.parametrize(("retry_after", "expected"), [(7.0, 7), (None, 60.6)])
def test_after_429_nothing_goes_until_the_time_is_up_and_then_one_alone(loop, retry_after, expected):
    pacer = Pacer(100, 60, 0)

    async def main():
        everyone = asyncio.Semaphore(8)
        async with pacer.flight(everyone):
            pacer.refused(retry_after)
        sent = []
        await asyncio.gather(*(fly(pacer, everyone, sent, 1) for _ in range(3)))
        return [round(moment - 1000, 3) for moment in sent]

    assert loop.run_until_complete(main()) == [expected, expected + 1, expected + 1]


def test_a_waiting_profile_holds_no_place(loop):
    slow, quick = Pacer(1, 100, 0), Pacer(100, 1, 0)

    async def main():
        everyone, waiting, sent = asyncio.Semaphore(1), [], []
        await fly(slow, everyone, waiting, 0)
        blocked = asyncio.create_task(fly(slow, everyone, waiting, 0))
        await asyncio.gather(*(fly(quick, everyone, sent, 0.01) for _ in range(20)))
        blocked.cancel()
        return sent

    assert len(loop.run_until_complete(main())) == 20
    assert loop.time() < 1010
