"""target-snowflake and dbt-snowflake with a schema of their own, in the stand-in or in a real account.

The connection of a real account comes from the loader's variables, as in meltano.yml.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.processes import started
from tests.destinations.conftest import Destination, asked, plugin
from tests.support import ROOT, loader_settings
from tools.reserved_words import reserved_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = ROOT / "tests" / "destinations" / "snowflake" / "here"
REACHED = {"PYTHONPATH": str(HERE)}
"""The loader's process, with what reaches into it; that does nothing by itself."""
FAKESNOW = ROOT / ".venvs" / "fakesnow" / "bin" / "python"
REAL = "SNOWFLAKE_CHECK"
"""The variable with which tests use a real account; `make snowflake-check` sets it."""
STAND_IN = {"account": "fakesnow", "user": "fake", "password": "snow", "database": "SOCIAL", "warehouse": "WH"}
NAMES = ("account", "user", "password", "private_key_path", "private_key_passphrase", "database", "warehouse", "role")
CLIENT_NAMES = {"private_key_path": "private_key_file", "private_key_passphrase": "private_key_file_pwd"}
"""What the connector calls a setting that it doesn't call as the loader does."""
ASK = """\
import json, sys, snowflake.connector
given = json.load(sys.stdin)
with snowflake.connector.connect(**given["connection"]) as connection:
    rows = [connection.cursor().execute(query).fetchall() for query in given["queries"]]
print(json.dumps(rows, default=str))
"""
EXACT = {"TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6"}


def is_real() -> bool:
    return bool(os.environ.get(REAL))


def variable(name: str) -> str:
    """The environment variable of a setting of the loader."""
    return f"TARGET_SNOWFLAKE_{name.upper()}"


def real_connection() -> dict[str, str]:
    return {name: value for name in NAMES if (value := os.environ.get(variable(name)))}


@dataclass
class Snowflake(Destination):
    """connection: the loader's settings of the account, which are dbt's and the connector's too."""

    connection: dict[str, str] = field(default_factory=dict)

    def ask_all(self, queries: list[str]) -> list[list[list[Any]]]:
        connection = {CLIENT_NAMES.get(name, name): value for name, value in self.connection.items()}
        given = {"connection": {**connection, "session_parameters": EXACT}, "queries": queries}
        return asked(plugin("loaders", "target-snowflake", "python"), ASK, "", given, self.env)

    def quoted(self, column: str) -> str:
        return f'"{column.upper()}"'

    def types(self, table: str) -> dict[str, str]:
        found = self.ask(
            f"SELECT lower(column_name), data_type FROM {self.connection['database']}.information_schema.columns "
            f"WHERE table_schema = '{self.schema}' AND table_name = '{table.upper()}'"
        )
        return dict(found)

    def dbt(self, *arguments: str, **variables: Any) -> str:
        """Run dbt; return what it said."""
        own = {f"DBT_SNOWFLAKE_{name.upper()}": value for name, value in self.connection.items()}
        own["DBT_SNOWFLAKE_SCHEMA"] = f"{self.schema}_MODELS"
        command = [
            str(plugin("utilities", "dbt-snowflake", "dbt")), "--no-use-colors", *arguments, "--project-dir", "dbt",
            "--profiles-dir", "dbt", "--target", "snowflake", "--target-path", str(self.directory / "target"),
            "--log-path", str(self.directory), "--vars",
            # fakesnow never answers a comment on a table.
            json.dumps({"ayrshare_schema": self.schema, "ayrshare_comments": is_real(), **variables}),
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **self.env, **own}
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout


@contextmanager
def standing_in(directory: Path) -> Iterator[dict[str, str]]:
    """Start the stand-in; yield the variables that send the Snowflake connector there."""
    assert FAKESNOW.exists(), "fakesnow is not installed: make test-destinations does it"
    words = sorted(reserved_words("snowflake"))
    command = [str(FAKESNOW), "-m", "tests.destinations.snowflake", "--port", "0", "--reserved", *words]
    env = {**os.environ, "TMPDIR": str(directory)}
    log = directory / "stand-in.log"
    with started(command, log=log, stdout=subprocess.PIPE, cwd=ROOT, env=env) as process, process.stdout as stdout:
        line = stdout.readline()
        assert line, log.read_text()[-3000:]
        yield {**REACHED, "FAKESNOW_PORT": str(json.loads(line)["port"])}


@contextmanager
def target_snowflake(directory: Path, **more: Any) -> Iterator[Snowflake]:
    """A loader into a schema of its own, which it creates and which is dropped at the end."""
    schema = f"AYRSHARE_CHECK_{secrets.token_hex(4).upper()}"

    def loader(connection: dict[str, str], env: dict[str, str]) -> Snowflake:
        settings = {**connection, **loader_settings("target-snowflake"), "default_target_schema": schema, **more}
        return Snowflake("target-snowflake", settings, directory, schema=schema, env=env, connection=connection)

    if not is_real():
        with standing_in(directory) as env:
            yield loader(STAND_IN, env)
        return
    destination = loader(real_connection(), REACHED)
    try:
        yield destination
    finally:
        schemas = [f"{destination.connection['database']}.{name}" for name in (schema, f"{schema}_MODELS")]
        destination.ask_all([f"DROP SCHEMA IF EXISTS {name}" for name in schemas])
