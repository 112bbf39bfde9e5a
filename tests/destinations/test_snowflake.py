"""The released target-snowflake and dbt-snowflake, in the stand-in, or with `make snowflake-check` in a real account.

What three nights of all streams leave there is among the cases of test_loaders.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from tests.destinations.cells import APPENDED, MERGED, TRUNCATED, assert_arrived, compare, read, sorted_rows
from tests.destinations.conftest import QUICK, config, edited, killed_after_a_state, of, plugin, target_duckdb
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
    output = edited(nights(False).first, of("social_posts"))
    nulls = sum(record["hashtags"] is None for record in output.records("social_posts"))
    snowflake.write(output.raw)
    counted = "SELECT count(*), count(hashtags) FROM {0}.social_posts WHERE TO_JSON(hashtags) = 'null'"
    assert nulls
    assert snowflake.ask(counted.format(snowflake.schema)) == [[nulls, nulls]]


KEY = """\
import sys
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
key = generate_private_key(65537, 2048)
sys.stdout.buffer.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase")))
"""


@pytest.mark.skipif(is_real(), reason="whether it accepts the key is for the account itself to say")
def test_a_key_with_a_passphrase(nights, snowflake):
    """The target reads the key that the recipe makes; the stand-in lets every login in."""
    made = subprocess.run(
        [plugin("loaders", "target-snowflake", "python"), "-c", KEY], capture_output=True, text=True, check=True
    )
    path = snowflake.directory / "ayrshare.p8"
    path.write_text(made.stdout)
    assert "BEGIN ENCRYPTED PRIVATE KEY" in made.stdout
    snowflake.settings |= {"private_key_path": str(path), "private_key_passphrase": "a passphrase"}
    output = edited(nights(False).first, of("accounts"))
    both = snowflake.run(output.raw)
    assert both.stderr.endswith("Config validation failed\n")
    del snowflake.settings["password"]
    snowflake.write(output.raw)
    assert_arrived(snowflake, [output], MERGED)


@pytest.mark.skipif(is_real(), reason="its own names of databases are the account's")
def test_the_database_in_lower_case_is_not_found(nights, snowflake):
    snowflake.settings["database"] = "social"
    done = snowflake.run(nights(False).first.raw)
    assert done.returncode != 0
    assert "Database 'social' does not exist" in done.stderr


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


WITHOUT_ROWS = {"ayrshare__ad_spend_by_post"}
"""The sandbox's ads are of posts that it doesn't list; tests/models has others."""


def rows_of_models(destination, schema: str) -> dict[str, list[dict]]:
    columns = {
        model.name: {
            column.name: TYPES.get(column.type, {"type": "number"})
            for column in model.columns
            # It says when a row was loaded, which is never the same twice.
            if column.name != "changed_at"
        }
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
                assert expected[model.name] or model.name in WITHOUT_ROWS, f"{model.name} is empty"
                compare(model.name, *(sorted_rows(rows[model.name], [*model.key]) for rows in (found, expected)))


GROWING = ("accounts", "posts", "post_analytics", "social_posts", "social_analytics", "extraction_errors")
BATCH = 20
"""Rows, which is one batch."""


def test_a_kill_between_two_batches_loses_nothing(tap, box, tmp_path):
    settings = {**config(box), **QUICK}
    whole = tap.run(settings, select=GROWING)
    with target_snowflake(tmp_path, batch_size_rows=BATCH) as destination:
        given = killed_after_a_state(destination, whole, "is full")
        covered = Output(0, messages("".join(given)), "", "")
        missing = {
            stream: {key_of(whole, stream, record) for record in covered.records(stream)}
            - {key_of(whole, stream, row) for row in rows}
            for stream, rows in read(destination, columns_of(covered)).items()
        }
        assert not any(missing.values())

        rest = tap.run(settings, select=GROWING, state=destination.state)
        destination.write(rest.raw)
        assert json.loads(destination.state) == rest.state
        assert_arrived(destination, [covered, rest], MERGED)
        for stream in GROWING:
            keys = {key_of(whole, stream, record) for run in (covered, rest) for record in run.records(stream)}
            assert keys == {key_of(whole, stream, record) for record in whole.records(stream)}
        assert len(rest.raw) < len(whole.raw)


def key_of(output: Output, stream: str, row: dict) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in output.schemas[stream]["key_properties"])


def columns_of(output: Output) -> dict[str, dict[str, dict]]:
    return {stream: message["schema"]["properties"] for stream, message in output.schemas.items()}
