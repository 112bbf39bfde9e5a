"""The whole demo: its report in Chromium, and the ten questions with answers that are worked out here."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta

import duckdb
import psycopg
import pytest

from demo.__main__ import NIGHTS, REPORT, SERVER
from demo.postgres import KEPT
from demo.questions import questions
from tap_ayrshare_report.data import Limits, collect
from tap_ayrshare_report.database import opened
from tests.report.conftest import written
from tests.support import ROOT

TYPES = {"text": "VARCHAR", "bigint": "BIGINT", "integer": "BIGINT", "date": "DATE", "boolean": "BOOLEAN",
         "double precision": "DOUBLE", "timestamp with time zone": "TIMESTAMPTZ",
         "timestamp without time zone": "TIMESTAMP"}  # fmt: skip
TODAY = NIGHTS[-1].date()
LAST = TODAY - timedelta(days=1)
"""The day that the last night closes: it runs at 6:00."""
VIRAL = "We left a tent on the ridge for 30 days of winter storms. This is what came back."


@pytest.fixture(scope="session")
def demo():
    """The database of a demo that was kept; stopped at the end."""
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--keep"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    uri = json.loads((SERVER / KEPT).read_text())["uri"]
    assert uri in done.stdout
    assert str(REPORT) in done.stdout
    with psycopg.connect(uri) as database:
        yield database
    stopped = subprocess.run(
        [sys.executable, "-m", "demo", "--stop"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert stopped.stdout == "Stopped.\n"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uri, connect_timeout=5)


@pytest.fixture(scope="session")
def copy(demo, tmp_path_factory):
    """The same models in a DuckDB file."""
    path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    columns = defaultdict(dict)
    for table, column, kind in demo.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'ayrshare_models' AND table_name LIKE 'ayrshare\\_\\_%' ORDER BY ordinal_position"
    ):
        columns[table][column] = TYPES[kind]
    database = duckdb.connect(str(path))
    database.execute("CREATE SCHEMA ayrshare_models")
    for table, kinds in columns.items():
        file = path.with_suffix(".csv")
        with (
            file.open("wb") as rows,
            demo.cursor().copy(f"COPY (TABLE ayrshare_models.{table}) TO STDOUT (FORMAT csv)") as out,
        ):
            rows.writelines(out)
        listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        database.execute(f"CREATE TABLE ayrshare_models.{table} ({listed})")
        database.execute(f"COPY ayrshare_models.{table} FROM '{file}' (FORMAT csv)")
    database.close()
    return path


@pytest.fixture(scope="session")
def answers(demo):
    """The rows that answer each question, as objects."""
    return [asked(demo.execute(question.query.encode())) for question in questions()]


def asked(cursor) -> list[dict]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="session")
def table(demo):
    return lambda name: asked(demo.execute(f"SELECT * FROM {name}"))


@pytest.fixture(scope="session")
def posts(table):
    return table("ayrshare_models.ayrshare__post_facts")


@pytest.fixture(scope="session")
def network_days(table):
    return table("ayrshare_models.ayrshare__network_metrics_daily")


@pytest.fixture(scope="session")
def followers(table):
    """Followers of each account by day, as the tap has loaded them."""
    found = defaultdict(dict)
    for row in table("ayrshare.social_analytics"):
        if row["followers"] is not None:
            found[row["profile"], row["platform"]][row["snapshot_date"]] = row["followers"]
    return found


def total(values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def test_ten_questions_have_answers(answers):
    assert len(answers) == 10
    assert all(answers)
    assert len({question.title for question in questions()}) == 10


def test_growth_of_clients(answers, posts, network_days, followers):
    expected = {}
    for profile in ("bean-and-leaf", "northtrail", "studio-lumen"):
        won = sum(
            days[TODAY] - days[TODAY - timedelta(days=30)] for (name, _), days in followers.items() if name == profile
        )
        mine = [row for row in network_days if row["profile"] == profile and (LAST - row["snapshot_date"]).days < 30]
        published = {
            post["post_key"] for post in posts
            if post["profile"] == profile and (LAST - post["published_date"]).days < 30
        }  # fmt: skip
        expected[profile] = (won, len(published), total(row["engagements_gained"] for row in mine))
    assert {r["profile"]: (r["followers_net"], r["posts"], r["engagements"]) for r in answers[0]} == expected
    assert answers[0][0]["profile"] == "northtrail"


def test_a_new_post_counts_from_its_publication(table, network_days):
    """What the viral post has in the end is what its network has won with it, its first hours too."""
    days = table("ayrshare_models.ayrshare__post_metrics_daily")
    published = [
        row for row in days if row["engagements"] is not None and row["published_date"] > TODAY - timedelta(days=60)
    ]
    newest = {}
    for row in sorted(published, key=lambda row: row["snapshot_date"]):
        newest[row["profile"], row["platform"], row["social_post_id"], row["thread_index"]] = row
    by_network = defaultdict(int)
    for (profile, network, *_), row in newest.items():
        by_network[profile, network] += row["engagements"]
    gained = defaultdict(int)
    for row in network_days:
        gained[row["profile"], row["platform"]] += row["engagements_gained"] or 0
    # Posts older than the data have grown too, a little.
    assert all(0.97 * whole <= gained[key] <= 1.6 * whole for key, whole in by_network.items())


def test_best_posts_by_rate(answers, posts):
    recent = [p for p in posts if p["engagement_rate"] is not None and (LAST - p["published_date"]).days < 30]
    best = defaultdict(float)
    for post in recent:
        best[post["platform"]] = max(best[post["platform"]], post["engagement_rate"])
    firsts = {row["platform"]: float(row["rate_percent"]) for row in answers[1] if row["place"] == 1}
    assert firsts == pytest.approx({network: 100 * rate for network, rate in best.items()}, abs=0.051)


def test_formats(answers, posts):
    kinds = defaultdict(list)
    for post in posts:
        kind = post["media_type"] or post["post_format"]
        if kind and post["engagement_rate"] is not None:
            kinds[post["platform"], kind].append(post["engagement_rate"])
    expected = {key: 100 * statistics.median(rates) for key, rates in kinds.items() if len(rates) >= 3}
    assert {(row["platform"], row["kind"]): float(row["median_rate_percent"]) for row in answers[2]} == pytest.approx(
        expected, abs=0.051
    )
    # The story has it so.
    rates = {row["kind"]: row["median_rate_percent"] for row in answers[2] if row["platform"] == "instagram"}
    assert rates["carousel"] > rates["image"]


def test_best_time(answers, posts):
    """By the story, Tuesday and Wednesday are the best days, 12:00, 18:00 and 20:00 the best hours."""
    scores = defaultdict(list)
    for post in posts:
        if post["times_usual"] is not None:
            scores[post["profile"], post["post_key"]].append(post)
    times = defaultdict(list)
    for same in scores.values():
        score = statistics.median(post["times_usual"] for post in same)
        times["weekday", same[0]["published_weekday"]].append(score)
        times["hour", same[0]["published_hour"]].append(score)
    given = {(row["kind"], row["slot"]): row for row in answers[3]}
    assert {key: row["posts"] for key, row in given.items()} == {key: len(found) for key, found in times.items()}
    assert {key: float(row["times_the_usual"]) for key, row in given.items()} == pytest.approx(
        {key: statistics.median(found) for key, found in times.items()}, abs=0.0051
    )
    better = {key for key, row in given.items() if row["verdict"] == "better"}
    assert better <= {("weekday", 2), ("weekday", 3), ("hour", 12), ("hour", 18), ("hour", 20)}
    assert all(row["posts"] >= 10 for row in answers[3] if row["verdict"] in ("better", "worse"))


def test_links(answers, table):
    """The window of 30 days that the API counts is what the clicks of 30 days add up to."""
    newest = {
        row["short_url"]: row["clicks"] for row in table("ayrshare.link_analytics") if row["snapshot_date"] == TODAY
    }
    assert {row["short_url"]: row["clicks"] for row in answers[4]} == newest
    assert len(newest) == 8


def test_followers_won_and_lost(answers, followers):
    for row in answers[5]:
        days = followers[row["profile"], row["platform"]]
        steps = [days[TODAY - timedelta(days=n)] - days[TODAY - timedelta(days=n + 1)] for n in range(30)]
        assert row["gained"] == sum(step for step in steps if step > 0)
        assert row["lost"] == -sum(step for step in steps if step < 0)
        assert row["net"] == sum(steps)
    assert {(row["profile"], row["platform"]) for row in answers[5]} == set(followers)
    assert {row["platform"] for row in answers[5] if row["net"] < 0} == {"facebook"}


def test_share_of_networks(answers, network_days):
    recent = [row for row in network_days if (LAST - row["snapshot_date"]).days < 30]
    by_network = defaultdict(list)
    for row in recent:
        by_network[row["platform"]].append(row["engagements_gained"])
    sums = {network: total(values) for network, values in by_network.items() if total(values) is not None}
    assert {row["platform"]: row["engagements"] for row in answers[6]} == sums
    assert sum(float(row["share_percent"]) for row in answers[6]) == pytest.approx(100, abs=0.5)
    assert answers[6][0]["platform"] == "instagram"


def test_month_against_month(answers, network_days):
    for row in answers[7]:
        mine = [(LAST - day["snapshot_date"]).days for day in network_days if day["profile"] == row["profile"]]
        assert mine
        for suffix, first in (("", 0), ("_before", 28)):
            span = [
                day for day in network_days
                if day["profile"] == row["profile"] and first <= (LAST - day["snapshot_date"]).days < first + 28
            ]  # fmt: skip
            assert row[f"engagements{suffix}"] == total(day["engagements_gained"] for day in span)
            assert row[f"posts{suffix}"] == total(day["posts_published"] for day in span)


def test_what_is_not_fresh(answers):
    assert [(row["profile"], row["platform"], row["last_read"]) for row in answers[8]] == [
        ("northtrail", "twitter", None)
    ]


def test_posts_that_still_grow(answers, table):
    grown = defaultdict(int)
    for row in table("ayrshare_models.ayrshare__post_metrics_daily"):
        if (LAST - row["snapshot_date"]).days < 7 and row["engagements_delta"] is not None:
            grown[row["profile"], row["platform"], row["social_post_id"]] += row["engagements_delta"]
    assert all(row["age_days"] > 7 for row in answers[9])
    most = [row["engagements_last_week"] for row in answers[9]]
    assert most == sorted(most, reverse=True)
    assert set(most) <= set(grown.values())
    assert answers[9][0]["message"] == VIRAL


def test_duckdb_answers_the_same(answers, copy):
    with duckdb.connect(str(copy), read_only=True) as database:
        for question, expected in zip(questions(), answers, strict=True):
            given = asked(database.execute(question.query))
            assert [[*map(plain, row.values())] for row in given] == [[*map(plain, row.values())] for row in expected]


def plain(value):
    return float(value) if hasattr(value, "as_integer_ratio") else value


def test_no_question_adds_up_what_must_not_be(table):
    over = ("growth_additive_over_days", "growth_additive_over_posts", "growth_additive_over_profiles")
    rows = [row for row in table("ayrshare_models.ayrshare__metrics") if row["level"] == "post"]
    never = {row["metric"] for row in rows if not all(row[name] for name in over)}
    assert "reach" in never
    growth = {f"{row['metric']}_{kind}" for row in rows for kind in ("gained", "delta") if row["metric"] not in never}
    allowed = growth | {"followers_delta", "followers_gained", "followers_lost", "posts_published", "is_comparable"}
    # What else stands in a sum: words of SQL, and the name of a sum of growth.
    allowed |= {"case", "when", "then", "end", "between", "and", "days_ago", "day", "engagements"}
    summed = [word for question in questions() for sum_ in re.findall(r"sum\(([^()]*)\)", question.query.lower())
              for word in re.findall(r"[a-z_]+", sum_)]  # fmt: skip
    assert len(summed) > 15
    assert set(summed) <= allowed


def test_the_report_is_the_same_from_either_database(demo, copy):
    uri = json.loads((SERVER / KEPT).read_text())["uri"]
    found = []
    for url in (uri, f"duckdb:///{copy}"):
        with opened(url, "ayrshare_models") as tables:
            found.append(collect(tables, Limits(180, 10_000)))
    assert found[0] == found[1]


def test_the_report_of_the_demo(demo, show):
    report = show(REPORT)
    assert set(report.drawn()) == {"followers", "engagement", "formats"}
    highlights = report.text("#highlights")
    assert VIRAL in highlights
    assert "Grows fastest\nTikTok, bean-and-leaf" in highlights.replace("\n\n", "\n")
    assert "X is left out" in report.text("#freshness")
    assert "×" in report.text("#times")
    assert report.tile("Engagements")[2].startswith("▲")
    report.choose(profile="studio-lumen")
    assert VIRAL not in report.text("main")


def test_one_client_sees_no_other(copy):
    text = written(copy, "--profile", "studio-lumen").read_text()
    assert text
    with opened(str(copy), "ayrshare_models") as tables:
        data = json.dumps(collect(tables, Limits(180, 10_000, ["studio-lumen"])))
    assert "studio-lumen" in data
    assert "northtrail" not in data
    assert "bean-and-leaf" not in data
