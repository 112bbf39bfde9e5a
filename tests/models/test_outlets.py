"""One number, one definition: MetricFlow, the report, the questions and plain SQL say the same, to the digit."""

from __future__ import annotations

import csv
import shutil
import subprocess

import duckdb
import pytest

from demo.questions import questions
from tap_ayrshare_report.data import Limits, collect
from tap_ayrshare_report.database import opened
from tests.models.agency import Agency
from tests.models.test_numbers import HISTORIES, very_large
from tests.models.warehouses import BIN, DuckDB
from tests.support import ROOT
from tools.semantic import semantic_models

pytestmark = pytest.mark.timeout(900)
NETWORK_DAYS, ACCOUNT_DAYS = "ayrshare__network_metrics_daily", "ayrshare__account_metrics_daily"
FACTS, LINKS = "ayrshare__post_facts", "ayrshare__link_clicks_daily"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """The clients of the hand-written histories, without one whose numbers MetricFlow's floats can't hold."""
    found, agency = DuckDB(tmp_path_factory.mktemp("outlets")), Agency()
    for fill in HISTORIES:
        if fill is not very_large:
            fill(agency)
    found.create()
    agency.load(found)
    found.dbt("build", ayrshare_semantic_layer=True)
    return found


@pytest.fixture(scope="module")
def metricflow(warehouse, tmp_path_factory):
    """Every metric of the semantic layer, without a group."""
    project = tmp_path_factory.mktemp("metricflow") / "project"
    shutil.copytree(ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    env = {"DBT_PROFILES_DIR": str(project), "DBT_TARGET": "duckdb", "PATH": f"{BIN}:/usr/bin:/bin", **warehouse.env}
    parse = [str(BIN / "dbt"), "parse", "--vars", "{ayrshare_semantic_layer: true}"]
    subprocess.run(parse, cwd=project, env=env, check=True, capture_output=True)
    names = [f"ayrshare_{metric.name}" for model in semantic_models() for metric in model.metrics]
    names.append("ayrshare_engagement_rate")
    answer = project / "answer.csv"
    command = [str(BIN / "mf"), "query", "--metrics", ",".join(names), "--csv", str(answer)]
    done = subprocess.run(command, cwd=project, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    with answer.open() as lines:
        (row,) = csv.DictReader(lines)
    return {name.removeprefix("ayrshare_"): float(value) if value else None for name, value in row.items()}


@pytest.fixture(scope="module")
def report(warehouse):
    """What the page adds up."""
    with opened(warehouse.file, "ayrshare_models") as tables:
        return collect(tables, Limits(10_000, 100_000))


@pytest.fixture(scope="module")
def sql(warehouse):
    def one(expression, table, more=""):
        [[value]] = warehouse.ask(f"select {expression} from ayrshare_models.{table} {more}")
        return None if value is None else float(value)

    return one


def total(values):
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def test_what_posts_gained(metricflow, report, sql):
    gains = [name for name in metricflow if name.endswith("_gained") and not name.startswith(("followers", "link"))]
    assert len(gains) == 11
    for name in gains:
        metric = name.removesuffix("_gained")
        shown = total(report["daily"][metric])
        assert metricflow[name] == shown == sql(f"sum({name})", NETWORK_DAYS), name
        assert metricflow[name] == sql(f"sum({metric}_delta)", "ayrshare__post_metrics_daily"), name
    assert metricflow["likes_gained"] > 500


def test_followers(metricflow, report, sql):
    for name, column, shown in (
        ("followers_net", "followers_delta", "change"), ("followers_gained", "followers_gained", "gained"),
        ("followers_lost", "followers_lost", "lost"),
    ):  # fmt: skip
        assert metricflow[name] == sql(f"sum({column})", ACCOUNT_DAYS) == total(report["followers"][shown]), name
    columns = report["followers"]
    rows = zip(columns["profile"], columns["network"], columns["day"], columns["followers"], strict=True)
    newest = {(profile, network): followers for profile, network, _, followers in sorted(rows, key=lambda row: row[2])}
    # All accounts added up, each on its last day: not the largest one.
    assert metricflow["followers"] == sum(newest.values()) > max(newest.values())


def test_posts_and_rates(metricflow, report, sql):
    posts = report["posts"]
    assert metricflow["posts"] == len(set(posts["key"])) == sql("count(distinct profile || post_key)", FACTS)
    assert metricflow["network_posts"] == len(posts["key"]) == sql("count(*)", FACTS)
    # The page's tile: engagements and impressions of the posts that report both.
    both = [
        (engagements, impressions)
        for engagements, impressions in zip(posts["engagements"], posts["impressions"], strict=True)
        if None not in (engagements, impressions)
    ]
    rate = sum(one for one, _ in both) / sum(one for _, one in both)
    assert metricflow["engagement_rate"] == pytest.approx(rate, rel=1e-12)
    assert metricflow["total_engagements"] == sql("sum(engagements)", FACTS) > sum(one for one, _ in both)


def test_clicks_on_links(metricflow, report, sql):
    shown = sum(clicks for link in report["links"] for clicks in link["days"].values())
    assert metricflow["link_clicks_gained"] == shown == sql("sum(clicks_gained)", LINKS) > 0


def test_months_and_questions(warehouse, metricflow, sql):
    assert metricflow["engagements_gained"] == sql("sum(engagements)", "ayrshare__report_monthly")
    assert metricflow["followers_net"] == sql("sum(followers_net)", "ayrshare__report_monthly")
    growth = questions()[0]
    assert growth.title == "How did each client grow in the last 30 days?"
    with duckdb.connect(warehouse.file, read_only=True) as database:
        clients = database.execute(growth.query).fetchall()
    since = f"where snapshot_date > (select max(snapshot_date) from ayrshare_models.{NETWORK_DAYS}) - 30"
    assert total(row[1] for row in clients) == sql("sum(followers_delta)", ACCOUNT_DAYS, since)
    assert total(row[3] for row in clients) == sql("sum(engagements_gained)", NETWORK_DAYS, since)
    # A client with followers and without posts is there.
    assert {"first-post", "relinked", "parts"} <= {row[0] for row in clients}
