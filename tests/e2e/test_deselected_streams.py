"""Streams that are deselected by default: what they ask, what comes, and that nobody pays for them unasked."""

import json
import logging
from collections import Counter

import pytest
from singer_sdk.helpers._typing import conform_record_data_types
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.streams import STREAMS
from tests.support import EVERYONE, TapProcess, discover

DESELECTED = [stream.name for stream in STREAMS if not stream_contract(stream.name).selected_by_default]
FIRST_STREAMS = (
    "accounts", "profiles", "posts", "post_analytics", "social_posts", "social_post_analytics", "social_analytics",
    "social_analytics_daily", "link_analytics", "youtube_playlists", "extraction_errors",
)  # fmt: skip
PATHS = {
    "comments": {"user", "history", "comments"}, "review_totals": {"user", "reviews"},
    "ad_spend_daily": {"user", "ads"},
}  # fmt: skip
"""What a stream asks that is selected alone, without the stream that else asks for it."""
ENDPOINTS = ("/comments", "/reviews", "/messages", "/ads", "/auto-schedule")
LOGGER = logging.getLogger(__name__)
QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}


def config(api, **more):
    return {**api.config, **EVERYONE, **QUICK, **more}


def asked(api) -> Counter:
    """Return the requests that were made, without the moment at which a run began."""
    return Counter(json.dumps([r["method"], r["path"], [*r["query"]], r["body"], r["profile"]]) for r in api.requests())


@pytest.fixture(scope="module")
def everything(shared_sandbox, tmp_path_factory):
    shared_sandbox.set_faults()
    shared_sandbox.clear()
    tap = TapProcess(tmp_path_factory.mktemp("everything"))
    output = tap.run(config(shared_sandbox), select=[stream.name for stream in STREAMS])
    return output, shared_sandbox.requests()


def test_targets_of_the_sdk_keep_every_record_whole(everything):
    """They conform what they load: without `properties` in the schema of an array's objects, with a KeyError."""
    output, _ = everything
    seen = set()
    for stream, records in output.streams.items():
        schema = output.schemas[stream]["schema"]
        for record in records:
            kept = conform_record_data_types(stream, record, schema, TypeConformanceLevel.RECURSIVE, LOGGER)
            assert kept == record
            seen |= {(stream, column) for column, value in record.items() if value and isinstance(value, list)}
    assert {("posts", "post_ids"), ("posts", "errors"), ("link_analytics", "link_event_stats")} <= seen


def test_the_catalog_says_which_are_deselected():
    said = {
        stream["stream"]: next(e["metadata"] for e in stream["metadata"] if not e["breadcrumb"])
        for stream in discover()["streams"]
    }
    assert [name for name, root in said.items() if root["selected-by-default"] is False] == sorted(DESELECTED)
    assert all(said[name]["selected"] is False for name in DESELECTED)


def test_a_default_run_makes_not_one_request_more(tap, api):
    tap.run(config(api), select=FIRST_STREAMS)
    before = asked(api)
    api.clear()
    output = tap.run(config(api))
    assert asked(api) == before
    assert not set(DESELECTED) & output.schemas.keys()


@pytest.mark.parametrize("stream", sorted(PATHS))
def test_a_stream_alone_asks_only_what_it_needs(tap, api, stream):
    output = tap.run(config(api), select=[stream])
    assert output.code == 0
    assert set(output.streams) == {stream}
    assert {request["path"].split("/")[1] for request in api.requests()} == PATHS[stream]


def test_all_streams_together(everything):
    output, requests = everything
    assert output.code == 0
    assert set(output.streams) == {stream.name for stream in STREAMS}
    assert "that the contract doesn't have" not in output.log
    made = Counter(json.dumps([r["method"], r["path"], r["query"], r["body"], r["profile"]]) for r in requests)
    assert [request for request, count in made.items() if count > 1] == []


# Comments


def test_comments_of_every_network(everything):
    output, requests = everything
    rows = output.records("comments")
    assert {r["platform"] for r in rows} == {
        "bluesky", "facebook", "instagram", "linkedin", "reddit", "threads", "tiktok", "twitter", "youtube",
    }  # fmt: skip
    assert {r["profile"] for r in rows} == {"primary", "acme", "globex"}
    replies = [r for r in rows if r["parent_comment_id"]]
    assert replies
    assert {r["parent_comment_id"] for r in replies} <= {r["comment_id"] for r in rows}
    by_id = {r["path"] for r in requests if r["path"].startswith("/comments/")}
    assert {r["post_id"] for r in rows} <= {path.rsplit("/", 1)[1] for path in by_id}


def test_comments_of_native_posts_that_ayrshare_did_not_send(everything):
    output, requests = everything
    rows = output.records("social_post_comments")
    sent = {(r["platform"], r["id"]) for post in output.records("posts") for r in post["post_ids"] or () if "id" in r}
    read = {(r["platform"], r["social_post_id"]) for r in rows}
    listed = {(r["platform"], r["social_post_id"]) for r in output.records("social_posts")}
    assert read
    assert read <= listed - sent
    asked = [r for r in requests if r["path"].startswith("/comments/") and r["query"]]
    assert {r["query"]["searchPlatformId"] for r in asked} == {"true"}
    assert read <= {(r["query"]["platform"], r["path"].removeprefix("/comments/")) for r in asked}


def test_expired_stories_and_posts_that_are_gone_are_error_rows(everything):
    errors = {r["code"] for r in everything[0].records("extraction_errors") if r["stream"] == "comments"}
    assert errors == {"186", "485"}


def test_all_of_them_through_faults(tap, api, everything):
    faults = ["server_error", "reset", "cut", "html", "rate_limited", "temporary_200"]
    api.set_faults(*({"endpoint": path, "fault": faults, "every": 7, "retry_after": 0} for path in ENDPOINTS))
    output = tap.run(config(api), select=DESELECTED)
    assert output.code == 0
    for stream in DESELECTED:
        assert len(output.records(stream)) == len(everything[0].records(stream)) > 0, stream


def test_a_plan_without_any_of_them(tap, api):
    api.set_faults(*({"endpoint": path, "fault": "plan"} for path in ENDPOINTS))
    output = tap.run(config(api), select=[*DESELECTED, "extraction_errors"])
    assert output.code == 0
    refused = {(r["stream"], r["code"]) for r in output.records("extraction_errors") if r["stream"] in DESELECTED}
    assert refused == {(stream, "169") for stream in DESELECTED}


def test_comments_of_a_later_day(tap, sandbox):
    box = sandbox("--posts", "12", "--days", "12", "--plain", "--profiles", "0", "--linked", "instagram,threads")
    first = tap.run(config(box), select=["comments"])
    box.set_clock("2026-11-25T12:00:00Z")
    box.clear()
    second = tap.run(config(box), select=["comments"], state=first.state, now="2026-11-25T12:00:00Z")
    asked_again = {r["path"].rsplit("/", 1)[1] for r in box.requests() if r["path"].startswith("/comments/")}
    ages = {r["post_id"]: r["published_at"][:10] for r in [*first.records("comments"), *second.records("comments")]}
    assert asked_again & ages.keys()
    assert all(ages[post_id] >= "2026-11-15" for post_id in asked_again & ages.keys())
    assert {r["last_seen"] for r in second.records("comments")} == {"2026-11-25"}
    for output in (first, second):
        assert output.bookmark("comments")["replication_key_value"] in ("2026-11-23", "2026-11-25")


# The others


def test_reviews_messages_and_schedules(everything):
    output, _ = everything
    assert {(r["platform"], r["rating_value"]) for r in output.records("reviews") if r["platform"] == "gmb"} == {
        ("gmb", 5), ("gmb", 4), ("gmb", 1),
    }  # fmt: skip
    assert {r["profile"] for r in output.records("review_totals")} == {"primary", "acme"}
    x = [r["message_id"] for r in output.records("messages") if (r["platform"], r["profile"]) == ("twitter", "acme")]
    assert x == [f"twitter-message-acme-{n}" for n in range(5)]
    errors = output.records("extraction_errors")
    assert {r["profile"] for r in errors if (r["stream"], r["code"]) == ("messages", "361")} == {"globex"}
    assert not [r for r in errors if r["stream"] in ("reviews", "review_totals", "auto_schedules")]
    assert len(output.records("auto_schedules")) == 6


def test_ads_and_their_spending(everything):
    output, _ = everything
    assert {(r["profile"], r["currency"]) for r in output.records("ad_accounts")} == {
        (profile, currency) for profile in ("primary", "acme") for currency in ("USD", "EUR")
    }
    assert {r["ad_id"] for r in output.records("ads")} == {r["ad_id"] for r in output.records("ad_spend_daily")}
    assert max(r["date"] for r in output.records("ad_spend_daily")) == "2026-11-23"
    errors = output.records("extraction_errors")
    assert {r["code"] for r in errors if (r["stream"], r["profile"]) == ("ads", "globex")} == {"399"}
    assert {r["stream"] for r in errors if r["code"] == "range_cut"} == {"ad_spend_daily"}


def test_spending_that_changes_is_read_again(tap, sandbox):
    box = sandbox("--profiles", "0", "--linked", "facebook")
    first = tap.run(config(box), select=["ad_spend_daily"])
    box.set_clock("2026-11-25T12:00:00Z")
    second = tap.run(config(box), select=["ad_spend_daily"], state=first.state, now="2026-11-25T12:00:00Z")
    before = {(r["ad_id"], r["date"]): r["spend"] for r in first.records("ad_spend_daily")}
    after = {(r["ad_id"], r["date"]): r["spend"] for r in second.records("ad_spend_daily")}
    assert min(date for _, date in after) == "2026-11-20"
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    assert changed
