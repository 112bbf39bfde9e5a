"""What a run says of itself while it works."""

import logging
from types import SimpleNamespace

import pytest

from tap_ayrshare.engine import progress
from tap_ayrshare.engine.progress import SECONDS_BETWEEN_LINES, Tally


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(progress, "monotonic", lambda: now.seconds)
    return now


def run(share):
    return SimpleNamespace(pacer=SimpleNamespace(share_used=share))


def test_a_line_every_half_minute_for_each_stream_under_way(clock, caplog):
    tally = Tally(["posts", "post_analytics"])
    tally.plan("post_analytics", 200)
    with caplog.at_level(logging.INFO):
        for _ in range(65):
            clock.seconds += 1
            tally.streams["post_analytics"].done += 1
            tally.log([run(0.25), run(0.5)])
    assert [record.getMessage() for record in caplog.records] == [
        "post_analytics: 30 of 200, 1.0 a second, 50 % of the limit used, about 170 s left",
        "post_analytics: 60 of 200, 1.0 a second, 50 % of the limit used, about 140 s left",
    ]
    assert SECONDS_BETWEEN_LINES == 30


def test_nothing_is_said_of_what_is_over(clock, caplog):
    tally = Tally(["posts"])
    tally.plan("posts", 1)
    tally.streams["posts"].done = 1
    clock.seconds += 60
    with caplog.at_level(logging.INFO):
        tally.log([run(0)])
    assert caplog.records == []


def test_before_the_first_answer(clock, caplog):
    tally = Tally(["posts"])
    tally.plan("posts", 5)
    clock.seconds += 31
    with caplog.at_level(logging.INFO):
        tally.log([])
    assert [record.getMessage() for record in caplog.records] == [
        "posts: 0 of 5, 0.0 a second, 0 % of the limit used, no answer yet"
    ]
