"""Serves until SIGINT or SIGTERM; the first line of stdout is `{"port": ...}`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from typing import Any

import fakesnow
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from tests.destinations.snowflake.statements import translate

execute = FakeSnowflakeCursor.execute
integer_precision, create_table_as = transforms.integer_precision, transforms.create_table_as


def translated(reserved: frozenset[str]) -> Any:
    """Return the method that fakesnow's server calls with each statement."""

    def run(self: FakeSnowflakeCursor, command: str, *args: Any, **kwargs: Any) -> FakeSnowflakeCursor:
        try:
            return execute(self, translate(self, command, reserved), *args, **kwargs)
        except ProgrammingError:
            raise
        except Exception as error:
            # Any other error becomes a status 500, which the connector would ask about again and again.
            raise ProgrammingError(f"{type(error).__name__}: {error}", errno=100038, sqlstate="22018") from error

    return run


def keep_days_integer(node: exp.Expression) -> exp.Expression:
    """Leave `date + CAST(... AS INTEGER)` alone: DuckDB adds no BIGINT, which fakesnow makes of it, to a date."""
    outer = node.parent.parent if isinstance(node, exp.DataType) and isinstance(node.parent, exp.Cast) else None
    return node if isinstance(outer, exp.Add) and node.is_type("int") else integer_precision(node)


def name_columns(node: exp.Expression, connection: Any) -> exp.Expression:
    """Name the columns of `CREATE TABLE t (...) AS SELECT *`: fakesnow asks DuckDB for them in no dialect."""
    if isinstance(node, exp.Create) and isinstance(node.this, exp.Schema) and isinstance(node.expression, exp.Query):
        select = node.expression.unnest()
        if isinstance(select, exp.Select) and select.is_star:
            found = connection.execute(f"DESCRIBE {select.sql(dialect='duckdb')}").fetchall()
            select.set("expressions", [exp.column(name) for name, *_ in found])
    return create_table_as(node, connection)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.destinations.snowflake")
    parser.add_argument("--port", type=int)
    parser.add_argument("--reserved", nargs="*", default=[], help="words that can't be names without quotes")
    args = parser.parse_args()
    FakeSnowflakeCursor.execute = translated(frozenset(args.reserved))
    transforms.integer_precision, transforms.create_table_as = keep_days_integer, name_columns
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with fakesnow.server(port=args.port) as connection:
        print(json.dumps({"port": connection["port"]}), flush=True)  # noqa: T201
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # uvicorn's log would fill a pipe that nobody reads
        ended.wait()


if __name__ == "__main__":
    main()
