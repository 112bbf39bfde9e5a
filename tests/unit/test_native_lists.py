"""Lists of native posts: Facebook's in windows of time, and those whose metrics needn't be asked for again."""

import re
from datetime import datetime, timedelta

import pytest

from tap_ayrshare.ayrshare.contract import NETWORKS, has_every_metric, listed_metrics
from tap_ayrshare.posts.pages import Page
from tests.world import START, Post, World, errors, read

LISTS = ("social_posts", "extraction_errors")
NATIVE = ("social_posts", "social_post_analytics", "extraction_errors")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def facebook(count, apart=5 * HOUR, windows="exact", **more) -> World:
    listed = [(f"n{n}", START - n * apart) for n in range(count)]
    return World(linked=("facebook",), native={"facebook": listed}, windows=windows, **more)


def ids(output, stream="social_posts"):
    return set(read(output, stream, "social_post_id"))


def pages(world):
    return world.asked("/history/facebook")


@pytest.mark.parametrize("windows", ["exact", "days"])
@pytest.mark.parametrize("count", [0, 49, 50, 100, 130, 501, 1300])
def test_facebook_is_read_beyond_its_newest_500(windows, count):
    world = facebook(count, windows=windows)
    output = world.run(*LISTS)
    assert len(ids(output)) == count
    assert (output.code, errors(output)) == (0, set())
    assert "out of reach" not in output.log
    assert len(pages(world)) <= 3 + count / 70


@pytest.mark.parametrize("windows", ["ignored", "refused", "empty"])
@pytest.mark.parametrize("count", [60, 130, 500, 1300])
@pytest.mark.parametrize("apart", [timedelta(), 5 * HOUR])
def test_where_windows_are_no_use_the_newest_500_come_and_the_rest_is_said(windows, count, apart):
    world = facebook(count, apart, windows)
    output = world.run(*LISTS)
    assert len(ids(output)) == min(count, 500)
    assert (output.code, errors(output)) == (0, set())
    assert len(pages(world)) <= 5
    if count > 500:
        assert "Facebook lists no more than its newest 500 posts" in output.log
    if count < 500:
        assert "out of reach" not in output.log


def test_a_day_of_more_posts_than_a_page_is_read_with_larger_pages():
    world = facebook(1300, timedelta(minutes=5))
    assert len(ids(world.run(*LISTS))) == 1300


def test_posts_in_one_second_that_are_too_many_for_any_page_are_said():
    output = facebook(1300, timedelta()).run(*LISTS)
    assert len(ids(output)) == 500
    assert "out of reach" in output.log


def test_windows_go_no_deeper_than_what_is_due():
    world = facebook(1300)
    first = world.run(*LISTS)
    second = world.run(*LISTS, state=first.state, now=START + DAY)
    assert [set(page) for page in pages(world)] == [{"limit"}]
    assert second.bookmark("social_posts")["platforms"] == {"facebook": "2026-11-02"}


def test_a_post_pinned_to_the_head_hides_none():
    world = facebook(400)
    world.native["facebook"].insert(0, ("pinned", START - 900 * DAY))
    assert len(ids(world.run(*LISTS))) == 401


def test_a_page_from_which_posts_are_left_out_is_not_the_last():
    world = facebook(400)
    world.fault = lambda path, given: (
        (200, {"posts": world.answer(path, given)[1]["posts"][::2], "status": "success"})
        if "/history/f" in path
        else None
    )
    assert len(pages(world)) == 0
    output = world.run(*LISTS)
    assert min(record["published_at"] for record in output.records("social_posts")) <= (START - 1900 * HOUR).isoformat()


def test_a_hole_between_two_windows_is_an_error_row_and_what_lies_below_still_comes():
    world = facebook(400)
    edge = START - 500 * HOUR

    def fault(path, given):
        if "until" not in given:
            return None
        until = min(edge - 30 * DAY, datetime.fromisoformat(given["until"].replace("Z", "+00:00")))
        return world.answer(path, {**given, "until": until.isoformat()})

    world.fault = fault
    output = world.run(*LISTS)
    assert {code for *_, code in errors(output)} == {"window_gap"}
    assert "n399" in ids(output)


@pytest.mark.parametrize("windows", ["exact", "days", "ignored", "refused", "empty"])
@pytest.mark.parametrize("budget", [1, 3])
def test_a_budget_reads_windows_over_the_runs(windows, budget):
    world = facebook(330, HOUR, windows)
    state, found = None, set()
    for _ in range(24):
        output = world.run(*LISTS, state=state, request_budget=budget)
        assert len(world.requests) <= budget
        state, found = output.state, found | ids(output)
    assert len(found) == 330


def test_a_list_that_a_budget_ended_is_listed_whole_for_the_analytics():
    world = World(linked=("threads",), native={"threads": [(f"n{n}", START - n * HOUR) for n in range(250)]})
    first = world.run(*NATIVE, request_budget=2)
    assert first.bookmark("social_posts")["pages"]
    second = world.run(*NATIVE, state=first.state)
    assert ids(second, "social_post_analytics") == {f"n{n}" for n in range(250)}


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("", Page(100)), ("500", Page(500)), ("2026-11-01T12:00:00.000000Z", Page(100, until=START)),
        ("500 2026-11-01T12:00:00.000000Z", Page(500, until=START)), ("nonsense", Page(100)),
    ],
)  # fmt: skip
def test_pages_have_names(name, page):
    assert Page.named("facebook", name) == page
    assert page.name == name.replace("nonsense", "")
    assert Page.named("threads", name) == Page(100, name)


# Metrics that come with the lists


def bluesky(measured, count=60) -> World:
    listed = [(f"n{n}", START - n * HOUR) for n in range(count)]
    return World(linked=("bluesky",), native={"bluesky": listed}, measured=measured)


def test_a_post_whose_item_has_every_metric_is_not_asked_for():
    world = bluesky(lambda post_id: int(post_id[1:]) % 2)
    output = world.run(*NATIVE, native_metrics_from="list")
    odd = {f"n{n}" for n in range(1, 60, 2)}
    assert len(ids(output)) == 60
    assert ids(output, "social_post_analytics") == ids(output) - odd
    assert {given["id"] for given in world.asked()} == ids(output) - odd
    assert output.bookmark("social_post_analytics")["replication_key_value"] == "2026-11-01"
    again = world.run(*NATIVE, native_metrics_from="list", state=output.state)
    assert (again.code, world.asked()) == (0, [])


@pytest.mark.parametrize(
    ("select", "config"),
    [(NATIVE, {}), (NATIVE, {"native_metrics_from": "post"}), (NATIVE[1:], {"native_metrics_from": "list"})],
)
def test_else_all_are_asked_for(select, config):
    world = bluesky(lambda _: True, 20)
    assert len(ids(world.run(*select, **config), "social_post_analytics")) == 20


def test_only_a_list_that_is_known_to_have_every_metric_counts():
    assert [network for network in NETWORKS if listed_metrics(network)] == ["bluesky"]
    item = {"likeCount": 1, "replyCount": 0, "repostCount": "3"}
    assert has_every_metric("bluesky", item)
    # Only TikTok is known to answer -1 where it doesn't report a metric.
    assert has_every_metric("bluesky", {**item, "repostCount": -1})
    assert not has_every_metric("bluesky", {**item, "repostCount": "n/a"})
    assert not has_every_metric("bluesky", {**item, "replyCount": None})
    assert not has_every_metric("facebook", {**item, "commentsCount": 1, "sharesCount": 1, "videoViews": 1})


def test_who_published_a_post_is_a_column():
    world = facebook(2)
    visitor = {"from": {"id": 77, "name": "a visitor"}}
    world.fault = lambda path, given: (
        (200, {"posts": [{**p, **visitor} for p in world.answer(path, given)[1]["posts"]], "status": "success"})
        if "/history/f" in path else None
    )  # fmt: skip
    output = world.run(*LISTS)
    assert {record["published_by"] for record in output.records("social_posts")} == {"77"}
    assert re.search("published_by", str(output.schemas["social_posts"]))


# Posts without a date


def test_a_post_without_a_date_that_ayrshare_sent_long_ago_is_known():
    sent = [Post("old", START - 900 * DAY, ("snapchat",)), Post("new", START - DAY, ("snapchat",))]
    world = World(sent, {"snapchat": [("own", None), ("snapchat-new", None), ("snapchat-old", None)]}, ("snapchat",))
    select = ("posts", "post_analytics", *NATIVE)
    first = world.run(*select)
    second = world.run(*select, state=first.state, now=START + DAY)
    assert [ids(output, "social_post_analytics") for output in (first, second)] == [{"own"}, {"own"}]
    assert len(world.asked("/history")) <= 4
    world.native["snapchat"].pop(0)
    third = world.run(*select, state=second.state, now=START + 2 * DAY)
    assert ids(third, "social_post_analytics") == set()
