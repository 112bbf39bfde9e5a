"""A network that is added, unlocked or linked again, and an earlier start_date: what was never read is read.

Each life is five days of an account in which something keeps a part of its posts from being read, then a day without
it. LIVES sets how many lives are tried.
"""

import json
import os
import random
from datetime import timedelta
from unittest import mock

import pytest

from tests import world as worlds
from tests.support import examples
from tests.unit.test_any_world import LARGEST_STATE
from tests.world import START, Post, World

LIVES = int(os.environ.get("LIVES", examples(48)))
DAY = timedelta(days=1)
LINKED = ("facebook", "threads", "twitter", "instagram", "linkedin", "youtube")
STREAMS = {
    "post_analytics": "post_id", "comments": "post_id", "social_posts": "social_post_id",
    "social_post_analytics": "social_post_id", "social_post_comments": "social_post_id",
}  # fmt: skip
ASKING = ("/analytics/post", "/comments/", "/history/")
KEYS = ("x_api_key", "x_api_secret")
CODES = {"relinked": 156, "authorised": 272, "unlocked": 419}


class Life:
    """An account of which one network can't be read before the fifth day."""

    def __init__(self, number: int) -> None:
        self.draw = random.Random(number)
        self.kind = self.draw.choice(["added", "linked", "unlocked", "relinked", "authorised", "refused", "earlier"])
        self.network = "twitter" if self.kind in ("unlocked", "authorised") else self.draw.choice(LINKED)
        self.linked = sorted({*self.draw.sample(LINKED, self.draw.randint(2, 6)), self.network})
        end = START + 6 * DAY
        spread = self.draw.choice([DAY / 4, DAY, 9 * DAY])
        posts = [
            Post(f"p{n:03}", end - spread * (n + self.draw.random()), self._some_networks())
            for n in range(self.draw.randint(1, 30))
        ]
        native = {
            n: sorted(
                ((f"{n}-{k}", START - spread * k * self.draw.random() * 2) for k in range(self.draw.randint(0, 6))),
                key=lambda item: item[1],
                reverse=True,
            )
            for n in self.linked
        }
        self.world = World(posts, native, tuple(self.linked))
        streams = self.draw.choice([[*STREAMS], ["post_analytics", "comments"], ["posts", *STREAMS]])
        self.select = (*streams, "extraction_errors")
        self.today: set[tuple[str, str, str]] = set()
        self.state: dict | None = None
        self.read: set[tuple[str, str, str]] = set()

    def _some_networks(self) -> tuple[str, ...]:
        return tuple(self.draw.sample(self.linked, self.draw.randint(1, len(self.linked))))

    @property
    def _is_ready(self) -> bool:
        return self.world.now >= START + 4 * DAY

    def answer(self, path: str, given: dict) -> tuple | None:
        networks = given.get("platforms") or [given["platform"]] if "platform" in given else given.get("platforms", ())
        if path.startswith("/comments/") and "platform" not in given:
            post_id = path.rpartition("/")[2]
            networks = next(post.networks for post in self.world.posts if post.post_id == post_id)
        if path.startswith("/history/"):
            networks = [path.rpartition("/")[2]]
        if not path.startswith(ASKING) or self._is_ready or self.network not in networks:
            return None
        if self.kind == "refused":
            code = self.draw.choice([156, 161])
        elif (code := CODES.get(self.kind, 0)) == 0:
            return None
        refused = {"action": "x", "status": "error", "code": code, "message": "no", "platform": self.network}
        if path == "/analytics/post" and len(networks) > 1 and self.draw.random() < 0.5:
            status, body = self.world.answer(path, {**given, "platforms": [n for n in networks if n != self.network]})
            return status, {**body, self.network: refused, "status": "partial"}
        return 400, refused

    def config(self) -> dict:
        if self._is_ready:
            return {}
        if self.kind == "added":
            return {"platforms": [n for n in self.linked if n != self.network] or ["gmb"]}
        return {"start_date": (START - 20 * DAY).isoformat()} if self.kind == "earlier" else {}

    def live(self, **more) -> None:
        is_hidden = self.kind == "linked" and not self._is_ready
        self.world.linked = tuple(n for n in self.linked if not (is_hidden and n == self.network))
        self.world.fault = self.answer
        left_out = KEYS if self.kind == "unlocked" and not self._is_ready else ()
        known = {key: value for key, value in worlds.CONFIG.items() if key not in left_out}
        with mock.patch.object(worlds, "CONFIG", known):
            output = self.world.run(*self.select, state=self.state, **self.config(), **more)
        self.state = output.state
        assert len(json.dumps(self.state)) <= LARGEST_STATE
        for stream, column in STREAMS.items():
            found = {(stream, record[column], record["platform"]) for record in output.records(stream)}
            if not more:
                # Nothing is asked twice on a day, and nothing without a reason.
                assert stream in ("social_posts", "comments", "social_post_comments") or not found & self.today
            self.today |= found
        self.read |= self.today

    def missing(self) -> set[tuple[str, str, str]]:
        wanted = {
            (stream, post.post_id, network)
            for stream in ("post_analytics", "comments")
            for post in self.world.posts
            for network in post.networks
            if post.published <= self.world.now
        }
        reads = worlds.NETWORKS
        wanted |= {
            (stream, post_id, network)
            for stream in ("social_posts", "social_post_analytics", "social_post_comments")
            for network, listed in self.world.native.items()
            if {"social_posts": "native_history"}.get(stream, stream) in reads[network].reads
            for post_id, _ in listed
        }
        wanted = {key for key in wanted if key[0] in self.select}
        return {
            key
            for key in wanted - self.read
            if key[0] not in ("post_analytics", "comments") or key[0] in reads[key[2]].reads
        }


@pytest.mark.random
@pytest.mark.parametrize("number", range(LIVES))
def test_what_was_never_read_is_read_once_it_can_be(number):
    life = Life(number)
    for _ in range(life.draw.randint(1, 4)):
        life.today = set()
        more = {"request_budget": life.draw.randint(1, 60)} if life.draw.random() < 0.3 else {}
        life.live(**more)
        life.world.now = START + DAY * min(3, (life.world.now - START).days + life.draw.randint(0, 1))
    for day in (4, 5):
        life.today, life.world.now = set(), START + DAY * day
        life.live()
    assert life.missing() == set()
    life.today = set()
    life.live()
    asked = [given for path, given in life.world.requests if path.startswith(ASKING[:2])]
    assert asked == [], life.kind
