"""What follows from an answer, as a table: no event loop, no clock."""

import pytest

from tap_ayrshare.engine.errors import UNREAD, Refusal, Rule, Scope
from tap_ayrshare.engine.exchange import Answer
from tap_ayrshare.engine.quota import Limits, Quota
from tap_ayrshare.engine.retry import LIMITED, STRAYED, UNREACHABLE, Act, Past, Streaks, decide

KEY = Rule(Scope.RUN, failure=True, action="run ended", needs_person=True)
CLIENT = Rule(Scope.PROFILE, failure=True, action="profile stopped", needs_person=True)
PLAN = Rule(Scope.STREAM, failure=False, action="stream skipped")
PART = Rule(Scope.PART, failure=False, action="network left out", stays_due=True)
GOOD = Answer(200, {"a": 1}, [])


def refused(rule=UNREAD, status=400, *, body=None, **more):
    return Answer(status, body, [Refusal(rule, f"http_{status}", "no", status, **more)])


UNAVAILABLE = refused(status=503, transient=True)
RESET = Answer(None, None, [Refusal(UNREAD, "reset", "the connection was reset", transient=True)])
PAGE = refused(CLIENT, 403, is_stray=True)
REDIRECT = refused(KEY, 302, is_stray=True)
LIMIT = refused(status=429)
UNDER, OVER = Quota(300, 10), Quota(300, 300)


@pytest.mark.parametrize(
    ("answer", "past", "quota", "act"),
    [
        (GOOD, Past(), None, Act.DELIVER),
        (refused(), Past(), None, Act.DELIVER),
        # transient
        (UNAVAILABLE, Past(), None, Act.RETRY),
        (UNAVAILABLE, Past(tries=4), None, Act.RETRY),
        (UNAVAILABLE, Past(tries=5), None, Act.GIVE_UP),
        (UNAVAILABLE, Past(tries=2, most=2), None, Act.GIVE_UP),
        (UNAVAILABLE, Past(can_ask=False), None, Act.GIVE_UP),
        (UNAVAILABLE, Past(tries=5, is_known=False), None, Act.GIVE_UP),
        (RESET, Past(is_reached=False, is_known=False), None, Act.RETRY),
        (RESET, Past(tries=5, is_reached=False, is_known=False), None, Act.END_PROFILE),
        (RESET, Past(tries=5), None, Act.GIVE_UP),
        (refused(status=200, body={"a": 1}, transient=True), Past(), None, Act.DELIVER),
        # the API's own word
        (refused(KEY, 401), Past(), None, Act.END_RUN),
        (refused(CLIENT, 403), Past(), None, Act.END_PROFILE),
        (refused(CLIENT, 403, body={"a": 1}), Past(), None, Act.END_PROFILE),
        (refused(PLAN, 403), Past(), None, Act.END_STREAM),
        (refused(PLAN, 200, body={"a": 1}), Past(), None, Act.DELIVER),
        (refused(PART, 400), Past(), None, Act.DELIVER),
        # a page of something in between
        (PAGE, Past(is_known=False), None, Act.END_PROFILE),
        (REDIRECT, Past(is_known=False), None, Act.END_RUN),
        (PAGE, Past(), None, Act.RETRY),
        (REDIRECT, Past(), None, Act.RETRY),
        (refused(PLAN, 402, is_stray=True), Past(), None, Act.RETRY),
        (PAGE, Past(tries=5), None, Act.GIVE_UP),
        (REDIRECT, Past(tries=5), None, Act.GIVE_UP),
        (PAGE, Past(tries=5, strays=20, stray_seconds=29), None, Act.GIVE_UP),
        (PAGE, Past(tries=5, strays=19, stray_seconds=31), None, Act.GIVE_UP),
        (PAGE, Past(tries=1, strays=20, stray_seconds=30), None, Act.END_PROFILE),
        (REDIRECT, Past(tries=1, strays=20, stray_seconds=30), None, Act.END_PROFILE),
        # the rate limit
        (LIMIT, Past(limited=1), None, Act.WAIT),
        (LIMIT, Past(limited=1, is_known=False, is_reached=False), None, Act.WAIT),
        (LIMIT, Past(limited=1, tries=5), UNDER, Act.WAIT),
        (LIMIT, Past(limited=1, can_ask=False), OVER, Act.WAIT),
        (LIMIT, Past(limited=20, limited_seconds=299), None, Act.WAIT),
        (LIMIT, Past(limited=19, limited_seconds=9999), None, Act.WAIT),
        (LIMIT, Past(limited=20, limited_seconds=300), None, Act.END_PROFILE),
        (LIMIT, Past(limited=1), Quota(retry_after=3600), Act.WAIT),
        (LIMIT, Past(limited=1), Quota(retry_after=3601), Act.END_PROFILE),
        # a part's own limit
        (refused(PART, 429), Past(), UNDER, Act.DELIVER),
        (refused(PART, 429), Past(), None, Act.DELIVER),
        (refused(PART, 429), Past(limited=1), OVER, Act.WAIT),
        (refused(PART, 429), Past(limited=1), Quota(300, 301), Act.WAIT),
        # a quota of another kind
        (refused(PLAN, 429), Past(), UNDER, Act.END_STREAM),
        (refused(PLAN, 429), Past(), OVER, Act.END_STREAM),
    ],
)
def test_what_follows_from_an_answer(answer, past, quota, act):
    assert decide(answer, past, quota or Quota()).act is act


def test_a_page_in_between_becomes_an_issue_of_its_own_request():
    (refusal,) = decide(PAGE, Past(tries=5)).answer.refusals
    assert (refusal.rule, refusal.transient, refusal.exit_code) == (UNREAD, True, 1)


@pytest.mark.parametrize(
    ("answer", "past", "quota", "rule", "text"),
    [
        (RESET, Past(tries=5, is_reached=False), Quota(), UNREACHABLE, "reset: the connection was reset"),
        (LIMIT, Past(limited=31, limited_seconds=300), Quota(), LIMITED, "http_429: HTTP 429, 31 times in this run"),
        (LIMIT, Past(limited=1), Quota(retry_after=7200), LIMITED, "http_429: HTTP 429 with Retry-After of 7200 s"),
        (PAGE, Past(strays=20, stray_seconds=30), Quota(), STRAYED,
         "http_403: 20 answers in a row were not the API's own, the last one HTTP 403"),
    ],
)  # fmt: skip
def test_what_ends_a_profile_by_itself_is_never_for_a_person(answer, past, quota, rule, text):
    refusal = decide(answer, past, quota).refusal
    assert (refusal.rule, str(refusal), refusal.exit_code) == (rule, text, 1)


def test_each_retry_waits_twice_as_long_up_to_half_a_minute():
    waits = [decide(UNAVAILABLE, Past(tries=tries, most=99)).seconds for tries in range(1, 10)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize(
    ("retry_after", "limited", "seconds"),
    [(None, 1, None), (None, 19, None), (12, 1, 12), (0, 1, 0.25), (0, 10, 2.5), (2, 10, 2.5), (0, 5000, 300)],
)
def test_a_429_waits_as_it_asks_and_longer_each_time(retry_after, limited, seconds):
    found = decide(LIMIT, Past(limited=limited), Quota(retry_after=retry_after))
    assert found.seconds == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("window", [0.01, 1, 60, 300, 3600])
@pytest.mark.parametrize("retry_after", [0, 0.1, 1, 5])
def test_429s_that_ask_for_no_wait_stop_a_profile_only_after_a_window(window, retry_after):
    streaks, now, acts = Streaks(), 0.0, []
    while Act.END_PROFILE not in acts:
        quota = Quota(retry_after=retry_after)
        streaks.note(LIMIT, quota, now)
        past = Past(limited=streaks.limited, limited_seconds=streaks.limited_seconds(now), window=window)
        found = decide(LIMIT, past, quota)
        acts.append(found.act)
        ended, now = now, now + (found.seconds or 0)
    assert ended >= max(window, 2)
    assert 20 <= len(acts) <= 180


def test_stray_answers_count_in_a_row():
    streaks = Streaks()
    for now in range(5):
        streaks.note(PAGE, Quota(), now)
    assert (streaks.strays, streaks.stray_seconds(9)) == (5, 9)
    streaks.note(UNAVAILABLE, Quota(), 5)
    assert (streaks.strays, streaks.stray_seconds(9)) == (0, 0)
    streaks.note(PAGE, Quota(), 8)
    assert streaks.stray_seconds(9) == 1


HEADERS = Limits("x-max", "x-count")
DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "in_body", "expected"),
    [
        ({}, None, Quota()),
        ({"x-max": "300", "x-count": " 7 "}, None, Quota(300, 7)),
        ({"x-max": "9" * 20, "x-count": "-5"}, None, Quota()),
        ({"x-max": "٣"}, None, Quota()),
        ({"Retry-After": "5"}, "9", Quota(retry_after=5)),
        ({"Retry-After": "2.5"}, None, Quota(retry_after=2.5)),
        ({"Retry-After": "soon"}, "9", Quota(retry_after=9)),
        ({"Retry-After": "1e400"}, None, Quota()),
        ({"Retry-After": "-3"}, None, Quota()),
        ({"Date": DATE, "Retry-After": "Mon, 23 Nov 2026 12:00:05 GMT"}, None, Quota(retry_after=5)),
        ({"Date": DATE, "Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, None, Quota(retry_after=0)),
        ({"Date": DATE, "Retry-After": "Mon, 23 Nov 2026 14:00:05 +0200"}, None, Quota(retry_after=5)),
        ({"Date": "today", "Retry-After": "Mon, 23 Nov 1970 12:00:05 GMT"}, None, Quota(retry_after=0)),
    ],
)
def test_what_headers_say_of_the_limit(headers, in_body, expected):
    assert HEADERS.read(headers, in_body) == expected


@pytest.mark.parametrize(
    ("quota", "expected"),
    [(Quota(300, 299), False), (Quota(300, 300), True), (Quota(300, None), False), (Quota(None, 5), False),
     (Quota(0, 0), False)],
)  # fmt: skip
def test_when_a_quota_is_used_up(quota, expected):
    assert quota.is_used_up is expected
