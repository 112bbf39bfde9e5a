"""What some loader can't use of the contract's schemas, of which none of the warehouses itself complains in time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tools.reserved_words import reserved_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_KEY = 3072
"""Bytes of a primary key in MySQL and MariaDB, which have up to four for a character."""
SHORTEST_TEXT = 64
"""Characters of a key column: what is cut to its length ends in a hash of 32."""


def declared(schemas: Path) -> dict[str, dict[str, Any]]:
    """Return the schemas of the streams, by stream."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(schemas.glob("*.json"))}
    return {name: schema for name, schema in found.items() if "x-stream" in schema}


def unloadable(schemas: Path) -> list[str]:
    """Return what some loader can't use, each with what to do."""
    wrong: list[str] = []
    columns_of = {}
    for name, schema in declared(schemas).items():
        keys, columns = schema["x-stream"], schema["properties"]
        columns_of[name] = list(columns)
        wrong += _wrong_keys(name, {key: columns[key] for key in keys["key_properties"]})
        for column, entry in columns.items():
            wrong += [f"{name}: column {column}: {what}" for what in _wrong_column(entry)]
    return wrong + reserved_columns(columns_of)


def _wrong_keys(name: str, columns: dict[str, dict[str, Any]]) -> Iterator[str]:
    lengths = {column: entry.get("maxLength", 0) for column, entry in columns.items() if _is_text(entry)}
    for column, length in lengths.items():
        if length < SHORTEST_TEXT:
            yield f"{name}: key column {column}: give it a maxLength of {SHORTEST_TEXT} or more"
    # Numbers and dates of a key have less than ten bytes.
    size = sum(4 * length for length in lengths.values()) + 10 * (len(columns) - len(lengths))
    if size > LARGEST_KEY:
        yield f"{name}: a key of up to {size} bytes: lower a maxLength, MySQL takes {LARGEST_KEY}"


def _wrong_column(entry: dict[str, Any]) -> Iterator[str]:
    items = entry.get("items", {})
    if "array" in _types(entry) and not _types(items):
        yield "give its items a type"
    # singer-sdk's targets look for the properties of items that are objects, whatever else the schema says, and drop
    # what isn't among them unless additionalProperties is true.
    if "object" in _types(items) and not ("properties" in items and items.get("additionalProperties") is True):
        yield "give its items `properties: {}` and `additionalProperties: true`"
    if entry.get("format") == "date-time" and not re.search(r"\bUTC\b", entry["description"]):
        yield "say in its description that it is UTC"


def _types(entry: dict[str, Any]) -> list[str]:
    types = entry.get("type", [])
    return [types] if isinstance(types, str) else types


def _is_text(entry: dict[str, Any]) -> bool:
    return "string" in _types(entry) and "format" not in entry
