"""One odd answer doesn't end a run: pages of gateways, and 429s of every kind, in whole runs."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tap_ayrshare.engine import retry
from tests.unit.test_worlds import ANALYTICS, DAY
from tests.world import START, World, errors, posts, read

PAGE = b"<!DOCTYPE html><html><body>Checking your browser</body></html>"
BOTH = ("facebook", "instagram")
LIMITED = {"x-ratelimit-max": "300", "x-ratelimit-count": "301", "Retry-After": "0.01"}
BELOW = {**LIMITED, "x-ratelimit-count": "20"}


def world_where(fault, count=12, networks=BOTH):
    world = World(posts(count, networks=networks), linked=networks)
    world.fault = fault
    return world


def nth(*numbers, answer, path="/analytics/post"):
    """Answer these requests to a path otherwise."""
    asked = 0

    def fault(where, _given):
        nonlocal asked
        asked += where == path
        return answer if where == path and asked in numbers else None

    return fault


@pytest.mark.parametrize("status", [302, 307, 401, 402, 403, 407, 502, 503])
@pytest.mark.parametrize("body", [PAGE, b"", b'{"message": "Forbidden"}', b'"no"'])
@pytest.mark.parametrize("path", ["/analytics/post", "/history"])
def test_one_page_after_good_answers_costs_nothing(status, body, path):
    output = world_where(nth(2, answer=(status, body), path=path)).run(*ANALYTICS)
    assert output.code == 0
    assert read(output, column="platform") == dict.fromkeys(BOTH, 12)
    assert errors(output) == set()


@pytest.mark.parametrize("status", [302, 401, 403])
def test_a_page_for_one_post_is_an_issue_and_the_next_day_reads_it(status):
    world = world_where(lambda path, given: (status, PAGE) if given.get("id") == "p0003" else None)
    first = world.run(*ANALYTICS)
    assert first.code == 0
    assert errors(first) == {("post_analytics", "p0003", "all", f"http_{status}")}
    world.fault = None
    assert "p0003" in read(world.run(*ANALYTICS, state=first.state, now=START + DAY))


@pytest.mark.parametrize("status", [302, 401, 403])
def test_pages_that_keep_coming_end_the_profile_with_exit_code_1(status, monkeypatch):
    monkeypatch.setattr(retry, "STRAY_SECONDS", 0)
    world = world_where(lambda path, _: (status, PAGE) if path == "/analytics/post" else None)
    output = world.run(*ANALYTICS)
    assert output.code == 1
    assert "20 answers in a row were not the API's own" in output.last_line
    assert len(world.asked()) < 30
    assert len(output.records("posts")) == 12


@pytest.mark.parametrize("status", [302, 401, 403])
def test_a_page_as_the_first_answer_is_for_a_person(status):
    output = world_where(lambda *_: (status, PAGE)).run(*ANALYTICS)
    assert output.code == 2


def test_the_api_s_own_word_counts_whenever_it_comes():
    refused = {"status": "error", "code": 102, "message": "API Key not valid"}
    output = world_where(nth(5, answer=(403, refused))).run(*ANALYTICS)
    assert output.code == 2
    assert "check api_key (102" in output.last_line


@pytest.mark.parametrize(
    "body",
    [{"status": "error"}, {}, PAGE, {"status": "error", "code": 429}, {"status": "error", "code": 156, "message": "x"},
     {"status": "error", "code": 435, "message": "Instagram rate limit."},
     {"status": "error", "message": "Daily limit reached.", "platform": "instagram"}],
)  # fmt: skip
def test_a_429_over_the_maximum_makes_the_profile_wait(body):
    """Even if only one network was asked: nothing of it is lost."""
    output = world_where(nth(3, 4, answer=(429, body, LIMITED)), networks=("instagram",)).run(*ANALYTICS)
    assert output.code == 0
    assert len(read(output)) == 12
    assert errors(output) == set()
    assert "answered 429, waiting" in output.log


@pytest.mark.parametrize("body", [{"status": "error"}, {}, {"status": "error", "code": 1, "message": "Too many."}])
@pytest.mark.parametrize("headers", [BELOW, {"Retry-After": "0.01"}])
def test_a_429_that_names_no_network_is_the_profile_s(body, headers):
    output = world_where(nth(3, answer=(429, body, headers)), networks=("instagram",)).run(*ANALYTICS)
    assert (output.code, len(read(output)), errors(output)) == (0, 12, set())


@pytest.mark.parametrize(
    "body",
    [{"status": "error", "code": 435, "message": "Too many."}, {"status": "error", "message": "Instagram limit."}],
)
def test_a_429_below_the_maximum_that_names_a_network_costs_it_alone(body):
    def fault(path, given):
        return (429, body, BELOW) if path == "/analytics/post" and "instagram" in given["platforms"] else None

    output = world_where(fault).run(*ANALYTICS)
    assert output.code == 0
    assert read(output, column="platform") == {"facebook": 12}
    assert "answered 429" not in output.log


def test_a_retry_after_date_is_measured_against_the_answer_s_own_date():
    """This machine's clock is over an hour behind: by it, the wait would be too long."""
    later = format_datetime(START + timedelta(seconds=4000), usegmt=True)
    headers = {"Date": later, "Retry-After": later}
    output = world_where(nth(2, answer=(429, {}, headers))).run(*ANALYTICS)
    assert (output.code, len(read(output)), errors(output)) == (0, 12, set())
