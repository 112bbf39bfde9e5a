"""Load what a Singer tap writes into a destination of dlt, merging on the primary keys.

    tap-ayrshare --config tap.json | python load_with_dlt.py DESTINATION DATASET > state.json

DESTINATION is one of dlt's, such as duckdb; its credentials are in dlt's own configuration. The last state goes to
stdout once all rows before it are loaded.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import dlt

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = {"string": "text", "integer": "bigint", "number": "double", "boolean": "bool"}
FORMATS = {"date-time": "timestamp", "date": "date"}
# Not the name of a dataset: DuckDB's file has the pipeline's name, and no schema may be named like its file.
PIPELINE = "tap_ayrshare"


def integer(digits: str) -> int | str:
    """Return an integer of at most 64 bits; dlt can't write a larger one, so that it stays text."""
    value = int(digits)
    return value if value.bit_length() < 64 else digits  # noqa: PLR2004


def column(described: dict[str, Any]) -> dict[str, Any]:
    """Return dlt's column for a property of a JSON Schema; objects and arrays stay whole, as JSON."""
    types = [described["type"]] if isinstance(described["type"], str) else described["type"]
    kind = next(name for name in types if name != "null")
    found: dict[str, Any] = {"data_type": FORMATS.get(described.get("format", ""), TYPES.get(kind, "json"))}
    if "maxLength" in described:
        found["precision"] = described["maxLength"]
    return found


def rows(states: list[Any]) -> Iterator[Any]:
    """Yield the records on stdin for the table of their stream; the first of each brings its columns and keys."""
    tables: dict[str, Any] = {}
    for line in sys.stdin:
        message = json.loads(line, parse_int=integer)
        if message["type"] == "SCHEMA":
            tables[message["stream"]] = dlt.mark.make_hints(
                table_name=message["stream"],
                primary_key=message["key_properties"],
                write_disposition="merge",
                columns={name: column(described) for name, described in message["schema"]["properties"].items()},
            )
        elif message["type"] == "RECORD":
            stream, record = message["stream"], message["record"]
            if stream in tables:
                yield dlt.mark.with_hints(record, tables.pop(stream), create_table_variant=True)
            else:
                yield dlt.mark.with_table_name(record, stream)
        elif message["type"] == "STATE":
            states[:] = [message["value"]]


def main() -> None:
    """Load stdin."""
    destination, dataset = sys.argv[1:]
    pipeline = dlt.pipeline(PIPELINE, destination=destination, dataset_name=dataset)
    if pipeline.has_pending_data:
        # A run that failed left it; dlt would load that in place of what comes now.
        pipeline.run()
    states: list[Any] = []
    pipeline.run(dlt.resource(rows(states), name=PIPELINE, max_table_nesting=0))
    for state in states:
        sys.stdout.write(json.dumps(state) + "\n")


if __name__ == "__main__":
    main()
