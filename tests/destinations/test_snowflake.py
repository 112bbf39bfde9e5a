"""The released target-snowflake and dbt-snowflake, in the stand-in, or with `make snowflake-check` in a real account.

What three nights of all streams leave there is among the cases of test_loaders.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.destinations.cells import APPENDED, MERGED, TRUNCATED, assert_arrived, compare, read, sorted_rows
from tests.destinations.conftest import target_duckdb
from tests.destinations.snowflake.client import is_real, target_snowflake
from tests.destinations.test_models import build
from tests.models.warehouses import streams
from tests.support import Output, messages
from tools.models import models

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def snowflake(tmp_path):
    with target_snowflake(tmp_path) as destination:
        yield destination


def edited(output: Output, edit) -> Output:
    """A run as if the tap had said it with some messages edited; None drops a message."""
    kept = [message for message in map(edit, messages(output.raw)) if message]
    return Output(output.code, kept, output.log, "".join(json.dumps(message) + "\n" for message in kept))


def of(*names: str):
    """An edit that keeps only these streams."""
    return lambda message: message if message.get("stream") in names else None


def without_keys(message: dict) -> dict:
    return message if message["type"] != "SCHEMA" else {**message, "key_properties": []}


FEW = ("accounts", "posts", "social_analytics", "link_analytics", "sync_runs")
"""Streams with every type of column; posts has items that are objects, sync_runs the reserved names."""


@pytest.mark.parametrize(("settings", "edit", "method"), [
    ({"load_method": "append-only"}, None, APPENDED),
    ({"load_method": "overwrite"}, None, TRUNCATED),
    # Without a key there is nothing to merge on.
    ({"load_method": "upsert"}, without_keys, APPENDED),
], ids=["append-only", "overwrite", "no keys"])  # fmt: skip
def test_other_methods(nights, tmp_path, settings, edit, method):
    runs = [edited(output, of(*FEW)) for output in nights(False)]
    with target_snowflake(tmp_path, **settings) as destination:
        for output in runs:
            destination.write((edited(output, edit) if edit else output).raw)
        assert_arrived(destination, runs, method)


def test_a_column_that_comes_later(nights, snowflake):
    newer = edited(nights(False).second, of("post_analytics"))

    def without_saves(message: dict) -> dict:
        part = message["schema"]["properties"] if message["type"] == "SCHEMA" else message["record"]
        part.pop("saves")
        return message

    older = edited(edited(nights(False).first, of("post_analytics")), without_saves)
    snowflake.write(older.raw)
    assert "saves" not in snowflake.types("post_analytics")
    assert_arrived(snowflake, [older], MERGED)
    snowflake.write(newer.raw)
    assert snowflake.types("post_analytics")["saves"] == "NUMBER"
    filled = edited(older, lambda message: message)
    for record in filled.records("post_analytics"):
        record["saves"] = None
    assert_arrived(snowflake, [filled, newer], MERGED)
    assert any(record["saves"] is not None for record in newer.records("post_analytics"))


def test_a_null_in_a_variant(nights, snowflake):
    """It is JSON's null, which `IS NULL` doesn't find."""
    output = edited(nights(False).first, of("link_analytics"))
    nulls = sum(record["link_event_stats"] is None for record in output.records("link_analytics"))
    snowflake.write(output.raw)
    counted = (
        "SELECT count(*), count(link_event_stats) FROM {0}.link_analytics WHERE TO_JSON(link_event_stats) = 'null'"
    )
    assert nulls
    assert snowflake.ask(counted.format(snowflake.schema)) == [[nulls, nulls]]


@pytest.mark.skipif(is_real(), reason="what Snowflake refuses is no question to Snowflake")
@pytest.mark.parametrize(("statement", "refused"), [
    ("CREATE TABLE {0}.t (following NUMBER)", "unexpected 'following'"),
    ("CREATE TABLE {0}.t (likes NUMBER, PRIMARY KEY (likes)); INSERT INTO {0}.t VALUES (NULL)", "NOT NULL"),
    (("MERGE INTO {0}.accounts d USING (SELECT $1:profile::VARCHAR AS profile FROM '@~/none' (FILE_FORMAT => {0}.gone) "
     "QUALIFY ROW_NUMBER() OVER (PARTITION BY profile ORDER BY SEQ8() DESC) = 1) s ON d.profile = s.profile "
     "WHEN NOT MATCHED THEN INSERT (profile) VALUES (s.profile)"), "File format"),
], ids=["a reserved name", "null in a key", "no file format"])  # fmt: skip
def test_the_stand_in_refuses_what_snowflake_refuses(snowflake, statement, refused):
    queries = statement.format(snowflake.schema).split("; ")
    with pytest.raises(AssertionError, match=refused):
        snowflake.ask_all([f"CREATE SCHEMA {snowflake.schema}", *queries])


TYPES = {
    "text": {"type": "string"},
    "bigint": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}
"""Of the models' columns; what isn't there is a fraction."""


def rows_of_models(destination, schema: str) -> dict[str, list[dict]]:
    columns = {
        model.name: {column.name: TYPES.get(column.type, {"type": "number"}) for column in model.columns}
        for model in models()
    }
    rows = read(replace(destination, schema=schema), columns)
    # The last digit of a quotient is the database's own.
    return {
        name: [
            {column: round(value, 9) if isinstance(value, float) else value for column, value in row.items()}
            for row in found
        ]
        for name, found in rows.items()
    }


def test_the_models_are_those_of_duckdb_after_each_load(nights, snowflake, tmp_path):
    directory = tmp_path / "duckdb"
    directory.mkdir()
    with target_duckdb(directory) as reference:
        for output in nights(False):
            for destination in (reference, snowflake):
                destination.write(output.raw)
            assert "ERROR=0" in build(reference, directory, ayrshare_streams=streams())
            assert "ERROR=0" in snowflake.dbt("build", ayrshare_streams=streams())
            expected = rows_of_models(reference, "ayrshare_models")
            found = rows_of_models(snowflake, f"{snowflake.schema}_MODELS")
            for model in models():
                assert expected[model.name], f"{model.name} is empty"
                compare(model.name, *(sorted_rows(rows[model.name], [*model.key]) for rows in (found, expected)))
