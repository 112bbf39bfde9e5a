"""The table of errors: envelopes, codes and how far each reaches."""

import pytest

from tap_ayrshare.ayrshare.codes import OF_ANALYTICS, OF_REVIEWS, RULES
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.ayrshare.judge import refusals
from tap_ayrshare.engine.errors import Scope


def judged(status, body, asked=(), rules=RULES, *, profile_key=True):
    return refusals(status, body, asked, rules, profile_key=profile_key)


def error(code=None, message="no", **more):
    return {"status": "error", "message": message, **({"code": code} if code is not None else {}), **more}


@pytest.mark.parametrize(
    ("status", "body", "profile_key", "scope", "failure"),
    [
        (401, error(102), True, Scope.RUN, True),
        (200, error(102), False, Scope.RUN, True),
        (403, error(169), True, Scope.STREAM, False),
        (402, error(), True, Scope.STREAM, False),
        (403, error(action="Paid Plan Required"), False, Scope.STREAM, False),
        (403, error(message="User Profile suspended."), True, Scope.PROFILE, True),
        (403, error(message="User Profile suspended."), False, Scope.PROFILE, True),
        (401, error(message="who?"), True, Scope.PROFILE, True),
        (403, error(999), True, Scope.PROFILE, True),
        (403, None, True, Scope.PROFILE, True),
        (403, error(message="who?"), False, Scope.RUN, True),
        (401, None, False, Scope.RUN, True),
        (403, error(144), True, Scope.PROFILE, True),
        (400, error(144), True, Scope.PROFILE, True),
        (403, error(276), True, Scope.PROFILE, True),
        (403, error(276), False, Scope.PROFILE, True),
        (429, error(106), True, Scope.STREAM, False),
        (403, error(106), False, Scope.STREAM, False),
        (400, error(349), True, Scope.PART, False),
        (429, error(444), True, Scope.PART, False),
        (429, error(435), True, Scope.PART, False),
        (302, None, True, Scope.RUN, True),
        (400, error(221), True, Scope.NOTHING, False),
        (404, error(186), True, Scope.RESOURCE, False),
        (404, error(), True, Scope.RESOURCE, True),
        (400, error(101), True, Scope.RESOURCE, True),
        (400, error(485), True, Scope.RESOURCE, False),
        (500, None, True, Scope.RESOURCE, True),
        (400, error("156", platform="tiktok"), True, Scope.PART, False),
        (403, error(419, platform="twitter"), True, Scope.PART, False),
        (400, error(272, platform="twitter"), True, Scope.PART, False),
        (200, error(161, platform="facebook"), True, Scope.PART, False),
        (200, error(message="Usage limit reached for X", platform="twitter"), True, Scope.PART, False),
        (200, error(message="Reached a limit", platform="facebook"), True, Scope.RESOURCE, True),
    ],
)
def test_how_far_a_refusal_reaches(status, body, profile_key, scope, failure):
    (refusal,) = judged(status, body, profile_key=profile_key)
    assert (refusal.scope, refusal.rule.failure) == (scope, failure)


def test_some_codes_mean_something_else_to_some_endpoints():
    (empty,) = judged(400, error(349), rules=OF_REVIEWS)
    assert (empty.scope, empty.rule.failure) == (Scope.NOTHING, False)
    (no_data,) = judged(404, error(187, "Try again later", retryAvailable=True), rules=OF_ANALYTICS)
    assert (no_data.scope, no_data.rule.failure, no_data.transient) == (Scope.RESOURCE, False, False)
    assert judged(400, error(187))[0].rule.failure
    assert judged(400, error(156), rules=OF_ANALYTICS)[0].scope is Scope.PART


def test_a_code_that_one_network_alone_gives_names_it():
    both = ("facebook", "instagram", "tiktok")
    assert judged(429, error(444), both)[0].platform == "facebook"
    assert judged(429, error(435), both)[0].platform == "instagram"
    assert judged(429, error(435), ("tiktok",))[0].platform == "tiktok"
    assert judged(429, error(106, platform="facebook"), ("facebook",))[0].platform is None


def test_code_is_the_api_s_else_the_http_status():
    assert [judged(404, error(186))[0].code, judged(404, None)[0].code] == ["186", "http_404"]
    assert judged(503, {"anything": 1})[0].code == "http_503"


def test_the_network_comes_from_the_envelope_the_request_or_the_message():
    listed = {"status": "error", "errors": [{"code": 156, "message": "not linked", "platform": "TikTok"}]}
    assert judged(400, listed, ["tiktok", "youtube"])[0].platform == "tiktok"
    assert judged(400, error(156), ["youtube"])[0].platform == "youtube"
    assert judged(400, error(156, "YouTube is not linked."), ["tiktok", "youtube"])[0].platform == "youtube"
    assert judged(400, error(156, "X is not linked."), ["tiktok", "twitter"])[0].platform == "twitter"
    assert judged(400, error(156, "An account is not linked."), ["tiktok", "youtube"])[0].platform is None


def test_an_error_block_stands_beside_good_ones_and_is_named_once():
    body = {
        "threads": {"id": "1", "analytics": {"views": 2}},
        "instagram": error(161),
        "errors": [{"code": 161, "message": "again", "platform": "instagram"}],
        "status": "partial",
    }
    (refusal,) = judged(200, body, ["threads", "instagram"])
    assert (refusal.code, refusal.platform) == ("161", "instagram")
    assert list(good_blocks(body)) == ["threads"]


def test_a_thread_with_one_bad_tweet_keeps_the_others():
    body = {"twitter": [{"id": "1", "analytics": {}}, error(254)], "status": "partial"}
    assert [element["id"] for element in good_elements(good_blocks(body)["twitter"])] == ["1"]
    assert [(r.code, r.platform) for r in judged(200, body, ["twitter"])] == [("254", "twitter")]


def test_an_unknown_network_s_block_is_a_block():
    assert list(good_blocks({"mastodon": {"analytics": {"likes": 1}}, "status": "success"})) == ["mastodon"]


def test_an_answer_without_an_error_refuses_nothing():
    assert judged(200, {"facebook": {"id": "1", "analytics": {}}, "status": "success", "code": 200, "id": "x"}) == []
    assert judged(200, []) == []


@pytest.mark.parametrize(
    ("body", "transient"),
    [
        (error(message="Please try again later"), True),
        (error(503, "x"), True),
        (error(5, "x", retryAvailable=True), True),
        (error(186, "Post ID not found."), False),
    ],
)
def test_what_is_transient(body, transient):
    assert judged(200, body)[0].transient is transient
