"""Worlds that the API can make: nothing hangs, nothing is lost without a word, no success that isn't one."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from tap_ayrshare.posts.bookmarks import RefreshBookmark
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.left_over import LeftOver
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.schedule import RefreshSchedule, Terms, Tier
from tap_ayrshare.streams import links
from tests.support import messages
from tests.world import START, Post, World, errors, posts, read

ANALYTICS = ("posts", "post_analytics", "extraction_errors")
DAY = timedelta(days=1)
LINK_PATHS = ("/analytics/links", "/analytics/links-short", "/links")
GATEWAY = (404, {})


def failing(ids, answer=GATEWAY):
    return lambda path, given: answer if path == "/analytics/post" and given.get("id") in ids else None


def post_error(code, message="no", **more):
    return {"action": "analytics", "status": "error", "code": code, "message": message, **more}


# Stuck


def test_ten_and_more_posts_that_always_fail_stop_nothing_behind_them():
    world = World(posts(48))
    bad = {f"p{n:04}" for n in range(8, 26)}
    world.fault = failing(bad)
    output = world.run(*ANALYTICS)
    assert output.code == 0
    assert set(read(output)) == {post.post_id for post in world.posts} - bad
    assert {resource for _, resource, _, _ in errors(output)} == bad
    assert output.bookmark("post_analytics")["replication_key_value"] == "2026-11-01"


@pytest.mark.parametrize("status", [400, 404])
def test_a_4xx_with_a_code_is_not_temporary_by_its_wording(status):
    world = World(posts(5))
    world.fault = failing({"p0002"}, (status, post_error(254, "Temporarily unavailable, try again.")))
    output = world.run(*ANALYTICS)
    assert errors(output) == {("post_analytics", "p0002", "facebook", "254")}
    assert len([body for body in world.asked() if body["id"] == "p0002"]) == 1


def test_a_post_that_was_deferred_once_is_recorded_and_not_deferred_again():
    world = World(posts(12))
    world.fault = failing({"p0003"})
    first = world.run(*ANALYTICS, request_budget=13)
    second = world.run(*ANALYTICS, state=first.state)
    assert errors(second) == {("post_analytics", "p0003", "all", "http_404")}
    assert "deferred" not in second.bookmark("post_analytics")
    third = world.run(*ANALYTICS, state=second.state)
    assert world.asked() == []
    assert third.code == 0


@pytest.mark.parametrize("budget", [4, 5, 6, 7, 11, 22, 23, 24])
def test_a_budget_gets_there_and_nothing_is_asked_twice_on_a_day(budget):
    world = World(posts(40))
    state, seen, asked = None, set(), []
    for _ in range(60):
        output = world.run(*ANALYTICS, state=state, request_budget=budget, now=world.now + timedelta(minutes=5))
        assert len(world.requests) <= budget
        asked += [body["id"] for body in world.asked()]
        seen |= set(read(output))
        state = output.state
    assert seen == {post.post_id for post in world.posts}
    assert len(asked) == len(set(asked))


STREAM_IDS = {
    "accounts": "platform", "social_analytics": "platform", "link_analytics": "short_url", "posts": "post_id",
    "social_posts": "social_post_id", "post_analytics": "post_id", "social_post_analytics": "social_post_id",
}  # fmt: skip
SNAPSHOTS = ("/analytics/post", "/analytics/social", "/analytics/links")


@pytest.mark.parametrize("step", [timedelta(minutes=3), DAY], ids=["minutes", "days"])
@pytest.mark.parametrize("budget", [1, 2, 3, 5, 7, 22])
def test_any_budget_gets_to_everything(budget, step):
    """Whole accounts: every stream and network, one request a run and more."""
    linked = ("facebook", "threads", "twitter")
    world = World(
        posts(6, networks=("facebook", "twitter")),
        {n: [(f"{n}-{k}", START - k * timedelta(hours=7)) for k in range(4)] for n in linked},
        linked,
    )
    wanted = {("posts", f"p{n:04}") for n in range(6)} | {("post_analytics", f"p{n:04}") for n in range(6)}
    wanted |= {(s, n) for s in ("accounts", "social_analytics") for n in linked} | {("link_analytics", "https://s/1")}
    wanted |= {(f"social_post{s}", f"{n}-{k}") for s in ("s", "_analytics") for n in linked for k in range(4)}
    state, asked, runs, old = None, Counter(), 0, [{"max_age_days": 365, "every_days": 400}]
    while wanted and runs < 900 / budget + 10:
        more = {"refresh_schedule": old} if step == DAY else {}
        output = world.run(state=state, request_budget=budget, now=START + runs * step, **more)
        assert output.code == 0
        assert len(world.requests) <= budget
        asked.update((path, json.dumps(given), world.now.date()) for path, given in world.requests if path in SNAPSHOTS)
        wanted -= {(s, record[column]) for s, column in STREAM_IDS.items() for record in output.records(s)}
        state, runs = output.state, runs + 1
    assert not wanted
    assert [key for key, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("bad", [{"p0000", "p0001"}, {"p0003", "p0007"}, {f"p{n:04}" for n in range(0, 28, 6)}])
@pytest.mark.parametrize("answer", [(503, {}), (404, {})], ids=["503", "404"])
def test_what_always_fails_keeps_no_tiny_budget_from_the_rest(bad, answer):
    world = World(posts(28))
    world.fault = failing(bad, answer)
    state, seen = None, set()
    for night in range(12):
        output = world.run(*ANALYTICS, state=state, request_budget=11, now=START + night * DAY)
        state, seen = output.state, seen | set(read(output))
    # Without any that fails it is 24: the newest are due again each night.
    assert len(seen) >= 20
    assert seen == {post.post_id for post in world.posts[: len(seen | bad)]} - bad


def test_the_last_line_of_a_spent_budget_names_what_is_unfinished():
    output = World(posts(6)).run(*ANALYTICS, request_budget=5)
    assert "the request budget of 5 is spent; unfinished: post_analytics (4 left)" in output.log


def test_what_a_budget_paid_for_is_written_though_the_newest_post_fails():
    world = World(posts(30))
    world.fault = failing({"p0000"}, (503, {}))
    output = world.run(*ANALYTICS, request_budget=13)
    paid = {body["id"] for body in world.asked()} - {"p0000"}
    assert paid
    assert set(read(output)) == paid
    world.fault = None
    second = world.run(*ANALYTICS, state=output.state)
    assert set(read(second)) == {post.post_id for post in world.posts} - paid


def test_every_network_is_listed_over_the_runs_of_a_small_budget():
    linked = ("bluesky", "facebook", "instagram", "linkedin", "pinterest", "snapchat", "tiktok", "youtube")
    world = World(linked=linked, native={n: [(f"{n}-1", START - DAY)] for n in linked})
    state, networks = None, set()
    for day in range(8):
        output = world.run("social_posts", state=state, request_budget=3, now=START + day * DAY)
        networks |= set(read(output, "social_posts", "platform"))
        state = output.state
    assert networks == set(linked)


# Lost


def test_an_empty_deleted_list_one_level_down_keeps_no_bookmark_from_being_written():
    world = World(posts(5))
    output = world.run(*ANALYTICS)
    assert errors(output) == set()
    assert output.bookmark("posts")
    second = world.run(*ANALYTICS, state=output.state, now=START + timedelta(minutes=1))
    assert world.asked() == []
    assert second.code == 0


@pytest.mark.parametrize("answer", [GATEWAY, (404, b"<html>"), (500, {}), (400, post_error(101))])
@pytest.mark.parametrize("count", [3, 10, 60])
def test_an_outage_of_a_stream_is_exit_1_and_all_of_it_stays_due(answer, count):
    world = World(posts(count))
    world.fault = lambda path, _: answer if path == "/analytics/post" else None
    for select in (ANALYTICS, ("post_analytics", "extraction_errors")):
        output = world.run(*select)
        assert output.code == 1
        assert len({body["id"] for body in world.asked()}) <= 50
        retry = world.run(*select, state=output.state)
        assert retry.code == 1
        world.fault, fault = None, world.fault
        after = world.run(*select, state=retry.state)
        world.fault = fault
        assert set(read(after)) == {post.post_id for post in world.posts}


def test_a_server_that_dies_half_way_and_comes_back_costs_nothing():
    world = World(posts(100))
    down = range(30, 55)
    world.fault = lambda *_: ConnectionResetError() if len(world.requests) in down else None
    output = world.run(*ANALYTICS)
    assert output.code == 0
    assert len(read(output)) == 100
    assert errors(output) == set()


def test_an_outage_half_way_leaves_the_rest_due():
    world = World(posts(100))
    gone = {post.post_id for post in world.posts[20:]}
    world.fault = failing(gone)
    first = world.run(*ANALYTICS)
    assert ("post_analytics", "all", "all", "http_404") in errors(first)
    assert "replication_key_value" not in first.bookmark("post_analytics")
    world.fault = None
    second = world.run(*ANALYTICS, state=first.state)
    assert set(read(second)) == gone


@pytest.mark.parametrize("network", ["instagram", "threads"])
@pytest.mark.parametrize("page", [1, 2])
def test_a_native_list_with_a_gap_is_read_again_to_its_full_depth(network, page):
    listed = [(f"n{n}", START - n * timedelta(hours=5)) for n in range(250)]
    world = World(linked=(network,), native={network: listed})
    count = 0

    def fault(path, _):
        nonlocal count
        count += path.startswith("/history/")
        return (500, {}) if path.startswith("/history/") and count >= page else None

    world.fault = fault
    select = ("social_posts", "social_post_analytics", "extraction_errors")
    first = world.run(*select)
    assert first.records("extraction_errors")
    world.fault = None
    second = world.run(*select, state=first.state, now=START + DAY)
    both = set(read(first, "social_posts", "social_post_id")) | set(read(second, "social_posts", "social_post_id"))
    assert both == {post_id for post_id, _ in listed}
    numbers = read(first, "social_post_analytics", "social_post_id") + read(
        second, "social_post_analytics", "social_post_id"
    )
    assert set(numbers) == both


def test_a_pinned_old_post_at_the_head_ends_no_list():
    listed = [("pinned", START - 300 * DAY), *((f"n{n}", START - n * timedelta(minutes=20)) for n in range(250))]
    world = World(linked=("threads",), native={"threads": listed})
    first = world.run("social_posts")
    second = world.run("social_posts", state=first.state, now=START + DAY)
    assert len(read(first, "social_posts", "social_post_id")) == 251
    assert len(read(second, "social_posts", "social_post_id")) == 251


def test_an_x_limit_leaves_its_posts_due_until_all_are_read():
    world = World(posts(40, networks=("facebook", "twitter")), linked=("facebook", "twitter"))
    left = 0

    def fault(path, given):
        nonlocal left
        if path != "/analytics/post" or "twitter" not in given["platforms"]:
            return None
        left -= 1
        return (429, post_error(None, "X daily limit reached.", platform="twitter")) if left < 0 else None

    world.fault = fault
    state, x, facebook = None, {}, set()
    for day in range(12):
        left = 8
        output = world.run(
            *ANALYTICS, state=state, now=START + day * DAY, refresh_schedule=[{"max_age_days": 365, "every_days": 100}]
        )
        assert output.code == 0
        for record in output.records("post_analytics"):
            if record["platform"] == "twitter":
                x.setdefault(record["post_id"], day)
            else:
                facebook.add((record["post_id"], day))
        state = output.state
    assert len(x) == 40
    assert {post for post, _ in facebook} == set(x)
    assert len({post for post, day in facebook if day == 0}) == 40


@pytest.mark.parametrize("hours", [6, 24, 30])
def test_x_is_never_asked_more_often_in_24_hours_than_its_allowance(hours):
    world = World(posts(40, networks=("facebook", "twitter")), linked=("facebook", "twitter"))
    state, sent, x = None, [], set()
    for run in range(24 * 12 // hours):
        output = world.run(
            *ANALYTICS,
            state=state,
            now=START + run * timedelta(hours=hours),
            x_daily_requests=8,
            refresh_schedule=[{"max_age_days": 365, "every_days": 100}],
        )
        sent += [world.now for body in world.asked() if "twitter" in body["platforms"]]
        x |= {r["post_id"] for r in output.records("post_analytics") if r["platform"] == "twitter"}
        if run == 0:
            assert len(read(output)) == 40
            assert ("post_analytics", "all", "twitter", "x_daily_requests") in errors(output)
        assert output.code == 0
        state = output.state
    assert all(len([1 for at in sent if moment <= at < moment + DAY]) <= 8 for moment in sent)
    assert len(x) == 40


def test_a_network_code_that_names_no_network_loses_no_other():
    world = World(posts(6, networks=("facebook", "linkedin", "threads")), linked=("facebook", "linkedin", "threads"))

    def fault(path, given):
        if path == "/analytics/post" and "linkedin" in given["platforms"]:
            return 400, post_error(156, "Not linked.")
        return None

    world.fault = fault
    output = world.run(*ANALYTICS)
    assert read(output, column="platform") == {"facebook": 6, "threads": 6}
    assert errors(output) == {("post_analytics", "all", "linkedin", "156")}


def test_1100_posts_in_a_second_are_a_row_and_the_pass_counts():
    world = World([*(Post(f"s{n}", START - DAY + timedelta(hours=1)) for n in range(1100)), *posts(20)])
    first = world.run("posts", "extraction_errors")
    assert [code for *_, code in errors(first)] == ["window_full"]
    assert len(read(first, "posts")) == 1020
    assert first.bookmark("posts")["replication_key_value"]


def test_a_refused_list_of_deleted_posts_is_a_row_and_the_pass_counts():
    world = World(posts(20))
    world.fault = lambda _, given: (400, post_error(999)) if given.get("status") == "deleted" else None
    first = world.run(*ANALYTICS)
    assert [code for *_, code in errors(first)] == ["999"]
    assert first.bookmark("posts")["replication_key_value"]
    second = world.run(*ANALYTICS, state=first.state, now=START + timedelta(minutes=1))
    assert world.asked() == []
    assert len(read(second, "posts")) < 20


def test_two_adjacent_full_seconds_are_read_whole():
    second = START - DAY
    world = World([Post(f"s{n}", second + timedelta(seconds=n % 2)) for n in range(1200)])
    output = world.run("posts", "extraction_errors")
    assert len(read(output, "posts")) == 1200
    assert errors(output) == set()


def test_a_date_filter_by_whole_day_ends_with_one_row():
    day = START.replace(hour=0) - DAY
    world = World([Post(f"d{n}", day + timedelta(seconds=n * 60)) for n in range(1001)], by_day=True)
    output = world.run("posts", "extraction_errors")
    assert len(world.requests) < 60
    assert [code for *_, code in errors(output)] == ["window_full"]
    assert len(read(output, "posts")) >= 1000


def test_an_earlier_start_date_reads_the_missing_stretch_alone():
    world = World(posts(400, every=DAY / 2))
    first = world.run("posts", start_date="2026-09-01")
    second = world.run("posts", state=first.state, start_date="2026-07-01", now=START + timedelta(hours=1))
    expected = {p.post_id for p in world.posts if datetime(2026, 7, 1, tzinfo=timezone.utc) <= p.published}
    assert set(read(first, "posts")) | set(read(second, "posts")) == expected
    assert len(set(read(first, "posts")) & set(read(second, "posts"))) <= 8


@pytest.mark.parametrize(
    ("created", "known"),
    [("Sat, 31 Oct 2026 10:00:00 GMT", True), (1793527200, True), (1793527200000, True), ("1793527200", True),
     ({"_seconds": "1793527200"}, True), ({"_seconds": 1793527200.5}, True), ("soon", False), ({}, False),
     ({"_seconds": "9" * 10_000}, False)],
)  # fmt: skip
def test_posts_with_odd_dates_get_their_metrics(created, known):
    world = World([Post("odd", START - DAY, created=created), Post("plain", START - DAY)])
    output = world.run(*ANALYTICS)
    assert set(read(output)) == {"odd", "plain"}
    assert set(read(output, "posts")) == ({"odd", "plain"} if known else {"plain"})
    assert errors(output) == (set() if known else {("posts", "odd", "all", "invalid_body")})
    again = world.run(*ANALYTICS, state=output.state)
    assert again.code == 0
    assert world.asked() == []


# Wrong


def test_a_success_code_with_a_message_beside_a_list_is_no_error():
    world = World(posts(5))
    world.fault = lambda path, given: (
        (200, {"code": 200, "message": "OK", "history": [p.row() for p in world.posts]})
        if path == "/history" and "status" not in given
        else None
    )
    assert len(read(world.run(*ANALYTICS))) == 5


def test_a_key_code_in_a_network_s_block_ends_nothing():
    world = World(posts(5, networks=("facebook", "threads")), linked=("facebook", "threads"))

    def fault(path, given):
        if path == "/analytics/post":
            return 200, {
                "facebook": post_error(102),
                "threads": world.block("t"),
                "status": "partial",
                "id": given["id"],
            }
        return None

    world.fault = fault
    output = world.run(*ANALYTICS)
    assert output.code == 0
    assert read(output, column="platform") == {"threads": 5}
    assert len(errors(output)) == 5


def test_code_167_is_a_plan_refusal_and_a_403_on_profiles_ends_nothing():
    world = World(posts(3))
    world.fault = lambda path, _: (
        (403, post_error(167)) if path == "/analytics/links" else (403, {}) if path == "/profiles" else None
    )
    output = world.run()
    assert output.code == 0
    assert len(read(output)) == 3
    assert {("link_analytics", "all", "all", "167"), ("profiles", "all", "all", "http_403")} <= errors(output)


def test_a_429_that_names_a_network_costs_it_alone():
    world = World(posts(5, networks=("facebook", "instagram")), linked=("facebook", "instagram"))
    body = post_error(435, "Instagram rate limit.", platform="instagram", details={"Retry-After": 3000})

    def fault(path, given):
        return (429, body) if path == "/analytics/post" and "instagram" in given["platforms"] else None

    world.fault = fault
    first = world.run(*ANALYTICS)
    assert first.code == 0
    assert read(first, column="platform") == {"facebook": 5}
    world.fault = None
    second = world.run(*ANALYTICS, state=first.state, now=START + timedelta(minutes=9))
    assert read(second, column="platform") == {"instagram": 5}


def test_a_profile_that_waits_for_its_limit_holds_up_no_other_at_the_link_endpoint(monkeypatch):
    monkeypatch.setattr(links, "PATIENCE", 0.05)
    world = World(posts(1))
    keys = ["key-of-profile-1", "key-of-profile-2"]

    def fault(path, _):
        mine = [k for k, (p, _) in zip(world.senders, world.requests, strict=True) if p == "/analytics/links"]
        return (429, {}, {"Retry-After": "1"}) if path == "/analytics/links" and len(mine) == 1 else None

    world.fault = fault
    profiles = [{"name": key[7:], "profile_key": key} for key in keys]
    output = world.run("link_analytics", profiles=profiles, include_primary_profile=False)
    asked = [key for key, (path, _) in zip(world.senders, world.requests, strict=True) if path == "/analytics/links"]
    assert asked[0] == asked[2] != asked[1]
    assert len(output.records("link_analytics")) == 2


def test_429s_are_counted_over_the_run():
    world = World(posts(100))
    count = 0

    def fault(_path, _given):
        nonlocal count
        count += 1
        return (429, {}, {"Retry-After": "0"}) if count % 2 else None

    world.fault = fault
    output = world.run(*ANALYTICS)
    assert output.code == 1
    assert len([1 for r in output.records("extraction_errors") if r["code"] == "http_429"]) == 1
    assert count <= 45


@pytest.mark.parametrize(
    "headers",
    [{"x-ratelimit-max": "9" * 5000, "x-ratelimit-count": "9" * 5000}, {"x-ratelimit-count": "-5"},
     {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, {"Retry-After": "1e400"}, {"x-ratelimit-max": "٣"}],
)  # fmt: skip
def test_headers_that_cannot_be_read_are_as_if_absent(headers):
    world = World(posts(5))
    seen = []

    def fault(path, given):
        seen.append(path)
        status, body = world.answer(path, given)
        return (429, {}, headers) if len(seen) == 2 and "Retry-After" in headers else (status, body, headers)

    world.fault = fault
    output = world.run(*ANALYTICS, rate_limit_window_seconds=0.05)
    if "9999" in headers.get("Retry-After", ""):
        assert output.code == 1
        assert "429" in output.last_line
    else:
        assert output.code == 0
        assert len(read(output)) == 5


def test_metrics_with_a_dot_in_their_names_keep_apart():
    series = {"values": [{"endTime": "2026-10-30T07:00:00+0000", "value": 1}]}
    world = World()
    analytics = {"a.b": series, "a": {"b": series}, "a\\": {"b": series}}
    world.fault = lambda path, _: (
        (200, {"facebook": {"analytics": analytics}, "status": "success"}) if path == "/analytics/social" else None
    )
    output = world.run("social_analytics_daily")
    assert len({record["metric"] for record in output.records("social_analytics_daily")}) == 3


def test_a_run_dated_before_the_state_s_reads_nothing_and_keeps_it():
    world = World(posts(40))
    first = world.run(*ANALYTICS, request_budget=15)
    passes = first.bookmark("post_analytics")["passes"]
    assert passes[0]["slices"]
    second = world.run(*ANALYTICS, state=first.state, now=START - DAY)
    assert world.asked() == []
    assert second.bookmark("post_analytics")["passes"] == passes
    third = world.run(*ANALYTICS, state=second.state, now=START + timedelta(hours=1))
    assert set(read(first)) | set(read(third)) == {post.post_id for post in world.posts}
    assert not set(read(first)) & set(read(third))


def test_a_schedule_that_changes_in_an_open_pass_loses_no_post():
    """What a seldom schedule passed over is asked for, once a daily one judges the same pass."""
    world = World(posts(40))
    seldom, daily = ([{"max_age_days": 365, "every_days": days}] for days in (5, 1))
    first = world.run(*ANALYTICS)
    second = world.run(*ANALYTICS, state=first.state, now=START + 2 * DAY, refresh_schedule=seldom, request_budget=9)
    assert 0 < len(read(second)) < 10
    third = world.run(*ANALYTICS, state=second.state, now=START + 2 * DAY, refresh_schedule=daily)
    assert set(read(second)) | set(read(third)) == {post.post_id for post in world.posts}


def test_an_element_of_a_thread_keeps_its_index_beside_an_error():
    world = World([Post("t", START - DAY, ("twitter",))], linked=("twitter",))
    tweets = [world.block("1"), post_error(254), world.block("3")]
    world.fault = lambda path, _: (200, {"twitter": tweets, "status": "partial"}) if path == "/analytics/post" else None
    output = world.run(*ANALYTICS)
    assert sorted(r["thread_index"] for r in output.records("post_analytics")) == [0, 2]


def test_odd_text_and_numbers_come_out_as_a_target_can_hold_them():
    world = World(posts(1))
    raw = (
        b'{"facebook": {"id": "f", "analytics": {"a\\ud83d": "x\\ud83d\\u0000y", "n": '
        + b"9" * 6000
        + b', "f": 1e99999}},'
        b'"status": "success"}'
    )
    world.fault = lambda path, _: (200, raw) if path == "/analytics/post" else None
    output = world.run(*ANALYTICS)
    (record,) = output.records("post_analytics")
    assert record["analytics"] == {"a\ufffd": "x\ufffdy", "n": "9" * 6000, "f": "1e99999"}


@pytest.mark.parametrize("levels", [985, 5000, 100_000])
def test_a_body_that_is_nested_too_deeply_costs_its_own_request(levels):
    world = World(posts(3))
    raw = b'{"facebook": {"id": "f", "analytics": {"a": ' + b"[" * levels + b"]" * levels + b'}}, "status": "success"}'
    world.fault = failing({"p0001"}, (200, raw))
    output = world.run(*ANALYTICS)
    assert output.code == 0
    assert set(read(output)) == {"p0000", "p0002"}
    assert errors(output) == {("post_analytics", "p0001", "all", "invalid_body")}


def test_on_error_fail_ends_the_run_when_one_profile_is_refused():
    world = World(posts(300))
    profiles = [{"name": name, "profile_key": f"key-of-{name}-0"} for name in ("good", "bad")]
    world.fault = lambda _path, given: (
        (403, post_error(None, "Invalid profile key.")) if "bad" in world.senders[-1] else None
    )
    output = world.run(profiles=profiles, include_primary_profile=False, on_error="fail")
    assert output.code == 2
    assert "bad" in output.last_line
    assert len(world.requests) < 30


def test_on_error_fail_is_exit_1_when_the_api_breaks_half_way():
    world = World(posts(60))
    world.fault = failing({post.post_id for post in world.posts[20:]}, (500, {}))
    assert world.run(*ANALYTICS, on_error="fail").code == 1


def test_the_state_of_a_profile_with_13_networks_stays_within_8_kb():
    linked = ("bluesky", "facebook", "gmb", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "telegram",
              "threads", "tiktok", "twitter", "youtube")  # fmt: skip
    world = World(
        posts(30, networks=("facebook", "twitter", "threads")),
        {n: [(f"{n}-{k}" + "y" * 40, START - k * DAY) for k in range(20)] for n in linked},
        linked,
    )
    state = None
    for day in range(6):
        state = world.run(state=state, request_budget=90, now=START + day * DAY).state
        assert len(json.dumps(state)) <= 8192


@pytest.mark.timeout(60)
@pytest.mark.parametrize("concurrency", [1, 8, 64, 256])
@pytest.mark.parametrize("x", [0, 5, 400])
def test_waiting_for_a_state_ends(concurrency, x):
    """Posts for which nothing is asked, failing posts and many in flight beside those that wait for a STATE."""
    world = World(posts(400, networks=("twitter",), every=timedelta(hours=1)), linked=("twitter",))
    bad = {f"p{n:04}" for n in range(0, 400, 9)}
    world.fault = failing(bad, (503, {}))
    for _ in range(3):
        output = world.run(*ANALYTICS, x_daily_requests=max(x, 1), max_concurrency=concurrency)
        assert output.code in (0, 1)
    if x == 400:
        assert set(read(output)) <= {post.post_id for post in world.posts} - bad


@pytest.mark.parametrize(("count", "profiles"), [(45, 3), (400, 1)])
def test_a_kill_at_any_request_loses_nothing_and_repeats_little(count, profiles):
    """What stdout holds when a request goes is all that a kill at that moment leaves."""
    world = World(posts(count, every=timedelta(hours=1)), latency=0.002)
    keys = [f"key-of-profile-{number}" for number in range(profiles)]
    config = {"profiles": [{"name": key[7:], "profile_key": key} for key in keys], "include_primary_profile": False}
    whole = world.run(*ANALYTICS, **config)
    requests, senders, written = [*world.requests], [*world.senders], [*world.written]
    wanted = {(r["profile"], r["post_id"]) for r in whole.records("post_analytics")}
    assert len(wanted) == count * profiles
    world.latency = 0
    checked = None
    for number, size in enumerate(written):
        out = messages(whole.raw[: whole.raw.rfind("\n", 0, size) + 1])
        state = next((message["value"] for message in reversed(out) if message["type"] == "STATE"), None)
        if state != checked or number == 0:
            rest, checked = world.run(*ANALYTICS, state=state, **config), state
            rows = [m["record"] for m in out if m["type"] == "RECORD" and m["stream"] == "post_analytics"]
            rows += rest.records("post_analytics")
            assert {(r["profile"], r["post_id"]) for r in rows} == wanted
            again = [(key, body.get("id")) for key, (_, body) in zip(world.senders, world.requests, strict=True)]
        before = {(key, body.get("id")) for key, (_, body) in zip(senders[:number], requests[:number], strict=True)}
        for key in keys:
            assert len([1 for sent in again if sent[0] == key and sent in before]) <= 100


def test_posts_that_can_t_be_asked_for_now_are_not_taken_for_failures_of_two_dates():
    native = {name: [(f"{name}-{n}", START - n * DAY) for n in range(3)] for name in ("facebook", "twitter")}
    # The post that Ayrshare sent finds the limit before the native ones are asked for.
    world = World(posts(1), native, linked=("facebook", "twitter"))
    select = ("social_post_analytics", "social_posts", "post_analytics", "extraction_errors")
    world.fault = lambda path, _: (502, {}) if path == "/analytics/post" else None
    first = world.run(*select)
    limit = (429, {"status": "error", "message": "Daily limit reached.", "platform": "facebook"})
    bad = (400, {"status": "error", "code": 101, "message": "no"})
    world.fault = lambda path, given: (
        (limit if "facebook" in given["platforms"] else bad) if path == "/analytics/post" else None
    )
    second = world.run(*select, state=first.state, now=START + 2 * DAY)
    world.fault = None
    third = world.run(*select, state=second.state, now=START + 2 * DAY)
    assert {r["social_post_id"] for r in third.records(select[0])} >= {"facebook-0", "facebook-1", "facebook-2"}


def test_native_posts_of_a_network_that_has_to_wait_are_not_left_over():
    """What is left over is read before any list: newer posts that couldn't be asked for would count as read."""
    terms = Terms(START, RefreshSchedule((Tier(7, 1),)), None)
    passes = Passes(terms, RefreshBookmark(), ["threads"], is_native=True)
    post = DuePost("n1", ("threads",), START, platform="threads")
    left = LeftOver(None, terms, ["threads"])
    assert [entry[1] for entry in left.to_state([post], passes).posts] == ["n1"]
    passes.cut_short({"threads"})
    assert left.to_state([post], passes) is None


# Links


@pytest.mark.parametrize("current", [(200, {"analytics": [], "status": "success"}), (403, post_error(169)), (500, {})])
def test_a_link_endpoint_that_is_gone_is_not_asked_first_again_by_any_profile(current):
    world = World()
    named = [{"name": f"p{n}", "profile_key": f"world-profile-key-{n}"} for n in range(2)]
    world.fault = lambda path, _: current if path == "/links" else GATEWAY if path in LINK_PATHS else None
    first = world.run("link_analytics")
    assert [path for path, _ in world.requests if path in LINK_PATHS][:3] == list(LINK_PATHS)
    world.run("link_analytics", state=first.state, profiles=named, now=START + DAY)
    assert {path for path, _ in world.requests if path in LINK_PATHS} == {"/links"}
    # Back again, the older one isn't needed while the newer one is there; once that is gone it is found again.
    world.fault = lambda path, _: current if path == "/links" else None
    world.run("link_analytics", state=first.state, now=START + DAY)
    assert {path for path, _ in world.requests if path in LINK_PATHS} == {"/links"}
    world.fault = lambda path, _: GATEWAY if path == "/links" else None
    output = world.run("link_analytics", state=first.state, now=START + 2 * DAY)
    assert [path for path, _ in world.requests if path in LINK_PATHS] == ["/links", "/analytics/links"]
    assert len(output.records("link_analytics")) == 1
