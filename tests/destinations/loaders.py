"""Loaders that Meltano doesn't install here: each in an environment of its own (Makefile), and how each is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from psycopg.conninfo import conninfo_to_dict

from demo.postgres import running_postgres
from demo.processes import free_port, started
from tap_ayrshare.ayrshare.contract import stream_contract
from tests.destinations import mariadb
from tests.destinations.conftest import ASK_DUCKDB, Destination, Postgres, asked, plugin
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECIPE = ROOT / "docs" / "recipes" / "load_with_dlt.py"
NEWEST = {"pipelinewise-target-postgres": (3, 11), "z3-target-bigquery": (3, 11), "target-s3": (3, 12)}
"""The newest Python of those that can't be installed on every one; the Makefile says it too."""
READ_CSV = "read_csv({files}, nullstr='', all_varchar=true, header=true)"
READ_JSONL = "read_ndjson({files}, columns={columns})"
READ_PARQUET = "read_parquet({files})"
"""How DuckDB reads the files of a stream."""
ASK_MYSQL = """\
import json, sys
from sqlalchemy import create_engine, text
with create_engine(sys.argv[1]).connect() as connection:
    rows = [[list(row) for row in connection.execute(text(query))] for query in json.load(sys.stdin)]
print(json.dumps(rows, default=str))
"""


def program(environment: str, name: str) -> Path:
    """A program of a loader's environment; a loader that this Python is too new for is not tested."""
    newest = NEWEST.get(environment, sys.version_info[:2])
    if sys.version_info[:2] > newest:
        pytest.skip(f"{environment} can't be installed on this Python: {newest[0]}.{newest[1]} is its newest")
    path = ROOT / ".venvs" / environment / "bin" / name
    assert path.exists(), f"{environment} is not installed: make test-destinations does it"
    return path


def columns(stream: str) -> dict[str, str]:
    """How DuckDB takes the columns of a stream out of JSON: objects and lists whole."""
    kinds = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}
    described = stream_contract(stream).schema["properties"]
    return {
        name: next((kinds[kind] for kind in kinds if kind in entry["type"]), "JSON")
        for name, entry in described.items()
    }


@dataclass
class Separate(Destination):
    """A loader in `.venvs/<loader>`; executable: its program there, if it has another name."""

    executable: str | None = None

    def program(self) -> Path:
        return program(self.loader, self.executable or self.loader)


@dataclass
class PipelinewisePostgres(Separate, Postgres):
    uri: str = ""

    def ask_all(self, queries: list[str]) -> list[list[list]]:
        self.settings, settings = {"sqlalchemy_url": self.uri}, self.settings
        try:
            return super().ask_all(queries)
        finally:
            self.settings = settings


@dataclass
class Files(Separate):
    """Files, which DuckDB reads: as many for a stream as the loader has written."""

    reader: str = ""
    place: Path = field(kw_only=True)

    def files(self, stream: str) -> list[str]:
        return [str(path) for path in sorted(self.place.glob(f"{stream}[.-]*"))]

    def ask_all(self, queries: list[str]) -> list[list[list]]:
        with duckdb.connect() as connection:
            connection.execute("CREATE SCHEMA ayrshare")
            for stream in {name for query in queries for name in re.findall(r"ayrshare\.(\w+)", query)}:
                source = self.reader.format(files=self.files(stream), columns=columns(stream))
                connection.execute(f"CREATE OR REPLACE VIEW ayrshare.{stream} AS SELECT * FROM {source}")
            return [[list(row) for row in connection.execute(query).fetchall()] for query in queries]

    def types(self, table: str) -> dict[str, str]:
        described = self.ask(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ayrshare.{table})")
        return dict(described)


class InstalledFiles(Files):
    """Files of a loader that Meltano has installed."""

    def program(self) -> Path:
        return plugin("loaders", self.loader)


@dataclass
class Bucket(Files):
    """Objects in a bucket, which are copied to be read."""

    url: str = ""

    def files(self, stream: str) -> list[str]:
        with urllib.request.urlopen(f"{self.url}?list-type=2&prefix=ayrshare/{stream}/") as answer:
            keys = re.findall("<Key>(.*?)</Key>", answer.read().decode())
        for key in keys:
            urllib.request.urlretrieve(f"{self.url}/{key}", self.place / f"{stream}-{key.rpartition('/')[2]}")
        return super().files(stream)


@dataclass
class Dlt(Destination):
    """The recipe with dlt; asking: a script, and what it has to know."""

    asking: tuple[str, str] = ("", "")

    def quoted(self, column: str) -> str:
        return f"`{column}`" if self.loader == "sqlalchemy" else super().quoted(column)

    def as_text(self, column: str) -> str:
        return column if self.loader == "sqlalchemy" else super().as_text(column)

    def command(self) -> list[str]:
        return [str(program("dlt", "python")), str(RECIPE), self.loader, "ayrshare"]

    def ask_all(self, queries: list[str]) -> list[list[list]]:
        script, place = self.asking
        return asked(program("dlt", "python"), script, place, queries)

    def python(self, *arguments: str) -> str:
        command = [str(program("dlt", "python")), "-c", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


# Where they load into: each is a context manager that yields a destination, given a directory.


@contextmanager
def pipelinewise_postgres(directory: Path) -> Iterator[Destination]:
    with running_postgres(directory / "postgres") as uri:
        known = conninfo_to_dict(uri)
        settings = {name: known[name] for name in ("host", "user", "password", "dbname")}
        settings |= {"port": int(known["port"]), "default_target_schema": "ayrshare"}
        yield PipelinewisePostgres(
            "pipelinewise-target-postgres", settings, directory, executable="target-postgres", uri=uri
        )


@contextmanager
def jsonl(directory: Path) -> Iterator[Destination]:
    place = directory / "jsonl"
    place.mkdir()
    settings = {"destination_path": str(place), "do_timestamp_file": False}
    yield InstalledFiles("target-jsonl", settings, directory, reader=READ_JSONL, place=place)


@contextmanager
def csv(directory: Path, **more: Any) -> Iterator[Destination]:
    place = directory / "csv"
    settings = {"output_path": str(place), **more}
    yield Files("target-csv", settings, directory, reader=READ_CSV, place=place)


@contextmanager
def s3(directory: Path, form: str, reader: str) -> Iterator[Destination]:
    place = directory / form
    place.mkdir()
    port = free_port()
    moto = [str(program("dlt", "moto_server")), "--host", "127.0.0.1", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with started(moto, log=directory / "moto.log"):
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{url}/social", method="PUT"))
                break
            except OSError:
                assert time.monotonic() < deadline, (directory / "moto.log").read_text()
                time.sleep(0.1)
        aws = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_region": "us-east-1",
               "aws_bucket": "social", "aws_endpoint_override": url}  # fmt: skip
        settings = {
            "format": {"format_type": form}, "compression": "none", "prefix": "ayrshare",
            "cloud_provider": {"cloud_provider_type": "aws", "aws": aws},
        }  # fmt: skip
        yield Bucket("target-s3", settings, directory, reader=reader, place=place, url=f"{url}/social")


def dlt_settings(directory: Path) -> dict[str, str]:
    return {"DLT_DATA_DIR": str(directory / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}


@contextmanager
def dlt_duckdb(directory: Path) -> Iterator[Destination]:
    file = directory / "social.duckdb"
    env = {**dlt_settings(directory), "DESTINATION__DUCKDB__CREDENTIALS": f"duckdb:///{file}"}
    yield Dlt("duckdb", {}, directory, env=env, asking=(ASK_DUCKDB, str(file)))


@contextmanager
def dlt_mariadb(directory: Path) -> Iterator[Destination]:
    if not mariadb.is_installed():
        # There .ci/run installs it.
        assert not ("CI" in os.environ and os.geteuid() == 0), mariadb.MISSING
        pytest.skip(mariadb.MISSING)
    with mariadb.running_mariadb(directory / "mariadb") as url:
        env = {
            **dlt_settings(directory),
            "DESTINATION__SQLALCHEMY__CREDENTIALS": url,
            "DESTINATION__SQLALCHEMY__CREATE_PRIMARY_KEYS": "true",
        }
        yield Dlt("sqlalchemy", {}, directory, env=env, asking=(ASK_MYSQL, url))
