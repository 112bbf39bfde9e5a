"""What is done to a statement before fakesnow sees it. The table is in the package's docstring."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fakesnow.dialect import parse_one
from fakesnow.transforms import stage as fakesnows_stage
from fakesnow.transforms.file_format import lookup_file_format
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from tests.destinations.snowflake import stage
from tests.destinations.snowflake.stage import STAGED, literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from fakesnow.cursor import FakeSnowflakeCursor


def translate(cursor: FakeSnowflakeCursor, command: str, reserved: Collection[str]) -> str:
    """Do what fakesnow can't, and return what is left for it to do."""
    statement = parse_one(command)
    refuse_reserved(statement, reserved)
    for handle in HANDLERS:
        left = handle(cursor, statement)
        if left is not None:
            return left
    return command


def refuse_reserved(statement: exp.Expression, reserved: Collection[str]) -> None:
    for name in statement.find_all(exp.Identifier):
        if not name.quoted and name.name.upper() in reserved:
            text = f"SQL compilation error:\nsyntax error line 1 unexpected '{name.name}'."
            raise ProgrammingError(text, errno=1003, sqlstate="42000")


# Each returns None for a statement that isn't its own.


def put(cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    if not isinstance(statement, exp.Put):
        return None
    location = statement.args["target"].name.strip("'")
    return stage.put(cursor, statement.this.sql(dialect="snowflake"), location) if stage.is_home(location) else None


def remove(_cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    if not (isinstance(statement, exp.Command) and statement.this.upper() == "REMOVE"):
        return None
    found = stage.files(statement.expression.name.strip().strip("'"))
    for file in found:
        file.unlink()
    return f"SELECT {literal(found[0].name if found else '')} AS name, 'removed' AS result"


def merge(cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    """Merge staged rows, or those of a table, with DuckDB's own MERGE.

    fakesnow's keeps notes of its intermediate table in one place for all sessions, and the target loads several tables
    at once. Nor does it know what an unqualified column of VALUES means.
    """
    if not isinstance(statement, exp.Merge):
        return None
    source = statement.args["using"]
    if is_staged(source.this):
        check_format(cursor, source.this.args["from_"].this.args["format"].sql(dialect="snowflake"))
        window = source.this.args["qualify"].find(exp.Window)
        stage.load(cursor, source.this, [key.sql(dialect="duckdb") for key in window.args["partition_by"]])
        statement.set("using", exp.to_table(STAGED, alias=source.alias))
    statement = cursor._transform(statement, None)
    for when in statement.args["whens"].expressions:
        then = when.args["then"]
        if isinstance(then, exp.Update):
            for change in then.args["expressions"]:
                change.this.set("table", None)
        elif isinstance(then, exp.Insert):
            for column in then.expression.find_all(exp.Column):
                column.set("table", exp.to_identifier(source.alias_or_name))
    begin(cursor)
    actions = cursor._duck_conn.execute(f"{statement.sql(dialect='duckdb')} RETURNING merge_action").fetchall()
    counts = Counter(action for (action,) in actions)
    return f'SELECT {counts["INSERT"]} AS "number of rows inserted", {counts["UPDATE"]} AS "number of rows updated"'


def copy(cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    """Insert staged rows."""
    if not (isinstance(statement, exp.Copy) and is_staged(statement.args["files"][0].this)):
        return None
    options = [option for parameter in statement.args["params"] for option in parameter.expressions]
    settings = {option.this.name.upper(): option.args["value"].name for option in options}
    check_format(cursor, settings["FORMAT_NAME"])
    files = stage.load(cursor, statement.args["files"][0].this, [])
    if not files:
        return "SELECT 'Copy executed with 0 files processed.' AS status"
    target, names = statement.this, [column.sql(dialect="snowflake") for column in statement.this.expressions]
    cursor.execute(f"INSERT INTO {target.sql(dialect='snowflake')} SELECT {', '.join(names)} FROM {STAGED}")
    rows = cursor._rowcount
    return (
        f"SELECT {literal(files[0].name)} AS file, 'LOADED' AS status, {rows} AS rows_parsed, {rows} AS rows_loaded, "
        "1 AS error_limit, 0 AS errors_seen, NULL AS first_error, NULL AS first_error_line, "
        "NULL AS first_error_character, NULL AS first_error_column_name"
    )


def drop_file_format(cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    if not (isinstance(statement, exp.Drop) and str(statement.args.get("kind")).upper() == "FILE FORMAT"):
        return None
    conn, name = cursor._conn, statement.find(exp.Table).sql(dialect="snowflake")
    with cursor._duck_conn.cursor() as other:  # a transaction of its own, as fakesnow does for CREATE FILE FORMAT
        found = other.execute(
            "DELETE FROM _fs_global._fs_information_schema._fs_file_formats "
            "WHERE database_name = ? AND schema_name = ? AND name = ? RETURNING name",
            fakesnows_stage.parts_from_var(name, conn.database, conn.schema),
        ).fetchall()
    if not found and not statement.args.get("exists"):
        raise ProgrammingError(f"File format '{name}' does not exist or not authorized.", errno=2003, sqlstate="02000")
    return f"SELECT {literal(name)} || ' successfully dropped.' AS status"


def create_with_key(_cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    """Create a table whose key isn't enforced, but whose key columns can't be NULL."""
    if not (isinstance(statement, exp.Create) and statement.find(exp.PrimaryKey)):
        return None
    for key in list(statement.find_all(exp.PrimaryKey)):
        names = {part.name.upper() for part in key.find_all(exp.Identifier)}
        for column in statement.find_all(exp.ColumnDef):
            if column.name.upper() in names and not column.find(exp.NotNullColumnConstraint):
                column.append("constraints", exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
        key.pop()
    return statement.sql(dialect="snowflake")


def create_temporary(_cursor: FakeSnowflakeCursor, statement: exp.Expression) -> str | None:
    """Create a temporary table in a schema as one that stays: DuckDB has none there, and dbt drops its own."""
    temporary = isinstance(statement, exp.Create) and statement.find(exp.TemporaryProperty)
    if not (temporary and statement.find(exp.Table).db):
        return None
    temporary.pop()
    return statement.sql(dialect="snowflake")


HANDLERS = (put, merge, copy, remove, drop_file_format, create_with_key, create_temporary)


def is_staged(select: exp.Expression | None) -> bool:
    """Return whether a select takes rows from the user's stage."""
    table = isinstance(select, exp.Select) and select.args["from_"].this
    return isinstance(table, exp.Table) and isinstance(table.this, exp.Literal) and stage.is_home(table.this.name)


def check_format(cursor: FakeSnowflakeCursor, name: str) -> None:
    """Refuse a file format that doesn't exist, as Snowflake does, or isn't JSON's."""
    conn = cursor._conn
    options = lookup_file_format(cursor._duck_conn, name, conn.database, conn.schema)
    if options["TYPE"] != "JSON":
        raise NotImplementedError(f"a file format of type {options['TYPE']}")


def begin(cursor: FakeSnowflakeCursor) -> None:
    """Begin a transaction unless each statement is its own, as fakesnow does for statements that change rows."""
    if not cursor._conn._autocommit and not cursor._conn._in_transaction:
        cursor._duck_conn.begin()
        cursor._conn._in_transaction = True
