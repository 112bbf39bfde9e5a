"""Accounts, APIs and machines whose clocks differ."""

from datetime import timedelta

import pytest

from tests.world import START, World

DAY = timedelta(days=1)


def daily(last):
    points = [{"endTime": (last - n * DAY).strftime("%Y-%m-%dT07:00:00+0000"), "value": n} for n in range(5)]
    return 200, {"facebook": {"analytics": {"pageFans": {"period": "day", "values": points}}}, "status": "success"}


@pytest.mark.parametrize(
    ("ahead", "bookmark"), [(-1, "2026-10-31"), (0, "2026-11-01"), (1, "2026-11-01"), (2, "2026-11-01")]
)
def test_a_daily_series_that_ends_tomorrow_has_a_bookmark_of_today(ahead, bookmark):
    world = World(linked=("facebook",))
    world.fault = lambda path, _: daily(START + ahead * DAY) if path == "/analytics/social" else None
    first = world.run("social_analytics_daily")
    assert first.code == 0
    assert len(first.records("social_analytics_daily")) == 5
    assert first.bookmark("social_analytics_daily")["platforms"] == {"facebook": bookmark}
    world.fault = lambda path, _: daily(START + (ahead + 1) * DAY) if path == "/analytics/social" else None
    second = world.run("social_analytics_daily", state=first.state, now=START + DAY)
    assert second.code == 0
    dates = {record["date"] for record in second.records("social_analytics_daily")}
    assert (START + (ahead + 1) * DAY).date().isoformat() in dates
