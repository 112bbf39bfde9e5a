"""What the declaration of a stream lacks: `x-stream` and `x-path` in its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.columns import READERS
from tap_ayrshare.ayrshare.contract import NETWORKS
from tools.loadable import declared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEEDED = ("endpoint", "key_properties", "replication_key")
OF_THE_RUN = {"profile", "platform", "snapshot_date", "last_seen"}
"""Columns of keys that no body has."""


def undeclared(schemas: Path) -> list[str]:
    """Return what is missing, a line for each thing, with the file that lacks it."""
    return [f"{name}.json: {what}" for name, schema in declared(schemas).items() for what in _missing(schema)]


def _missing(schema: dict[str, Any]) -> Iterator[str]:
    said, columns = schema["x-stream"], schema["properties"]
    yield from (f"x-stream lacks {word}" for word in NEEDED if word not in said)
    for column in [
        *said.get("key_properties", ()),
        *said.get("bodies", {}),
        *filter(None, [said.get("replication_key")]),
    ]:
        if column not in columns:
            yield f"x-stream names the column {column}, which it doesn't have"
    for column in said.get("key_properties", ()):
        if column not in schema.get("required", ()):
            yield f"the key column {column} isn't required"
    if "items" in said:
        yield from _missing_of_list(said, columns)
    for column, entry in columns.items():
        if "x-read" in entry and entry["x-read"] not in READERS:
            yield f"the column {column}: x-read must be one of {', '.join(READERS)}"


def _missing_of_list(said: dict[str, Any], columns: dict[str, Any]) -> Iterator[str]:
    method, _, path = said.get("endpoint", "GET /").partition(" ")
    if method != "GET" or not path.startswith("/") or "{" in path or ":" in path:
        yield f"a list that is declared needs an endpoint such as GET /feed, not {said['endpoint']}"
    for column in said.get("key_properties", ()):
        if column not in OF_THE_RUN and "x-path" not in columns.get(column, {}):
            yield f"the key column {column} has no x-path"
    if "network" in said and said["network"] not in NETWORKS:
        yield f"x-stream names the network {said['network']}, which is in no file of networks/"
    if ("network" in said) != ("reads" in said):
        yield "x-stream needs both network and reads, or neither"
