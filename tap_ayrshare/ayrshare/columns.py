"""Columns of a stream that its schema reads out of the API's bodies: what a body becomes a row by.

A column of `schemas/<stream>.json` says where its value comes from:

    x-path   a dotted path into the item, or several, of which the first that has a value counts; `.` is the item
             itself, `~` its key in an object of items by key, `^` begins a path into the answer around it
    x-read   how the value is read, where the column's type doesn't say it: a name in `READERS`

Paths that differ by network are in `metrics.json`, in the section that the schema names as `x-fields`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_ayrshare.ayrshare.contract import field_paths, load
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.values import day, dig, integer, number, objects, text, texts, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

Reader = Callable[[Any], Any]
AROUND, WHOLE, KEY = "^", ".", "~"


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _date(value: Any) -> str | None:
    found = day(value)
    return found.isoformat() if found else None


def _listed(reader: Reader, value: Any) -> list[Any] | None:
    if not isinstance(value, list):
        return None
    return [found for item in value if (found := reader(item)) is not None]


READERS: dict[str, Reader] = {
    "text": text,
    "id": usable_id,
    "timestamp": timestamp,
    "date": _date,
    "integer": integer,
    "number": number,
    "boolean": _boolean,
    "object": _object,
    "texts": lambda value: texts(value) if isinstance(value, list) else None,
    "integers": partial(_listed, integer),
    "objects": lambda value: objects(value) if isinstance(value, list) else None,
}
"""How values are read: each returns None for what isn't one."""


class Column(NamedTuple):
    """A column that is read out of a body: paths into the item and into the answer around it, in order."""

    name: str
    paths: tuple[tuple[bool, tuple[str, ...]], ...]
    read: Reader

    def value(self, item: Any, around: dict[str, Any]) -> Any:
        """Return the column's value: what is at the first of its paths that can be read."""
        for is_around, path in self.paths:
            found = self.read(
                getattr(item, "key", None) if path == (KEY,) else dig(around if is_around else item, path)
            )
            if found is not None:
                return found
        return None


@cache
def columns(stream: str, network: str | None = None) -> tuple[Column, ...]:
    """Return the columns of a stream that are read out of bodies, those of a network where they differ by network."""
    return tuple(_columns(stream, network))


def _columns(stream: str, network: str | None) -> Iterator[Column]:
    schema = load(f"{stream}.json")
    keys = set(schema.get("x-stream", {}).get("key_properties", ()))
    section = schema.get("x-fields")
    by_network = field_paths(section, network or "all") if section else {}
    for name, entry in schema["properties"].items():
        given = entry.get("x-path", ())
        paths = [_path(path) for path in ([given] if isinstance(given, str) else given)]
        paths += [(False, path) for path in by_network.get(name, ())]
        if paths:
            yield Column(name, tuple(paths), READERS[entry.get("x-read") or _reader(entry, is_key=name in keys)])


def _path(text: str) -> tuple[bool, tuple[str, ...]]:
    plain = text.removeprefix(AROUND)
    return text.startswith(AROUND), () if plain == WHOLE else tuple(plain.split("."))


def _reader(entry: dict[str, Any], *, is_key: bool) -> str:
    """Return the name of the reader that a column's type asks for."""
    kind = _type(entry)
    if kind == "string":
        return {"date-time": "timestamp", "date": "date"}.get(entry.get("format", ""), "id" if is_key else "text")
    if kind == "array":
        return {"integer": "integers", "object": "objects"}.get(_type(entry["items"]), "texts")
    return kind


def _type(entry: dict[str, Any]) -> str:
    types = {entry["type"]} if isinstance(entry["type"], str) else {*entry["type"]}
    return str((types - {"null"}).pop())


def read_columns(stream: str, network: str | None, item: dict[str, Any], around: Any = None) -> dict[str, Any]:
    """Return the columns of an item.

    Args:
        stream: the stream whose schema says how.
        network: the item's network, None where it belongs to none.
        item: an item of the answer.
        around: the answer itself, for columns that come from around the items.
    """
    envelope = around if isinstance(around, dict) else {}
    return {column.name: column.value(item, envelope) for column in columns(stream, network)}
