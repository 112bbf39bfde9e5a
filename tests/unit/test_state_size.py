"""The state of a profile stays within its bound, whatever its networks do."""

import json
import os
import random
from datetime import timedelta

import pytest

from tap_ayrshare.streams import STREAMS
from tests.world import START, Post, World

LIVES = int(os.environ.get("LIVES", "8"))
LARGEST = 8192
LINKED = ("bluesky", "facebook", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "threads", "tiktok",
          "twitter", "youtube", "gmb")  # fmt: skip


def account(draw: random.Random) -> World:
    """Return an account with twelve networks and long ids."""
    long = "y" * draw.choice([0, 20, 60])
    sent = [
        Post(f"p{n:04}{long}", START + timedelta(hours=60 - 5 * n), tuple(draw.sample(LINKED, draw.randint(1, 12))))
        for n in range(draw.randint(5, 60))
    ]
    native = {
        n: [(f"{n}-{k}{long}", START - timedelta(hours=draw.randint(1, 9) * k)) for k in range(draw.randint(0, 20))]
        for n in LINKED
    }
    return World(sent, native, LINKED)


def answer_of(world: World, draw: random.Random):
    """Return what refuses: networks that have had enough from some request on, and posts that always fail."""
    limited = {network: draw.randint(1, 60) for network in draw.sample(LINKED, draw.randint(0, 12))}
    failing = {post.post_id for post in world.posts if draw.random() < 0.2}
    failing |= {post_id for listed in world.native.values() for post_id, _ in listed if draw.random() < 0.2}

    def answer(path, given):
        if path == "/analytics/post" and given.get("id") in failing:
            return 503, {}
        for network in given.get("platforms", ()) if path == "/analytics/post" else ():
            if len(world.requests) > 20 + limited.get(network, 10**6):
                return 429, {"status": "error", "message": "Daily limit reached.", "platform": network}
        return (500, {}) if path.startswith("/history") and draw.random() < 0.05 else None

    return answer


@pytest.mark.parametrize("number", range(LIVES))
def test_a_state_stays_within_8_kb(number):
    draw = random.Random(number)
    world, state, sizes = account(draw), None, []
    everything = [stream.name for stream in STREAMS] if draw.random() < 0.7 else []
    for _ in range(5):
        world.now += draw.choice([timedelta(hours=1), timedelta(days=1)])
        world.fault = answer_of(world, draw)
        budget = {"request_budget": draw.randint(10, 300)} if draw.random() < 0.6 else {}
        output = world.run(*everything, state=state, **budget)
        if output.code == 0 and draw.random() < 0.3:
            output.messages[:] = output.messages[: draw.randint(1, len(output.messages))]
        if (state := output.state or state) is None:
            continue
        sizes.append(len(json.dumps(state)))
        by_stream = {name: len(json.dumps(value)) for name, value in state["bookmarks"].items()}
        assert sizes[-1] <= LARGEST, sorted(by_stream.items(), key=lambda item: -item[1])
