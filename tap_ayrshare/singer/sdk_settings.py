"""The settings that the SDK brings along: stream maps and flattening."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.config import readers
from tap_ayrshare.config.nearest import LONGEST_SHOWN, unknown_names
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTHING = "__NULL__"
"""What removes a column in a stream map, as null does."""


def sdk_settings(config: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of these settings; what came as text is read by type, and blank text is unset.

    Args:
        config: the settings as they came in.
        schemas: the JSON Schema of each of the SDK's settings, by name.

    Raises:
        SettingsError: one can't be used; the SDK's own validation prints its value.
    """
    found = {name: _read(name, schema, config.get(name)) for name, schema in schemas.items()}
    if found.get("flattening_enabled") and found.get("flattening_max_depth") is None:
        raise SettingsError("setting 'flattening_max_depth': is missing; flattening_enabled needs it")
    return {name: value for name, value in found.items() if value is not None}


def useless_maps(maps: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each stream map that names no stream, and for each column that it removes but isn't there."""
    columns = {kind.name: stream_contract(kind.name).schema["properties"] for kind in STREAMS}
    for pattern, definition in maps.items():
        of_stream = definition if isinstance(definition, dict) else {}
        matched = [name for name in columns if fnmatch(name, str(of_stream.get("__source__", pattern)))]
        if not matched and not pattern.startswith("__"):
            yield f"setting 'stream_maps': stream {unknown_names([pattern], columns)[0]}"
        for column, value in of_stream.items() if matched else ():
            known = {column for name in matched for column in columns[name]}
            if value in (None, NOTHING) and not column.startswith("__") and column not in known:
                yield f"setting 'stream_maps', {pattern[:LONGEST_SHOWN]}: column {unknown_names([column], known)[0]}"


def _read(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    kind = next(kind for kind in schema["type"] if kind != "null")
    try:
        if isinstance(value, str):
            value = _from_text(kind, value) if value.strip() else None
    except (readers.Unusable, ValueError, RecursionError):
        raise SettingsError(f"setting '{name}': must be {_named(kind)}") from None
    if value is not None and not _is_valid(value, schema):
        raise SettingsError(f"setting '{name}': must be {_named(kind)}")
    return value


def _is_valid(value: Any, schema: Mapping[str, Any]) -> bool:
    try:
        return Draft202012Validator(schema).is_valid(value)
    except AttributeError:
        # The SDK's schema of stream_maps has a "null" in place of a schema; jsonschema gets there if nothing else fits.
        return False


def _from_text(kind: str, value: str) -> Any:
    if kind == "object":
        return json.loads(value)
    if kind == "boolean":
        return readers.boolean(value)
    return readers.whole(0, 10**6)(value) if kind == "integer" else value


def _named(kind: str) -> str:
    return {"object": "a JSON object", "boolean": "true or false", "integer": "a whole number"}.get(kind, kind)
