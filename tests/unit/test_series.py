"""Daily series and audiences, in the forms that they may come in."""

import pytest

from tap_ayrshare.ayrshare.audience import groups
from tap_ayrshare.ayrshare.contract import Breakdown
from tap_ayrshare.ayrshare.series import daily_series
from tests.world import World, errors

POINT = {"value": 1, "endTime": "2026-10-01T08:00:00+0000"}


def series_of(analytics, network="facebook"):
    return {
        series.metric: ([on.isoformat() for on in series.points], len(series.unreadable))
        for series in daily_series(network, analytics)
    }


@pytest.mark.parametrize(
    ("values", "days", "unreadable"),
    [
        ([POINT], ["2026-10-01"], 0),
        (POINT, ["2026-10-01"], 0),
        ({"0": POINT, "1": {"value": 2, "endTime": "2026-10-02"}}, ["2026-10-01", "2026-10-02"], 0),
        ([{"value": 1, "endTime": {"_seconds": 1790841600}}], ["2026-10-01"], 0),
        ([{"value": 1, "endTime": 1790841600000}], ["2026-10-01"], 0),
        ([{"value": 1, "endTime": "Thu, 01 Oct 2026 08:00:00 GMT"}], ["2026-10-01"], 0),
        ([{"value": 1, "endTime": "2026-10-01 08:00:00 UTC"}], ["2026-10-01"], 0),
        ([], [], 0),
        ([POINT, {"value": 2}, {"value": 3, "endTime": "soon"}, None, 7], ["2026-10-01"], 4),
        ([[POINT]], [], 1),
        (None, [], 1),
        ("text", [], 1),
        ({"facebook": 7}, [], 1),
    ],
)
def test_forms_of_a_series(values, days, unreadable):
    analytics = {"pageMediaView": {"period": "day", "values": values}}
    assert series_of(analytics) == {"pageMediaView": (days, unreadable)}


@pytest.mark.parametrize("value", ["text", "", [], {}, {"VALUES": [POINT]}, True])
def test_a_known_number_that_is_neither_a_number_nor_a_series_is_an_unreadable_one(value):
    assert series_of({"pageMediaView": value}) == {"pageMediaView": ([], 1)}


@pytest.mark.parametrize("value", [None, 7, "7"])
def test_numbers_of_the_day_are_no_series(value):
    assert series_of({"pageMediaView": value, "name": "text", "unknown": ["a"]}) == {}


def test_series_inside_of_objects_have_a_path():
    assert series_of({"a": {"b.c": {"values": [POINT]}}}) == {"a.b\\.c": (["2026-10-01"], 0)}


def daily(analytics, network="facebook"):
    world = World(linked=(network,))
    body = {network: {"analytics": analytics}, "status": "success"}
    world.fault = lambda path, _: (200, body) if path == "/analytics/social" else None
    return world.run("social_analytics_daily", "extraction_errors")


def test_points_without_a_date_are_one_error_row_for_their_metric():
    output = daily({"pageMediaView": {"values": [POINT, {"value": 2}, "odd"]}, "pageFollows": {"values": [POINT]}})
    assert len(output.records("social_analytics_daily")) == 2
    assert errors(output) == {("social_analytics_daily", "pageMediaView", "facebook", "invalid_body")}
    (row,) = output.records("extraction_errors")
    assert row["message"] == "2 of 3 points have no date that can be read"


@pytest.mark.parametrize(("network", "metric"), [("facebook", "pageFollows"), ("tiktok", "newFollowers")])
def test_minus_one_is_a_number_in_a_daily_series(network, metric):
    output = daily({metric: {"values": [{**POINT, "value": -1}]}}, network)
    assert [row["value"] for row in output.records("social_analytics_daily")] == [-1]


@pytest.mark.parametrize(
    ("network", "field", "column", "expected"),
    [("tiktok", "followerCount", "followers", None), ("facebook", "followersCount", "followers", -1)],
)
def test_minus_one_means_not_reported_where_the_network_says_so(network, field, column, expected):
    world = World(linked=(network,))
    body = {network: {"analytics": {field: -1}}, "status": "success"}
    world.fault = lambda path, _: (200, body) if path == "/analytics/social" else None
    (row,) = world.run("social_analytics").records("social_analytics")
    assert row[column] == expected


CITY = Breakdown("followers", "city", ("audienceCity",), "count", "", "")
AGES = Breakdown("followers", "age", ("audienceAges",), "share", "age", "percentage")


@pytest.mark.parametrize(
    ("breakdown", "value", "expected"),
    [
        (CITY, {"Berlin": 3, "Rome, Lazio": None}, [("Berlin", 3), ("Rome, Lazio", None)]),
        (CITY, {"F": {"18-24": 2}}, [("F.18-24", 2)]),
        (CITY, [{"key": "Berlin", "value": 3}, {"city": "Rome", "count": "4"}], [("Berlin", 3), ("Rome", "4")]),
        (CITY, {"0": {"key": "Berlin", "value": 3}}, [("Berlin", 3)]),
        (CITY, {}, []),
        (CITY, [], []),
        (CITY, None, []),
        (CITY, "text", [(None, None)]),
        (CITY, 7, [(None, None)]),
        (CITY, [{"a": "b", "c": "d"}, None], [(None, None), (None, None)]),
        (CITY, {"Berlin": [3]}, [(None, [3])]),
        (AGES, [{"age": "18-24", "percentage": 0.5}], [("18-24", 0.5)]),
        (AGES, [{"percentage": 0.5}], [(None, 0.5)]),
        (AGES, {"18-24": 5}, [("18-24", 5)]),
        (AGES, [[{"age": "18-24"}], "text"], [(None, None), (None, None)]),
    ],
)
def test_forms_of_an_audience(breakdown, value, expected):
    (name,) = breakdown.path
    assert [(group.bucket, group.value) for group in groups(breakdown, {name: value})] == expected


def test_a_breakdown_is_found_whatever_its_letter_case():
    assert [group.bucket for group in groups(CITY, {"audience_city": {"Berlin": 3}})] == ["Berlin"]
