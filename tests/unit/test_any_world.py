"""A model of days in the life of an account: whatever happens, all that is due is read in the end, or said.

Posts, days, budgets, outages, posts that never answer, networks that have had enough, lists with gaps, windows that
the API takes in its own way, kills and streams that are deselected for a run come in any order; the refresh schedule of
docs/state.md is the oracle.
"""

import json
import os
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http import HTTPStatus
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tap_ayrshare.ayrshare import contract
from tap_ayrshare.posts import pages
from tests.support import examples
from tests.world import START, Post, World, errors

CASES, PARTS = int(os.environ.get("LIVES", examples(120))), 4
DAY = timedelta(days=1)
NETWORKS = ("facebook", "threads", "twitter")
LINKED = (*NETWORKS, "bluesky")
"""Bluesky's list is the one that is known to have every metric."""
MOST_NATIVE = {"facebook": 14, "threads": 5, "twitter": 3, "bluesky": 3}
PAGES = {"PAGE": 3, "MOST": 8, "TAIL": 1}
"""Small pages, so that a dozen posts take many."""
POSTS = ("posts", "post_analytics", "extraction_errors")
NATIVE = ("social_posts", "social_post_analytics", "extraction_errors")
COMMENTS = ("comments", "social_post_comments", "extraction_errors")
OF_NATIVE = ("social_post_analytics", "social_post_comments")
EVERYTHING = (*dict.fromkeys((*POSTS, *NATIVE, *COMMENTS)),)
POINTS = {*range(8), *range(9, 31, 3), *range(60, 361, 30)}
BATCHED_POINTS = {*range(31), *range(35, 365, 7)}
"""The ages at which the default schedule reads a post, and that of batches."""
COMMENT_POINTS = {*range(4), 7, 14}
"""The ages at which the default schedule reads a post's comments."""
LARGEST_STATE = 8192


def error(code: int) -> dict:
    return {"action": "analytics", "status": "error", "code": code, "message": "no"}


NO_ANSWERS = ((404, {}), (404, error(186)), (503, {}), (200, {"status": "success", "id": "x"}), (400, error(101)))
WINDOWS = ("exact", "exact", "days", "ignored", "refused", "empty")
OUT_OF_REACH = re.compile(r"(\w+) lists no more than its newest (\d+) posts")
EVENTS = ("calm", "calm", "outage", "limit", "gap", "kill")


@dataclass
class Life:
    """An account over the days, and what has been seen of it.

    never: the posts that never answer, and what comes instead.
    touched: when each post on a network was last read or said to be unreadable; read: when it was last read.
        Both by date, `read` with the number of changes of the schedule until then.
    reach: since when the native posts of a network can be listed, as was said.
    points: the ages at which the schedule of the last run reads a post; schedules: how often it has changed.
    """

    world: World
    never: set[str]
    no_answer: tuple
    state: dict | None = None
    touched: dict[tuple[str, str, str], date] = field(default_factory=dict)
    read: dict[tuple[str, str, str], tuple[date, int]] = field(default_factory=dict)
    after_kill: bool = False
    had_budget: bool = False
    had_limit: bool = False
    reach: dict[str, datetime] = field(default_factory=dict)
    points: set[int] = field(default_factory=set)
    schedules: int = 0

    def live(self, event: str, select: tuple[str, ...], budget: int | None, cut: float, network: str, **more) -> None:
        """Run the tap once."""
        self.world.fault = lambda path, given: self._answer(event, network, path, given)
        more |= {"request_budget": budget} if budget else {}
        self.had_budget |= budget is not None
        self.had_limit |= event == "limit"
        output = self.world.run(*select, state=self.state, **more)
        if event == "kill":
            kept = output.messages[: int(cut * len(output.messages))]
            output.messages[:] = kept
        elif event == "outage" and not budget and self._asked_in_vain(output):
            assert output.code == 1
        elif event == "calm" and not self.never:
            assert output.code == 0
        self.state = output.state or self.state
        assert len(json.dumps(self.state)) <= LARGEST_STATE
        is_batched = more.get("bulk_analytics") == "auto" and budget is None
        before, self.points = self.points, BATCHED_POINTS if is_batched else POINTS
        self.schedules += self.points != before
        self._see(output, lists_count=more.get("native_metrics_from") == "list")
        self.after_kill |= event == "kill"

    def _answer(self, event: str, network: str, path: str, given: dict) -> tuple | None:
        if path.startswith("/comments/"):
            return self._answer_comments(event, network, path.removeprefix("/comments/"), given)
        if path != "/analytics/post":
            is_list = path == "/history" and "status" not in given
            return (500, {}) if event == "gap" and (is_list or path.endswith(network)) else None
        if event == "outage":
            return 502, {}
        if event == "limit" and network in given["platforms"]:
            return 429, {**error(0), "code": None, "message": "Daily limit reached.", "platform": network}
        if "postIds" in given:
            found = [i for i in given["postIds"] if i not in self.never and i.split("-", 1)[1] not in self.never]
            return self.world.answer(path, {**given, "postIds": found}) if found else (404, error(186))
        return self.no_answer if given["id"] in self.never else None

    def _answer_comments(self, event: str, network: str, post_id: str, given: dict) -> tuple | None:
        if event == "outage":
            return 502, {}
        if "searchPlatformId" in given:
            networks = (given["platform"],)
        else:
            networks = next(post for post in self.world.posts if post.post_id == post_id).networks
        if event == "limit" and network in networks:
            refused = {**error(0), "code": None, "message": "Daily limit reached.", "platform": network}
            status, body = self.world.comments_on(post_id, given)
            others = {name: value for name, value in body.items() if name != network}
            is_partial = len(networks) > 1 and int(post_id[1:]) % 2
            return (status, {**others, network: refused, "status": "partial"}) if is_partial else (429, refused)
        if post_id not in self.never:
            return None
        # A success without data means that there are no comments.
        return (404, error(186)) if self.no_answer[0] == HTTPStatus.OK else self.no_answer

    def _asked_in_vain(self, output) -> bool:
        return bool(self.world.asked()) and not output.records("post_analytics")

    def _see(self, output, *, lists_count: bool) -> None:
        today = self.world.now.date()
        for label, count in OUT_OF_REACH.findall(output.log):
            network = next(network for network in LINKED if contract.NETWORKS[network].label == label)
            self.reach[network] = self.world.native[network][int(count) - 1][1]
        for record in output.records("social_posts") if lists_count else ():
            if None not in (record["likes"], record["comments"], record["shares"]):
                self.touched["social_post_analytics", record["social_post_id"], record["platform"]] = today
        for stream, column in (("post_analytics", "post_id"), ("social_post_analytics", "social_post_id"),
                               ("comments", "post_id"), ("social_post_comments", "social_post_id")):  # fmt: skip
            for key in sorted({(stream, record[column], record["platform"]) for record in output.records(stream)}):
                # One network's limit may keep the comments of the others from being read, which then are as a whole.
                may_repeat = self.after_kill or (self.had_limit and stream == "comments")
                if not may_repeat and key in self.read:
                    last, schedule = self.read[key]
                    # A schedule that changes within a pass judges all of it, and what a budget leaves over counts for
                    # the date on which it was listed: more is read, never less.
                    has_changed = schedule != self.schedules
                    assert last < today or has_changed, f"{key} twice on {today}"
                    may_come_early = self.had_budget or has_changed
                    assert may_come_early or self._has_point(key, last, today, self.points), f"{key}: {last}, {today}"
                self.read[key], self.touched[key] = (today, self.schedules), today
        for stream, resource, platform, _ in errors(output):
            for network in LINKED if platform == "all" else (platform,):
                if resource != "all":
                    self.touched[stream, resource, network] = today

    def _has_point(self, key: tuple[str, str, str], last: date, until: date, points: set[int]) -> bool:
        published = self.published()[key].date()
        points = COMMENT_POINTS if key[0] in COMMENTS else points
        return any((last + n * DAY - published).days in points for n in range(1, (until - last).days + 1))

    def published(self) -> dict:
        """Return when each post was published, by stream, id and network."""
        own = {
            (stream, p.post_id, n): p.published
            for stream in ("post_analytics", "comments")
            for p in self.world.posts
            for n in p.networks
        }
        return own | {
            (stream, post_id, n): at
            for stream in OF_NATIVE
            for n, listed in self.world.native.items()
            for post_id, at in listed
        }

    def check_end(self) -> None:
        """Check that nothing is missing once nothing stands in the way."""
        for key, published in self.published().items():
            is_beyond = key[0] in OF_NATIVE and published < self.reach.get(key[2], published)
            if published > self.world.now or is_beyond:
                continue
            assert key in self.touched, f"{key} was never read"
            assert not self._has_point(key, self.touched[key], self.world.now.date(), POINTS), f"{key} is missing today"


def draw_life(data) -> Life:
    every = timedelta(hours=data.draw(st.integers(1, 60)))
    end = START + 6 * DAY
    sent = [
        Post(f"p{n:04}", end - every * (n + 1), data.draw(st.sampled_from([NETWORKS[:1], NETWORKS[:2], NETWORKS])))
        for n in range(data.draw(st.integers(0, 24)))
    ]
    apart = every * data.draw(st.sampled_from([0.05, 1, 3]))
    counts = {n: data.draw(st.integers(0, most)) for n, most in MOST_NATIVE.items()}
    native = {n: [(f"{n}-{k}", START - k * apart) for k in range(count)] for n, count in counts.items()}
    ids = [*(p.post_id for p in sent), *(post_id for listed in native.values() for post_id, _ in listed)]
    never = set(data.draw(st.lists(st.sampled_from(ids), max_size=14))) if ids else set()
    world = World(sent, native, LINKED, windows=data.draw(st.sampled_from(WINDOWS)))
    world.measured = lambda post_id: post_id.startswith("bluesky") and int(post_id.rpartition("-")[2]) % 3
    return Life(world, never, data.draw(st.sampled_from(NO_ANSWERS)))


def live_any_life(data):
    life = draw_life(data)
    streams = [POSTS, NATIVE, POSTS[:1] + POSTS[2:], POSTS[1:], COMMENTS, POSTS + COMMENTS[:1], (), EVERYTHING]
    for later in data.draw(st.lists(st.sampled_from([0.1, 1, 24, 48, 200]), min_size=1, max_size=6)):
        life.world.now += timedelta(hours=later)
        life.live(
            data.draw(st.sampled_from(EVENTS)),
            data.draw(st.sampled_from(streams)),
            data.draw(st.none() | st.integers(1, 40)),
            data.draw(st.floats(0, 1)),
            data.draw(st.sampled_from(LINKED)),
            lookback_days=data.draw(st.integers(0, 5)),
            max_concurrency=data.draw(st.sampled_from([1, 8, 64])),
            bulk_analytics=data.draw(st.sampled_from(["off", "auto"])),
            native_metrics_from=data.draw(st.sampled_from(["list", "post"])),
            social_quarters=data.draw(st.integers(1, 4)),
        )
    life.world.now += timedelta(hours=data.draw(st.sampled_from([0.1, 24])))
    for _ in range(2):
        life.live("calm", EVERYTHING, None, 1, "")
    life.check_end()


@pytest.mark.random
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_all_that_is_due_is_read_or_said(part):
    run = given(st.data())(live_any_life)
    run = settings(
        max_examples=CASES // PARTS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )(run)
    with mock.patch.multiple(pages, **PAGES):
        seed(part)(run)()
