"""What dbt would send to BigQuery and Snowflake in a first build, the next night's and the tests of both, parsed.

A parser knows neither the functions' arguments nor what a database does with a query. It does know which names a query
uses, and `qualify` that each column is there.
"""

import json
import os
import re
import shutil
import subprocess
from collections import Counter

import pytest
import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

from tap_ayrshare.ayrshare.contract import stream_contract
from tests.models.warehouses import streams
from tests.support import ROOT
from tools.models import models
from tools.reserved_words import reserved_words
from tools.semantic import semantic_models

pytestmark = pytest.mark.timeout(600)
PYTHON = ROOT / ".venvs" / "dbt-dialects" / "bin" / "python"
DBT_2 = ROOT / ".venvs" / "dbt-2" / "bin" / "dbt"
RECORDING = ROOT / "tests" / "models" / "recording.py"
PROFILES = """\
ayrshare:
  target: bigquery
  outputs:
    bigquery: {type: bigquery, method: oauth-secrets, token: none, project: agency, dataset: ayrshare_models,
      threads: 1}
    snowflake: {type: snowflake, account: none, user: none, password: none, database: agency, warehouse: none,
      schema: ayrshare_models, threads: 1}
"""


class Recorder:
    """dbt on a database that takes notes."""

    def __init__(self, dialect, directory):
        self.dialect, self.directory = dialect, directory
        self.columns = {
            **{name: list(stream_contract(name).schema["properties"]) for name in streams()},
            **{model.name: [column.name for column in model.columns] for model in models()},
        }
        self.kinds = {}
        (directory / "profiles.yml").write_text(PROFILES)

    def places(self, project="dbt"):
        """Where dbt finds its project, and puts its files."""
        return ["--project-dir", project, "--profiles-dir", str(self.directory), "--target", self.dialect,
                "--target-path", str(self.directory / "target"), "--log-path", str(self.directory)]  # fmt: skip

    def said(self, *arguments, **variables):
        """The statements of a run of dbt, where there is what earlier ones have built."""
        tables, notes = self.directory / "tables.json", self.directory / "notes.jsonl"
        tables.write_text(json.dumps({"columns": self.columns, "exist": self.kinds}))
        given = {"ayrshare_streams": streams(), "ayrshare_semantic_layer": True, **variables}
        command = [str(PYTHON), str(RECORDING), self.dialect, str(tables), str(notes), "--no-use-colors", *arguments,
                   *self.places(), "--vars", json.dumps(given)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ})
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        return [json.loads(line) for line in notes.read_text().splitlines()]


@pytest.fixture(params=["bigquery", "snowflake"])
def recorder(request, tmp_path):
    return Recorder(request.param, tmp_path)


ADAPTERS_OWN = re.compile(r"alter\s+table \S+ alter\s+\"\w+\" COMMENT ")
"""What the dialects of sqlglot don't know and dbt-snowflake writes itself: comments on several columns at once."""


def parsed(text, dialect):
    """The statements in a text for a database, whose dialect knows all of them and reserves none of their names."""
    if ADAPTERS_OWN.search(text):
        return []
    statements = [statement for statement in sqlglot.parse(text, dialect=dialect) if statement]
    unknown = [node.sql() for statement in statements for node in statement.find_all(exp.Command, exp.Anonymous)]
    assert not unknown, f"{unknown[0][:300]} in\n{text}"
    names = {node.name for statement in statements for node in statement.find_all(exp.Identifier) if not node.quoted}
    reserved = sorted(name for name in names if name.upper() in reserved_words(dialect))
    assert not reserved, f"{reserved} without quotes in\n{text}"
    return statements


def qualified(query, recorder):
    """A query with each of its columns found where it comes from."""
    tables = {name: dict.fromkeys(columns, "text") for name, columns in recorder.columns.items()}
    schema = {"agency": {"ayrshare": tables, "ayrshare_models": tables}}
    try:
        return qualify(query.copy(), schema=schema, dialect=recorder.dialect)
    except OptimizeError as error:
        pytest.fail(f"{error} in\n{query.sql(recorder.dialect, pretty=True)}")


def understood(texts, recorder):
    """How many statements there are of each kind; all are parsed, and their columns known."""
    kinds = Counter()
    for text in texts:
        for statement in parsed(text, recorder.dialect):
            kinds[type(statement).__name__] += 1
            query = statement.expression if isinstance(statement, exp.Create) else statement
            # dbt asks for a model's columns with its whole query, which comes again where the model is built.
            if isinstance(query, exp.Query) and "__dbt_sbq" not in text:
                found = qualified(query, recorder)
                if isinstance(statement, exp.Create):
                    table = statement.find(exp.Table).name.lower()
                    recorder.columns.setdefault(table, [name.lower() for name in found.named_selects])
                    recorder.kinds[table] = statement.kind.lower()
    return kinds


WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
"""They ask for the columns of tables, which are known from a first build on."""
MODELS = len([*(ROOT / "dbt" / "models").rglob("*.sql")])


def test_a_whole_build_and_its_second_night(recorder):
    first = understood(recorder.said("build", *WITHOUT_UNIT_TESTS), recorder)
    assert first["Create"] >= MODELS
    assert first["Select"] > 40
    night = understood(recorder.said("build"), recorder)
    assert night["Delete"] == 5
    # What is forgotten is built again; what was read before is replaced.
    assert night["Merge"] + night["Insert"] == 8


def test_another_time_zone_and_no_authors(recorder):
    texts = recorder.said(
        "build", *WITHOUT_UNIT_TESTS, ayrshare_timezone="Europe/Berlin", ayrshare_comment_authors=False
    )
    assert any("Europe/Berlin" in text for text in texts)
    assert understood(texts, recorder)["Create"] >= MODELS


def test_what_is_not_known_is_noticed(recorder):
    recorder.columns |= {"t": ["a", "n"]}
    table = "agency.ayrshare_models.t"
    with pytest.raises(AssertionError, match="JSON_EXTRACT_STRING"):
        parsed("select json_extract_string(a, 'b') from t", recorder.dialect)
    with pytest.raises(pytest.fail.Exception, match="could not be resolved"):
        qualified(parsed(f"select b from {table}", recorder.dialect)[0], recorder)
    with pytest.raises(sqlglot.ParseError):
        parsed("select from where", recorder.dialect)
    with pytest.raises(AssertionError, match=r"\['following'\] without quotes"):
        parsed(f"select t.following from {table} as t", recorder.dialect)


@pytest.mark.parametrize(("dbt", "arguments"), [
    (PYTHON.with_name("dbt"), ["--warn-error", "--show-all-deprecations", "parse", "--no-partial-parse"]),
    # It asks for the new form of the semantic layer, which dbt-core 1.8 to 1.11 don't know.
    (DBT_2, ["parse", "--no-version-check", "--warn-error-options",
             '{"error": "all", "warn": ["SemanticModelDeprecated"]}']),
], ids=["dbt-core", "dbt-2"])  # fmt: skip
def test_nothing_is_deprecated(recorder, dbt, arguments):
    variables = json.dumps({"ayrshare_streams": streams(), "ayrshare_semantic_layer": True})
    command = [str(dbt), *arguments, *recorder.places(), "--vars", variables]
    env = {**os.environ, "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert "[error]" not in said


def test_the_semantic_layer_in_its_current_form(tmp_path):
    """For dbt-core 1.12 and dbt 2, `dbt/current` takes the place of the two files that older versions read."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    (project / "current" / "marts.yml").replace(project / "models" / "marts" / "marts.yml")
    (project / "current" / "semantic.yml").replace(project / "models" / "semantic" / "semantic.yml")
    recorder = Recorder("snowflake", tmp_path)
    command = [str(DBT_2), "parse", "--no-version-check", "--warn-error-options", '{"error": "all"}',
               *recorder.places(str(project)), "--vars", '{"ayrshare_semantic_layer": true}']  # fmt: skip
    # Its validation needs an account at dbt.
    env = {**os.environ, "DO_NOT_TRACK": "1", "DBT_ENGINE_NO_WARN_SEMANTIC_MANIFEST_VALIDATION": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    manifest = json.loads((tmp_path / "target" / "semantic_manifest.json").read_text())
    expected = {f"ayrshare_{metric.name}" for model in semantic_models() for metric in model.metrics}
    assert {metric["name"] for metric in manifest["metrics"]} == expected | {"ayrshare_engagement_rate"}
    assert {model["name"] for model in manifest["semantic_models"]} == {model.name for model in semantic_models()}
    assert all(metric["description"] and metric["label"] for metric in manifest["metrics"])
