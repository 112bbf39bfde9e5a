"""The user's stage: the files in it, and the rows in those."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fakesnow.transforms import stage
from sqlglot import exp

if TYPE_CHECKING:
    from fakesnow.cursor import FakeSnowflakeCursor

HOME = "SNOWFLAKE.USERS.HOME"
"""The stage that stands for `@~`; fakesnow keeps its files below a directory of this name."""
STAGED = "temp.main._staged"
"""The temporary table with staged rows, by DuckDB's own name: fakesnow refuses one without a schema."""
LONGEST_TEXT = 16_777_216
TOO_LONG = "error('String is too long and would be truncated')"
NO_ROWS = "(SELECT NULL::JSON AS json, 0 AS position WHERE false)"


def literal(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="duckdb")


def is_home(location: str) -> bool:
    return location.startswith("@~/")


def put(cursor: FakeSnowflakeCursor, source: str, location: str) -> str:
    """Return a PUT of a file into the stage that stands for the user's."""
    cursor._duck_conn.execute(
        "INSERT OR IGNORE INTO _fs_global._fs_information_schema._fs_stages "
        "(database_name, schema_name, name, url) VALUES (?, ?, ?, '')",
        HOME.split("."),
    )
    return f"PUT {source} @{HOME}/{location.removeprefix('@~/')}"


def files(location: str) -> list[Path]:
    """Return the files whose path begins with that of the location."""
    root, path = Path(stage.internal_dir(HOME)), location.removeprefix("@~/")
    return sorted(file for file in root.rglob("*") if file.is_file() and str(file.relative_to(root)).startswith(path))


def load(cursor: FakeSnowflakeCursor, select: exp.Select, keys: list[str]) -> list[Path]:
    """Put the rows that a select takes out of staged files into STAGED, of each key the last; return the files."""
    found = files(select.args["from_"].this.this.name)
    columns = ", ".join(_column(selection) for selection in select.expressions)
    rows = NO_ROWS
    if found:
        names = ", ".join(literal(str(file)) for file in found)
        lines = f"read_json_objects([{names}], format = 'newline_delimited')"
        rows = f"(SELECT json, row_number() OVER () AS position FROM {lines})"
    last = f" QUALIFY row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY position DESC) = 1" if keys else ""
    cursor._duck_conn.execute(
        f"CREATE OR REPLACE TEMPORARY TABLE {STAGED} AS SELECT * EXCLUDE (position) "
        f"FROM (SELECT {columns}, position FROM {rows}){last}"
    )
    return found


def _column(selection: exp.Alias) -> str:
    """Return `$1:name::TYPE AS alias` for DuckDB, on rows in which `json` is the record."""
    if not (isinstance(selection.this, exp.Cast) and isinstance(selection.this.this, exp.JSONExtract)):
        raise NotImplementedError(selection.sql(dialect="snowflake"))
    names = selection.this.this.expression.expressions[1:]
    path = literal("$" + "".join(f'."{name.this}"' for name in names))
    return f'{_cast(path, selection.this.to)} AS "{selection.alias.upper()}"'


def _cast(path: str, kind: exp.DataType) -> str:
    """Return how DuckDB reads a type from JSON as Snowflake does from a VARIANT.

    JSON's null becomes NULL, but stays a JSON null in a VARIANT. A TIMESTAMP_NTZ keeps the clock of the text and drops
    its offset.
    """
    value = f"(json ->> {path})"
    if kind.is_type("variant"):
        return f"(json -> {path})"
    if kind.is_type("varchar", "text"):
        longest = int(kind.expressions[0].name) if kind.expressions else LONGEST_TEXT
        return (
            value
            if longest >= LONGEST_TEXT
            else f"CASE WHEN length{value} > {longest} THEN {TOO_LONG} ELSE {value} END"
        )
    if kind.is_type("timestampntz", "timestamp"):
        return f"CAST(regexp_replace({value}, '(Z|[+-][0-9:]+)$', '') AS TIMESTAMP)"
    if kind.is_type("decimal", "double", "float", "boolean", "date"):
        return f"CAST({value} AS {kind.sql(dialect='duckdb')})"
    raise NotImplementedError(kind.sql(dialect="snowflake"))
