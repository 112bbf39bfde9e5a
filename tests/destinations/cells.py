"""What arrived in a destination, compared with the tap's records cell by cell."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.destinations.conftest import Destination
    from tests.support import Output

MERGED, APPENDED, REPLACED, TRUNCATED = "merged", "appended", "replaced", "truncated"
"""What a loader makes of rows that were there: it merges by key, appends, replaces those of a stream that has records,
or empties every table before it loads.
"""


def assert_arrived(
    destination: Destination,
    outputs: Sequence[Output],
    method: str,
    alter: Callable[[Any, dict], Any] = lambda value, _entry: value,
    streams: set[str] | None = None,
) -> int:
    """The destination has what the runs said, loaded one after another; return how many cells were compared.

    alter: what becomes of a value of a record, by the description of its column. streams: if not all of them.
    """
    columns = {
        name: message["schema"]["properties"]
        for output in outputs
        for name, message in output.schemas.items()
        if streams is None or name in streams
    }
    found = read(destination, columns)
    cells = 0
    for stream, described in columns.items():
        keys = next(output.schemas[stream]["key_properties"] for output in outputs if stream in output.schemas)
        expected = [
            {name: plain(alter(record[name], entry), entry) for name, entry in described.items()}
            for record in loaded(outputs, stream, keys, method)
        ]
        compare(stream, sorted_rows(found[stream], keys), sorted_rows(expected, keys))
        cells += len(expected) * len(described)
    return cells


def loaded(outputs: Sequence[Output], stream: str, keys: list[str], method: str) -> list[dict]:
    """The records that should be there."""
    runs = [output.records(stream) for output in outputs if stream in output.schemas]
    if method == MERGED:
        return [*{tuple(record[key] for key in keys): record for run in runs for record in run}.values()]
    if method == APPENDED:
        return [record for run in runs for record in run]
    return next((run for run in reversed(runs) if run), []) if method == REPLACED else runs[-1]


def read(destination: Destination, columns: dict[str, dict[str, dict]]) -> dict[str, list[dict]]:
    """The rows of tables as plain values."""

    def selected(name: str, entry: dict) -> str:
        column = destination.quoted(name)
        return destination.as_text(column) if entry.get("format") == "date-time" else column

    queries = [
        f"SELECT {', '.join(selected(name, entry) for name, entry in described.items())} "
        f"FROM {destination.schema}.{stream}"
        for stream, described in columns.items()
    ]
    return {
        stream: [
            {name: plain(value, described[name]) for name, value in zip(described, row, strict=True)} for row in rows
        ]
        for (stream, described), rows in zip(columns.items(), destination.ask_all(queries), strict=True)
    }


def sorted_rows(rows: list[dict], keys: list[str]) -> list[dict]:
    return sorted(rows, key=lambda row: [str(row.get(name)) for name in (*keys, "extracted_at")])


def compare(stream: str, found: list[dict], expected: list[dict]) -> None:
    assert len(found) == len(expected), f"{stream}: {len(found)} rows, {len(expected)} expected"
    for row, record in zip(found, expected, strict=True):
        assert row == record, f"{stream}: " + "; ".join(
            f"{name}: {row[name]!r}, expected {record[name]!r}" for name in record if row[name] != record[name]
        )


def plain(value: Any, entry: dict) -> Any:
    """A value of a record or of a row, in the form in which both can be compared; entry: of the column's schema."""
    if value is None:
        return None
    types = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
    if "object" in types or "array" in types:
        value = json.loads(value) if isinstance(value, str) else value
        has_objects = "object" in entry.get("items", {}).get("type", [])
        return [plain(item, entry["items"]) for item in value] if value and has_objects else value
    if entry.get("format") == "date-time":
        return instant(str(value))
    if entry.get("format") == "date":
        return str(value)[:10]
    if "boolean" in types:
        return str(value).lower() in ("true", "1")
    for kind, number in (("integer", int), ("number", float)):
        if kind in types:
            return number(value)
    return value


def instant(text: str) -> datetime:
    """A point in time, UTC; without an offset it is UTC."""
    day, time, fraction, offset = re.fullmatch(r"(\S{10})[ T]([\d:]{8})(\.\d+)?(.*)", text).groups()
    offset = offset.strip().replace("Z", "+00:00") or "+00:00"
    zoned = f"{day}T{time}{(fraction or '.0')[:7]:0<7}{offset if ':' in offset else offset + ':00'}"
    return datetime.fromisoformat(zoned).astimezone(timezone.utc)
