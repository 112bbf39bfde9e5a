"""Profiles that are renamed, and profiles in other time zones."""

from __future__ import annotations

import pytest

from tests.models.agency import Agency, day
from tests.models.warehouses import DuckDB

pytestmark = pytest.mark.timeout(900)
ALIASES = {"former": "present"}
POSTS = "select profile, count(*), sum(likes) from ayrshare_models.ayrshare__post_facts group by 1 order by 1"


def renamed_in_the_settings(warehouse):
    """Ten days under one name, ten under another; the day of the change under both."""
    agency = Agency()
    for n in range(20):
        names = ("former",) if n < 9 else ("former", "present") if n == 9 else ("present",)
        for name in names:
            at = "18:00:00" if name == "present" else "12:30:00"
            agency.account(name, day("01", n), 100 + n, at=at)
            agency.post(name, day("01", n), published="2026-10-30 20:00:00", likes=10 * n, at=at)
    for name, last in (("former", day("10")), ("present", day("20"))):
        agency.linked(name, last, ref_id="r1")
        agency.run(name, last, "accounts")
    warehouse.create()
    agency.load(warehouse)


def test_a_client_renamed_in_the_settings(warehouse):
    renamed_in_the_settings(warehouse)
    said = warehouse.dbt("build", fails=True)
    assert "FAIL 1 one_name_per_client" in said
    assert warehouse.ask(POSTS) == [["former", 1, 90], ["present", 1, 190]]
    said = warehouse.dbt("build", "--full-refresh", ayrshare_profile_aliases=ALIASES)
    assert "ERROR=0" in said
    assert warehouse.ask(POSTS) == [["present", 1, 190]]
    [[gained, followers]] = warehouse.ask(
        "select (select sum(likes_gained) from ayrshare_models.ayrshare__network_metrics_daily), "
        "(select sum(followers_delta) from ayrshare_models.ayrshare__account_metrics_daily)"
    )
    assert (gained, followers) == (190, 19)
    assert warehouse.ask("select profile, platform from ayrshare_models.ayrshare__accounts_current") == [
        ["present", "bluesky"]
    ]


def test_a_profile_renamed_in_loaded_tables(tmp_path):
    """The tables keep their number of rows, and the models would have both names."""
    warehouse, agency = DuckDB(tmp_path), Agency()
    for n in range(20):
        agency.post("former", day("01", n), likes=10 * n)
    warehouse.create()
    agency.load(warehouse)
    warehouse.dbt("build")
    warehouse.execute(["update ayrshare.post_analytics set profile = 'present'"])
    said = warehouse.dbt("build", fails=True)
    assert "FAIL 2 taken_in_or_needs_full_refresh_int_ayrshare__post_readings" in said
    assert "ERROR=0" in warehouse.dbt("build", "--full-refresh")
    assert warehouse.ask(POSTS) == [["present", 1, 190]]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_the_package_builds_in_any_time_zone(tmp_path, zone):
    """Its own unit tests among the rest."""
    warehouse = DuckDB(tmp_path)
    warehouse.create()
    said = warehouse.dbt("build", ayrshare_timezone=zone)
    assert "ERROR=0" in said
    assert "SKIP=0" in said


def test_each_profile_has_its_own_time_zone(warehouse):
    agency = Agency()
    for profile in ("here", "there"):
        for n in range(2):
            # 18:00 UTC is 3:00 on the next day in Tokyo, which closes the day before.
            agency.account(profile, day("10", n), 100 + n)
            agency.post(profile, day("10", n), published=f"{day('09')} 20:30:00", likes=n)
    warehouse.create()
    agency.load(warehouse)
    said = warehouse.dbt("build", ayrshare_timezone="America/New_York", ayrshare_timezones={"there": "Asia/Tokyo"})
    assert "ERROR=0" in said
    hours = "select profile, published_date, published_hour from ayrshare_models.ayrshare__post_facts order by 1"
    assert [[row[0], str(row[1])[:10], row[2]] for row in warehouse.ask(hours)] == [
        ["here", day("09"), 15], ["there", day("10"), 5],
    ]  # fmt: skip
    zones = "select profile, time_zone from ayrshare_models.ayrshare__account_coverage order by 1"
    assert warehouse.ask(zones) == [["here", "America/New_York"], ["there", "Asia/Tokyo"]]
