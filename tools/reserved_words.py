"""Names that a warehouse reserves: SQL that doesn't quote them fails, or silently calls a function of that name.

Loaders differ in what they quote, and whoever writes a query by hand quotes nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlfluff.core.dialects import dialect_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WAREHOUSES = {
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
    "redshift": "Redshift",
    "databricks": "Databricks",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "duckdb": "DuckDB",
}
"""The name of each in sqlfluff, and its own."""
QUOTED = {
    ("accounts", "user"): "reserved in PostgreSQL, Redshift and DuckDB; their loaders quote it, and no model reads it",
    ("sync_runs", "left"): "every documented loader quotes it, and so does ayrshare__sync_health, the only model that "
    "reads it",
    ("sync_runs", "read"): "reserved in MySQL alone, where dlt quotes every name; no model reads it",
}
"""Columns that are reserved somewhere, and why each is safe all the same."""


@cache
def reserved_words(warehouse: str) -> frozenset[str]:
    """Return what can't name a column without quotes, in capitals.

    Functions that are called without parentheses are among it: `SELECT user` is one in PostgreSQL, even of a table
    with such a column.
    """
    dialect = dialect_selector(warehouse)
    words = dialect.sets("reserved_keywords") | dialect.sets("bare_functions")
    return frozenset(str(word).upper() for word in words)


def where_reserved(column: str) -> list[str]:
    """Return the warehouses that reserve a name."""
    return [name for warehouse, name in WAREHOUSES.items() if column.upper() in reserved_words(warehouse)]


def reserved_columns(
    columns_of: Mapping[str, Iterable[str]], quoted: Mapping[tuple[str, str], str] = QUOTED
) -> list[str]:
    """Return the columns of streams or models that are reserved somewhere and not among those that are always quoted.

    An exception that is no longer needed is wrong, too.
    """
    pairs = [(name, column) for name, columns in columns_of.items() for column in columns]
    wrong = [
        f"{name}: column {column}: rename it, {', '.join(where)} {'reserve' if len(where) > 1 else 'reserves'} the name"
        for name, column in pairs
        if (where := where_reserved(column)) and (name, column) not in quoted
    ]
    named = [pair for pair in quoted if pair[0] in columns_of]
    stale = [pair for pair in named if pair not in pairs or not where_reserved(pair[1])]
    return wrong + [f"{name}: column {column}: no exception is needed, remove it from QUOTED" for name, column in stale]
