"""The contract's gate: what breaks users needs a major version, what adds a minor one, and the changelog says it."""

import copy
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tools import gate, meaning, models
from tools.reserved_words import QUOTED, reserved_columns, where_reserved

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the gate reads, as if the contract had been released as it is now."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "tools").mkdir()
    (tmp_path / gate.RELEASED).write_text(json.dumps(gate.summary(ROOT / "schemas")))
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    return tmp_path


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def column(checkout, change, stream="post_analytics"):
    edit(checkout / "schemas" / f"{stream}.json", lambda schema: change(schema["properties"]))


def version(checkout, value):
    edit(checkout / "schemas" / "contract.json", lambda contract: contract.update(version=value))


def current():
    return json.loads((ROOT / "schemas" / "contract.json").read_text())["version"]


def next_version(*, major):
    old = [int(part) for part in current().split(".")]
    return f"{old[0] + 1}.0" if major else f"{old[0]}.{old[1] + 1}"


def test_the_contract_as_it_is():
    assert gate.check() == []


BREAKING = {
    "post_analytics: column likes is gone": lambda c: column(c, lambda p: p.pop("likes")),
    "post_analytics: column comments is gone": lambda c: column(c, lambda p: p.update(replies=p.pop("comments"))),
    "post_analytics: the type of column likes was integer or null, is null or string": lambda c: column(
        c, lambda p: p["likes"].update(type=["string", "null"])
    ),
    "social_analytics_daily: the type of column value was null or number, is integer or null": lambda c: column(
        c, lambda p: p["value"].update(type=["integer", "null"]), "social_analytics_daily"
    ),
    "posts: the type of column published_at was string (date-time), is string": lambda c: column(
        c, lambda p: p["published_at"].pop("format"), "posts"
    ),
    "posts: key_properties was profile, post_id, is post_id": lambda c: edit(
        c / "schemas" / "posts.json", lambda d: d["x-stream"].update(key_properties=["post_id"])
    ),
    "posts: replication_key was published_at, is None": lambda c: edit(
        c / "schemas" / "posts.json", lambda d: d["x-stream"].update(replication_key=None)
    ),
    "posts: column status was not required, is required": lambda c: edit(
        c / "schemas" / "posts.json", lambda schema: schema["required"].append("status")
    ),
    "profiles: the type of column ref_id was string of at most 128 characters, is string of at most 64 characters":
    lambda c: column(c, lambda p: p["ref_id"].update(maxLength=64), "profiles"),
    "posts: the type of column urls was array or null of string, is array or null of integer": lambda c: column(
        c, lambda p: p["urls"].update(items={"type": "integer"}), "posts"
    ),
    "stream accounts is gone": lambda c: edit(
        c / "schemas" / "accounts.json", lambda d: d.pop("x-stream")
    ),
    "mapping of post facebook likes: was likeCount, is reactions.like": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"]["facebook"]["likes"].update(paths=["reactions.like"])
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_users_needs_a_major_version(checkout, what):
    assert gate.check(checkout) == []
    BREAKING[what](checkout)
    wrong = gate.check(checkout)
    assert any(line.startswith(what) and line.endswith("this breaks users") for line in wrong), wrong
    assert f"raise the major version of the contract to {next_version(major=True)}" in wrong[-1]
    version(checkout, next_version(major=False))
    assert gate.check(checkout) != []
    version(checkout, next_version(major=True))
    assert "say in CHANGELOG.md what changed" in gate.check(checkout)[-1]
    (checkout / "CHANGELOG.md").write_text(f"Contract {next_version(major=True)}: something else.\n")
    assert gate.check(checkout) == []


ADDITIONS = {
    "posts: the type of column status was null or string, is null or string of at most 64 characters": lambda c: column(
        c, lambda p: p["status"].update(maxLength=64), "posts"
    ),
    "profiles: the type of column ref_id was string of at most 128 characters, is string of at most 200 characters":
    lambda c: column(c, lambda p: p["ref_id"].update(maxLength=200), "profiles"),
    "post_analytics: column mood is new": lambda c: column(c, lambda p: p.update(mood={"type": ["string", "null"]})),
    "mapping of post reddit likes: was nothing, is ups": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"].setdefault("reddit", {}).update(likes={"paths": ["ups"]})
    ),
    "mapping of post facebook likes: was likeCount, is likeCount, likes": lambda c: edit(
        c / "schemas" / "metrics.json", lambda d: d["post"]["facebook"]["likes"]["paths"].append("likes")
    ),
    "messages: the type of column last_seen was string (date), is null or string (date)": lambda c: column(
        c, lambda p: p["last_seen"].update(type=["string", "null"]), "messages"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ADDITIONS)
def test_an_addition_needs_a_minor_version(checkout, what):
    ADDITIONS[what](checkout)
    wrong = gate.check(checkout)
    assert wrong[0] == f"{what}: this is an addition"
    assert f"raise the minor version of the contract to {next_version(major=False)}" in wrong[-1]
    version(checkout, next_version(major=False))
    (checkout / "CHANGELOG.md").write_text(f"## Unreleased\n\n* Contract {next_version(major=False)}: more.\n")
    assert gate.check(checkout) == []


UNLOADABLE = {
    "posts: key column post_id: give it a maxLength of 64 or more": ("post_id", lambda entry: entry.pop("maxLength")),
    "posts: a key of up to 3084 bytes: lower a maxLength, MySQL takes 3072": (
        "post_id", lambda entry: entry.update(maxLength=643),
    ),
    "posts: column urls: give its items a type": ("urls", lambda entry: entry.update(items={})),
    "posts: column post_ids: give its items `properties: {}` and `additionalProperties: true`": (
        "post_ids", lambda entry: entry["items"].pop("properties"),
    ),
    "posts: column errors: give its items `properties: {}` and `additionalProperties: true`": (
        "errors", lambda entry: entry["items"].pop("additionalProperties"),
    ),
    "posts: column published_at: say in its description that it is UTC": (
        "published_at", lambda entry: entry.update(description="When, by createdUTC."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNLOADABLE)
def test_loaders_can_use_the_schemas(checkout, what):
    name, change = UNLOADABLE[what]
    column(checkout, lambda properties: change(properties[name]), "posts")
    assert what in gate.check(checkout)


def test_no_column_of_a_stream_is_reserved(checkout):
    column(checkout, lambda p: p.update(following=p.pop("following_count")), "social_analytics")
    assert "social_analytics: column following: rename it, Snowflake, BigQuery reserve the name" in gate.check(checkout)


RESERVED = {
    "following": ["Snowflake", "BigQuery"],
    "user": ["Redshift", "PostgreSQL", "DuckDB"],
    "read": ["MySQL"],
    "tag": ["Redshift"],
    "anti": ["Databricks"],
    "LEFT": ["Snowflake", "BigQuery", "Redshift", "PostgreSQL", "MySQL", "DuckDB"],
    # Keywords, but not reserved: names of columns everywhere.
    "type": [],
    "name": [],
    "value": [],
    "date": [],
    "status": [],
    "comment": [],
}


@pytest.mark.parametrize("name", RESERVED)
def test_where_a_name_is_reserved(name):
    assert where_reserved(name) == RESERVED[name]


def test_an_exception_is_named_for_one_column_and_as_long_as_it_is_needed():
    quoted = {("runs", "left"): "why", ("runs", "gone"): "why", ("runs", "status"): "why"}
    assert reserved_columns({"runs": ["left", "status"], "days": ["left"]}, quoted) == [
        "days: column left: rename it, Snowflake, BigQuery, Redshift, PostgreSQL, MySQL, DuckDB reserve the name",
        "runs: column gone: no exception is needed, remove it from QUOTED",
        "runs: column status: no exception is needed, remove it from QUOTED",
    ]


def test_duckdb_agrees_on_what_needs_quotes():
    """sqlfluff has lists; here the database says it itself."""
    for name, described in gate.summary(ROOT / "schemas")["streams"].items():
        columns = [column for column in described["columns"] if (name, column) not in QUOTED]
        with duckdb.connect() as database:
            database.execute(f"CREATE TABLE loaded ({', '.join(f'{column} INT' for column in columns)})")
            database.execute(f"SELECT {', '.join(columns)} FROM loaded")


def test_items_that_had_no_type_may_get_one():
    now = gate.summary(ROOT / "schemas")
    before = copy.deepcopy(now)
    before["streams"]["posts"]["columns"]["urls"]["items"] = gate.UNTYPED
    assert [change.breaks for change in gate.changes(before, now)] == [False]


def test_words_are_free(checkout):
    column(checkout, lambda p: p["likes"].update(description="Other words"))
    assert gate.check(checkout) == []


def test_the_version_never_goes_back():
    now = gate.summary(ROOT / "schemas")
    later = copy.deepcopy(now)
    later["version"] = "9.0"
    assert "went back" in gate.verdict(later, now, "")[0]


def test_a_version_that_is_none():
    now = gate.summary(ROOT / "schemas")
    with pytest.raises(SystemExit, match=r"major\.minor, such as 1\.0, not 'one'"):
        gate.verdict(now, {**now, "version": "one"}, "")


UNSAID = {
    "post facebook likes: `counts` is missing": lambda m: m["post"]["facebook"]["likes"].pop("counts"),
    "account gmb clicks: `source` is missing": lambda m: m["comparable"]["account"]["gmb"]["clicks"].pop("source"),
    "post bluesky shares: a promoted column is exact, not derived": lambda m: m["post"]["bluesky"]["shares"].update(
        basis="derived"
    ),
    "post linkedin reach: `why` is missing": lambda m: m["comparable"]["post"]["linkedin"]["reach"].pop("why"),
    "post tiktok likes: `kind` is total": lambda m: m["columns"]["post"]["likes"].update(kind="total"),
    "native youtube views: `additive` does not say yes or no": lambda m: m["columns"]["post"]["views"]["additive"].pop(
        "posts"
    ),
    "ad facebook spend: `source` is missing": lambda m: m["ad"]["facebook"]["spend"].pop("source"),
    "post twitter shares: quotes is no known field": lambda m: m["comparable"]["post"]["twitter"]["shares"].update(
        parts=["publicMetrics.retweetCount", "quotes"]
    ),
}


@pytest.mark.parametrize("what", UNSAID)
def test_every_metric_says_what_it_means(monkeypatch, what):
    metrics = copy.deepcopy(meaning.load("metrics.json"))
    monkeypatch.setattr(meaning, "load", lambda _name: metrics)
    assert meaning.incomplete() == []
    UNSAID[what](metrics)
    assert any(line.startswith(what) for line in meaning.incomplete()), meaning.incomplete()


def test_the_models_are_those_of_the_contract():
    assert [path.name for path, text in models.files().items() if path.read_text() != text] == []
