"""Answers of the lists that are declared in `schemas/` and of which nothing else is known: three made-up items."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent.parent / "schemas"
ITEMS = 3
VALUES: dict[str, Any] = {
    "integer": 7, "number": 2.5, "boolean": True, "array": [], "object": {}, "date-time": "2026-11-01T10:00:00Z",
}  # fmt: skip


@cache
def declared() -> dict[str, dict[str, Any]]:
    """Return the schemas of the streams that are one GET and one list, by path."""
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMAS.glob("*.json"))]
    lists = [schema for schema in schemas if "items" in schema.get("x-stream", {})]
    return {schema["x-stream"]["endpoint"].split()[1]: schema for schema in lists}


def answer(path: str) -> dict[str, Any]:
    """Return the answer of a declared list: items that have a value at every path that a column reads."""
    schema = declared()[path]
    items = [_item(schema, position) for position in range(ITEMS)]
    return {"status": "success", schema["x-stream"]["items"]: items}


def _item(schema: dict[str, Any], position: int) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, entry in schema["properties"].items():
        given = entry.get("x-path", ())
        path = given if isinstance(given, str) else next(iter(given), "")
        if not path or path.startswith(("^", ".", "~")):
            continue
        *way, last = path.split(".")
        place = item
        for key in way:
            place = place.setdefault(key, {})
        types = {entry["type"]} if isinstance(entry["type"], str) else {*entry["type"]}
        kind = (types - {"null"}).pop()
        place[last] = VALUES.get(entry.get("format", kind), f"{name} {position + 1}")
    return item
