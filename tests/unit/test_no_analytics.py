"""Code 187 on /analytics/*: no network has any analytics of a post or an account yet (docs/api.md section 3)."""

import pytest

from tests.unit.test_sync_runs import statuses
from tests.world import START, Post, World, errors, posts, read

NO_DATA = {"action": "analytics", "status": "error", "code": 187, "message": "No analytics data available."}
AGAIN = {**NO_DATA, "message": "No data yet. Please try again later.", "retryAvailable": True}
ANALYTICS = ("post_analytics", "social_post_analytics", "social_analytics", "social_analytics_daily",
             "youtube_playlists", "extraction_errors", "sync_runs")  # fmt: skip


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize("body", [NO_DATA, AGAIN], ids=["plain", "retryAvailable"])
def test_a_run_in_which_nothing_has_numbers_yet_is_complete(status, body):
    world = World(posts(3), {"facebook": [("n1", START)]}, ("facebook", "youtube"))
    world.fault = lambda path, _: (status, body) if path.startswith("/analytics/") else None
    output = world.run(*ANALYTICS)
    assert output.code == 0
    assert set(statuses(output).values()) == {"complete"}
    rows = output.records("extraction_errors")
    assert {(r["code"], r["action"]) for r in rows} == {
        ("187", "nothing to keep: no network has any analytics of it yet")
    }
    assert {(r["stream"], r["resource_id"]) for r in rows} >= {
        *(("post_analytics", f"p{n:04}") for n in range(3)), ("social_post_analytics", "n1"),
        ("social_analytics", "all"), ("social_analytics_daily", "all"), ("youtube_playlists", "all"),
    }  # fmt: skip
    # Nothing is asked twice.
    assert len(world.asked()) == 4
    assert len(world.asked("/analytics/youTubePlaylists")) == 1


def test_posts_without_numbers_are_asked_for_again_on_the_next_day():
    world = World(posts(3))
    world.fault = lambda path, _: (400, NO_DATA) if path == "/analytics/post" else None
    first = world.run("post_analytics")
    assert (first.code, read(first)) == (0, {})
    world.fault = None
    same_day = world.run("post_analytics", state=first.state)
    assert read(same_day) == {}
    later = world.run("post_analytics", state=first.state, now=START.replace(day=2))
    assert read(later) == {"p0000": 1, "p0001": 1, "p0002": 1}


def test_a_network_without_numbers_beside_one_that_has_them():
    world = World([Post("p1", START, ("facebook", "instagram"))], linked=("facebook", "instagram"))
    good = {"facebook": world.block("p1"), "instagram": NO_DATA, "status": "partial"}
    world.fault = lambda path, _: (200, good) if path == "/analytics/post" else None
    output = world.run("post_analytics", "extraction_errors")
    assert output.code == 0
    assert [r["platform"] for r in output.records("post_analytics")] == ["facebook"]
    assert errors(output) == {("post_analytics", "p1", "instagram", "187")}


def test_in_a_list_of_native_posts_187_is_still_an_item_without_an_id():
    world = World(native={"facebook": [("n1", START)]})
    item = {"status": "error", "code": 187, "message": "Error getting analytics for the post."}
    world.fault = lambda path, _: (
        (200, {"posts": [item], "status": "partial"}) if path.startswith("/history/") else None
    )
    output = world.run("social_posts", "extraction_errors")
    (row,) = output.records("extraction_errors")
    assert (row["stream"], row["resource_id"], row["action"]) == (
        "social_posts", "item-0", "skipped: without an id it can't be kept",
    )  # fmt: skip


def test_the_connection_test_takes_it_for_no_refusal():
    world = World(posts(3))
    world.fault = lambda path, _: (400, NO_DATA) if path == "/analytics/social" else None
    output = world.test()
    assert output.code == 0
    assert "social_analytics        yes: facebook" in output.log
    assert "no account analytics yet (187: No analytics data available)" in output.log
