"""`source-ayrshare` as a process against the sandbox."""

import json
import os
import signal
import subprocess
import time
from decimal import Decimal
from importlib.metadata import version

import pytest
from airbyte_cdk.models.connector_metadata import MetadataFile

from tap_ayrshare.config.settings import OPT_INS
from tests.airbyte.support import BY_DEFAULT, COMMAND, KEYS, UNPACED, Messages, messages, rows
from tests.support import EVERYONE, NOW, ROOT, TapProcess, opted_in

TOMORROW = "2026-11-24T12:00:00Z"
ALL_DAY = {**EVERYONE, **UNPACED}
POSTS = ("posts", "post_analytics", "extraction_errors")
OF_THE_RUN = ("extracted_at", "totals")
"""The totals of ad_spend_daily are those of the range that was requested."""


def without(found: dict, columns=OF_THE_RUN) -> dict:
    """Return rows by stream and key without what belongs to a run; sync_runs is nothing else."""
    return {
        name: {key: {c: v for c, v in row.items() if c not in columns} for key, row in of_stream.items()}
        for name, of_stream in found.items()
        if name != "sync_runs"
    }


# The same as the tap


def test_the_same_records_as_the_tap_on_two_days(source, tap_process, sandbox):
    box = sandbox("--links", "current")
    config = {**box.config, **ALL_DAY}
    state = tap_state = None
    for now in (NOW, TOMORROW):
        box.set_clock(now)
        ours = source.read(config, state=state, now=now)
        box.set_clock(now)
        theirs = tap_process.run(config, state=tap_state, now=now)
        assert (ours.code, theirs.code) == (0, 0)
        found = rows(ours.records)
        # Exact: the tap's numbers have all their digits too.
        expected = rows(
            {
                name: [m["record"] for m in messages(theirs.raw) if m.get("record") and m["stream"] == name]
                for name in theirs.streams
            }
        )
        assert without(found) == without(expected)
        assert {name: len(of_stream) for name, of_stream in ours.records.items() if name != "sync_runs"} == {
            name: len(of_stream) for name, of_stream in theirs.streams.items() if name != "sync_runs"
        }
        state, tap_state = ours.state, theirs.state
        bookmarks = {s["stream"]["stream_descriptor"]["name"]: s["stream"]["stream_state"] for s in state}
        assert days({"bookmarks": bookmarks}) == days(tap_state)
        assert set(ours.statuses) == set(bookmarks)
        assert all(s[0] == "STARTED" and s[-1] == "COMPLETE" for s in ours.statuses.values())
    assert len(found["post_analytics"]) > 10


def days(state: dict) -> dict:
    """Return the days of bookmarks; their moments are each run's own. What a profile remembers has none."""
    return {
        (name, partition["context"]["profile"]): partition["replication_key_value"][:10]
        for name, blob in state["bookmarks"].items()
        for partition in blob["partitions"]
        if "replication_key_value" in partition
    }


def test_the_same_day_again_replaces_rows_and_adds_none(source, sandbox):
    box = sandbox()
    config = {**box.config, **ALL_DAY}
    first = source.read(config)
    again = source.read(config, state=first.state)
    known = rows(first.records)
    for name, of_stream in rows(again.records).items():
        if name != "sync_runs":
            assert set(of_stream) <= set(known[name]), name
    assert "post_analytics" not in again.records


@pytest.fixture
def tap_process(tmp_path):
    directory = tmp_path / "tap"
    directory.mkdir()
    process = TapProcess(directory)
    yield process
    for started in process.processes:
        started.communicate()


# Numbers


def test_numbers_keep_their_digits(source, sandbox):
    box = sandbox("--plain", "--posts", "2", "--profiles", "0", "--linked", "facebook")
    exact = {"fraction": 0, "huge": 0, "tiny": 0}
    text = json.dumps({"facebook": {"id": "x", "analytics": exact}, "status": "success"})
    text = text.replace('"fraction": 0', '"fraction": 0.1234567890123456789012345')
    text = text.replace('"huge": 0', '"huge": 123456789012345678901234567890').replace('"tiny": 0', '"tiny": 1e-30')
    box.set_faults({"fault": "status", "status": 200, "endpoint": "/analytics/post", "text": text, "content": "json"})
    found = source.read({**box.config, **ALL_DAY}, select=POSTS)
    analytics = [row["analytics"] for row in found.records["post_analytics"]]
    assert analytics == 2 * [
        {
            "fraction": Decimal("0.1234567890123456789012345"),
            "huge": 123456789012345678901234567890,
            "tiny": Decimal("1E-30"),
        }
    ]


# Killed and resumed


@pytest.mark.parametrize("mode", ["incremental", "full_refresh"])
def test_a_killed_sync_resumes_from_its_last_states(source, sandbox, mode):
    box = sandbox("--posts", "100", "--latency", "0.02", "--profiles", "1", "--linked", "facebook,youtube")
    config = {**box.config, **EVERYONE, "rate_limit_requests": 10**6, "max_concurrency": 2}
    whole = source.read(config, mode=mode, select=KEYS)
    box.clear()

    process = source.start(*source.arguments(config, mode=mode, select=KEYS))
    kept, states = [], 0
    for line in process.stdout:
        kept.append(line)
        states += '"STATE"' in line[:40] and '"post_analytics"' in line
        if states == 2:
            break
    os.kill(process.pid, signal.SIGKILL)
    kept += [line for line in process.stdout if line.endswith("\n")]
    process.wait(10)
    asked_first = [r["body"].get("id") for r in box.requests("/analytics/post")]

    killed = Messages.of(process, "".join(kept))
    assert killed.code == -signal.SIGKILL
    box.clear()
    rest = source.read(config, state=killed.state, mode=mode, select=KEYS)
    assert rest.code == 0
    asked_again = [r["body"].get("id") for r in box.requests("/analytics/post")]
    assert len(set(asked_first)) > 50
    assert len(set(asked_first) & set(asked_again)) < 30

    found = rows(killed.records)
    for name, of_stream in rows(rest.records).items():
        found.setdefault(name, {}).update(of_stream)
    assert without(found) == without(rows(whole.records))


def test_a_sync_that_is_told_to_end_says_what_it_has(source, sandbox):
    box = sandbox("--posts", "150", "--latency", "0.05", "--profiles", "0")
    config = {**box.config, **EVERYONE, "rate_limit_requests": 10**6, "max_concurrency": 1}
    process = source.start(*source.arguments(config))
    lines = []
    for line in process.stdout:
        lines.append(line)
        if '"post_analytics","data"' in line:
            break
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    lines += process.stdout.readlines()
    assert process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - asked < 5
    found = Messages.of(process, "".join(lines)).check()
    assert found.statuses["post_analytics"][-1] == "INCOMPLETE"
    assert found.statuses["accounts"][-1] == "COMPLETE"
    assert "interrupted by SIGTERM" in found.errors[-1]["message"]
    assert found.records["post_analytics"]


def test_a_destination_that_dies_ends_the_sync(source, sandbox):
    box = sandbox("--posts", "300", "--latency", "0.05", "--profiles", "0")
    process = source.start(*source.arguments({**box.config, **ALL_DAY, "max_concurrency": 1}))
    for line in process.stdout:
        if '"RECORD"' in line[:40]:
            break
    process.stdout.close()
    closed = time.monotonic()
    assert process.wait(20) == 1
    assert time.monotonic() - closed < 3
    assert "Traceback" not in process.stderr.read()


def test_a_destination_that_does_not_read_lets_no_request_time_out(source, sandbox):
    box = sandbox("--posts", "400", "--latency", "0.1", "--profiles", "0", "--plain")
    process = source.start(*source.arguments({**box.config, **ALL_DAY, "request_timeout": 2}, select=POSTS))
    first = process.stdout.readline()
    time.sleep(6)
    found = Messages.of(process, first + process.stdout.read()).check()
    assert found.code == 0
    assert "timeout" not in found.log


# What is refused


def test_a_wrong_key_fails_the_check_and_the_sync_and_is_shown_nowhere(source, sandbox):
    box = sandbox("--profiles", "0")
    config = {**box.config, **UNPACED, "api_key": "wrong-key-that-nobody-may-see"}
    check = source.run("check", "--config", source.file("config.json", config))
    assert check.code == 0
    assert check.connection["status"] == "FAILED"
    assert "api_key" in check.connection["message"]
    sync = source.read(config)
    assert sync.code != 0
    assert {error["failure_type"] for error in sync.errors} == {"config_error"}
    assert "api_key" in sync.errors[-1]["message"]
    assert all(status[-1] == "INCOMPLETE" for name, status in sync.statuses.items() if name not in ROWS_OF_OTHERS)
    for found in (check, sync):
        assert "wrong-key" not in found.raw + found.error_output
        assert "Traceback" not in found.raw + found.error_output


ROWS_OF_OTHERS = ("extraction_errors", "sync_runs")


def test_a_refused_profile_costs_the_others_nothing(source, sandbox):
    box = sandbox("--profiles", "2", "--posts", "10")
    config = {**box.config, **ALL_DAY}
    config["profiles"] = [{"name": "acme", "profile_key": "a-key-that-is-refused"}, *config["profiles"][1:]]
    found = source.read({**config, "fail_on": []})
    assert found.code == 0
    assert all(status[-1] == "COMPLETE" for status in found.statuses.values())
    refused = [row for row in found.records["extraction_errors"] if row["profile"] == "acme"]
    assert [(row["stream"], row["resource_id"]) for row in refused] == [("all", "all")]
    assert {row["profile"] for row in found.records["posts"]} == {"primary", "globex"}

    failed = source.read(config)
    assert failed.code != 0
    assert {row["profile"] for row in failed.records["posts"]} == {"primary", "globex"}
    assert failed.statuses["posts"][-1] == "INCOMPLETE"
    assert failed.statuses["profiles"][-1] == "COMPLETE"
    of_posts = [e for e in failed.errors if e.get("stream_descriptor", {}).get("name") == "posts"]
    assert [error["failure_type"] for error in of_posts] == ["config_error"]
    assert "acme" in of_posts[0]["message"]
    assert "a-key-that-is-refused" not in found.raw + failed.raw


def test_a_stream_that_cannot_be_read_is_incomplete_and_may_be_tried_again(source, sandbox):
    box = sandbox("--profiles", "0", "--posts", "5")
    box.set_faults({"fault": "server_error", "endpoint": "/analytics/post"})
    found = source.read({**box.config, **ALL_DAY})
    assert found.code == 1
    assert found.statuses["post_analytics"][-1] == "INCOMPLETE"
    assert found.statuses["posts"][-1] == "COMPLETE"
    of_stream = [e for e in found.errors if e.get("stream_descriptor", {}).get("name") == "post_analytics"]
    assert [error["failure_type"] for error in of_stream] == ["transient_error"]
    assert "500" in of_stream[0]["message"]
    assert found.errors[-1]["failure_type"] == "transient_error"


def test_a_plan_without_analytics_is_no_failure(source, sandbox):
    box = sandbox("--profiles", "0", "--plan", "basic")
    found = source.read({**box.config, **ALL_DAY})
    assert found.code == 0
    assert all(status[-1] == "COMPLETE" for status in found.statuses.values())
    assert found.records["extraction_errors"]


def test_secrets_that_the_api_echoes_are_in_no_message(source, sandbox):
    box = sandbox("--profiles", "1", "--posts", "4", "--plain")
    key = box.config["profiles"][0]["profile_key"]
    body = {"status": "error", "code": 254, "message": f"{box.config['api_key']} {key} x-app-secret-0001"}
    box.set_faults({"fault": "status", "status": 400, "endpoint": "/analytics", "body": body})
    found = source.read({**box.config, **ALL_DAY})
    assert "***" in found.raw
    for secret in (box.config["api_key"], key, "x-app-secret-0001", "x-app-key-0001"):
        assert secret not in found.raw + found.error_output


# The rate limit


def test_a_stream_that_waits_for_the_limit_says_until_when(source, sandbox):
    box = sandbox(
        "--profiles", "0", "--posts", "25", "--plain", "--linked", "facebook", "--limit", "20", "--window", "4"
    )
    config = {**box.config, "rate_limit_requests": 20, "rate_limit_window_seconds": 4, "rate_limit_reserve": 0}
    found = source.read(config, select=POSTS)
    assert found.code == 0
    limited = [reasons for status, reasons in found.reasons if status == "RUNNING" and reasons]
    assert limited
    assert {reason["type"] for reasons in limited for reason in reasons} == {"RATE_LIMITED"}
    now = 1795435200000  # NOW
    assert all(now < reason["rate_limited"]["quota_reset"] < now + 60_000 for (reason,) in limited)
    statuses = found.statuses["post_analytics"]
    assert statuses[0] == "STARTED"
    assert statuses[-2:] == ["RUNNING", "COMPLETE"]
    assert statuses.count("RUNNING") >= 3


# What is selected


def test_what_is_not_selected_is_in_no_message_but_remembered(source, sandbox):
    box = sandbox("--profiles", "1", "--posts", "12", "--linked", "twitter,facebook")
    config = {**box.config, **ALL_DAY}
    found = source.read(config, select=("post_analytics", "social_posts"))
    named = {m["record"]["stream"] for m in found.all if m["type"] == "RECORD"}
    assert named == {"post_analytics", "social_posts"} == set(found.statuses)
    assert {s["stream"]["stream_descriptor"]["name"] for s in found.state} == named
    memory = [s["stream"]["stream_state"]["memory"] for s in found.state if "memory" in s["stream"]["stream_state"]]
    (counted,) = ({p["context"]["profile"]: sum(p["x_requests"].values()) for p in one} for one in memory)
    assert counted["primary"] > 0

    box.clear()
    spent = source.read({**config, "x_daily_requests": 1}, select=("post_analytics", "social_posts"),
                        state=found.state, now=TOMORROW.replace("24T12", "23T20"))  # fmt: skip
    assert spent.code == 0
    assert not [r for r in box.requests() if "twitter" in json.dumps(r["body"]) or r["path"] == "/history/twitter"]

    accounts = source.read(config, state=found.state)
    (of_accounts,) = (s for s in accounts.state if s["stream"]["stream_descriptor"]["name"] == "accounts")
    assert of_accounts["stream"]["stream_state"]["partitions"]


def test_a_full_refresh_that_overwrites_is_warned_of(source, sandbox):
    box = sandbox("--profiles", "0", "--posts", "3")
    config = {**box.config, **ALL_DAY}
    found = source.read(config, select=("posts", "post_analytics"), mode="full_refresh", overwrite=True)
    assert found.code == 0
    assert "post_analytics: A full refresh that overwrites deletes the days before" in found.log
    assert "posts: A full" not in found.log.replace("social_posts", "")


def test_a_budget_ends_a_full_refresh_with_an_error_and_an_incremental_sync_without(source, sandbox):
    box = sandbox("--profiles", "0", "--posts", "30", "--plain")
    config = {**box.config, **ALL_DAY, "request_budget": 10}
    refresh = source.read(config, select=POSTS, mode="full_refresh")
    assert refresh.statuses["post_analytics"][-1] == "INCOMPLETE"
    assert "request_budget" in next(e for e in refresh.errors if "stream_descriptor" in e)["message"]
    assert refresh.code != 0
    first = source.read(config, select=POSTS)
    assert first.code == 0
    assert first.statuses["post_analytics"][-1] == "COMPLETE"
    second = source.read(config, select=POSTS, state=first.state)
    read = [{row["post_id"] for row in found.records["post_analytics"]} for found in (first, second)]
    assert not read[0] & read[1]


def test_streams_that_the_settings_do_not_list_complete_without_being_read(source, sandbox):
    box = sandbox("--posts", "2", "--days", "10", "--profiles", "0", "--linked", "facebook")
    found = source.read({**box.config, **ALL_DAY, **opted_in(["comments"])}, select=KEYS)
    assert found.code == 0
    assert "comments" in found.records
    withheld = [name for streams in OPT_INS.values() for name in streams if name != "comments"]
    assert not set(withheld) & found.records.keys()
    assert {name: found.statuses[name] for name in withheld} == {name: ["STARTED", "COMPLETE"] for name in withheld}
    assert {request["path"].split("/")[1] for request in box.requests()}.isdisjoint({"reviews", "messages", "ads"})
    assert "list in personal_data_streams what to read" in found.log
    (catalog,) = (m["catalog"] for m in source.run("discover", "--config", source.file("c", {})).all if "catalog" in m)
    said = {stream["name"]: stream["json_schema"]["description"] for stream in catalog["streams"]}
    for setting, streams in OPT_INS.items():
        assert {name for name, about in said.items() if f"Read only if {setting} " in about} == set(streams)


def test_a_stream_of_another_version_fails_alone(source, sandbox):
    box = sandbox("--profiles", "0", "--posts", "3")
    arguments = source.arguments({**box.config, **ALL_DAY}, select=("posts",))
    catalog = json.loads((source.directory / "catalog.json").read_text())
    catalog["streams"].append(
        {**catalog["streams"][0], "stream": {**catalog["streams"][0]["stream"], "name": "stories"}}
    )
    source.file("catalog.json", catalog)
    found = source.run(*arguments).check()
    assert found.code == 2
    assert found.records["posts"]
    assert found.statuses == {"posts": ["STARTED", "RUNNING", "COMPLETE"], "stories": ["INCOMPLETE"]}
    assert "stories" in found.errors[-1]["message"]


# What can't be used

STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "posts"}, "stream_state": {"partitions": "x"}}}
PARTITION = {"context": {"profile": "primary"}, "replication_key_value": "the day before yesterday"}


@pytest.mark.parametrize(
    "state",
    [
        "[",
        {"posts": "2026-11-01"},
        [{"type": "STREAM"}],
        [{"type": "GLOBAL", "global": {"stream_states": []}}],
        [STATE],
        [{**STATE, "stream": {**STATE["stream"], "stream_state": {"partitions": [PARTITION]}}}],
        [{**STATE, "stream": {**STATE["stream"], "stream_descriptor": {"name": "tweets"}}}],
        [{**STATE, "stream": {**STATE["stream"], "stream_state": {"cursor": "2026-11-01"}}}],
    ],
)
def test_a_state_that_is_not_understood_is_one_line(source, api, state):
    found = source.read({**api.config, **ALL_DAY}, select=("posts",), state=state)
    assert found.code == 2
    (error,) = found.errors
    assert error["failure_type"] == "config_error"
    assert "state" in error["message"]
    assert "\n" not in error["message"]
    assert "Traceback" not in found.raw + found.error_output
    assert not found.records
    assert not api.requests()


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, "api_key"),
        ({"api_key": "k" * 20, "profiles": "my-secret-profile-key"}, "profiles"),
        ({"api_key": "k" * 20, "profiles": [{"name": "a", "profile_key": 123456789}]}, "profiles"),
        ({"api_key": "k" * 20, "start_date": "tomorrow"}, "start_date"),
        ("[1]", "--config"),
        ("{", "--config"),
    ],
)
def test_a_bad_setting_is_one_line_without_its_secret(source, config, named):
    path = source.file("config.json", config)
    catalog = source.arguments({}, select=("posts",))[-1]
    source.file("config.json", config)
    for found in (
        source.run("check", "--config", path),
        source.run("read", "--config", path, "--catalog", catalog),
    ):
        said = [error["message"] for error in found.errors]
        said += [m["connectionStatus"]["message"] for m in found.all if m["type"] == "CONNECTION_STATUS"]
        (line,) = said
        assert named in line
        assert "\n" not in line
        for secret in ("my-secret", "123456789", "kkkk"):
            assert secret not in found.raw + found.error_output
        assert "Traceback" not in found.raw + found.error_output


def test_a_file_that_is_not_there_and_no_command_are_one_line(source):
    found = source.run("read", "--config", "/nowhere.json", "--catalog", "/nowhere.json")
    assert (found.code, len(found.errors)) == (2, 1)
    assert "/nowhere.json" in found.errors[0]["message"]
    done = subprocess.run([COMMAND], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert "usage" in done.stdout


# What it says of itself


def test_the_form_has_one_type_for_each_setting_and_marks_every_key(source):
    (spec,) = (m["spec"] for m in source.run("spec").all if m["type"] == "SPEC")
    form = spec["connectionSpecification"]
    assert form["required"] == ["api_key"]
    assert form["additionalProperties"] is True
    secrets = set()

    def visit(place, field):
        assert isinstance(field["type"], str), place
        if field.get("airbyte_secret"):
            secrets.add(place)
        for name, inner in field.get("properties", {}).items():
            visit(f"{place}.{name}", inner)
        if "items" in field:
            visit(f"{place}[]", field["items"])

    for name, field in form["properties"].items():
        visit(name, field)
    assert secrets == {"api_key", "profiles[].profile_key", "x_api_key", "x_api_secret"}


def test_the_metadata_are_those_of_this_version_and_suggest_the_streams_that_the_tap_selects():
    found = MetadataFile.from_file(ROOT / "source_ayrshare" / "metadata.yaml").data
    assert found.dockerImageTag == version("tap-ayrshare")
    assert sorted(found.suggestedStreams.streams) == sorted(BY_DEFAULT)
    assert (ROOT / "source_ayrshare" / found.icon).is_file()


def test_the_check_says_what_a_sync_will_find(source, api):
    found = source.run("check", "--config", source.file("config.json", {**api.config, **ALL_DAY}))
    assert found.connection == {"status": "SUCCEEDED"}
    assert "profile primary" in found.log
    assert "post_analytics" in found.log
