"""Databases with the tables as the loaders create them, and dbt on them, in the environment `.venvs/dbt`."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

from tap_ayrshare.ayrshare.contract import declared_streams, stream_contract
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BIN = ROOT / ".venvs" / "dbt" / "bin"
POSTGRES = {"string": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean",
            "object": "jsonb", "array": "jsonb", "texts": "text[]", "date": "date",
            "date-time": "timestamp"}  # fmt: skip
"""Types that target-postgres creates."""
DUCKDB = {**POSTGRES, "string": "varchar", "integer": "hugeint", "number": "double", "object": "json", "array": "json",
          "texts": "json", "date": "varchar"}  # fmt: skip
"""Types that target-duckdb creates."""
OPTIONAL_STREAMS = [
    "accounts", "comments", "social_post_comments", "reviews", "review_totals", "ad_spend_daily",
    "account_demographics",
]  # fmt: skip
"""Those that the models of comments, reviews, ads and audiences stand on."""
DUCKDB_CLIENT = """\
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set enable_progress_bar = false")
found = []
for statement in json.load(sys.stdin):
    found = connection.execute(statement)
    found = found.fetchall() if found.description else []
print(json.dumps(found, default=str))
"""


def create_table(stream: str, types: dict[str, str]) -> str:
    """Return the statement that creates a stream's table as a loader does."""
    contract = stream_contract(stream)
    columns = []
    for name, entry in contract.schema["properties"].items():
        kinds = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
        (kind,) = [one for one in kinds if one != "null"]
        if kind == "array" and entry.get("items", {}).get("type") == "string":
            kind = "texts"
        columns.append(f'"{name}" {types[entry.get("format", kind)]}')
    key = ", ".join(f'"{name}"' for name in contract.key_properties)
    return f"create table ayrshare.{stream} ({', '.join(columns)}, primary key ({key}))"


def streams() -> list[str]:
    """Return the names of all streams."""
    return list(declared_streams())


@dataclass
class Warehouse:
    """A database with the loaded tables, and where dbt puts its own files."""

    directory: Path
    env: dict[str, str] = field(default_factory=dict)
    bin: Path = BIN
    dialect = ""
    types: dict[str, str] = field(default_factory=dict)

    def execute(self, statements: Iterable[str]) -> list[list[Any]]:
        """Run statements and return the rows of the last one."""
        raise NotImplementedError

    def ask(self, query: str) -> list[list[Any]]:
        return self.execute([query])

    def create(self, *without: str) -> None:
        """Create the loaded tables, empty."""
        tables = [create_table(stream, self.types) for stream in streams() if stream not in without]
        self.execute(["create schema if not exists ayrshare", *tables])

    def insert(self, stream: str, rows: list[dict[str, Any]]) -> list[str]:
        """Return the statements that load rows."""
        if not rows:
            return []
        names = list(rows[0])
        columns = ", ".join(f'"{name}"' for name in names)
        lines = [f"({', '.join(self.literal(row[name]) for name in names)})" for row in rows]
        return [
            f"insert into ayrshare.{stream} ({columns}) values {', '.join(lines[start : start + 1000])}"
            for start in range(0, len(lines), 1000)
        ]

    def literal(self, value: Any) -> str:
        """Return a value as SQL."""
        return literal(value)

    def dbt(self, *arguments: str, fails: bool = False, env: dict[str, str] | None = None, project: str = "dbt",
            **variables: Any) -> str:  # fmt: skip
        """Run dbt; return what it said."""
        command = [
            str(self.bin / "dbt"), "--no-use-colors", *arguments, "--project-dir", project, "--profiles-dir", "dbt",
            "--target", self.dialect, "--vars", json.dumps(variables),
        ]  # fmt: skip
        places = {"DBT_TARGET_PATH": str(self.directory / "target"), "DBT_LOG_PATH": str(self.directory)}
        own = {**os.environ, **places, **self.env, **(env or {})}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=own, timeout=900)
        assert (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout


def literal(value: Any) -> str:
    """Return a value as SQL of both databases."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return "'" + text.replace("'", "''") + "'"


class DuckDB(Warehouse):
    dialect = "duckdb"

    def __init__(self, directory: Path) -> None:
        self.file = str(directory / "models.duckdb")
        super().__init__(directory, {"DBT_DUCKDB_PATH": self.file}, types=DUCKDB)

    def execute(self, statements: Iterable[str]) -> list[list[Any]]:
        command = [str(BIN / "python"), "-c", DUCKDB_CLIENT, self.file]
        given = json.dumps(list(statements))
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)


class Postgres(Warehouse):
    dialect = "postgres"

    def literal(self, value: Any) -> str:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return f"cast(array[{', '.join(map(literal, value))}] as text[])"
        return literal(value)

    def __init__(self, directory: Path, uri: str) -> None:
        self.uri = uri
        url = urlsplit(uri)
        env = {"DBT_POSTGRES_HOST": url.hostname, "DBT_POSTGRES_PORT": str(url.port),
               "DBT_POSTGRES_USER": url.username, "DBT_POSTGRES_PASSWORD": url.password,
               "DBT_POSTGRES_DATABASE": url.path[1:]}  # fmt: skip
        super().__init__(directory, env, types=POSTGRES)

    def execute(self, statements: Iterable[str]) -> list[list[Any]]:
        with psycopg.connect(self.uri) as connection:
            for statement in statements:
                found = connection.execute(statement.encode())
            return [list(row) for row in found.fetchall()] if found.description else []
