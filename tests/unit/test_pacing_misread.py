"""The pacer against any answers: it never busy-loops, never exceeds the limit, always ends."""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.ayrshare.codes import LIMITS
from tap_ayrshare.engine import pacing
from tap_ayrshare.engine.pacing import Pacer
from tests.support import examples
from tests.unit.test_pacing import VirtualTime, most_in_a_window

ANSWERS = st.one_of(
    st.tuples(st.just("heard"), st.none() | st.integers(-5, 2000), st.none() | st.integers(-5, 2000)),
    st.tuples(st.just("refused"), st.none() | st.floats(0, 400), st.none()),
    st.tuples(st.just("unanswered"), st.none(), st.none()),
    st.tuples(st.just("cancelled"), st.none(), st.none()),
)


class CountedTime(VirtualTime):
    """Fails where the loop turns and turns without the time going on."""

    def __init__(self):
        super().__init__()
        self.turns = 0

    def _run_once(self):
        self.turns += 1
        assert self.turns < 20_000, "the pacer is busy without getting anywhere"
        super()._run_once()


@settings(max_examples=examples(400), deadline=None)
@given(
    st.integers(1, 40),
    st.floats(0.5, 300),
    st.lists(st.tuples(ANSWERS, st.floats(0, 3)), min_size=1, max_size=40),
    st.integers(1, 20),
)
def test_any_answers_end_and_never_exceed_the_limit(limit, window, answers, places):
    loop = CountedTime()
    original, pacing.monotonic = pacing.monotonic, loop.time
    pacer, sent = Pacer(limit, window, 0.05), []

    async def ask(answer, latency):
        async with pacer.flight(everyone) as before:
            sent.append(loop.time())
            await asyncio.sleep(latency)
            kind, first, second = answer
            if kind == "heard":
                pacer.heard(first, second, before)
            elif kind == "refused":
                pacer.refused(first)
            elif kind == "unanswered":
                pacer.unanswered()
            else:
                raise asyncio.CancelledError

    async def main():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*(ask(*answer) for answer in answers), return_exceptions=True)

    try:
        everyone = asyncio.Semaphore(places)
        loop.run_until_complete(asyncio.wait_for(main(), 1e9))
    finally:
        pacing.monotonic = original
        loop.close()
    assert len(sent) == len(answers)
    assert most_in_a_window(sent, window) <= limit


@pytest.fixture
def loop(monkeypatch):
    loop = CountedTime()
    monkeypatch.setattr(pacing, "monotonic", loop.time)
    yield loop
    loop.close()


def hundred(loop, count_of, maximum=300):
    """Send 100 requests; return how long they took. `count_of`: the header by how many were sent."""
    pacer, sent = Pacer(300, 300, 0.05, "acme", LIMITS), []

    async def one():
        async with pacer.flight(everyone) as before:
            sent.append(loop.time())
            number = len(sent)
            await asyncio.sleep(0.1)
            pacer.heard(maximum, count_of(number), before)

    async def main():
        await asyncio.gather(*(one() for _ in range(100)))

    everyone = asyncio.Semaphore(8)
    loop.run_until_complete(main())
    return loop.time() - 1000


@pytest.mark.parametrize(
    "count_of",
    [lambda n: 300 - n, lambda n: 150 - n, lambda n: 300, lambda n: 299],
    ids=["remaining", "less", "max", "near"],
)
def test_a_count_that_contradicts_what_was_sent_is_ignored_with_one_warning(loop, caplog, count_of):
    assert hundred(loop, count_of) < 20
    assert len([record for record in caplog.records if "x-ratelimit-count" in record.message]) == 1


def test_an_honest_count_is_believed(loop, caplog):
    assert hundred(loop, lambda n: 200 + n) > 300
    assert not caplog.records or all("x-ratelimit-count" not in record.message for record in caplog.records)
