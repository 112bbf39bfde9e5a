"""The inner fields that the contract knows of the API's bodies, and where a body departs from them.

The data lies in `schemas/`: the networks' own objects under `fields` in `networks/<network>.json`, all other bodies in
`bodies.json`. A path is dotted; `[]` stands for the elements of an array, `{}` for any key of an object whose keys
are open (cities, browsers). What the contract knows of no field is its values: null is always right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, declared_streams, load
from tap_ayrshare.engine.values import DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW, TYPE = "new", "type"
ANY_KEY, ELEMENT = "{}", "[]"
NETWORK_BODIES = frozenset({"post", "native", "account", "display_name"})
"""The bodies that are known by network; all others are the same for every network."""
BESIDE = frozenset({"block", "answer"})
"""Bodies that stand around another: their fields are named with the body."""


@dataclass
class Field:
    """A known field: its JSON types (none known: any), and what is known inside it, by key."""

    types: frozenset[str] = frozenset()
    inside: dict[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Departure:
    """Where a body departs from the contract.

    kind: `new` for a field that the contract does not know, `type` for another type than it says.
    path: the field's path; seen: the JSON type of its value; known: the types of the contract.
    """

    kind: str
    path: str
    seen: str
    known: tuple[str, ...] = ()


def declared(body: str, network: str | None = None) -> dict[str, dict[str, Any]]:
    """Return what the contract says of a body's fields, by path: type, unit, description, source.

    Args:
        body: `post`, `native`, `account` or `display_name` of a network, else a name in `bodies.json`.
        network: the network's name; a body that is not known by network ignores it.
    """
    if body in NETWORK_BODIES:
        of_network: dict[str, dict[str, Any]] = load(f"networks/{network}.json")["fields"].get(body, {})
        return of_network
    if body in load("bodies.json"):
        fields: dict[str, dict[str, Any]] = load("bodies.json")[body]["fields"]
        return fields
    return _of_columns(body)


def _of_columns(body: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a body of which the contract knows what its stream's columns read, of any type."""
    stream = next(name for name, said in declared_streams().items() if body in said.get("bodies", {}).values())
    found = {}
    for entry in load(f"{stream}.json")["properties"].values():
        given = entry.get("x-path", ())
        for path in [given] if isinstance(given, str) else given:
            if path not in (".", "~") and not path.startswith("^"):
                found[path] = {"type": [], "description": entry["description"], "source": "the stream's columns"}
    return found


PLAIN: dict[type, str] = {str: "string", int: "integer", bool: "boolean"}


@cache
def known_fields(body: str, network: str | None = None) -> Field:
    """Return the known fields of a body as a tree; see `declared`."""
    root = Field(frozenset({"object"}))
    for path, entry in declared(body, network).items():
        node = root
        for key in steps(path):
            node = node.inside.setdefault(key, Field())
        types = entry["type"]
        node.types = frozenset([types] if isinstance(types, str) else types)
    return root


def steps(path: str) -> list[str]:
    """Return the keys that lead to a path: `tags[].url` is tags, [], url."""
    return path.replace(ELEMENT, f".{ELEMENT}").replace(ANY_KEY, f".{ANY_KEY}").strip(".").split(".")


def json_type(value: object) -> str:
    """Return the JSON type of a value; a number without a fraction is an integer."""
    if known := PLAIN.get(type(value)):
        return known
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return "integer" if value == value.to_integral_value() else "number"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return "string" if isinstance(value, str) else "object" if isinstance(value, dict) else "array"


def compare(body: str, network: str | None, value: Any, place: str = "") -> Iterator[tuple[Any, list[Departure]]]:
    """Yield the bodies in a value, each with where it departs from the contract.

    Args:
        body: which body it is; see `declared`.
        network: its network, None where it belongs to none.
        value: the body, an array of such, or an array as its column holds it (`{"items": [...]}`).
        place: what the paths of the fields begin with.
    """
    if body in NETWORK_BODIES and network not in NETWORKS:
        yield None, [Departure(NEW, "platform", "string")]
        return
    if isinstance(value, dict) and value.keys() == {"items"}:
        value = value["items"]
    known = known_fields(body, network)
    for item in value if isinstance(value, list) else [value]:
        yield item, list(departures(item, known, place))


def departures(value: Any, known: Field, path: str = "") -> Iterator[Departure]:
    """Yield where a value departs from what is known of it; what lies inside an unknown field is not looked at."""
    if value is None:
        return
    if known.types and not _fits(value, known.types):
        # A daily answer has a series in place of the number (docs/api.md section 7).
        if isinstance(value, dict) and isinstance(value.get("values"), list):
            known = known_fields("series")
        else:
            yield Departure(TYPE, path, json_type(value), tuple(sorted(known.types)))
            return
    if isinstance(value, dict) and known.inside:
        yield from _inside(value, known.inside, path)
    elif isinstance(value, list) and (element := known.inside.get(ELEMENT)):
        for item in value:
            yield from departures(item, element, path + ELEMENT)


def _inside(value: dict[str, Any], inside: dict[str, Field], path: str) -> Iterator[Departure]:
    any_key = inside.get(ANY_KEY)
    for key, item in value.items():
        known = inside.get(key)
        if known and (item is None or (type(item) in PLAIN and (not known.types or _fits(item, known.types)))):
            # Most fields: not worth a generator.
            continue
        below = f"{path}.{key}" if path else key
        if known:
            yield from departures(item, known, below)
        elif any_key:
            yield from departures(item, any_key, path + ANY_KEY)
        else:
            yield Departure(NEW, below, json_type(item))


def _fits(value: Any, types: frozenset[str]) -> bool:
    """Return whether a value has one of the types; a number may come as text (docs/api.md section 12)."""
    seen = json_type(value)
    if seen in types or (seen == "integer" and "number" in types):
        return True
    return seen == "string" and bool(types & {"integer", "number"}) and DIGITS.fullmatch(value.strip()) is not None
