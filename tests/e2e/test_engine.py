"""The engine: pacing, retries, what a failure costs, how a run ends."""

import json
import signal
import threading
import time
from collections import Counter

import pytest

from tests.support import EVERYONE, Output, messages

ANALYTICS = ("posts", "post_analytics", "extraction_errors")
QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
API_KEY = "sandbox-api-key"


def alone(box, **more):
    """The primary profile alone, unpaced."""
    return {**EVERYONE, "api_url": box.config["api_url"], "api_key": API_KEY, **QUICK, **more}


def partition(stream, **values):
    return {"bookmarks": {stream: {"partitions": [{"context": {"profile": "acme"}, **values}]}}}


def rows(output: Output, *streams: str) -> set[str]:
    """The records without the instant, for comparing runs."""
    return {
        json.dumps([stream, {k: v for k, v in record.items() if k not in UNSTABLE}], sort_keys=True)
        for stream in streams
        for record in output.records(stream)
    }


UNSTABLE = ("extracted_at", "api_last_updated", "api_next_update", "block", "analytics", "details")


@pytest.fixture
def box(sandbox):
    return sandbox("--plain", "--posts", "40", "--days", "30", "--networks-per-post", "2", "--profiles", "0")


# Failures


def test_transient_faults_in_every_seventh_answer_cost_nothing(tap, sandbox):
    box = sandbox("--posts", "80", "--days", "60")
    clean = tap.run(alone(box), select=ANALYTICS)
    kinds = ["server_error", "reset", "close", "cut", "html", "invalid_json", "empty", "temporary_200"]
    box.set_faults({"fault": kinds, "every": 7})
    output = tap.run(alone(box), select=ANALYTICS)
    assert output.code == 0
    assert rows(output, *ANALYTICS) == rows(clean, *ANALYTICS)
    assert {r["fault"] for r in box.requests()} == {None, *kinds}


def test_a_slow_answer_times_out_and_is_asked_again(tap, box):
    box.set_faults({"fault": "slow", "seconds": 5, "endpoint": "/history", "times": 1})
    output = tap.run(alone(box, request_timeout=0.5), select=["posts"])
    assert output.code == 0
    assert len(output.records("posts")) == 40
    assert "requests sent again after timeout: 1" in output.log


def test_exactly_what_is_broken_is_missing(tap, sandbox):
    box = sandbox("--plain", "--posts", "30", "--days", "20", "--networks-per-post", "2")
    config = {**box.config, **EVERYONE, **QUICK}
    clean = tap.run(config, select=ANALYTICS)
    mine = [r["post_id"] for r in clean.records("posts") if r["profile"] == "primary" and r["post_ids"]]
    pairs = [(r["post_id"], r["platform"]) for r in clean.records("post_analytics") if r["profile"] == "primary"]
    gone, broken = mine[:3], [pair for pair in dict(reversed(pairs)).items() if pair[0] not in mine[:3]][:4]
    box.set_faults(
        {"fault": "profile_refused", "profile": "globex"},
        *({"fault": "post_gone", "id": post_id} for post_id in gone),
        *({"fault": "block_error", "id": post_id, "network": network} for post_id, network in broken),
    )
    box.clear()
    output = tap.run(config, select=ANALYTICS)
    assert output.code == 1
    assert "1 of 3 profiles could not be read: globex (http_403" in output.last_line
    missing = {
        (r["profile"], r["post_id"], r["platform"])
        for r in clean.records("post_analytics")
        if r["profile"] == "globex" or r["post_id"] in gone or (r["post_id"], r["platform"]) in broken
    }
    got = {(r["profile"], r["post_id"], r["platform"]) for r in output.records("post_analytics")}
    had = {(r["profile"], r["post_id"], r["platform"]) for r in clean.records("post_analytics")}
    assert got == had - missing
    errors = {
        (r["profile"], r["stream"], r["resource_id"], r["platform"], r["code"])
        for r in output.records("extraction_errors")
    }
    assert errors == {
        ("globex", "all", "all", "all", "http_403"),
        *(("primary", "post_analytics", post_id, "all", "186") for post_id in gone),
        *(("primary", "post_analytics", post_id, network, "254") for post_id, network in broken),
    }
    assert len([r for r in box.requests() if r["profile"] == "globex"]) == 1
    assert output.bookmark("post_analytics", "globex") == {}


def test_a_network_that_is_refused_costs_itself_alone_and_one_row(tap, box):
    listed = tap.run(alone(box), select=ANALYTICS)
    network = Counter(r["platform"] for r in listed.records("post_analytics")).most_common(1)[0][0]
    box.set_faults({"fault": "network_error", "code": 161, "endpoint": "/analytics/post", "platform": network})
    output = tap.run(alone(box), select=ANALYTICS)
    assert output.code == 0
    assert {r["platform"] for r in output.records("post_analytics")} == {
        r["platform"] for r in listed.records("post_analytics")
    } - {network}
    assert {(r["post_id"], r["platform"]) for r in output.records("post_analytics")} == {
        (r["post_id"], r["platform"]) for r in listed.records("post_analytics") if r["platform"] != network
    }
    errors = [(r["platform"], r["resource_id"], r["code"]) for r in output.records("extraction_errors")]
    assert errors == [(network, "all", "161")]


def test_usable_blocks_of_an_answer_that_is_not_200_are_used(tap, box):
    clean = tap.run(alone(box), select=["social_analytics"])
    box.set_faults({"fault": "usable_400", "endpoint": "/analytics/social"})
    output = tap.run(alone(box), select=["social_analytics", "extraction_errors"])
    assert rows(output, "social_analytics") == rows(clean, "social_analytics")
    assert output.records("extraction_errors") == []


def test_a_failure_that_lasts_is_asked_once_more_at_the_end_and_then_a_row(tap, box):
    box.set_faults({"fault": "server_error", "status": 503, "endpoint": "/analytics/post", "turns": [3, 4, 5, 6, 7]})
    output = tap.run(alone(box, max_concurrency=1), select=ANALYTICS)
    assert output.code == 0
    assert output.records("extraction_errors") == []
    assert len({r["post_id"] for r in output.records("post_analytics")}) == 40
    post_id = box.requests("/analytics/post")[2]["body"]["id"]
    box.set_faults({"fault": "server_error", "status": 503, "id": post_id})
    output = tap.run(alone(box), select=ANALYTICS)
    assert output.code == 0
    assert [(r["resource_id"], r["code"]) for r in output.records("extraction_errors")] == [(post_id, "http_503")]
    assert output.bookmark("post_analytics")["replication_key_value"] == "2026-11-23"


def test_a_stream_whose_requests_all_fail_ends_the_run_with_1_and_the_others_arrive(tap, box):
    box.set_faults({"fault": "server_error", "endpoint": "/analytics/links"})
    output = tap.run(alone(box), select=["link_analytics", "posts", "extraction_errors"])
    assert output.code == 1
    assert "link_analytics (http_500" in output.last_line
    assert len(output.records("posts")) == 40


def test_every_profile_suspended_is_exit_2(tap, sandbox):
    box = sandbox("--posts", "3")
    box.set_faults({"fault": "suspended"})
    output = tap.run({**box.config, **QUICK})
    assert output.code == 2
    assert "every profile was refused" in output.last_line
    assert "suspended" in output.last_line
    codes = [(r["profile"], r["stream"], r["resource_id"], r["platform"]) for r in output.records("extraction_errors")]
    assert sorted(codes) == [(name, "all", "all", "all") for name in ("acme", "globex", "primary")]


def test_on_error_fail_ends_at_the_first(tap, box):
    post_id = tap.run(alone(box), select=["posts"]).records("posts")[5]["post_id"]
    box.set_faults({"fault": "post_gone", "id": post_id})
    output = tap.run(alone(box, on_error="fail"), select=ANALYTICS)
    assert output.code == 1
    assert post_id in output.last_line
    assert [r["resource_id"] for r in output.records("extraction_errors")] == [post_id]
    assert "replication_key_value" not in output.bookmark("post_analytics")


def test_an_outage_stops_the_stream_instead_of_spending_the_quota(tap, box):
    box.set_faults({"fault": "server_error", "endpoint": "/analytics/post"})
    output = tap.run(alone(box, max_concurrency=16), select=ANALYTICS)
    assert output.code == 1
    assert "post_analytics" in output.last_line
    assert "replication_key_value" not in output.bookmark("post_analytics")
    assert len(box.requests("/analytics/post")) <= 40 * 5


def test_a_429_with_requests_in_flight_is_waited_out(tap, box):
    box.set_faults({"fault": "rate_limited", "endpoint": "/analytics/post", "turns": [9], "retry_after": 1})
    box.set_latency(0.05)
    output = tap.run(alone(box), select=ANALYTICS)
    box.set_latency(0)
    assert output.code == 0
    assert len({r["post_id"] for r in output.records("post_analytics")}) == 40


def test_successes_without_data_are_rows_and_stop_nothing(tap, box):
    posts = [r["post_id"] for r in tap.run(alone(box), select=["posts"]).records("posts")]
    bare = {"status": "success", "code": 200}
    box.set_faults(*({"fault": "status", "status": 200, "id": post, "body": bare} for post in posts[5:20]))
    output = tap.run(alone(box), select=ANALYTICS)
    assert output.code == 0
    assert {r["post_id"] for r in output.records("post_analytics")} == set(posts) - set(posts[5:20])
    assert [(r["resource_id"], r["code"]) for r in output.records("extraction_errors")] == [
        (post, "no_data") for post in posts[5:20]
    ]
    assert output.bookmark("post_analytics")["replication_key_value"] == "2026-11-23"


def test_an_error_one_level_down_is_an_empty_history(tap, box):
    empty = {"history": {"code": 221, "action": "get", "status": "error"}, "count": 0}
    box.set_faults({"fault": "status", "status": 400, "endpoint": "/history", "exact": True, "body": empty})
    output = tap.run(alone(box), select=ANALYTICS)
    assert output.code == 0
    assert output.records("extraction_errors") == []
    assert output.bookmark("posts")
    assert output.bookmark("post_analytics")["replication_key_value"] == "2026-11-23"


@pytest.mark.parametrize("streams", [ANALYTICS, ("post_analytics", "extraction_errors")])
def test_what_a_whole_stream_could_not_read_stays_due(tap, box, streams):
    box.set_faults({"fault": "not_found", "endpoint": "/analytics/post"})
    first = tap.run(alone(box), select=streams)
    assert first.code == 1
    assert "post_analytics" in first.last_line
    assert not first.bookmark("post_analytics").keys() & {"replication_key_value", "passes"}
    box.set_faults()
    second = tap.run(alone(box), select=streams, state=first.state, now="2026-11-23T12:05:00Z")
    assert second.code == 0
    assert len({r["post_id"] for r in second.records("post_analytics")}) == 40


# The rate limit


def test_the_limit_is_used_and_never_broken(tap, sandbox):
    box = sandbox("--plain", "--posts", "90", "--networks-per-post", "1", "--profiles", "2", "--linked", "threads",
                  "--latency", "0.05", "--limit", "30", "--window", "2", "--native-every", "0")  # fmt: skip
    config = {**box.config, "rate_limit_requests": 30, "rate_limit_window_seconds": 2, "include_primary_profile": True}
    output = tap.run(config, select=ANALYTICS)
    assert output.code == 0
    assert len(output.records("post_analytics")) == 270
    assert 429 not in {r["status"] for r in box.requests()}
    assert max(box.most_in_flight().values()) <= 24


@pytest.mark.parametrize("retry_after", [{"retry_after": 1}, {"retry_after": "Mon, 23 Nov 2026 12:00:01 GMT"}, {}])
def test_429_is_waited_out_and_is_no_failed_try(tap, box, retry_after):
    box.set_faults({"fault": "rate_limited", "endpoint": "/analytics/post", "times": 8, **retry_after})
    config = alone(box, rate_limit_window_seconds=0.5, max_concurrency=1)
    output = tap.run(config, select=ANALYTICS)
    assert output.code == 0
    assert len({r["post_id"] for r in output.records("post_analytics")}) == 40
    assert output.records("extraction_errors") == []


def test_429_for_ever_stops_the_profile_and_not_the_others(tap, sandbox):
    box = sandbox("--plain", "--posts", "5")
    box.set_faults({"fault": "rate_limited", "profile": "acme", "retry_after": 0})
    output = tap.run({**box.config, **QUICK}, select=ANALYTICS)
    assert output.code == 1
    assert "1 of 2 profiles could not be read: acme (http_429" in output.last_line
    assert len([r for r in box.requests() if r["profile"] == "acme"]) == 20
    assert {r["profile"] for r in output.records("post_analytics")} == {"globex"}
    assert [(r["profile"], r["code"]) for r in output.records("extraction_errors")] == [("acme", "http_429")]


@pytest.mark.parametrize("count", [2, 3])
def test_processes_that_share_a_profile_all_end_with_all_rows(tap, sandbox, count):
    box = sandbox("--posts", "60", "--profiles", "0", "--plain", "--limit", "60", "--window", "2")
    config = {**alone(box), "rate_limit_requests": 60, "rate_limit_window_seconds": 2}
    processes = [tap.start(config, select=["post_analytics", "extraction_errors"]) for _ in range(count)]
    for process in processes:
        out, log = process.communicate(timeout=100)
        assert process.returncode == 0, log
        records = [json.loads(line) for line in out.splitlines() if '"stream":"post_analytics"' in line]
        assert len({r["record"]["post_id"] for r in records if r["type"] == "RECORD"}) == 60


def test_a_waiting_profile_holds_up_no_other(tap, sandbox):
    box = sandbox("--plain", "--posts", "20")
    box.set_faults({"fault": "rate_limited", "profile": "acme", "times": 1, "retry_after": 3})
    output = tap.run({**box.config, **QUICK}, select=ANALYTICS)
    assert output.code == 0
    ends = {name: max(r["time"] for r in box.requests() if r["profile"] == name) for name in ("acme", "globex")}
    assert ends["globex"] < ends["acme"] - 1.5
    assert {r["profile"] for r in output.records("post_analytics")} == {"acme", "globex"}


# The budget


def test_the_budget_ends_the_run_cleanly_and_the_next_goes_on(tap, box):
    whole = tap.run(alone(box), select=ANALYTICS)
    box.clear()
    first = tap.run(alone(box, request_budget=20), select=ANALYTICS)
    assert first.code == 0
    assert len(box.requests()) == 20
    assert "the request budget of 20 is spent; unfinished: post_analytics (23 left); the next run" in first.log
    newest = [r["post_id"] for r in whole.records("post_analytics")]
    assert [r["post_id"] for r in first.records("post_analytics")] == newest[: len(first.records("post_analytics"))]
    box.clear()
    second = tap.run(alone(box), select=ANALYTICS, state=first.state, now="2026-11-23T12:05:00Z")
    asked = [r["body"]["id"] for r in box.requests("/analytics/post")]
    assert len(asked) == 40 - 17
    both = rows(first, "post_analytics") | rows(second, "post_analytics")
    assert {json.loads(row)[1]["post_id"] for row in both} == set(newest)
    assert second.bookmark("post_analytics")["replication_key_value"] == "2026-11-23"


# Signals


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("in_flight", [True, False])
def test_a_signal_ends_the_run_within_five_seconds_with_the_last_state(tap, sandbox, signum, code, in_flight):
    box = sandbox("--plain", "--posts", "300", "--profiles", "0", "--native-every", "0")
    box.set_faults({"fault": "slow", "seconds": 30, "endpoint": "/analytics/post", "every": 50})
    pace = {} if in_flight else {"rate_limit_requests": 40, "rate_limit_window_seconds": 300}
    process = tap.start({**alone(box), **pace}, select=ANALYTICS)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    errors: list[str] = []
    log = threading.Thread(target=lambda: errors.extend(process.stderr))
    log.start()
    deadline = time.monotonic() + 30
    while sum('"stream":"post_analytics"' in line for line in lines) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    sent = time.monotonic()
    process.send_signal(signum)
    assert process.wait(10) == code
    assert time.monotonic() - sent < 5
    reader.join()
    log.join()
    output = Output(code, messages("".join(lines)), "".join(errors), "").check()
    assert output.messages[-1]["type"] == "STATE"
    assert output.bookmark("posts")
    assert output.bookmark("post_analytics")["passes"][0]["slices"]
    assert "interrupted by" in output.last_line


# Secrets


def test_no_secret_comes_out_anywhere(tap, sandbox):
    box = sandbox("--posts", "6", "--plain")
    config = {**box.config, **EVERYONE, **QUICK}
    secrets = [config["api_key"], EVERYONE["x_api_key"], EVERYONE["x_api_secret"]]
    secrets += [profile["profile_key"] for profile in config["profiles"]]
    echo = {"status": "error", "code": 254, "message": f"bad {secrets[0]} and {secrets[-1]}", "key": secrets[1]}
    box.set_faults(
        {"fault": "status", "status": 400, "body": echo, "endpoint": "/analytics/social"},
        {"fault": "patch", "body": {"echo": secrets}, "endpoint": "/user"},
        {"fault": "redirect", "location": f"https://example.com/{secrets[0]}", "endpoint": "/analytics/links"},
    )
    output = tap.run(config, env={"TAP_AYRSHARE_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"})
    assert output.code == 1
    assert "link_analytics (http_302" in output.last_line
    for secret in secrets:
        assert secret not in output.raw
        assert secret not in output.log


def test_redirects_are_not_followed(tap, sandbox):
    box, other = sandbox("--posts", "1"), sandbox("--posts", "1")
    box.set_faults({"fault": "redirect", "location": other.config["api_url"] + "/user"})
    output = tap.run(alone(box), select=["accounts"])
    assert output.code == 2
    assert "api_url" in output.last_line
    assert other.requests() == []


# What a user can cause


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"api_key": None}, "setting 'api_key': is missing"),
        ({"profiles": "acme"}, "setting 'profiles': must be"),
        ({"platforms": ["myspace"]}, "setting 'platforms': must be"),
        ({"start_date": "2026-02-31"}, "setting 'start_date': must be a date"),
        ({"api_url": "http://127.0.0.1:9/api"}, "the API can't be reached (connection: can't connect to 127.0.0.1"),
        ({"api_key": "wrong-key-wrong-key"}, "check api_key (102"),
    ],
)
def test_one_clear_line_and_no_traceback(tap, api, change, says):
    config = {key: value for key, value in {**api.config, **change}.items() if value is not None}
    output = tap.run(config, select=["posts"], check=False)
    assert output.code == (1 if "connect" in says else 2)
    assert says in output.last_line
    assert "Traceback" not in output.log
    assert "wrong-key-wrong-key" not in output.log
    assert "sandbox-profile-key" not in output.log


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("not json", "--state"),
        ("[]", "--state"),
        ({"posts": 1}, "invalid state"),
        (
            {"bookmarks": {"posts": {"partitions": [{"context": {"profile": "acme"}, "replication_key_value": "x"}]}}},
            "'x'",
        ),
        (
            {"bookmarks": {"post_analytics": {"partitions": [{"context": {"profile": "acme"}, "slices": 5}]}}},
            "slices",
        ),
    ],
)
def test_a_bad_state_is_one_line_before_any_request(tap, api, state, says):
    output = tap.run(api.config, state=state, check=False)
    assert output.code == 2
    assert says in output.last_line
    assert "Traceback" not in output.log
    assert api.requests() == []


def test_settings_from_the_environment(tap, api):
    env = {
        "TAP_AYRSHARE_API_URL": api.config["api_url"],
        "TAP_AYRSHARE_API_KEY": API_KEY,
        "TAP_AYRSHARE_PROFILES": json.dumps(api.config["profiles"][:1]),
        "TAP_AYRSHARE_PLATFORMS": "facebook",
        "TAP_AYRSHARE_REQUEST_TIMEOUT": "5.5",
        "TAP_AYRSHARE_LINK_LAST_DAYS": "7",
    }
    output = tap.run({}, env=env, args=["--config", "ENV"])
    assert output.code == 0
    assert {r["window_days"] for r in output.records("link_analytics")} == {7}
    assert {r["platform"] for r in output.records("social_analytics")} == {"facebook"}
    bad = tap.run({}, env={**env, "TAP_AYRSHARE_LINK_LAST_DAYS": "many"}, args=["--config", "ENV"], check=False)
    assert bad.code == 2
    assert "setting 'link_last_days'" in bad.last_line


def test_stream_maps_and_flattening_work(tap, api):
    config = {
        **api.config,
        "stream_maps": {"post_analytics": {"analytics": "__NULL__", "who": "profile"}},
        "flattening_enabled": True,
        "flattening_max_depth": 1,
    }
    output = tap.run(config, select=["post_analytics"])
    assert output.code == 0
    record = output.records("post_analytics")[0]
    assert record["who"] == record["profile"]
    assert "analytics" not in record


def test_activate_version_is_never_sent(tap, api):
    output = tap.run({**api.config, "emit_activate_version_messages": True}, select=["accounts"])
    assert {message["type"] for message in output.messages} == {"SCHEMA", "RECORD", "STATE"}
    assert "emit_activate_version_messages" in output.log
