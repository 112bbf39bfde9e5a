"""Code 106: the month's post quota of a profile is used up (docs/api.md section 3)."""

from collections import Counter
from datetime import timedelta

import pytest

from tap_ayrshare.ayrshare.quota import quota_warning
from tests.unit.test_sync_runs import runs, statuses
from tests.world import START, World, errors, posts, read

USED_UP = {"action": "post", "status": "error", "code": 106, "message": "The monthly post quota is used up."}
REASON = "106: The monthly post quota is used up"
OF_POSTS = ("/analytics/post", "/comments/")
STREAMS = ("posts", "social_posts", "post_analytics", "social_post_analytics", "comments", "social_post_comments",
           "social_analytics", "link_analytics", "extraction_errors", "sync_runs")  # fmt: skip
CLOSED = {"post_analytics", "social_post_analytics", "comments", "social_post_comments"}


def without_quota(world, status=429, after=0, headers=None):
    """Let a world answer code 106 to what is asked of posts, once so many of those have been answered."""
    asked = Counter()

    def fault(path, _given):
        if not path.startswith(OF_POSTS):
            return None
        asked["of posts"] += 1
        return (status, USED_UP, headers or {}) if asked["of posts"] > after else None

    world.fault = fault
    return asked


@pytest.mark.parametrize("status", [429, 403, 400, 200])
@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-max": "300", "x-ratelimit-count": "299", "Retry-After": "9999"}])
def test_the_first_such_answer_ends_what_is_asked_of_posts_and_nothing_else(status, headers):
    world = World(posts(40), {"facebook": [("n1", START)]})
    asked = without_quota(world, status, headers=headers)
    output = world.run(*STREAMS, max_concurrency=1)
    assert asked["of posts"] == 1
    assert output.code == 0
    found = statuses(output)
    assert {name for name, status in found.items() if status == "partial"} == CLOSED
    assert {status for name, status in found.items() if name not in CLOSED} == {"complete"}
    assert {row["reason"] for row in runs(output).values() if row["stream"] in CLOSED} == {REASON}
    assert errors(output) == {(name, "all", "all", "106") for name in CLOSED}
    assert len(output.records("posts")) == 40
    assert output.records("social_analytics")


def test_requests_that_are_on_their_way_are_the_only_ones_more():
    world = World(posts(300), latency=0.002)
    asked = without_quota(world)
    world.run("post_analytics", max_concurrency=8)
    assert asked["of posts"] <= 8


@pytest.mark.parametrize("after", [0, 7])
@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(days=1)])
@pytest.mark.parametrize("budget", [None, 60])
def test_the_posts_stay_due_and_the_next_run_reads_them(after, later, budget):
    world = World(posts(40))
    more = {"request_budget": budget} if budget else {}
    without_quota(world, after=after)
    first = world.run("post_analytics", "comments", max_concurrency=1, **more)
    assert len(read(first)) == after
    world.fault = None
    second = world.run("post_analytics", state=first.state, now=START + later, **more)
    due = {post.post_id for post in world.posts}
    rest = due - set(read(first)) if later < timedelta(days=1) else due
    assert set(read(second)) >= rest
    if later < timedelta(days=1):
        assert set(read(second)) == rest


def test_a_batch_that_meets_it_ends_the_stream_too():
    world = World(posts(40))
    asked = without_quota(world)
    output = world.run("posts", "post_analytics", "sync_runs", max_concurrency=1, bulk_analytics="auto")
    assert asked["of posts"] == 1
    assert statuses(output)["post_analytics"] == "partial"
    assert "no batches" not in output.log


def test_other_profiles_are_read():
    profiles = [{"name": name, "profile_key": f"key-of-{name}-0"} for name in ("good", "bad")]
    world = World(posts(5))
    world.fault = lambda path, _: (
        (429, USED_UP) if world.senders[-1].endswith("bad-0") and path == "/analytics/post" else None
    )
    output = world.run("post_analytics", "sync_runs", profiles=profiles, include_primary_profile=False)
    found = {profile: row["status"] for (profile, _), row in runs(output).items()}
    assert found == {"good": "complete", "bad": "partial"}


def test_in_one_network_s_block_it_concerns_that_network_alone():
    world = World(posts(3, networks=("facebook", "instagram")), linked=("facebook", "instagram"))
    world.fault = lambda path, given: (
        (200, {"facebook": world.block("p"), "instagram": USED_UP, "status": "partial"})
        if path == "/analytics/post" and "instagram" in given["platforms"] else None
    )  # fmt: skip
    first = world.run("post_analytics", "sync_runs", max_concurrency=1)
    assert {r["platform"] for r in first.records("post_analytics")} == {"facebook"}
    assert statuses(first)["post_analytics"] == "partial"
    world.fault = None
    second = world.run("post_analytics", state=first.state)
    assert {(r["post_id"], r["platform"]) for r in second.records("post_analytics")} == {
        (post.post_id, "instagram") for post in world.posts
    }


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"monthlyPostCount": 10, "monthlyPostQuota": 10}, "10 of the 10 posts of the month's quota are used: until"),
        ({"monthlyPostCount": "12", "monthlyPostQuota": "10"}, "12 of the 10"),
        ({"monthlyPostCount": 9, "monthlyPostQuota": 10}, "9 of the 10 posts of the month's quota are used; once"),
        ({"monthlyPostCount": 8, "monthlyPostQuota": 10}, None),
        ({"monthlyPostCount": 8}, None),
        ({"monthlyPostCount": 8, "monthlyPostQuota": 0}, None),
        ({"monthlyPostCount": 8, "monthlyPostQuota": -1}, None),
        ({"monthlyPostCount": None, "monthlyPostQuota": {}}, None),
        ({}, None),
    ],
)
def test_what_user_says_of_the_quota(user, says):
    found = quota_warning(user)
    assert (found is None) if says is None else found.startswith(says)


def test_the_connection_test_and_the_first_lines_of_a_run_warn():
    world = World(posts(3))
    used = {"activeSocialAccounts": ["facebook"], "monthlyPostCount": 30, "monthlyPostQuota": 30}
    world.fault = lambda path, _: (200, used) if path == "/user" else None
    warning = "30 of the 30 posts of the month's quota are used"
    assert warning in world.test().log
    output = world.run()
    assert output.code == 0
    first = next(at for at, line in enumerate(output.log.splitlines()) if warning in line)
    assert first <= 5
    assert output.log.count(warning) == 1
