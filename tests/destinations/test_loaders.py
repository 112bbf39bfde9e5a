"""Loaders beside those of meltano.yml: what arrives, the same day again, the next day, types, unusual values.

docs/destinations.md says what this table does; a loader that does something else one day fails here.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.destinations import loaders
from tests.destinations.cells import APPENDED, MERGED, REPLACED, assert_arrived
from tests.destinations.conftest import FLAT, LARGEST, target_duckdb, target_postgres
from tests.destinations.snowflake.client import target_snowflake
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = ("social_analytics", "post_analytics", "social_posts", "link_analytics")
MANY = 80_000


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


@dataclass(frozen=True)
class Case:
    """What a loader does.

    method: what it makes of the rows that were there.
    types: of columns of post_analytics, and of `value` in social_analytics_daily.
    alter: what becomes of a value.
    is_flat: whether the tap has to flatten what it writes.
    """

    start: Callable
    method: str
    types: dict[str, str]
    alter: Callable[[Any, dict], Any] = as_it_is
    is_flat: bool = False


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
        is_flat=True,
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
    runs = nights(case.is_flat)
    with case.start(tmp_path) as destination:
        for number, output in enumerate(runs, 1):
            destination.write(output.raw)
            assert json.loads(destination.state) == output.state
            cells = assert_arrived(destination, runs[:number], case.method, case.alter)
        assert cells > MANY
        types = {
            **destination.types("post_analytics"),
            "value": destination.types("social_analytics_daily")["value"],
        } if case.types else {}  # fmt: skip
        assert {column: types[column] for column in case.types} == case.types


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
