"""The models in dbt/, on what the tap has loaded: numbers as the API gave them, growth that adds up."""

import json
import os
import subprocess
from collections import Counter
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from tap_ayrshare.ayrshare.contract import load
from tests.destinations.conftest import QUICK, config, plugin
from tests.e2e.test_incremental import later
from tests.models.warehouses import OPTIONAL_STREAMS
from tests.support import NOW, ROOT

METRICS = load("metrics.json")
POST_NETWORKS = {"bluesky", "facebook", "instagram", "linkedin", "pinterest", "snapchat", "threads", "tiktok",
                 "twitter", "youtube"}  # fmt: skip
KEYS = ("profile", "platform", "social_post_id", "thread_index")
NIGHTS = (NOW, later(1), later(4), later(5))
"""Two days are missed."""


def build(warehouse, directory, *selection, **variables):
    """Run `dbt build`; return what it said."""
    dialect = warehouse.loader.removeprefix("target-")
    if dialect == "postgres":
        url = urlsplit(warehouse.settings["sqlalchemy_url"])
        env = {"DBT_POSTGRES_HOST": url.hostname, "DBT_POSTGRES_PORT": str(url.port),
               "DBT_POSTGRES_USER": url.username, "DBT_POSTGRES_PASSWORD": url.password,
               "DBT_POSTGRES_DATABASE": url.path[1:]}  # fmt: skip
    else:
        env = {"DBT_DUCKDB_PATH": warehouse.settings["filepath"]}
    command = [
        str(plugin("utilities", f"dbt-{dialect}", "dbt")), "--no-use-colors", "build", "--project-dir", "dbt",
        "--profiles-dir", "dbt", "--target", dialect, "--target-path", str(directory / "target"),
        "--log-path", str(directory), "--vars", json.dumps(variables), *selection,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **env}, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def number(body, paths):
    """The first of the paths that holds a number, as the contract says: -1 and text that is none do not count."""
    for path in paths:
        value = body
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value != -1:
            return value
    return None


def measured(level, network, metric, body):
    """A metric as schemas/metrics.json says: the network's own, another name for it, or a sum of its parts."""
    of_posts = "post" if level == "native" else level
    mapping, more = METRICS[level].get(network, {}), METRICS["comparable"][of_posts].get(network, {})
    own = number(body, mapping[metric]["paths"]) if metric in mapping else None
    if metric not in more:
        return own
    if level == "native" and metric not in METRICS["comparable"]["native"].get(network, []):
        return None

    def read(name):
        if name == metric and name in mapping:
            return own
        if name in METRICS["columns"][of_posts]:
            return measured(level, network, name, body) if metric == "engagements" else promoted(name)
        return number(body, [name])

    def promoted(name):
        return number(body, mapping[name]["paths"]) if name in mapping else None

    entry = more[metric]
    if "paths" in entry:
        found = next((value for path in entry["paths"] if (value := read(path)) is not None), None)
        return found if found is None or "factor" not in entry else round(found * entry["factor"])
    parts = [read(part) for part in entry["parts"]]
    return None if None in parts else sum(parts) + sum(read(part) or 0 for part in entry.get("optional", []))


@pytest.fixture
def loaded(tap, box, warehouse):
    """Four nights, two days missed, and one account whose followers the network corrects downward."""
    for night in NIGHTS:
        box.set_clock(night)
        numbers = {"facebook": {"analytics": {"followersCount": 1000 if night == NIGHTS[2] else 900}}}
        box.set_faults({"fault": "patch", "endpoint": "/analytics/social", "platform": "facebook", "body": numbers,
                        "profile": "primary"})  # fmt: skip
        output = warehouse.load(tap, config(box), now=night)
    return output


def test_models(loaded, warehouse, tmp_path):
    said = build(warehouse, tmp_path)
    assert "ERROR=0" in said
    check_numbers_of_posts(loaded, warehouse)
    check_numbers_of_accounts(loaded, warehouse)
    check_growth(warehouse)
    check_rollup(warehouse)


def is_right(found, expected, level, network, metric, body):
    """Whether a model has a metric; an optional part that isn't reported today adds what it was last."""
    of_posts = "post" if level == "native" else level
    mapping = METRICS[level].get(network, {})
    optional = METRICS["comparable"][of_posts].get(network, {}).get(metric, {}).get("optional", [])
    waiting = [part for part in optional if number(body, mapping[part]["paths"] if part in mapping else [part]) is None]
    return found is not None and found >= expected if waiting and expected is not None else expected in (None, found)


def check_numbers_of_posts(output, warehouse):
    columns = [name for name, entry in METRICS["columns"]["post"].items() if entry["kind"] == "counter"]
    query = f"SELECT {', '.join(KEYS)}, snapshot_date, source_stream, {', '.join(columns)} FROM ayrshare_models"
    rows = [row for row in warehouse.ask(f"{query}.ayrshare__post_metrics_latest") if str(row[4]) == NIGHTS[-1][:10]]
    newest = {tuple(row[:4]): dict(zip(columns, row[6:], strict=True)) for row in rows}
    from_lists = {(row[0], row[1], row[2]): tuple(row[:4]) for row in rows if row[5] == "social_posts"}
    compared, filled = set(), set()
    for stream in ("post_analytics", "social_post_analytics"):
        for record in output.records(stream):
            network = record["platform"]
            row = newest[record["profile"], network, record["social_post_id"], record["thread_index"]]
            for column in columns:
                expected = measured("post", network, column, record["analytics"])
                # What is not reported today stays as it was last reported.
                assert is_right(row[column], expected, "post", network, column, record["analytics"]), (network, column)
                filled |= {(network, column)} if expected is not None else set()
            compared.add(network)
    for record in output.records("social_posts"):
        if key := from_lists.get((record["profile"], record["platform"], record["social_post_id"])):
            for column in columns:
                expected = measured("native", record["platform"], column, record["analytics"])
                found = newest[key][column]
                assert is_right(found, expected, "native", record["platform"], column, record["analytics"]), (
                    record["platform"],
                    column,
                )
            compared.add((record["platform"], "list"))
    assert compared >= POST_NETWORKS
    assert len(compared) > len(POST_NETWORKS) + 5
    declared = {(network, metric) for network, entries in METRICS["comparable"]["post"].items() for metric in entries}
    assert len(filled & declared) > 0.9 * len(declared), declared - filled


def check_numbers_of_accounts(output, warehouse):
    columns = list(METRICS["columns"]["account"])
    query = f"SELECT profile, platform, {', '.join(columns)} FROM ayrshare_models.ayrshare__account_metrics_daily "
    rows = {
        tuple(row[:2]): dict(zip(columns, row[2:], strict=True))
        for row in warehouse.ask(f"{query} WHERE snapshot_date = '{NIGHTS[-1][:10]}'")
    }
    compared = set()
    for record in output.records("social_analytics"):
        network, body = record["platform"], record["analytics"]
        if set(body) == {"items"}:
            body = body["items"][0] if len(body["items"]) == 1 else {}
        for column in columns:
            expected = measured("account", network, column, body)
            assert rows[record["profile"], network][column] == expected, (network, column)
        compared.add(network)
    assert compared >= {*POST_NETWORKS, "gmb", "reddit"}
    links = dict(warehouse.ask(
        "SELECT short_url, clicks FROM ayrshare_models.ayrshare__link_clicks_daily "
        f"WHERE snapshot_date = '{NIGHTS[-1][:10]}'"
    ))  # fmt: skip
    assert links == {record["short_url"]: record["clicks"] for record in output.records("link_analytics")}


def check_growth(warehouse):
    days = warehouse.ask(
        "SELECT is_snapshot, days_covered, followers, followers_delta, corrected_metrics "
        "FROM ayrshare_models.ayrshare__account_metrics_daily WHERE profile = 'primary' AND platform = 'facebook' "
        "ORDER BY snapshot_date"
    )
    assert [[bool(day[0]), *day[1:4], (day[4] or "").strip()] for day in days] == [
        [True, None, 900, None, ""],
        [True, 1, 900, 0, ""],
        [False, None, None, 33, ""],
        [False, None, None, 33, ""],
        [True, 3, 1000, 34, ""],
        [True, 1, 900, -100, "followers"],
    ]
    # A post whose counter never falls grows by what its last snapshot has more than its first, no more and no less; one
    # that is published while it is being read, by all that its last snapshot has.
    grown = warehouse.ask(
        "SELECT sum(likes_delta), max(likes) - CASE WHEN count(CASE WHEN is_counted_from_zero THEN 1 END) = 0 "
        "THEN min(likes) ELSE 0 END FROM ayrshare_models.ayrshare__post_metrics_daily "
        f"GROUP BY {', '.join(KEYS)} HAVING count(corrected_metrics) = 0 AND count(likes) > 1"
    )
    assert len(grown) > 20
    assert all(int(added) == int(whole) for added, whole in grown)


def check_rollup(warehouse):
    columns = ("created_timestamp", "post_id", "post_message", "page_id", "page_name", "post_url", "source_relation",
               "platform", "clicks", "impressions", "likes", "shares", "comments", "reach", "saves", "video_views",
               "engagement_rate", "followers", "views", "snapshot_date")  # fmt: skip
    rows = warehouse.ask(f"SELECT {', '.join(columns)} FROM ayrshare_models.ayrshare__rollup")
    [[posts]] = warehouse.ask("SELECT count(*) FROM ayrshare_models.ayrshare__post_metrics_latest")
    assert len(rows) == posts
    filled = {column for row in rows for column, value in zip(columns, row, strict=True) if value is not None}
    assert filled == set(columns)
    assert {row[columns.index("platform")] for row in rows} >= POST_NETWORKS
    empty = [row for row in rows if row[columns.index("impressions")] is row[columns.index("views")] is None]
    assert empty
    assert {row[columns.index("engagement_rate")] for row in empty} == {None}


def test_a_stream_that_is_not_loaded_is_no_trouble(tap, box, postgres, tmp_path):
    wanted = ["posts", "post_analytics", "extraction_errors"]
    output = tap.run({**config(box), "rate_limit_requests": 10**6, "rate_limit_window_seconds": 1}, select=wanted)
    postgres.write(output.raw)
    said = build(postgres, tmp_path, ayrshare_streams=wanted)
    assert "ERROR=0" in said
    assert "ayrshare__account_metrics_daily" not in said
    [[count]] = postgres.ask("SELECT count(*) FROM ayrshare_models.ayrshare__rollup WHERE post_message IS NOT NULL")
    assert count > 0


@pytest.fixture
def others(tap, box, warehouse):
    """What two days leave of the streams that are deselected by default, each row as it was last received."""
    found, state = {}, None
    for night in NIGHTS[1:3]:
        box.set_clock(night)
        output = tap.run({**config(box), **QUICK}, now=night, select=OPTIONAL_STREAMS, state=state)
        assert output.code == 0, output.log
        warehouse.write(output.raw)
        state = output.state
        for stream in OPTIONAL_STREAMS:
            keys = output.schemas[stream]["key_properties"]
            found.setdefault(stream, {}).update(
                {tuple(row[key] for key in keys): row for row in output.records(stream)}
            )
    return {stream: list(rows.values()) for stream, rows in found.items()}


def test_models_of_streams_that_are_deselected_by_default(others, warehouse, tmp_path):
    said = build(warehouse, tmp_path, ayrshare_streams=OPTIONAL_STREAMS)
    assert "ERROR=0" in said
    check_comments(others, warehouse)
    check_reviews(others, warehouse)
    check_spend_and_audience(others, warehouse)


def check_comments(others, warehouse):
    rows = warehouse.ask(
        "SELECT comment_id, platform, parent_comment_id, thread_comment_id, depth, replies, is_own, is_answered, likes "
        "FROM ayrshare_models.ayrshare__comments"
    )
    written = others["comments"] + others["social_post_comments"]
    assert others["social_post_comments"]
    loaded = {row["comment_id"]: row for row in written}
    assert {row[0] for row in rows} == loaded.keys()
    replies = Counter(row["parent_comment_id"] for row in written)
    for comment_id, platform, parent, thread, depth, replied, is_own, is_answered, likes in rows:
        assert (parent, likes) == (loaded[comment_id]["parent_comment_id"], loaded[comment_id]["likes"])
        assert (thread, depth) == (parent or comment_id, 1 if parent else 0)
        assert replied == replies[comment_id]
        # The sandbox's accounts answer on Instagram, under their username; the others say no more than id and text.
        if platform == "instagram":
            assert (is_own, is_answered) == ((True, False) if parent else (None, replied > 0))
        else:
            assert (is_own, is_answered) == (None, None)
    assert {row[1] for row in rows} > {"instagram", "facebook"}
    assert {row[7] for row in rows if row[1] == "instagram"} == {True, False}


def check_reviews(others, warehouse):
    rows = warehouse.ask(
        "SELECT profile, platform, review_id, rating_value, is_recommended, is_answered "
        "FROM ayrshare_models.ayrshare__reviews"
    )
    assert sorted(map(repr, rows)) == sorted(
        repr([
            *(row[name] for name in ("profile", "platform", "review_id")),
            row["rating_value"] and float(row["rating_value"]), row["is_recommended"], row["reply_text"] is not None,
        ])
        for row in others["reviews"]
    )  # fmt: skip
    days = warehouse.ask(
        "SELECT profile, platform, snapshot_date, average_rating, total_reviews "
        "FROM ayrshare_models.ayrshare__review_totals_daily WHERE is_snapshot"
    )
    names = ("profile", "platform", "snapshot_date", "average_rating", "total_reviews")
    assert {(*day[:2], str(day[2]), *day[3:]) for day in days} == {
        tuple(row[name] for name in names) for row in others["review_totals"]
    }


def check_spend_and_audience(others, warehouse):
    sums = warehouse.ask(
        "SELECT currency, cast(sum(spend) AS varchar) FROM ayrshare_models.ayrshare__ad_spend_daily GROUP BY currency"
    )
    expected = Counter()
    for row in others["ad_spend_daily"]:
        expected[row["currency"]] += Decimal(str(row["spend"]))
    assert {currency: Decimal(total) for currency, total in sums} == dict(expected)
    assert len(expected) == 2
    names = ("profile", "platform", "audience", "dimension", "bucket", "value")
    groups = warehouse.ask(f"SELECT {', '.join(names)} FROM ayrshare_models.ayrshare__audience")
    newest = [row for row in others["account_demographics"] if row["snapshot_date"] == NIGHTS[2][:10]]
    assert {tuple(group) for group in groups} == {tuple(row[name] for name in names) for row in newest}
    assert {group[1] for group in groups} == {"instagram", "threads", "tiktok"}
    shares = warehouse.ask(
        "SELECT platform, share_basis, min(share), max(share) FROM ayrshare_models.ayrshare__audience GROUP BY 1, 2"
    )
    assert {(platform, basis) for platform, basis, _, _ in shares} == {
        ("instagram", "listed"), ("threads", "listed"), ("tiktok", "reported"),
    }  # fmt: skip
    assert all(0 < low <= high <= 1 for *_, low, high in shares)
