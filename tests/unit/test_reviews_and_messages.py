"""Reviews and their totals, messages, auto schedules."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tap_ayrshare.engine.messages import Issue, Record
from tap_ayrshare.streams import ReviewsStream
from tests.unit.test_demographics import source_with
from tests.unit.test_house import read, records
from tests.world import World, errors

GMB = {
    "created": "2026-07-11T21:23:57.707819Z", "id": "r1", "rating": "FIVE", "review": "sample review",
    "reviewReply": {"reply": "sample reply", "updated": "2026-08-05T22:36:17.989625Z"},
    "reviewer": {"name": "sample name", "profile": "https://example.com/p"}, "updated": "2026-07-11T21:23:57.707819Z",
}  # fmt: skip
FACEBOOK = {
    "created": "2026-07-11T21:14:41.000Z", "id": "9796709", "rating": "positive", "review": "sample review",
    "reviewer": {"name": "sample name", "id": "14773281", "profile": {"height": 50, "url": "https://example.com/u"}},
}  # fmt: skip
NONE = {"action": "reviews", "status": "error", "code": 350, "message": "No reviews found."}
OFF = {"action": "messages", "status": "error", "code": 361, "message": "Messaging is not enabled."}
MESSAGE = {
    "id": "m1", "conversationId": "c1", "created": "2026-06-06T00:54:32.455Z", "action": "sent", "senderId": "1",
    "senderDetails": {"name": "sample name"}, "message": "Howdy!", "reactions": {"7": "😆"},
}  # fmt: skip


def world_of(paths: dict, linked=("facebook", "gmb", "twitter")) -> World:
    """Return a world that answers some paths with a body, or with what a function of the query returns."""
    world = World(linked=linked)

    def answer(path, given):
        found = paths.get(path, paths.get((path, given.get("platform"))))
        found = found(given) if callable(found) else found
        return found if isinstance(found, tuple) or found is None else (200, found)

    world.fault = answer
    return world


def test_reviews_and_totals_come_of_one_request():
    world = world_of({
        ("/reviews", "gmb"): {"gmb": [GMB], "averageRating": 4.8, "totalReviewCount": 25},
        ("/reviews", "facebook"): {"facebook": [FACEBOOK]},
    })  # fmt: skip
    output = world.run("reviews", "review_totals", "extraction_errors")
    assert output.code == 0
    rows = {r["platform"]: r for r in output.records("reviews")}
    assert (rows["gmb"]["rating"], rows["gmb"]["rating_value"], rows["gmb"]["is_recommended"]) == ("FIVE", 5, None)
    assert (rows["gmb"]["reply_text"], rows["gmb"]["reviewer_url"]) == ("sample reply", "https://example.com/p")
    assert (rows["facebook"]["rating_value"], rows["facebook"]["is_recommended"]) == (None, True)
    assert (rows["facebook"]["reviewer_id"], rows["facebook"]["reviewer_url"]) == ("14773281", "https://example.com/u")
    totals = output.records("review_totals")
    assert [(t["platform"], t["average_rating"], t["total_reviews"]) for t in totals] == [("gmb", 4.8, 25)]
    assert "4.8" in output.raw
    assert [path for path, _ in world.requests].count("/reviews") == 2
    assert output.records("extraction_errors") == []


def test_the_digits_of_an_average_stay():
    source = source_with(
        lambda path, given: (200, {"gmb": [GMB], "averageRating": Decimal("4.8123456789012345678")}),
        "reviews", "review_totals", platforms=["gmb"],
    )  # fmt: skip
    found, _ = read(ReviewsStream(), source)
    totals = [m.values for m in found if isinstance(m, Record) and m.stream == "review_totals"]
    assert totals[0]["average_rating"] == Decimal("4.8123456789012345678")


@pytest.mark.parametrize("empty", [(400, NONE), {"gmb": []}, {"status": "success"}, {"gmb": [], "totalReviewCount": 0}])
def test_no_reviews_are_no_error(empty):
    output = world_of({"/reviews": empty}).run("reviews", "review_totals", "extraction_errors")
    assert output.code == 0
    assert output.records("reviews") == []
    assert output.records("extraction_errors") == []
    assert output.bookmark("reviews")["replication_key_value"] == "2026-11-01"


def test_what_is_no_answer_is_a_failure_of_both():
    output = world_of({"/reviews": (200, {"message": "?"})}).run("reviews", "review_totals", "extraction_errors")
    assert output.code == 1
    assert {(stream, code) for stream, _, _, code in errors(output)} == {
        ("reviews", "invalid_body"), ("review_totals", "invalid_body"),
    }  # fmt: skip


def test_a_review_without_an_id_or_with_another_word():
    odd = [{**GMB, "id": None}, {**GMB, "id": "r2", "rating": "SIX"}, GMB, GMB]
    source = source_with(lambda *_: (200, {"gmb": odd}), "reviews", platforms=["gmb"])
    found, _ = read(ReviewsStream(), source)
    assert [(r["review_id"], r["rating"], r["rating_value"]) for r in records(found)] == [
        ("r2", "SIX", None), ("r1", "FIVE", 5),
    ]  # fmt: skip
    assert [(m.resource, m.platform) for m in found if isinstance(m, Issue)] == [("item-0", "gmb")]


def test_messages_are_rows_and_x_has_pages():
    pages = {None: (["a", "b"], "c1"), "c1": (["b", "c"], "c2"), "c2": (["d"], None)}

    def twitter(query):
        ids, cursor = pages[query.get("next")]
        return {"messages": [{**MESSAGE, "id": one} for one in ids], "status": "success",
                "meta": {"pagination": {"hasMore": cursor is not None, "next": cursor}}}  # fmt: skip

    world = world_of({"/messages/twitter": twitter, "/messages/facebook": {"messages": [MESSAGE], "status": "success"}})
    output = world.run("messages", "extraction_errors")
    assert output.code == 0
    assert [(r["platform"], r["message_id"]) for r in output.records("messages")] == [
        ("facebook", "m1"), *(("twitter", one) for one in "abcd"),
    ]  # fmt: skip
    first = output.records("messages")[0]
    assert (first["sender_name"], first["text"], first["conversation_id"]) == ("sample name", "Howdy!", "c1")
    assert first["message"] == MESSAGE
    assert {given.get("limit") for path, given in world.requests if path == "/messages/twitter"} == {"100"}

    state, seen, runs = None, [], 0
    while {m for _, m in seen} < {"m1", *"abcd"}:
        output = world.run("messages", state=state, request_budget=1, platforms=["facebook", "twitter"])
        seen += [(r["platform"], r["message_id"]) for r in output.records("messages")]
        state, runs = output.state, runs + 1
        assert runs < 8
    assert world.run("messages", state=state, request_budget=9, platforms=["facebook", "twitter"]).code == 0


@pytest.mark.parametrize("code", [361, 362])
def test_messaging_that_is_off_is_said_and_no_failure(code):
    world = world_of({"/messages/facebook": (400, {**OFF, "code": code}), "/messages/twitter": (400, OFF)})
    output = world.run("messages", "extraction_errors")
    assert output.code == 0
    assert {(stream, resource) for stream, resource, _, _ in errors(output)} == {("messages", "all")}


def test_a_cursor_that_is_no_longer_known_begins_anew():
    def twitter(query):
        if query.get("next") == "old":
            return 400, {"status": "error", "code": 101, "message": "next is not valid"}
        return {"messages": [MESSAGE], "status": "success"}

    state = {"bookmarks": {"messages": {"partitions": [
        {"context": {"profile": "primary"}, "pages": {"twitter": "old"}}]}}}  # fmt: skip
    output = world_of({"/messages/twitter": twitter}, linked=("twitter",)).run("messages", state=state)
    assert [r["message_id"] for r in output.records("messages")] == ["m1"]


def test_auto_schedules_by_title():
    body = {"status": "success", "schedules": {
        "great": {"schedule": ["08:05 AM", 7], "daysOfWeek": [0, "6", "x"], "lastScheduleDate": "2026-11-21T18:06:00Z"},
        "unused": {}, "odd": ["08:05 AM"], "": {"schedule": []},
    }}  # fmt: skip
    output = world_of({"/auto-schedule/list": body}).run("auto_schedules", "extraction_errors")
    rows = {r["title"]: r for r in output.records("auto_schedules")}
    assert (rows["great"]["times"], rows["great"]["days_of_week"]) == (["08:05 AM", "7"], [0, 6])
    assert rows["great"]["last_scheduled_at"] == "2026-11-21T18:06:00.000000Z"
    assert rows["unused"]["times"] is None
    assert rows["odd"]["details"] == {"value": ["08:05 AM"]}
    assert errors(output) == {("auto_schedules", "item-3", "all", "invalid_body")}
    assert world_of({"/auto-schedule/list": {"status": "success"}}).run("auto_schedules").code == 0
    assert world_of({"/auto-schedule/list": (503, {})}).run("auto_schedules").code == 1
