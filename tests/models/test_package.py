"""The package in other hands: installed by path and by git, on older versions of dbt, queried by metric."""

import shutil
import subprocess

import pytest
import sqlglot
import yaml
from sqlglot import expressions as exp

from demo.postgres import running_postgres
from tap_ayrshare.ayrshare.contract import load
from tests.models.warehouses import BIN, DuckDB, Postgres, streams
from tests.support import ROOT

pytestmark = pytest.mark.timeout(600)
DAYS = (("2026-11-20", 5), ("2026-11-21", 8), ("2026-11-24", 20))
PROJECT = """\
name: agency
version: "1.0.0"
profile: ayrshare
vars:
  ayrshare_streams: [accounts, posts, post_analytics, social_analytics, link_analytics]
models:
  ayrshare:
    marts: {+schema: social}
"""


def fill(warehouse):
    """Load three snapshots of a post, an account and a link."""
    posts, accounts, links = [], [], []
    for day, likes in DAYS:
        common = {"profile": "p", "snapshot_date": day, "extracted_at": f"{day} 15:00:00"}
        body = {"reactions": {"total": 2 * likes}, "totalMediaViewUnique": 90}
        posts.append({**common, "post_id": "a", "platform": "facebook", "thread_index": 0, "social_post_id": "s",
                      "published_at": "2026-11-19 23:30:00", "likes": likes, "comments": 2, "shares": 1,
                      "analytics": body})  # fmt: skip
        accounts.append({**common, "platform": "facebook", "followers": 100 + likes, "analytics": {}})
        links.append({**common, "short_url": "u", "clicks": likes, "analytics": {}})
    tables = {"post_analytics": posts, "social_analytics": accounts, "link_analytics": links}
    warehouse.execute([line for stream, rows in tables.items() for line in warehouse.insert(stream, rows)])


@pytest.fixture
def duckdb(tmp_path):
    warehouse = DuckDB(tmp_path)
    warehouse.create()
    fill(warehouse)
    return warehouse


def repository(directory):
    """A git repository with the package in a folder, as this one is."""
    shutil.copytree(ROOT / "dbt", directory / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-qm", "The package")):
        subprocess.run(["git", *arguments], cwd=directory, check=True)
    return {"git": f"file://{directory}", "subdirectory": "dbt", "revision": "main"}


@pytest.mark.parametrize("way", ["path", "git"])
def test_installed_by_another_project(duckdb, tmp_path, way):
    project = tmp_path / "agency"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(PROJECT)
    (project / "models" / "likes.sql").write_text("select sum(likes) as likes from {{ ref('ayrshare__rollup') }}")
    package = {"local": str(ROOT / "dbt")} if way == "path" else repository(tmp_path / "repository")
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [package]}))
    duckdb.dbt("deps", project=str(project))
    duckdb.dbt("build", project=str(project))
    assert duckdb.ask("select likes from ayrshare_models.likes") == [[20]]
    [[days]] = duckdb.ask("select count(*) from ayrshare_models_social.ayrshare__post_metrics_daily")
    assert days == 5


@pytest.mark.parametrize("version", ["1.8", "1.9", "1.10"])
def test_an_older_dbt(duckdb, version):
    duckdb.bin = ROOT / ".venvs" / f"dbt-{version}" / "bin"
    assert f"Running with dbt={version}." in duckdb.dbt("build", ayrshare_semantic_layer=True)
    said = duckdb.dbt("build", ayrshare_semantic_layer=True)
    assert "ERROR=0" in said


def test_metrics_are_queried_through_the_semantic_layer(duckdb, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    duckdb.dbt("build", ayrshare_semantic_layer=True)
    env = {"DBT_PROFILES_DIR": str(project), "DBT_TARGET": "duckdb", "PATH": f"{BIN}:/usr/bin:/bin", **duckdb.env}
    parse = [str(BIN / "dbt"), "parse", "--vars", "{ayrshare_semantic_layer: true}"]
    subprocess.run(parse, cwd=project, env=env, check=True, capture_output=True)
    table = tmp_path / "answer.csv"
    query = [str(BIN / "mf"), "query", "--metrics", "ayrshare_reactions_gained,ayrshare_followers", "--group-by",
             "metric_time__day", "--order", "metric_time__day", "--csv", str(table)]  # fmt: skip
    done = subprocess.run(query, cwd=project, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    lines = [line.split(",") for line in table.read_text().splitlines()[1:]]
    assert [(day[:10], gained) for day, gained, _ in lines][-1] == ("2026-11-24", "8")
    assert float(lines[-1][2]) == 120


def test_postgres_has_comments_indexes_and_keys_that_are_never_null(tmp_path):
    with running_postgres(tmp_path / "postgres") as uri:
        warehouse = Postgres(tmp_path, uri)
        warehouse.create()
        fill(warehouse)
        warehouse.dbt("run-operation", "index_sources")
        assert "ERROR=0" in warehouse.dbt("build")
        named = "where table_name = 'ayrshare__post_metrics_daily' and column_name"
        [[comment]] = warehouse.ask(
            "select col_description('ayrshare_models.ayrshare__post_metrics_daily'::regclass, ordinal_position) "
            f"from information_schema.columns {named} = 'reach'"
        )
        assert comment.startswith("People or accounts that saw the post")
        indexes = warehouse.ask("select tablename from pg_indexes where schemaname = 'ayrshare_models'")
        assert ["ayrshare__post_metrics_daily"] in indexes
        [[nullable]] = warehouse.ask(f"select is_nullable from information_schema.columns {named} = 'profile'")
        assert nullable == "NO"
        assert "ERROR STALE" in warehouse.dbt("source", "freshness", fails=True)


def test_days_are_those_of_the_reporting_time_zone(duckdb):
    duckdb.dbt("run", ayrshare_timezone="America/Los_Angeles")
    rows = duckdb.ask("select snapshot_date, published_date, age_days, reach from ayrshare_models."
                      "ayrshare__post_metrics_daily where is_snapshot order by 1")  # fmt: skip
    assert rows[0] == ["2026-11-19", "2026-11-19", 0, 90]
    [[hour, weekday]] = duckdb.ask(
        "select published_hour, published_weekday from ayrshare_models.ayrshare__post_metrics_latest"
    )
    assert (hour, weekday) == (15, 4)


def test_a_snapshot_that_came_too_late_is_noticed(duckdb):
    duckdb.dbt("build")
    late = {"profile": "p", "post_id": "late", "platform": "facebook", "thread_index": 0, "snapshot_date": "2026-10-01",
            "social_post_id": "t", "likes": 1, "analytics": {}, "extracted_at": "2026-10-01 03:00:00"}  # fmt: skip
    duckdb.execute(duckdb.insert("post_analytics", [late]))
    assert "FAIL 1 taken_in_or_needs_full_refresh_int_ayrshare__post_readings" in duckdb.dbt("build", fails=True)
    duckdb.dbt("build", "--full-refresh")


def test_nothing_is_added_up_that_may_not_be(duckdb):
    duckdb.dbt("compile", ayrshare_streams=streams())
    folder = duckdb.directory / "target" / "compiled" / "ayrshare" / "models"
    # What lies under a .yml is a test of data: that one adds up a post's growth over days, which may be.
    compiled = [path for path in folder.rglob("*.sql") if path.parent.suffix != ".yml"]
    asked = [*(ROOT / "demo").rglob("*.sql"), *(ROOT / "docs").rglob("*.sql")]
    assert len(compiled) > 15
    found = [f"{path.name}: {sum_}" for path in compiled for sum_ in wrong_sums(path.read_text(), "duckdb")]
    found += [f"{path.name}: {sum_}" for path in asked for sum_ in wrong_sums(path.read_text(), "postgres")]
    assert found == []


def wrong_sums(text, dialect):
    """Sums of what metrics.json says may not be added up over posts or profiles, or only within one currency."""
    columns = load("metrics.json")["columns"]
    values = {name for level in columns.values() for name, entry in level.items()
              if not all(entry["additive"][over] is not False for over in ("posts", "profiles"))}  # fmt: skip
    growth = {f"{name}_delta" for level in columns.values() for name, entry in level.items()
              if entry["growth_additive"] and False in entry["growth_additive"].values()}  # fmt: skip
    within = {name: entry["within"] for level in columns.values() for name, entry in level.items() if "within" in entry}
    for statement in sqlglot.parse(text, dialect=dialect):
        for sum_ in statement.find_all(exp.Sum) if statement else ():
            summed = {column.name for column in sum_.find_all(exp.Column)}
            group = sum_.find_ancestor(exp.Select).args.get("group")
            grouped = {column.name for column in group.find_all(exp.Column)} if group else set()
            apart = {within[name] for name in summed & within.keys()}
            if summed & (values | growth | {"followers_filled"}) or not apart <= grouped:
                yield sum_.sql()


def test_the_check_of_sums_finds_some():
    assert list(wrong_sums("select sum(d.followers), sum(reach_delta), sum(likes_delta) from d", "postgres")) == [
        "SUM(d.followers)", "SUM(reach_delta)"
    ]  # fmt: skip
    by_currency = "select profile, currency, sum(spend) from a group by profile, currency"
    assert list(wrong_sums(f"select profile, sum(spend) from a group by profile; {by_currency}", "postgres")) == [
        "SUM(spend)"
    ]
