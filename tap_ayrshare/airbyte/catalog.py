"""What the source says of itself: its settings as a form, its streams as a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airbyte_cdk.models import AirbyteCatalog, AirbyteStream, ConnectorSpecification, SyncMode

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.config.settings import DEFINITION
from tap_ayrshare.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION = "https://docs.airbyte.com/integrations/sources/ayrshare"
CURSOR = "extracted_at"
"""The cursor of every stream: of two copies of a row the later run's counts, whatever their other dates are."""
DAYS = ("snapshot_date", "date")
"""Replication keys of streams whose rows are of one day, which can't be read again when it is over."""
LOSES_HISTORY = "A full refresh that overwrites deletes the days before, which can't be read again; sync incrementally."
TEXT = {"type": "string"}
ITEMS = {
    "post_ids": {"type": "object", "required": ["id"], "properties": {"id": TEXT, "profile": TEXT}},
    "social_post_ids": {
        "type": "object",
        "required": ["platform", "id"],
        "properties": {"platform": TEXT, "id": TEXT, "profile": TEXT},
    },
}
"""What those lists hold whose items can be of several types in the settings; a form has one."""


def specification() -> ConnectorSpecification:
    """Return the settings as a form."""
    properties = {name: _field(name, schema) for name, schema in DEFINITION["properties"].items()}
    return ConnectorSpecification(
        documentationUrl=DOCUMENTATION,
        connectionSpecification={
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Ayrshare",
            "type": "object",
            "required": DEFINITION["required"],
            "properties": {name: {**field, "order": order} for order, (name, field) in enumerate(properties.items())},
            "additionalProperties": True,
        },
        supportsIncremental=True,
    )


def _field(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting as a form has it: with one type, secrets marked."""
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    field = {key: value for key, value in schema.items() if key not in ("secret", "writeOnly")} | {"type": kind}
    if schema.get("secret") and kind == "string":
        field["airbyte_secret"] = True
    if "items" in schema:
        field["items"] = ITEMS.get(name) or _field("", schema["items"])
    if "properties" in schema:
        field["properties"] = {inner: _field(inner, described) for inner, described in schema["properties"].items()}
    return field


def catalog() -> AirbyteCatalog:
    """Return all streams; they are the same for every account."""
    return AirbyteCatalog(streams=[_stream(kind.name) for kind in STREAMS])


def is_history(stream: str) -> bool:
    """Return whether a stream's rows can't be read again when their day is over."""
    return stream_contract(stream).replication_key in DAYS


def _stream(name: str) -> AirbyteStream:
    contract = stream_contract(name)
    notes = [contract.schema["description"]]
    if contract.opt_in:
        notes.append(f"Read only if {contract.opt_in} in the source's settings lists it.")
    if is_history(name):
        notes.append(LOSES_HISTORY)
    schema = {
        **contract.schema,
        "description": " ".join(notes),
        "properties": {column: _column(described) for column, described in contract.schema["properties"].items()},
        "additionalProperties": True,
    }
    return AirbyteStream(
        name=name,
        json_schema=schema,
        supported_sync_modes=[SyncMode.full_refresh, SyncMode.incremental],
        source_defined_cursor=True,
        default_cursor_field=[CURSOR],
        source_defined_primary_key=[[column] for column in contract.key_properties],
        is_resumable=True,
    )


def _column(schema: Mapping[str, Any]) -> dict[str, Any]:
    zone = {"airbyte_type": "timestamp_with_timezone"} if schema.get("format") == "date-time" else {}
    return {**schema, **zone}
