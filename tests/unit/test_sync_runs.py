"""How a run went: rows of sync_runs, exit codes, fail_on, the summary file and the closing lines."""

import json
import logging

import pytest

from tap_ayrshare.streams import PostAnalyticsStream
from tests.unit.test_worlds import ANALYTICS, DAY, post_error
from tests.world import START, World, errors, posts

PROFILES = [{"name": name, "profile_key": f"key-of-{name}-0"} for name in ("good", "bad")]
BOTH = {"profiles": PROFILES, "include_primary_profile": False}
NO_KEY = (403, post_error(None, "Invalid profile key."))


def runs(output) -> dict[tuple[str, str], dict]:
    """The rows by profile and stream."""
    return {(row["profile"], row["stream"]): row for row in output.records("sync_runs")}


def statuses(output) -> dict[str, str]:
    return {stream: row["status"] for (_, stream), row in runs(output).items()}


def refusing(world, name="bad", answer=NO_KEY):
    world.fault = lambda _path, _given: answer if name in world.senders[-1] else None


def test_a_complete_run_has_a_complete_row_for_every_stream():
    world = World(posts(5), {"facebook": [("n1", START - DAY)]})
    output = world.run()
    rows = runs(output)
    assert {stream for _, stream in rows} == {*output.schemas} - {"extraction_errors", "sync_runs"}
    assert {(row["status"], row["reason"]) for row in rows.values()} == {("complete", None)}
    row = rows["primary", "post_analytics"]
    counts = {"due": 5, "read": 5, "left": 0, "requests": 5, "records": 5, "errors": 0}
    assert counts.items() <= row.items()
    listed = sorted(post["published_at"] for post in output.records("posts"))
    assert (row["oldest_covered"], row["newest_covered"]) == (listed[0], listed[-1])
    assert row["started_at"] <= row["ended_at"]
    assert rows["primary", "accounts"]["due"] is None
    assert len({row["run_id"] for row in rows.values()}) == 1
    again = runs(world.run(state=output.state))
    assert again["primary", "post_analytics"]["due"] == 0
    assert again["primary", "accounts"]["run_id"] != row["run_id"]


def test_a_budget_leaves_partial_rows_and_the_next_run_completes_them():
    world = World(posts(20))
    first = world.run(request_budget=12)
    row = runs(first)["primary", "post_analytics"]
    assert first.code == 0
    assert row["status"] == "partial"
    assert row["reason"] == "the request budget is spent"
    assert 0 < row["left"] == row["due"] - row["read"]
    assert "unfinished: post_analytics" in first.last_line
    strict = world.run(request_budget=12, fail_on=["budget"])
    assert strict.code == 1
    assert "the request budget is spent; unfinished" in strict.last_line
    later = world.run(state=first.state, request_budget=1000)
    assert statuses(later)["post_analytics"] == "complete"


def test_a_refused_profile_is_exit_1_after_everything_else_was_read():
    world = World(posts(5))
    refusing(world)
    output = world.run(**BOTH)
    assert output.code == 1
    assert output.last_line.startswith("1 of 2 profiles could not be read: bad (http_403: Invalid profile key;")
    assert output.bookmark("post_analytics", "good")["replication_key_value"] == "2026-11-01"
    rows = runs(output)
    assert {row["status"] for (profile, _), row in rows.items() if profile == "bad"} == {"failed"}
    assert {row["status"] for (profile, _), row in rows.items() if profile == "good"} == {"complete"}
    assert rows["bad", "post_analytics"]["started_at"] is None
    assert output.last_line.endswith("; everything else was read")
    world.fault = lambda _, given: (
        NO_KEY if "bad" in world.senders[-1] else (500, {}) if "p0002" in str(given) else None
    )
    assert world.run(**BOTH).last_line.endswith("; see the lines above for what else is missing")
    calm = world.run(**BOTH, fail_on=[])
    assert calm.code == 0
    assert "is not complete" in calm.last_line


def test_all_profiles_refused_is_for_a_person_and_an_api_that_is_away_is_not():
    world = World(posts(5))
    world.fault = lambda *_: NO_KEY
    assert world.run(**BOTH).code == 2
    world.fault = lambda *_: OSError()
    away = world.run(**BOTH)
    assert away.code == 1
    assert away.last_line.startswith("the API can't be reached (")
    assert "refused" not in away.last_line


@pytest.mark.parametrize(
    "answer", [(404, b"<html>Not here</html>"), (404, {"message": "no such route"}), (200, b"<html>")]
)
@pytest.mark.parametrize("more", [{}, {"platforms": ["facebook"]}])
def test_a_host_that_is_not_the_api_is_one_line(answer, more):
    world = World(posts(5))
    world.fault = lambda *_: answer
    output = world.run(**more)
    assert output.code == 2
    assert "is not the Ayrshare API" in output.last_line
    assert output.last_line.endswith("check api_url")
    world.fault = lambda path, _: answer if path == "/analytics/post" else None
    assert "is not the Ayrshare API" not in world.run("post_analytics").last_line


def test_a_plan_that_has_no_links_skips_the_stream():
    world = World(posts(5))
    world.fault = lambda path, _: (403, post_error(169, "A paid plan is required.")) if "links" in path else None
    output = world.run()
    row = runs(output)["primary", "link_analytics"]
    assert (output.code, row["status"], row["reason"]) == (0, "skipped", "169: A paid plan is required")
    assert "is complete" in output.last_line
    strict = world.run(fail_on="stream,profile")
    assert strict.code == 1
    assert "streams could not be read: link_analytics of primary (169" in strict.last_line


def test_a_stream_that_fails_is_failed_and_one_post_that_fails_is_partial():
    world = World(posts(20))
    world.fault = lambda path, given: (503, {}) if path == "/analytics/post" and given["id"] == "p0003" else None
    one = world.run()
    row = runs(one)["primary", "post_analytics"]
    assert (one.code, row["status"], row["reason"]) == (0, "partial", "failed: http_503: 1")
    assert "is not complete" in one.last_line
    world.fault = lambda path, _: (503, {}) if path == "/analytics/post" else None
    every = world.run()
    assert every.code == 1
    assert statuses(every) == {**dict.fromkeys(statuses(every), "complete"), "post_analytics": "failed"}


@pytest.mark.parametrize("code", [186, 254])
def test_a_post_that_the_api_refuses_leaves_the_day_complete(code):
    world = World(posts(5))
    world.fault = lambda path, given: (404, post_error(code)) if given.get("id") == "p0003" else None
    row = runs(world.run())["primary", "post_analytics"]
    assert (row["status"], row["errors"]) == ("complete", 1)


def test_a_network_that_has_to_wait_leaves_its_streams_partial():
    world = World(posts(5, networks=("facebook", "twitter")), linked=("facebook", "twitter"))
    limit = {"twitter": {"status": "error", "message": "Daily limit reached."}, "status": "partial"}
    world.fault = lambda path, given: (
        (200, {**limit, "facebook": world.block("x")})
        if path == "/analytics/post" and "twitter" in given["platforms"] else None
    )  # fmt: skip
    output = world.run()
    assert statuses(output)["post_analytics"] == "partial"
    assert statuses(output)["accounts"] == "complete"
    assert output.code == 0
    strict = world.run(fail_on=["network"])
    assert strict.code == 1
    assert "networks were left out: twitter of primary" in strict.last_line


def test_a_network_that_is_not_linked_leaves_the_day_complete():
    world = World(posts(5), linked=("facebook", "tiktok"))
    world.fault = lambda path, given: (
        (400, {"status": "error", "errors": [post_error(156, "not linked", platform="tiktok")]})
        if path == "/analytics/social" and "tiktok" in given["platforms"] else None
    )  # fmt: skip
    assert statuses(world.run())["social_analytics"] == "complete"


def test_a_bookmark_in_the_future_is_never_a_complete_day():
    world = World(posts(3))
    later = world.run(now=START + 9 * DAY)
    assert runs(world.run(state=later.state, now=START))["primary", "post_analytics"]["status"] != "complete"
    output = world.run(state=later.state, now=START)
    row = runs(output)["primary", "posts"]
    assert (row["status"], row["reason"]) == ("failed", "its bookmark is in the future")
    assert output.code == 2
    assert "2026-11-10" in output.last_line
    assert "posts of profile primary" in output.last_line


def test_a_crash_in_a_stream_is_recorded_as_what_it_is(monkeypatch):
    """Of its own profile alone; the others are read to their end."""
    profiles = [{"name": name, "profile_key": f"key-of-client-{name}"} for name in ("one", "two")]
    world, read = World(posts(3)), PostAnalyticsStream.read_due

    def crashes(self, source, bookmark):
        if source.label == "two":
            raise KeyError("platforms")
        return read(self, source, bookmark)

    monkeypatch.setattr(PostAnalyticsStream, "read_due", crashes)
    output = world.run(*ANALYTICS, "sync_runs", profiles=profiles, include_primary_profile=False)
    assert output.code == 1
    assert "unexpected error (KeyError)" in output.last_line
    found = runs(output)
    assert (found["two", "post_analytics"]["status"], found["two", "post_analytics"]["reason"]) == (
        "failed", "unexpected error (KeyError)",
    )  # fmt: skip
    assert found["two", "posts"]["status"] == found["one", "post_analytics"]["status"] == "complete"
    assert "budget" not in output.raw


def test_on_error_fail_leaves_rows_that_say_so():
    world = World(posts(20))
    world.fault = lambda path, given: (404, post_error(186)) if given.get("id") == "p0003" else None
    output = world.run(on_error="fail")
    row = runs(output)["primary", "post_analytics"]
    assert output.code == 1
    assert row["status"] == "partial"
    assert "on_error is fail" in row["reason"]


# What is told at the end


def test_what_is_true_of_many_profiles_is_one_line():
    profiles = [{"name": f"client{n:02}", "profile_key": f"key-of-client-{n:02}"} for n in range(30)]
    world = World(posts(4), {"tiktok": [(f"n{n}", START - n * DAY / 4) for n in range(600)]}, ("facebook", "tiktok"))
    world.fault = lambda path, _: (403, post_error(169, "A paid plan is required.")) if "links" in path else None
    output = world.run(profiles=profiles, include_primary_profile=False)
    lines = output.log.strip().splitlines()
    assert output.code == 0
    assert len(lines) < 60
    assert sum("169" in line for line in lines) <= 3
    assert any(line.startswith("169 (link_analytics) in 30 profiles: client00, client01") for line in lines)
    assert any("lists no more than its newest 500 posts" in line and "(30 profiles:" in line for line in lines)
    assert not any(line.split()[0] == "all" for line in lines if line)


def test_the_summary_file_says_what_the_log_says(tmp_path):
    path = tmp_path / "summary.json"
    world = World(posts(5))
    refusing(world)
    output = world.run(**BOTH, summary_file=str(path))
    found = json.loads(path.read_text())
    assert (found["verdict"], found["exit_code"]) == ("failed", 1)
    assert found["cause"] == output.last_line
    assert found["streams"]["posts"] == {"records": 5, "requests": 2, "errors": {}}
    assert found["requests"] == len(world.requests)
    assert found["records"] == sum(len(records) for records in output.streams.values())
    assert found["profiles"]["bad"]["refused"].startswith("http_403")
    assert set(found["profiles"]["good"]["streams"].values()) == {"complete"}
    assert found["run_id"] == output.records("sync_runs")[0]["run_id"]
    world.fault = None
    world.run(**BOTH, summary_file=str(path))
    assert json.loads(path.read_text())["verdict"] == "complete"
    assert [*tmp_path.iterdir()] == [path]


def test_a_summary_file_that_cannot_be_written_is_found_before_the_first_request(tmp_path):
    world = World(posts(5))
    for path in (tmp_path / "nowhere" / "summary.json", tmp_path):
        output = world.run(summary_file=str(path))
        assert output.code == 2
        assert "setting 'summary_file'" in output.last_line
        assert not world.requests


def test_an_older_summary_is_gone_as_soon_as_a_run_begins(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text("{}")
    world = World(posts(1))
    seen = []
    world.fault = lambda *_: seen.append(path.exists())
    world.run(summary_file=str(path))
    assert not any(seen)
    assert path.exists()


@pytest.mark.parametrize("value", [["profiles"], "everything", 5, {"profile": True}])
def test_fail_on_takes_what_it_knows(value):
    output = World(posts(1)).run(fail_on=value)
    assert output.code == 2
    assert "setting 'fail_on': must be a list of profile, stream, network, budget" in output.last_line


def test_nothing_is_said_twice_of_one_profile(caplog):
    world = World(posts(3))
    world.fault = lambda path, _: (403, post_error(169, "A paid plan is required.")) if "links" in path else None
    with caplog.at_level(logging.INFO):
        output = world.run()
    assert errors(output) == {("link_analytics", "all", "all", "169")}
    assert not any("in 1 profile" in line for line in output.log.splitlines())
