"""dbt against a database that only takes notes: `python recording.py ADAPTER TABLES NOTES DBT-ARGUMENTS ...`.

Runs in the environment `.venvs/dbt-dialects`, where nothing of this repository is installed. TABLES: a JSON file with
`columns` by table, and `exist`: which tables and views are built, and which of the two each is. NOTES: where all
statements are written, a JSON text in each line. What a query asks is answered as if there were something to build
again, and as if all tests passed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from dbt.adapters.contracts.connection import AdapterResponse, ConnectionState
from dbt.cli.main import dbtRunner
from dbt_common.clients import agate_helper

ANSWERS = (
    (r"actual_or_expected", *({"actual_or_expected": side, "same": 1} for side in ("actual", "expected"))),
    (r"as should_warn", {"failures": 0, "should_warn": False, "should_error": False}),
    (r"max\(changed_at\)", {"upto": "2026-11-20 03:00:00"}),
    (r"max\(read_on\)", {"from_date": "2026-11-17"}),
    (r"max_loaded_at", {"max_loaded_at": "2026-11-20 03:00:00", "snapshotted_at": "2026-11-20 04:00:00"}),
)


def answer(sql: str) -> Any:
    """Return what a query gets: rows where a macro goes on with it, otherwise nothing."""
    for pattern, *rows in ANSWERS:
        if re.search(pattern, sql, re.IGNORECASE):
            return agate_helper.table_from_data(rows, list(rows[0]))
    return agate_helper.empty_table()


def adapter_of(name: str) -> tuple[type, type]:
    """Return an adapter's class, and that of its connections."""
    if name == "bigquery":
        from dbt.adapters.bigquery import BigQueryAdapter, BigQueryConnectionManager  # noqa: PLC0415

        return BigQueryAdapter, BigQueryConnectionManager
    from dbt.adapters.snowflake import SnowflakeAdapter, SnowflakeConnectionManager  # noqa: PLC0415

    return SnowflakeAdapter, SnowflakeConnectionManager


def answer_queries(connections: type, notes: list[str]) -> None:
    """Have an adapter's connections write down what is sent, and answer it."""

    def open_nothing(_cls: type, connection: Any) -> Any:
        connection.state, connection.handle = ConnectionState.OPEN, MagicMock()
        return connection

    def execute(_self: Any, sql: str, *_args: Any, **_more: Any) -> tuple[AdapterResponse, Any]:
        notes.append(sql)
        return AdapterResponse("OK"), answer(sql)

    connections.open = classmethod(open_nothing)
    connections.execute = execute
    connections.close = classmethod(lambda _cls, connection: connection)
    for method in ("begin", "commit", "clear_transaction", "add_begin_query", "add_commit_query"):
        setattr(connections, method, nothing)


def answer_about_tables(adapter: type, tables: dict[str, Any], notes: list[str]) -> None:
    """Have an adapter find the tables that exist without asking a database, and change none."""
    columns_of, is_upper = tables["columns"], "snowflake" in adapter.__name__.lower()

    def relation(self: Any, database: str, schema: str, identifier: str) -> Any:
        if not tables["exist"]:
            return None
        kind = tables["exist"].get(identifier.lower(), "table")
        return self.Relation.create(database=database, schema=schema, identifier=identifier, type=kind)

    def columns(self: Any, relation: Any) -> list[Any]:
        table = re.sub("__dbt_tmp.*", "", relation.identifier.lower())
        # A unit test's own table is asked for the types of its model's columns.
        names = columns_of.get(table) or sorted({name for names in columns_of.values() for name in names})
        return [self.Column.create(column.upper() if is_upper else column, "string") for column in names]

    def columns_of_query(_self: Any, sql: str) -> list[Any]:
        notes.append(sql)
        return []

    replaced = {
        "get_relation": relation, "get_columns_in_relation": columns, "get_column_schema_from_query": columns_of_query,
        "list_relations_without_caching": empty, "list_schemas": empty, "check_schema_exists": yes,
        "is_replaceable": yes,
        **dict.fromkeys(("drop_relation", "rename_relation", "expand_target_column_types", "update_columns",
                         "update_table_description", "pre_model_hook", "post_model_hook"), nothing),
    }  # fmt: skip
    for name, replacement in replaced.items():
        if hasattr(adapter, name):
            # What macros may call is marked.
            replacement._is_available_ = getattr(getattr(adapter, name), "_is_available_", False)
            setattr(adapter, name, replacement)


def nothing(*_args: Any, **_more: Any) -> None:
    """Do nothing."""


def empty(*_args: Any, **_more: Any) -> list[Any]:
    """Return that there are none."""
    return []


def yes(*_args: Any, **_more: Any) -> bool:
    """Return that it is so."""
    return True


def main() -> int:
    """Run dbt and write the notes; return dbt's exit code."""
    name, tables, notes_file, *arguments = sys.argv[1:]
    notes: list[str] = []
    adapter, connections = adapter_of(name)
    answer_queries(connections, notes)
    answer_about_tables(adapter, json.loads(Path(tables).read_text(encoding="utf-8")), notes)
    done = dbtRunner().invoke(arguments)
    Path(notes_file).write_text("".join(json.dumps(sql) + "\n" for sql in notes), encoding="utf-8")
    if done.exception:
        sys.stderr.write(f"{done.exception}\n")
    return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main())
