"""A catalog that comes in: checked, and completed from the contract before the SDK reads it.

A saved catalog may be older than the contract, or written by hand. What it says of columns and of selection counts;
keys, replication and the columns that every record must have come from the contract.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from tap_ayrshare.config.nearest import LONGEST_SHOWN, hint
from tap_ayrshare.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

logger = logging.getLogger(__name__)

META_SCHEMA = Draft202012Validator(Draft202012Validator.META_SCHEMA)
SELECTION = ("selected", "selected-by-default")


def completed(value: Mapping[str, Any], known: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a catalog as the SDK can read it.

    Args:
        value: the catalog that came in.
        known: the entries of this tap's own catalog; a stream that `value` lacks is deselected.

    Raises:
        SettingsError: it isn't a catalog.
    """
    listed = value.get("streams")
    if not isinstance(listed, list):
        raise _invalid("it has no list of streams")
    given: dict[str, Mapping[str, Any]] = {}
    for position, entry in enumerate(listed, 1):
        name = entry.get("tap_stream_id", entry.get("stream")) if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise _invalid(f"stream {position} has no tap_stream_id")
        if name in given:
            raise _invalid(f"{name} is there twice")
        given[name] = entry
    entries = [_entry(own, given.pop(str(own["tap_stream_id"]), None)) for own in known]
    if given:
        names = [str(own["tap_stream_id"]) for own in known]
        shown = ", ".join(f"{name[:LONGEST_SHOWN]}{hint(name, names)}" for name in given)
        logger.warning("--catalog: unknown streams are ignored: %s", shown)
    return {"streams": entries}


def _entry(own: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the tap's own entry of a stream, with the columns and the selection of the one that is given."""
    entry = deepcopy(dict(own))
    name = str(own["tap_stream_id"])
    metadata = {tuple(item["breadcrumb"]): item for item in entry["metadata"]}
    if given is None:
        metadata[()]["metadata"] |= {"selected": False}
        return entry
    schema = entry["schema"]
    columns = _columns(name, given)
    if columns is not None:
        needed = {*schema.get("required", ()), *(own.get("key_properties") or ())}
        missing = {column: schema["properties"][column] for column in schema["properties"] if column in needed}
        schema["properties"] = {**missing, **columns}
        for column in needed:
            metadata[("properties", column)]["metadata"]["inclusion"] = "automatic"
    has_said = False
    for breadcrumb, said in _metadata(name, given):
        has_said |= breadcrumb == () and isinstance(said.get("selected"), bool)
        item = metadata.get(breadcrumb)
        if item is None:
            item = metadata[breadcrumb] = {"breadcrumb": list(breadcrumb), "metadata": {"inclusion": "available"}}
            entry["metadata"].append(item)
        item["metadata"] |= {key: said[key] for key in SELECTION if key in said}
    beside = given.get("selected", given.get("schema", {}).get("selected"))
    if not isinstance(beside, (bool, type(None))):
        raise _invalid(f"selected of {name} isn't true or false")
    if beside is not None and not has_said:
        metadata[()]["metadata"]["selected"] = beside
    return entry


def _columns(name: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the columns of an entry, None if it names none."""
    schema = given.get("schema", {})
    columns = schema.get("properties", {}) if isinstance(schema, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(column, dict) for column in columns.values()):
        raise _invalid(f"the schema of {name} isn't a JSON Schema with properties")
    for column, described in columns.items():
        if not META_SCHEMA.is_valid(described):
            raise _invalid(f"the schema of {name}.{column[:60]} isn't a JSON Schema")
    return columns or None


def _metadata(name: str, given: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], Mapping[str, Any]]]:
    listed = given.get("metadata", [])
    if not isinstance(listed, list):
        raise _invalid(f"the metadata of {name} isn't a list")
    for position, item in enumerate(listed, 1):
        breadcrumb = item.get("breadcrumb") if isinstance(item, dict) else None
        said = item.get("metadata", {}) if isinstance(item, dict) else None
        if not isinstance(breadcrumb, list) or not all(isinstance(part, str) for part in breadcrumb):
            raise _invalid(f"metadata {position} of {name} has no breadcrumb")
        if not isinstance(said, dict):
            raise _invalid(f"metadata {position} of {name} isn't an object")
        for key in SELECTION:
            if not isinstance(said.get(key), (bool, type(None))):
                raise _invalid(f"{key} in metadata {position} of {name} isn't true or false")
        yield tuple(breadcrumb), said


def _invalid(why: str) -> SettingsError:
    return SettingsError(f"--catalog: invalid: {why}; tap-ayrshare --discover writes a valid one")
