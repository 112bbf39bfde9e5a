"""The tables of the models, in PostgreSQL or in a DuckDB file."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_ayrshare_report.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

POSTGRES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2")
DUCKDB = "duckdb"
FORMS = "postgresql://user:password@host:5432/database, or duckdb:///path/to/file.duckdb"
CONNECT_SECONDS = 15
COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = {schema}"


@dataclass(frozen=True)
class Tables:
    """The tables of one schema; name: the database as errors show it, without its password."""

    name: str
    schema: str
    columns: dict[str, frozenset[str]]
    _connection: Any
    _error: type[Exception]

    def has(self, table: str) -> bool:
        """Tell whether the table is there."""
        return table in self.columns

    def rows(self, table: str, columns: Sequence[str], rest: str = "") -> list[tuple[Any, ...]]:
        """Return columns of all rows: null for a column that is not there, nothing if the table is not.

        Args:
            table: its name.
            columns: their names, or None in place of one for a null.
            rest: what follows the table's name in the query.

        Raises:
            ReportError: the table can't be read.
        """
        if not self.has(table):
            return []
        listed = [quoted(name) if name in self.columns[table] else "NULL" for name in columns]
        return self._select(listed, table, rest)

    def extents(self, table: str, day: str) -> list[tuple[Any, ...]]:
        """Return profile, first and last day of each profile in a table.

        Raises:
            ReportError: the table can't be read.
        """
        if day not in self.columns.get(table, ()):
            return []
        return self._select(["profile", f"min({quoted(day)})", f"max({quoted(day)})"], table, "GROUP BY profile")

    def count(self, table: str, rest: str) -> int:
        """Return how many rows a table has; see `rows`.

        Raises:
            ReportError: the table can't be read.
        """
        return sum(count for (count,) in self._select(["count(*)"], table, rest)) if self.has(table) else 0

    def _select(self, listed: Sequence[str], table: str, rest: str) -> list[tuple[Any, ...]]:
        query = f"SELECT {', '.join(listed)} FROM {quoted(self.schema)}.{quoted(table)} {rest}"  # noqa: S608
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(query).fetchall()
        except self._error as error:
            raise ReportError(f"{self.name}: can't read {self.schema}.{table}: {_one_line(error)}") from None
        return found


@contextmanager
def opened(url: str, schema: str) -> Iterator[Tables]:
    """Connect for reading only, and yield the tables of a schema.

    Args:
        url: a PostgreSQL URL, a DuckDB URL, or the path of a DuckDB file.
        schema: where dbt has built the models.

    Raises:
        ReportError: the URL is none, its driver is not installed, or the database doesn't answer.
    """
    scheme, separator, _ = url.partition("://")
    if scheme in POSTGRES and separator:
        connection, name, error_type = _postgres(url)
    elif scheme == DUCKDB or (not separator and Path(url).suffix in (".duckdb", ".db")):
        connection, name, error_type = _duckdb(url)
    else:
        # Not the URL itself: it may hold a password.
        raise ReportError(f"the URL of the database is neither PostgreSQL's nor DuckDB's; it looks like {FORMS}")
    try:
        found: dict[str, set[str]] = {}
        for table, column in connection.execute(COLUMNS.format(schema=literal(schema))).fetchall():
            found.setdefault(table, set()).add(column)
        yield Tables(name, schema, {table: frozenset(names) for table, names in found.items()}, connection, error_type)
    finally:
        connection.close()


def _postgres(url: str) -> tuple[Any, str, type[Exception]]:
    driver = _driver("psycopg")
    _, _, rest = url.partition("://")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 5432
    except ValueError as error:
        raise ReportError(f"the URL of the database can't be read: {error}; it looks like {FORMS}") from None
    name = f"PostgreSQL at {host}:{port}"
    try:
        connection = driver.connect(f"postgresql://{rest}", connect_timeout=CONNECT_SECONDS)
        # One view of the tables, though dbt may be building them again.
        connection.isolation_level = driver.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    except driver.Error as error:
        raise ReportError(f"{name}: can't connect: {_one_line(error)}") from None
    return connection, name, driver.Error


def _duckdb(url: str) -> tuple[Any, str, type[Exception]]:
    path = Path(url.removeprefix(f"{DUCKDB}:///").removeprefix(f"{DUCKDB}://"))
    if not path.is_file():
        raise ReportError(f"there is no DuckDB file {path}")
    driver = _driver("duckdb")
    try:
        return driver.connect(str(path), read_only=True), f"DuckDB file {path}", driver.Error
    except driver.Error as error:
        raise ReportError(f"DuckDB can't open {path}: {_one_line(error)}") from None


def _driver(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ReportError(f"{name} is not installed: pip install 'tap-ayrshare[report]'") from None


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def quoted(name: str) -> str:
    """Return a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"
