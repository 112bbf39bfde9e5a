"""Every loader of docs/destinations.md: what arrives of all streams, on a day, the same day again and the next day.

The page says what this table does; a loader that does something else one day fails here.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.destinations import loaders
from tests.destinations.bigquery.client import target_bigquery
from tests.destinations.cells import APPENDED, MERGED, REPLACED, assert_arrived
from tests.destinations.conftest import FLAT, LARGEST, edited, of, target_duckdb, target_postgres
from tests.destinations.snowflake.client import target_snowflake
from tests.support import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.timeout(900)
SNAPSHOTS = ("social_analytics", "post_analytics", "social_posts", "link_analytics")
MANY = 150_000
"""Cells, at the least, that are compared over three loads."""


def as_said(message: dict) -> dict:
    return message


def without_huge_integers(message: dict) -> dict:
    return {**message, "record": with_huge_integers_as_text(message.get("record"), {})}


def as_it_is(value: Any, _entry: dict) -> Any:
    return value


def with_two_characters(value: Any, _entry: dict) -> Any:
    """A line break or a tab in a text column as two characters, such as \\ and n."""
    return value.replace("\n", "\\n").replace("\t", "\\t") if isinstance(value, str) else value


def with_huge_integers_as_text(value: Any, _entry: dict) -> Any:
    """An integer of more than 64 bits inside of an object as text."""
    if isinstance(value, dict):
        return {name: with_huge_integers_as_text(inner, {}) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_huge_integers_as_text(inner, {}) for inner in value]
    return str(value) if isinstance(value, int) and abs(value) > LARGEST else value


def without_empty_text(value: Any, _entry: dict) -> Any:
    """Empty text as nothing: CSV knows no difference."""
    return None if value == "" else value


def with_empty_lists(value: Any, entry: dict) -> Any:
    """A list that is null as an empty one: BigQuery's arrays aren't null."""
    return [] if value is None and "array" in entry["type"] else value


def with_whole_seconds(value: Any, entry: dict) -> Any:
    return re.sub(r"\.\d+", "", value) if value and entry.get("format") == "date-time" else value


@dataclass(frozen=True)
class Case:
    """What a loader does.

    method: what it makes of the rows that were there.
    types: of columns of post_analytics, and of `value` in social_analytics_daily.
    alter: what becomes of a value.
    is_flat: whether the tap has to flatten what it writes.
    edit: of its messages, without what ends a load.
    """

    start: Callable
    method: str
    types: dict[str, str]
    alter: Callable[[Any, dict], Any] = as_it_is
    is_flat: bool = False
    edit: Callable[[dict], dict] = as_said


CASES = {
    "target-postgres": Case(
        target_postgres, MERGED,
        {"analytics": "jsonb", "snapshot_date": "date", "likes": "bigint", "post_id": "text",
         "published_at": "timestamp without time zone", "value": "numeric"},
    ),
    "target-duckdb": Case(
        target_duckdb, MERGED,
        {"analytics": "JSON", "snapshot_date": "VARCHAR", "likes": "HUGEINT", "post_id": "VARCHAR",
         "published_at": "TIMESTAMP", "value": "DOUBLE"},
    ),
    "target-jsonl": Case(loaders.jsonl, APPENDED, {}),
    "target-snowflake": Case(
        target_snowflake, MERGED,
        {"analytics": "VARIANT", "snapshot_date": "DATE", "likes": "NUMBER", "post_id": "TEXT",
         "published_at": "TIMESTAMP_NTZ", "value": "FLOAT"},
    ),
    "pipelinewise-target-postgres": Case(
        loaders.pipelinewise_postgres, MERGED,
        {"analytics": "jsonb", "snapshot_date": "character varying", "likes": "numeric", "post_id": "character varying",
         "published_at": "timestamp without time zone", "value": "double precision"},
        with_two_characters,
    ),
    "target-csv": Case(loaders.csv, REPLACED, {}, without_empty_text, is_flat=True),
    "target-csv, a file a run": Case(
        partial(loaders.csv, file_naming_scheme="{stream_name}-{timestamp}.csv", timestamp_format="%Y%m%dT%H%M%S%f"),
        APPENDED, {}, without_empty_text, is_flat=True,
    ),
    "target-s3, JSONL": Case(
        partial(loaders.s3, form="jsonl", reader=loaders.READ_JSONL), APPENDED, {},
    ),
    "target-s3, Parquet": Case(
        partial(loaders.s3, form="parquet", reader=loaders.READ_PARQUET), APPENDED,
        {"analytics": "VARCHAR", "snapshot_date": "DATE", "likes": "BIGINT", "post_id": "VARCHAR",
         "published_at": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE"},
        with_whole_seconds, is_flat=True,
    ),
    "z3-target-bigquery": Case(
        target_bigquery, MERGED,
        {"analytics": "JSON", "snapshot_date": "DATE", "likes": "INT64", "post_id": "STRING",
         "published_at": "TIMESTAMP", "value": "FLOAT64"},
        with_empty_lists, edit=without_huge_integers,
    ),
    "dlt, DuckDB": Case(
        loaders.dlt_duckdb, MERGED,
        {"analytics": "JSON", "snapshot_date": "DATE", "likes": "BIGINT", "post_id": "VARCHAR",
         "published_at": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE"},
        with_huge_integers_as_text,
    ),
    "dlt, MariaDB": Case(
        loaders.dlt_mariadb, MERGED,
        {"analytics": "longtext", "snapshot_date": "date", "likes": "bigint", "post_id": "varchar",
         "published_at": "datetime", "value": "double"},
        with_huge_integers_as_text,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_cell_of_every_stream_arrives(nights, tmp_path, name):
    case = CASES[name]
    runs = [edited(output, case.edit) for output in nights(case.is_flat)]
    with case.start(tmp_path) as destination:
        cells = 0
        for number, output in enumerate(runs, 1):
            destination.write(output.raw)
            assert json.loads(destination.state) == output.state
            cells += assert_arrived(destination, runs[:number], case.method, case.alter)
        assert cells > MANY
        types = {
            **destination.types("post_analytics"),
            "value": destination.types("social_analytics_daily")["value"],
        } if case.types else {}  # fmt: skip
        assert {column: types[column] for column in case.types} == case.types


def test_every_documented_loader_is_a_case():
    """A row of the page's table is a loader and its version."""
    rows = re.findall(
        r"^\| (?!destination).+? \| (.+?) \|", (ROOT / "docs" / "destinations.md").read_text(), re.MULTILINE
    )
    documented = {re.sub(r"[\[\] ].*", "", row.lstrip("[")) for row in rows}
    assert documented == {name.split(",")[0] for name in CASES}


def test_csv_without_flattening_has_objects_as_python_text(nights, tmp_path):
    with loaders.csv(tmp_path) as destination:
        destination.write(nights(False).first.raw)
        ((text,),) = destination.ask(
            "SELECT details FROM ayrshare.accounts WHERE platform = 'facebook' AND profile = 'acme'"
        )
    assert text.startswith("{'")


@pytest.mark.parametrize("at_the_target", [False, True])
def test_parquet_needs_flattening_at_the_tap(nights, tmp_path, at_the_target):
    output = nights(False).first
    with loaders.s3(tmp_path, "parquet", "") as destination:
        destination.settings |= FLAT if at_the_target else {}
        assert destination.run(output.raw).returncode != 0


def test_what_dlt_could_not_load_comes_first_next_time(nights, tmp_path):
    first, _, second = nights(False)
    with loaders.dlt_duckdb(tmp_path) as destination:
        execute = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute(sys.argv[2])"
        file = destination.asking[1]
        destination.python(execute, file, "CREATE SCHEMA ayrshare; CREATE VIEW ayrshare.posts AS SELECT 1 AS one")
        failed = destination.run(first.raw)
        assert (failed.returncode, failed.stdout) == (1, "")
        destination.python(execute, file, "DROP VIEW ayrshare.posts")
        destination.write(second.raw)
        for stream in SNAPSHOTS:
            assert destination.ask(f"SELECT count(DISTINCT snapshot_date) FROM ayrshare.{stream}") == [[2]], stream


def test_an_integer_of_more_than_64_bits_ends_a_load_into_bigquery(nights, tmp_path):
    with target_bigquery(tmp_path) as destination:
        done = destination.run(edited(nights(False).first, of("social_analytics")).raw)
    assert done.returncode != 0
    assert done.stderr.endswith("TypeError: Integer exceeds 64-bit range\n")


def test_a_kill_loses_rows_in_bigquery(nights, tmp_path):
    """A state says that rows are loaded, but they are in a temporary table until the end of the run."""
    *lines, last = edited(nights(False).first, of("accounts")).raw.splitlines(keepends=True)
    out = tmp_path / "states"
    with target_bigquery(tmp_path) as destination, out.open("w") as states:
        env = environment(None, {**destination.env, "TEST_RECORD_AGE": "0.01"})
        with subprocess.Popen(
            destination.command(), stdin=subprocess.PIPE, stdout=states, stderr=subprocess.DEVNULL, text=True, env=env
        ) as loader:
            loader.stdin.writelines(lines)
            for number in range(1000):
                loader.stdin.write(last + json.dumps({"type": "STATE", "value": {"number": number}}) + "\n")
                loader.stdin.flush()
                time.sleep(0.2)
                if out.read_text():
                    break
            loader.kill()
        assert "number" in out.read_text()
        assert destination.ask("SELECT count(*) FROM ayrshare.accounts") == [[0]]


TRANSLATE = """\
import json, sys
from target_bigquery.core import SchemaResolverVersion, SchemaTranslator
for version in SchemaResolverVersion:
    columns = {}
    for stream, schema in json.load(sys.stdin if version is SchemaResolverVersion.V1 else open(sys.argv[1])).items():
        fields = SchemaTranslator(schema, {}, version).translated_schema_transformed
        columns[stream] = {field.name: f"{field.field_type} {field.mode}" for field in fields}
    print(json.dumps(columns))
"""
BIGQUERY = {
    "post_analytics": {"analytics": "JSON NULLABLE", "snapshot_date": "DATE NULLABLE", "likes": "INTEGER NULLABLE",
                       "post_id": "STRING NULLABLE", "published_at": "TIMESTAMP NULLABLE"},
    "social_analytics_daily": {"value": "FLOAT NULLABLE"},
    "posts": {"media_urls": "STRING REPEATED", "platforms": "STRING REPEATED", "errors": "JSON REPEATED"},
}  # fmt: skip


def test_bigquery_translates_every_schema(tmp_path):
    """The schemas become columns; nothing is loaded, as that takes a Google account."""
    schemas = {path.stem: json.loads(path.read_text()) for path in (ROOT / "schemas").glob("*.json")}
    schemas = {stream: schema for stream, schema in schemas.items() if "properties" in schema}
    (tmp_path / "schemas.json").write_text(json.dumps(schemas))
    command = [
        loaders.program("z3-target-bigquery", "python"),
        "-W",
        "ignore",
        "-c",
        TRANSLATE,
        tmp_path / "schemas.json",
    ]
    done = subprocess.run(command, input=json.dumps(schemas), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for columns in map(json.loads, done.stdout.splitlines()):
        assert {stream: len(names) for stream, names in columns.items()} == {
            stream: len(schema["properties"]) for stream, schema in schemas.items()
        }
        for stream, types in BIGQUERY.items():
            assert {name: columns[stream][name] for name in types} == types
