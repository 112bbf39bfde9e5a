"""Codes 444 (Facebook's page analytics throttled) and 349 (the network's account is locked) in whole runs."""

import pytest

from tests.unit.test_sync_runs import runs, statuses
from tests.world import World, errors, posts

BOTH = ("facebook", "instagram")
THROTTLED = {"action": "analytics", "status": "error", "code": 444, "message": "Page analytics are throttled."}
LOCKED = {"action": "analytics", "status": "error", "code": 349, "message": "The Facebook account is locked."}


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-max": "300", "x-ratelimit-count": "7"}])
def test_facebook_waits_and_instagram_is_read(headers):
    world = World(posts(4, networks=BOTH), linked=BOTH)
    world.fault = lambda path, given: (
        (429, THROTTLED, headers) if path.startswith("/analytics/") and "facebook" in given["platforms"] else None
    )
    first = world.run("social_analytics", "post_analytics", "extraction_errors", "sync_runs", max_concurrency=1)
    assert first.code == 0
    assert {r["platform"] for r in first.records("post_analytics")} == {"instagram"}
    assert {r["platform"] for r in first.records("social_analytics")} == {"instagram"}
    assert ("social_analytics", "all", "facebook", "444") in errors(first)
    assert statuses(first)["post_analytics"] == "partial"
    world.fault = None
    second = world.run("post_analytics", state=first.state)
    assert {(r["post_id"], r["platform"]) for r in second.records("post_analytics")} == {
        (post.post_id, "facebook") for post in world.posts
    }


def test_a_locked_account_is_left_out_and_said():
    world = World(posts(4, networks=BOTH), linked=BOTH)
    world.fault = lambda path, given: (
        (400, LOCKED) if path.startswith("/analytics/") and "facebook" in given["platforms"] else None
    )
    output = world.run("post_analytics", "extraction_errors", "sync_runs")
    assert output.code == 0
    assert {r["platform"] for r in output.records("post_analytics")} == {"instagram"}
    (row,) = output.records("extraction_errors")
    assert (row["platform"], row["code"]) == ("facebook", "349")
    assert "locked" in row["action"]


@pytest.mark.parametrize("code", [144, 276])
def test_a_bad_key_or_a_suspension_by_its_code_stops_that_profile(code):
    profiles = [{"name": name, "profile_key": f"key-of-{name}-0"} for name in ("good", "bad")]
    world = World(posts(2))
    refused = {"status": "error", "code": code, "message": "No."}
    world.fault = lambda *_: (403, refused) if "bad" in world.senders[-1] else None
    output = world.run(profiles=profiles, include_primary_profile=False)
    assert output.code == 1
    assert {row["status"] for (profile, _), row in runs(output).items() if profile == "good"} == {"complete"}
    assert {row["status"] for (profile, _), row in runs(output).items() if profile == "bad"} == {"failed"}
    assert {r["code"] for r in output.records("extraction_errors")} == {str(code)}
