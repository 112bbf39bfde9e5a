"""Every stream over all linked networks, through the front door."""

import json
from collections import Counter

import pytest

from tap_ayrshare.ayrshare.contract import NETWORKS, declarations, declared_streams, stream_contract
from tap_ayrshare.streams import STREAMS
from tests.support import EVERYONE, NOW, TapProcess, discover

KEYS = {name: said["key_properties"] for name, said in declared_streams().items()}
LISTS = {one.name: {one.path, *(["/user"] if one.network else [])} for one in declarations()}
PATHS = LISTS | {
    "accounts": {"/user"},
    "posts": {"/history"},
    "post_analytics": {"/user", "/history", "/analytics/post"},
    "social_analytics": {"/user", "/analytics/social"},
    "account_demographics": {"/user", "/analytics/social"},
    "social_analytics_daily": {"/user", "/analytics/social"},
    "link_analytics": {"/analytics/links"},
    "extraction_errors": set(),
    "sync_runs": set(),
}


def config(api, **more):
    return {**api.config, **EVERYONE, **more}


@pytest.fixture(scope="module")
def everything(shared_sandbox, tmp_path_factory):
    shared_sandbox.set_faults()
    shared_sandbox.clear()
    output = TapProcess(tmp_path_factory.mktemp("everything")).run(config(shared_sandbox))
    return output, shared_sandbox.requests()


def test_discovery_lists_the_streams_with_their_keys():
    catalog = {stream["stream"]: stream for stream in discover()["streams"]}
    assert {name: stream["key_properties"] for name, stream in catalog.items()} == KEYS
    for name, stream in catalog.items():
        undescribed = [key for key, value in stream["schema"]["properties"].items() if not value.get("description")]
        assert not undescribed, (name, undescribed)


def test_every_stream_has_records_and_the_run_succeeds(everything):
    output, _ = everything
    assert output.code == 0
    expected = {stream.name for stream in STREAMS if stream_contract(stream.name).selected_by_default}
    assert set(output.streams) == expected
    assert [m["type"] for m in output.messages[: len(expected)]] == ["SCHEMA"] * len(expected)


def test_every_network_comes_with_numbers(everything):
    output, _ = everything
    seen = {record["platform"] for record in output.records("post_analytics")}
    assert seen == {n.name for n in NETWORKS.values() if "post_analytics" in n.reads}
    accounts = {record["platform"] for record in output.records("social_analytics")}
    assert accounts == {n.name for n in NETWORKS.values() if "account_analytics" in n.reads}


def test_profiles_are_told_apart(everything):
    output, _ = everything
    for stream in ("accounts", "posts", "post_analytics", "social_analytics", "link_analytics"):
        assert {record["profile"] for record in output.records(stream)} == {"primary", "acme", "globex"}
    assert {record["ref_id"] for record in output.records("profiles")} == {"ref-acme", "ref-globex"}


def test_no_request_is_made_twice(everything):
    _, requests = everything
    made = Counter(json.dumps([r["method"], r["path"], r["query"], r["body"], r["profile"]]) for r in requests)
    assert [request for request, count in made.items() if count > 1] == []


def test_a_thread_and_an_array_give_a_row_for_each_element(everything):
    output, _ = everything
    threads = [r for r in output.records("post_analytics") if r["platform"] == "twitter" and r["thread_index"] == 1]
    assert threads
    assert all(record["analytics"]["publicMetrics"] for record in threads)
    snaps = [r for r in output.records("post_analytics") if r["platform"] == "snapchat"]
    assert snaps
    assert all(isinstance(record["analytics"], dict) and record["views"] is not None for record in snaps)
    account = next(r for r in output.records("social_analytics") if r["platform"] == "snapchat")
    assert list(account["analytics"]) == ["items"]
    assert account["views"] == account["analytics"]["items"][0]["views"]


def test_promoted_columns_are_the_numbers_of_the_body(everything):
    output, _ = everything
    for record in output.records("post_analytics"):
        body = record["analytics"]
        expected = {
            "facebook": lambda b: (b["likeCount"], b["commentsCount"], b["sharesCount"]),
            "threads": lambda b: (b["likes"], b["replies"], b["shares"]),
            "tiktok": lambda b: (b["likeCount"], b["commentsCount"], b["shareCount"]),
            "twitter": lambda b: (
                b["publicMetrics"]["likeCount"],
                b["publicMetrics"]["replyCount"],
                b["publicMetrics"]["retweetCount"],
            ),
        }.get(record["platform"])
        if expected:
            assert (record["likes"], record["comments"], record["shares"]) == expected(body)


def test_text_counts_become_numbers_and_minus_one_becomes_null(everything):
    output, _ = everything
    youtube = next(r for r in output.records("social_analytics") if r["platform"] == "youtube")
    assert isinstance(youtube["analytics"]["subscriberCount"], str)
    assert youtube["followers"] == int(youtube["analytics"]["subscriberCount"])
    tiktok = next(r for r in output.records("social_analytics") if r["platform"] == "tiktok")
    assert tiktok["analytics"]["commentCountTotal"] == -1
    assert tiktok["comments"] is None
    linkedin = next(r for r in output.records("social_analytics") if "followers" in (r["analytics"] or {}))
    assert linkedin["followers"] == linkedin["analytics"]["followers"]["totalFollowerCount"]


def test_warnings_beside_the_numbers_are_kept(everything):
    output, _ = everything
    record = next(
        r for r in output.records("social_analytics") if (r["profile"], r["platform"]) == ("globex", "instagram")
    )
    assert record["block"]["warning"][0]["code"] == 395


def test_legacy_links_have_clicks_as_numbers(everything):
    output, _ = everything
    for record in output.records("link_analytics"):
        assert record["clicks"] == sum(int(entry["count"]) for entry in record["link_event_stats"])
        assert record["short_url"].startswith("https://ayr.example/")
        assert record["created_at"] == "2020-09-27T14:00:11.413000Z"


def test_dates_of_posts(everything):
    output, _ = everything
    posts = {record["post_id"]: record for record in output.records("posts")}
    scheduled = [r for r in posts.values() if r["type"] == "scheduled"]
    assert scheduled
    assert all(record["published_at"] == record["scheduled_at"] > record["created_at"] for record in scheduled)
    now = [r for r in posts.values() if isinstance(r["details"]["created"], dict)]
    assert now
    assert all(record["published_at"] == record["created_at"] for record in now)


def test_posts_that_were_not_sent_are_not_asked_about(everything):
    output, requests = everything
    asked = {r["body"]["id"] for r in requests if r["path"] == "/analytics/post"}
    unsent = [r for r in output.records("posts") if r["status"] in ("paused", "awaiting approval", "error", "deleted")]
    assert unsent
    assert not asked & {record["post_id"] for record in unsent}
    halves = {
        r["post_id"]: r for r in output.records("posts") if any(e["id"] == "pending" for e in r["post_ids"] or [])
    }
    for request in requests:
        if request["path"] == "/analytics/post" and request["body"]["id"] in halves:
            sent = [e["platform"] for e in halves[request["body"]["id"]]["post_ids"] if e["status"] == "success"]
            assert set(request["body"]["platforms"]) <= set(sent)


def test_native_posts_by_id_are_those_that_ayrshare_did_not_send(everything):
    output, _ = everything
    sent = {entry["id"] for post in output.records("posts") for entry in post["post_ids"] or []}
    native = {record["social_post_id"] for record in output.records("social_posts")}
    by_id = {record["social_post_id"] for record in output.records("social_post_analytics")}
    assert native & sent
    assert by_id
    assert not by_id & sent
    assert by_id <= native


def test_errors_are_rows(everything):
    output, _ = everything
    errors = output.records("extraction_errors")
    gone = [record for record in errors if record["code"] == "186"]
    assert gone
    assert all((r["stream"], r["platform"], r["http_status"]) == ("post_analytics", "all", 404) for r in gone)
    items = [record for record in errors if record["code"] == "187"]
    assert {(r["stream"], r["resource_id"], r["platform"]) for r in items} == {("social_posts", "item-1", "facebook")}
    assert {record["snapshot_date"] for record in errors} == {"2026-11-23"}


def test_one_instant_for_the_whole_run(everything):
    output, _ = everything
    assert len({r["extracted_at"] for records in output.streams.values() for r in records}) == 1
    dates = {r["snapshot_date"] for records in output.streams.values() for r in records if "snapshot_date" in r}
    assert dates == {NOW[:10]}


def test_the_summary_is_the_end_of_the_log(everything):
    output, requests = everything
    *_, requests_line, verdict = output.log.strip().splitlines()
    assert f"{len(requests)} requests in" in requests_line
    assert verdict.endswith("the snapshot of 2026-11-23 (UTC) is complete: 3 profiles")


def test_the_metrics_of_the_sdk_are_logged_by_stream_at_debug(tap, api):
    select = ["posts", "post_analytics"]
    output = tap.run(config(api), select=select, env={"TAP_AYRSHARE_LOGLEVEL": "DEBUG"})
    points = [json.loads(line.split("METRIC: ")[1]) for line in output.log.splitlines() if "METRIC: " in line]
    found = {(point["tags"]["stream"], point["metric"]): point["value"] for point in points}
    for stream in select:
        assert found[stream, "record_count"] == len(output.records(stream))
    assert found["post_analytics", "http_request_count"] == len(api.requests("/analytics/post")) + 3
    assert {"http_request_duration", "sync_duration"} <= {metric for _, metric in found}
    assert "METRIC: " not in tap.run(config(api), select=["accounts"]).log


@pytest.mark.parametrize("stream", sorted(PATHS))
def test_a_stream_alone_works_and_asks_only_what_it_needs(tap, api, stream):
    output = tap.run(config(api), select=[stream])
    assert output.code == 0
    assert set(output.streams) <= {stream}
    assert output.streams or stream in ("extraction_errors", "sync_runs")
    assert {r["path"] for r in api.requests()} == PATHS[stream]


@pytest.mark.parametrize("stream", ["social_posts", "social_post_analytics"])
def test_native_streams_alone(tap, api, stream):
    output = tap.run(config(api), select=[stream])
    assert output.code == 0
    assert set(output.streams) == {stream}
    paths = {r["path"].split("/")[1] for r in api.requests()}
    assert paths == {"user", "history"} if stream == "social_posts" else {"user", "history", "analytics"}


def test_user_is_not_asked_when_the_networks_are_set(tap, api):
    tap.run(config(api, platforms=["facebook"]), select=["social_analytics", "post_analytics"])
    assert "/user" not in {r["path"] for r in api.requests()}
    networks = [network for r in api.requests() if r["body"] for network in r["body"]["platforms"]]
    assert set(networks) == {"facebook"}


@pytest.mark.parametrize("envelope", ["official", "array", "object", "status"])
def test_every_envelope_of_playlists(tap, sandbox, envelope):
    output = tap.run(config(sandbox("--playlists", envelope)), select=["youtube_playlists"])
    assert len(output.records("youtube_playlists")) == 6


@pytest.mark.parametrize(("vintage", "tried"), [("short", 2), ("current", 3)])
def test_the_first_link_endpoint_that_answers_serves_the_run(tap, sandbox, vintage, tried):
    box = sandbox("--links", vintage)
    output = tap.run(config(box), select=["link_analytics"])
    assert len(output.records("link_analytics")) == 9
    assert {type(record["clicks"]) for record in output.records("link_analytics")} == {int}
    assert len(box.requests()) == tried - 1 + 3


def test_no_link_endpoint_at_all_is_a_failure_that_is_named(tap, sandbox):
    output = tap.run(config(sandbox("--links", "none")), select=["link_analytics", "extraction_errors", "accounts"])
    assert output.code == 1
    assert "link_analytics" in output.last_line
    assert [r["code"] for r in output.records("extraction_errors")] == ["http_404"] * 3


def test_nothing_linked_and_nothing_posted(tap, sandbox):
    output = tap.run(config(sandbox("--linked", "", "--posts", "0")))
    assert output.code == 0
    assert set(output.streams) == {"profiles", "link_analytics", "sync_runs"}


def test_a_plan_without_the_endpoints_is_no_failure(tap, sandbox):
    output = tap.run(config(sandbox("--plan", "basic")))
    assert output.code == 0
    refused = {r["stream"] for r in output.records("extraction_errors") if r["code"] == "169"}
    assert refused == {
        "profiles", "social_analytics", "account_demographics", "social_analytics_daily", "link_analytics",
        "youtube_playlists", "post_analytics", "social_post_analytics",
    }  # fmt: skip
    assert output.records("posts")


def test_x_is_left_out_without_its_keys(tap, api):
    output = tap.run({**api.config, "profiles": api.config["profiles"][:1]})
    assert output.code == 0
    assert output.log.count("X is left out") == 1
    rows = [r for r in output.records("extraction_errors") if r["platform"] == "twitter"]
    assert [(r["code"], r["stream"], r["resource_id"]) for r in rows] == [("419", "all", "all")]
    assert not any("twitter" in (r["body"] or {}).get("platforms", []) for r in api.requests())
    assert "/history/twitter" not in {r["path"] for r in api.requests()}


def test_the_x_keys_go_only_where_x_is_asked(tap, api):
    tap.run(config(api))
    for request in api.requests():
        networks = (request["body"] or {}).get("platforms", [request["path"].rsplit("/", 1)[-1]])
        assert request["x_keys"] is ("twitter" in networks), request


def test_named_posts(tap, api):
    ids = ["acme-17d", {"id": "globex-17d", "profile": "globex"}, "no-such-post"]
    everything = tap.run(config(api), select=["posts"]).records("posts")
    ids[0] = next(r["post_id"] for r in everything if r["profile"] == "acme" and r["status"] == "success")
    ids[1]["id"] = next(r["post_id"] for r in everything if r["profile"] == "globex" and r["status"] == "success")
    api.clear()
    output = tap.run(config(api, post_ids=ids), select=["post_analytics", "extraction_errors"])
    assert output.code == 0
    assert {r["post_id"] for r in output.records("post_analytics")} <= {ids[0], ids[1]["id"]}
    assert {r["profile"] for r in output.records("post_analytics")} == {"acme", "globex"}
    assert [(r["resource_id"], r["code"]) for r in output.records("extraction_errors")] == [("no-such-post", "186")]
    assert {r["path"] for r in api.requests()} == {"/analytics/post"}
    assert output.bookmark("post_analytics") == {}


def test_named_native_posts(tap, api):
    listed = tap.run(config(api), select=["social_posts"]).records("social_posts")
    post = next(r for r in listed if (r["profile"], r["platform"]) == ("acme", "tiktok"))
    api.clear()
    named = [{"platform": "tiktok", "id": post["social_post_id"]}, {"platform": "tiktok", "id": "nowhere"}]
    output = tap.run(config(api, social_post_ids=named), select=["social_post_analytics", "extraction_errors"])
    assert output.code == 0
    assert {(r["profile"], r["social_post_id"]) for r in output.records("social_post_analytics")} == {
        ("acme", post["social_post_id"])
    }
    assert [r["resource_id"] for r in output.records("extraction_errors")] == ["nowhere"]
    assert {r["path"] for r in api.requests()} == {"/analytics/post"}
