"""Comments: what becomes of an answer, and when posts are asked for theirs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.streams import CommentsStream
from tests.unit.test_house import read, records, source_of
from tests.world import START, Post, World, errors, posts

NETWORKS = ("facebook", "instagram", "twitter")
ERRORS = ("comments", "extraction_errors")
INSTAGRAM = {
    "comment": "sample comment", "commentId": "17969", "created": "2026-11-26T11:49:00Z",
    "from": {"id": "6217747", "username": "sample username"}, "hidden": False, "likeCount": 3,
    "platform": "instagram", "postId": "18231", "replies": [], "username": "sample username",
}  # fmt: skip


def comments_of(blocks: dict, *, networks=NETWORKS, status=200, **settings):
    world = World([Post("p1", START, networks)], linked=NETWORKS)

    def answer(path, given):
        if path == "/comments/p1":
            return status, {"id": "p1", "status": "success", "lastUpdated": "2026-11-01T08:00:00Z", **blocks}
        return world.answer(path, given)

    found, error = read(CommentsStream(), source_of(answer, "comments", **settings))
    issues = {(m.resource, m.platform, m.refusal.code) for m in found if isinstance(m, Issue)}
    return records(found), issues, error


def test_a_comment_and_its_replies_are_rows():
    reply = {"comment": "b", "commentId": "2", "username": "me", "replies": [{"commentId": 3, "comment": "c"}]}
    rows, issues, error = comments_of({"instagram": [{**INSTAGRAM, "replies": [reply]}], "facebook": []})
    assert (issues, error) == (set(), None)
    assert [(r["comment_id"], r["parent_comment_id"], r["text"]) for r in rows] == [
        ("17969", None, "sample comment"), ("2", "17969", "b"), ("3", "2", "c"),
    ]  # fmt: skip
    first = rows[0]
    assert (first["author_id"], first["author_name"], first["likes"]) == ("6217747", "sample username", 3)
    assert (first["social_post_id"], first["hidden"], first["created_at"][:10]) == ("18231", False, "2026-11-26")
    assert first["comment"] == {**INSTAGRAM, "replies": [reply]}
    assert (first["last_seen"], first["post_id"], first["platform"]) == ("2026-11-01", "p1", "instagram")
    assert first["api_last_updated"] == "2026-11-01T08:00:00.000000Z"
    assert rows[1]["likes"] is None


def test_what_other_networks_are_known_to_give_is_enough():
    rows, issues, _ = comments_of({"facebook": [{"commentId": "3728_1", "comment": "sample comment"}]})
    assert [(r["comment_id"], r["text"], r["author_name"], r["created_at"]) for r in rows] == [
        ("3728_1", "sample comment", None, None)
    ]
    assert issues == set()


def test_a_reply_that_comes_by_itself_too_is_one_row_with_its_parent():
    both = [{"commentId": "2", "comment": "b"}, {"commentId": "1", "comment": "a", "replies": [{"commentId": "2"}]}]
    rows, _, _ = comments_of({"facebook": both})
    assert {r["comment_id"]: r["parent_comment_id"] for r in rows} == {"1": None, "2": "1"}
    rows, _, _ = comments_of({"facebook": both[:1] * 3, "twitter": both[:1]})
    assert [(r["platform"], r["comment_id"]) for r in rows] == [("facebook", "2"), ("twitter", "2")]


def test_a_comment_without_an_id_is_an_issue_that_names_the_post():
    rows, issues, _ = comments_of({"facebook": [{"comment": "a"}, {"commentId": "pending"}, {"commentId": "1"}, "x"]})
    assert [r["comment_id"] for r in rows] == ["1"]
    assert issues == {(f"item-{n}:p1", "facebook", "invalid_body") for n in (0, 1, 3)}


def test_an_error_in_the_list_and_an_expired_story():
    broken = {"status": "error", "code": 187, "message": "Error getting the comment."}
    expired = {"status": "error", "code": 485, "message": "The story has expired."}
    rows, issues, _ = comments_of({"facebook": [broken, {"commentId": "1"}], "instagram": expired})
    assert [r["comment_id"] for r in rows] == ["1"]
    assert {(resource, code) for resource, _, code in issues} == {("p1", "187"), ("p1", "485")}
    _, issues, _ = comments_of({"instagram": expired, "status": "error"}, networks=("instagram",), status=400)
    assert "485" in {code for _, _, code in issues}


@pytest.mark.parametrize("blocks", [{}, {"facebook": []}, {"facebook": [], "instagram": None}, {"facebook": None}])
def test_no_comments_are_no_issue(blocks):
    assert comments_of(blocks) == ([], set(), None)


@pytest.mark.parametrize("body", [{"status": None}, {"status": "error"}, {"status": "partial"}])
def test_an_answer_that_says_nothing_is_no_empty_list(body):
    """A message without any list, from a gateway say, must not count as read."""
    world = World([Post("p1", START)])
    world.fault = lambda path, given: (200, {**body, "message": "?"}) if path.startswith("/comments") else None
    output = world.run(*ERRORS)
    assert output.code == 1
    assert {(stream, resource) for stream, resource, _, _ in errors(output)} == {("comments", "p1")}
    # Only an error that the API itself states of the post counts as an answer.
    assert ("replication_key_value" in output.bookmark("comments")) == (body["status"] == "error")


def test_a_block_of_another_form_is_said():
    rows, issues, _ = comments_of({"facebook": {"comments": [{"commentId": "1"}]}})
    assert (rows, issues) == ([], {("item-0:p1", "facebook", "invalid_body")})
    rows, issues, _ = comments_of({"facebook": {"commentId": "1", "comment": "a"}})
    assert ([r["comment_id"] for r in rows], issues) == (["1"], set())


def test_a_list_that_may_be_cut_is_said():
    full = [{"commentId": str(n), "comment": "x"} for n in range(1000)]
    rows, issues, _ = comments_of({"facebook": full})
    assert len(rows) == 1000
    assert issues == {("p1", "facebook", "list_full")}
    assert comments_of({"facebook": full[:-1]})[1] == set()


def test_networks_that_are_not_asked_for_are_not_kept():
    blocks = {n: [{"commentId": "1", "comment": "a"}] for n in NETWORKS}
    rows, _, _ = comments_of(blocks, platforms=["facebook"])
    assert [r["platform"] for r in rows] == ["facebook"]


# Runs


def test_a_default_run_asks_for_no_comments():
    world = World(posts(3))
    output = world.run()
    assert output.code == 0
    assert "comments" not in output.schemas
    assert not [path for path, _ in world.requests if path.startswith("/comments")]


def test_the_schedule_of_comments_is_its_own():
    world = World([Post("p1", START)])
    read_on, state = [], None
    for day in range(20):
        output = world.run("comments", state=state, now=START + timedelta(days=day, hours=1))
        state = output.state
        read_on += [day] if output.records("comments") else []
        assert world.run("comments", state=state).records("comments") == []
    assert read_on == [0, 1, 2, 3, 7, 14]
    output = world.run("comments", state=state, now=START + timedelta(days=21, hours=1),
                       comments_schedule=[{"max_age_days": 30, "every_days": 1}])  # fmt: skip
    assert output.records("comments")


def test_deleted_comments_keep_the_day_on_which_they_were_seen():
    world = World([Post("p1", START)])
    first = world.run("comments", now=START + timedelta(hours=1))
    world.comment = lambda network, post_id: {"commentId": "new", "comment": "later"}
    second = world.run("comments", now=START + timedelta(days=1), state=first.state)
    assert {r["comment_id"]: r["last_seen"] for r in first.records("comments")} == {
        "facebook-p1-c": "2026-11-01", "facebook-p1-r": "2026-11-01",
    }  # fmt: skip
    assert {r["comment_id"]: r["last_seen"] for r in second.records("comments")} == {"new": "2026-11-02"}


def test_comments_and_analytics_share_the_list_of_posts():
    world = World(posts(3))
    world.run("posts", "post_analytics", "comments")
    paths = [path for path, given in world.requests if given.get("status") != "deleted"]
    assert paths.count("/history") == 1
    assert sum(path.startswith("/comments") for path in paths) == 3


def test_any_budget_reads_all_comments_once_a_day():
    world = World(posts(12))
    state, seen, runs = None, [], 0
    while len(set(seen)) < 12:
        output = world.run("comments", state=state, request_budget=3)
        seen += [r["post_id"] for r in output.records("comments") if r["parent_comment_id"] is None]
        state, runs = output.state, runs + 1
        assert runs < 20
    assert len(seen) == 12
    assert len(json.dumps(state)) < 2000


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9])
def test_a_kill_leaves_no_gap(kept):
    world = World(posts(90))
    whole = world.run("comments")
    assert len({r["post_id"] for r in whole.records("comments")}) == 90
    cut = whole.messages[: int(kept * len(whole.messages))]
    states = [m["value"] for m in cut if m["type"] == "STATE"]
    before = {m["record"]["post_id"] for m in cut if m["type"] == "RECORD"}
    after = world.run("comments", state=states[-1] if states else None)
    assert before | {r["post_id"] for r in after.records("comments")} == {p.post_id for p in world.posts}
    assert after.bookmark("comments")["replication_key_value"] == "2026-11-01"


# Native posts

FOREIGN = {"instagram": [("instagram-p1", START - timedelta(hours=1)), ("n1", START - timedelta(hours=2))]}


def test_native_posts_are_asked_for_by_their_own_id_on_their_network():
    sent = Post("p1", START - timedelta(hours=1), ("instagram",))
    world = World([sent], FOREIGN, linked=("instagram", "pinterest"))
    output = world.run("social_post_comments", "extraction_errors")
    assert {(r["platform"], r["social_post_id"], r["comment_id"], r["parent_comment_id"]) for r in output.records(
        "social_post_comments")} == {
        ("instagram", "n1", "instagram-n1-c", None), ("instagram", "n1", "instagram-n1-r", "instagram-n1-c"),
    }  # fmt: skip
    assert world.asked("/comments/n1") == [{"searchPlatformId": "true", "platform": "instagram"}]
    assert not world.asked("/history/pinterest")
    assert errors(output) == set()
    assert output.records("social_post_comments")[0]["published_at"] == "2026-11-01T10:00:00.000000Z"


def test_native_comments_and_analytics_share_the_lists():
    listed = [(f"n{n}", START - timedelta(days=n)) for n in range(40)]
    world = World(native={"instagram": listed}, linked=("instagram",))
    both = ("social_post_analytics", "social_post_comments")
    first = world.run(both[0], start_date="2026-09-01")
    # The lists are read as deep as the comments need them, although the analytics, which come first, need less.
    later = world.run(*both, state=first.state, now=START + timedelta(days=1), start_date="2026-09-01")
    assert len(world.asked("/history/instagram")) == 1
    assert len({r["social_post_id"] for r in later.records(both[1])}) == 40
    assert 0 < len(later.records(both[0])) < 40


def test_an_item_with_every_metric_may_still_have_comments():
    world = World(native={"bluesky": [("n1", START)]}, linked=("bluesky",), measured=lambda _: True)
    output = world.run("social_posts", "social_post_analytics", "social_post_comments", native_metrics_from="list")
    assert output.records("social_post_analytics") == []
    assert output.records("social_post_comments")


def test_named_posts_are_read_without_state():
    world = World(posts(3))
    output = world.run(*ERRORS, post_ids=["p0001", "nowhere"])
    assert {r["post_id"] for r in output.records("comments")} == {"p0001"}
    assert errors(output) == {("comments", "nowhere", "all", "186")}
    assert output.bookmark("comments") == {}


@pytest.mark.parametrize("has_blocks", [True, False])
def test_a_network_that_only_has_to_wait_stays_due(has_blocks):
    """Whether the answer has the other networks' comments or none: what didn't come comes later."""
    world = World([Post("p1", START, NETWORKS), Post("p0", START - timedelta(hours=1))], linked=NETWORKS)
    limit = {"status": "error", "message": "Daily limit reached.", "platform": "twitter"}

    def answer(path, given):
        if path != "/comments/p1":
            return None
        _, body = world.comments_on("p1", {})
        return (200, {**body, "twitter": limit, "status": "partial"}) if has_blocks else (429, limit)

    world.fault = answer
    first = world.run(*ERRORS)
    assert {code for _, _, platform, code in errors(first) if platform == "twitter"} <= {"http_429", "http_200"}
    world.fault = None
    second = world.run("comments", state=first.state, now=START + timedelta(hours=3))
    seen = {(r["post_id"], r["platform"]) for r in [*first.records("comments"), *second.records("comments")]}
    assert seen >= {("p1", network) for network in NETWORKS if network != "twitter" or not has_blocks}


def test_a_network_that_refuses_a_whole_post_is_said_for_the_others():
    world = World([Post("p1", START, NETWORKS)], linked=NETWORKS)
    refused = {"status": "error", "code": 156, "message": "X is not linked.", "platform": "twitter"}
    world.fault = lambda path, given: (400, refused) if path.startswith("/comments") else None
    output = world.run(*ERRORS)
    assert errors(output) == {("comments", "all", "twitter", "156"), ("comments", "p1", "all", "156")}


@pytest.mark.parametrize("gone", [None, "__NULL__"])
def test_authors_can_be_left_out_with_a_stream_map(gone):
    world = World([Post("p1", START, ("instagram",))], linked=("instagram",))
    world.comment = lambda network, post_id: INSTAGRAM
    plain = world.run("comments")
    assert "sample username" in plain.raw
    maps = {"comments": {"author_id": gone, "author_name": gone, "comment": gone}}
    output = world.run("comments", stream_maps=maps)
    assert output.records("comments")[0]["text"] == "sample comment"
    assert "sample username" not in output.raw
    assert "6217747" not in output.raw
    maps["comments"]["author_id"] = "md5(author_id) if author_id else None"
    hashed = world.run("comments", stream_maps=maps)
    assert len(hashed.records("comments")[0]["author_id"]) == 32
    assert "6217747" not in hashed.raw
    assert not {"author_id", "author_name", "comment"} & output.schemas["comments"]["schema"]["properties"].keys()


def test_the_last_day_of_a_comments_schedule_is_read_without_a_gap_after_missed_days():
    world = World([Post("p1", START)])
    first = world.run("comments", now=START + timedelta(hours=1))
    late = world.run("comments", state=first.state, now=START + timedelta(days=40))
    assert late.records("comments")
    assert not world.run("comments", state=late.state, now=START + timedelta(days=41)).records("comments")


def test_the_report_says_what_comments_would_cost(tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"api_key": "world-api-key-01"}))
    world = World(posts(7))
    world.command("--config", str(config), "--test")
    assert "comments, if selected, takes 7 more" in capsys.readouterr().err
    assert [path for path, _ in world.requests if path.startswith("/comments")] == []
    assert len({r["post_id"] for r in world.run("comments").records("comments")}) == 7
