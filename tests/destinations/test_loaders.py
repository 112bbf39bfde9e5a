"""Loaders beside those of meltano.yml: what arrives, the same day again, the next day, types, unusual values.

docs/destinations.md says what this table does; a loader that does something else one day fails here.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sandbox.process import running
from tests.destinations import loaders
from tests.destinations.conftest import QUICK, config
from tests.e2e.test_incremental import later
from tests.support import NOW, ROOT, TapProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support import Output

MERGED, APPENDED, REPLACED = "merged", "appended", "replaced"
TEXT = "Ünï \"quotes\" 'single' \\ back\\slash\nnew line\ttab 🎉 新製品"
LARGEST, HUGE, FRACTION = 2**63 - 1, 10**30, 0.1
SNAPSHOTS = ("social_analytics", "post_analytics", "social_posts", "link_analytics")
FLAT = {"flattening_enabled": True, "flattening_max_depth": 1}


@dataclass(frozen=True)
class Case:
    """What a loader does.

    again, next_day: what it makes of the rows that were there, of the same day and of the day before.
    types: of columns of post_analytics, and of `value` in social_analytics_daily.
    text, huge: what becomes of the unusual text, and of an integer of more than 64 bits inside of an object.
    is_flat: whether the tap has to flatten what it writes.
    """

    start: Callable
    again: str
    next_day: str
    types: dict[str, str]
    text: str = TEXT
    huge: object = HUGE
    is_flat: bool = False


CASES = {
    "pipelinewise-target-postgres": Case(
        loaders.pipelinewise_postgres, MERGED, MERGED,
        {"analytics": "jsonb", "snapshot_date": "character varying", "likes": "numeric", "post_id": "character varying",
         "published_at": "timestamp without time zone", "value": "double precision"},
        # It writes them as two characters.
        text=TEXT.replace("\n", "\\n").replace("\t", "\\t"),
    ),
    "target-csv": Case(loaders.csv, REPLACED, REPLACED, {}, is_flat=True),
    "target-csv, a file a run": Case(
        partial(loaders.csv, file_naming_scheme="{stream_name}-{timestamp}.csv", timestamp_format="%Y%m%dT%H%M%S%f"),
        APPENDED, APPENDED, {}, is_flat=True,
    ),
    "target-s3, JSONL": Case(
        partial(loaders.s3, form="jsonl", reader="read_ndjson({files}, columns={columns})"),
        APPENDED, APPENDED, {},
    ),
    "target-s3, Parquet": Case(
        partial(loaders.s3, form="parquet", reader="read_parquet({files})"), APPENDED, APPENDED,
        {"analytics": "VARCHAR", "snapshot_date": "DATE", "likes": "BIGINT", "post_id": "VARCHAR",
         "published_at": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE"},
        is_flat=True,
    ),
    "dlt, DuckDB": Case(
        loaders.dlt_duckdb, MERGED, MERGED,
        {"analytics": "JSON", "snapshot_date": "DATE", "likes": "BIGINT", "post_id": "VARCHAR",
         "published_at": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE"},
        huge=str(HUGE),
    ),
    "dlt, MariaDB": Case(
        loaders.dlt_mariadb, MERGED, MERGED,
        {"analytics": "longtext", "snapshot_date": "date", "likes": "bigint", "post_id": "varchar",
         "published_at": "datetime", "value": "double"},
        huge=str(HUGE),
    ),
}  # fmt: skip


class Nights(NamedTuple):
    """What the tap says: on a day, on the same day without a state, and on the next day."""

    first: Output
    again: Output
    second: Output


@pytest.fixture(scope="session")
def nights(tmp_path_factory) -> Callable[[bool], Nights]:
    """Run the tap three times, against an account with unusual values; once for each setting."""

    @cache
    def run(is_flat: bool) -> Nights:
        tap = TapProcess(tmp_path_factory.mktemp("nights"))
        with running("--now", NOW, "--limit", "0", "--posts", "12", "--days", "30", "--profiles", "1") as box:
            numbers = {"followersCount": LARGEST, "name": TEXT, "username": TEXT, "huge": HUGE,
                       "engagement": {"n": FRACTION}}  # fmt: skip
            box.set_faults({"fault": "patch", "endpoint": "/analytics/social", "platform": "facebook",
                            "body": {"facebook": {"analytics": numbers}}})  # fmt: skip
            settings = {**config(box), **QUICK, **(FLAT if is_flat else {})}
            first = tap.run(settings, now=NOW)
            again = tap.run(settings, now=later(0.01))
            box.set_clock(later(1))
            outputs = Nights(first, again, tap.run(settings, now=later(1), state=first.state))
        assert [output.code for output in outputs] == [0, 0, 0]
        return outputs

    return run


def keys(output: Output, stream: str) -> set[tuple]:
    names = output.schemas[stream]["key_properties"]
    return {tuple(str(record[name]) for name in names) for record in output.records(stream)}


@pytest.mark.parametrize("name", CASES)
def test_days_types_and_values(nights, tmp_path, name):
    case = CASES[name]
    first, again, second = nights(case.is_flat)
    with case.start(tmp_path) as destination:

        def counts() -> dict[str, int]:
            return {s: destination.ask(f"SELECT count(*) FROM ayrshare.{s}")[0][0] for s in streams}

        streams = [stream for stream, records in first.streams.items() if stream != "sync_runs"]
        alone = {stream: len(first.records(stream)) for stream in streams}
        destination.write(first.raw)
        assert counts() == alone
        assert json.loads(destination.state) == first.state
        types = {
            **destination.types("post_analytics"),
            "value": destination.types("social_analytics_daily")["value"],
        } if case.types else {}  # fmt: skip
        assert {column: types[column] for column in case.types} == case.types

        where = "FROM ayrshare.social_analytics WHERE platform = 'facebook' AND profile = 'primary'"
        ((followers, account_name, analytics),) = destination.ask(f"SELECT followers, account_name, analytics {where}")
        assert (followers, account_name) == (LARGEST, case.text)
        kept = json.loads(analytics) if isinstance(analytics, str) else analytics
        assert (kept["name"], kept["huge"], kept["engagement"]["n"]) == (TEXT, case.huge, FRACTION)

        destination.write(again.raw)
        streams = [stream for stream in streams if stream != "extraction_errors"]
        expected = {MERGED: 1, REPLACED: 1, APPENDED: 2}[case.again]
        assert counts() == {stream: expected * alone[stream] for stream in streams}

        destination.write(second.raw)
        streams = [stream for stream in streams if second.records(stream)]
        added = {stream: len(second.records(stream)) for stream in streams}
        assert counts() == {
            stream: {
                MERGED: len(keys(first, stream) | keys(second, stream)),
                REPLACED: added[stream],
                APPENDED: 2 * alone[stream] + added[stream],
            }[case.next_day]
            for stream in streams
        }
        days = 1 if case.next_day == REPLACED else 2
        for stream in SNAPSHOTS:
            assert destination.ask(f"SELECT count(DISTINCT snapshot_date) FROM ayrshare.{stream}") == [[days]], stream
        if case.next_day == MERGED:
            ((latest,),) = destination.ask("SELECT min(extracted_at) FROM ayrshare.accounts")
            assert str(latest).startswith(later(1)[:10])


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
