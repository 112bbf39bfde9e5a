"""Finds the list in an answer, however it comes: what isn't found is never taken for an empty list.

Published bodies have a list under a name. The other forms were seen by clients of the API, or are what an API of this
kind may change to (docs/api.md, "How answers are read").
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tap_ayrshare.ayrshare.contract import NETWORKS, network_name
from tap_ayrshare.ayrshare.envelopes import ENVELOPE, flat, is_error
from tap_ayrshare.engine.values import integer

COUNTS = ("count", "messagescount", "totalreviewcount", "total")
"""The names under which an answer says how many items there are."""


class Listing(NamedTuple):
    """The list of an answer.

    items: in their order; what isn't an object is among them.
    claimed: how many items the answer says that there are, None if it doesn't say.
    """

    items: list[Any]
    claimed: int | None = None


class Keyed(dict[str, Any]):
    """An item of an object of items by key, which knows its key."""

    def __init__(self, key: str, value: Any) -> None:
        super().__init__(value if isinstance(value, dict) else {"value": value})
        self.key = key


def find_list(body: Any, name: str, *, is_keyed: bool = False) -> Listing | None:
    """Return the list of an answer, None if it has none.

    Args:
        body: the parsed body.
        name: the list's name; its letter case and underscores don't count.
        is_keyed: whether the list is an object of items by key, which has keys of its own then (`Keyed`).
    """
    if isinstance(body, list):
        return Listing(flat(body))
    if not isinstance(body, dict) or is_error(body):
        return None
    found = _named(body, name, is_keyed=is_keyed) or _unnamed(body, name, is_keyed=is_keyed)
    counts = {plain(key): integer(value) for key, value in body.items()}
    claimed = next((counts[count] for count in COUNTS if counts.get(count) is not None), None)
    return found and found._replace(claimed=found.claimed if claimed is None else claimed)


def unwrapped(body: Any, name: str | None) -> Any:
    """Return an answer that is one level down in an object, with what is beside it there, else the answer as it is.

    name: the name of its list; without one it has blocks of networks.
    """
    outer = body if isinstance(body, dict) else {}
    inner = [value for key, value in outer.items() if key not in ENVELOPE]
    if len(inner) != 1 or not isinstance(inner[0], dict) or any(_is_part(key, name) for key in outer):
        return body
    around = {key: value for key, value in outer.items() if key in ENVELOPE}
    return {**around, **inner[0]} if any(_is_part(key, name) for key in inner[0]) else body


def _is_part(key: str, name: str | None) -> bool:
    """Return whether a name in an answer is that of its list, or of a network's block."""
    return plain(key) == plain(name) if name else network_name(key) in NETWORKS


def plain(name: str) -> str:
    """Return a name of the API without what its spellings differ in: letter case, blanks, underscores, hyphens."""
    return name.strip().replace("_", "").replace("-", "").lower()


def _named(body: dict[str, Any], name: str, *, is_keyed: bool) -> Listing | None:
    """Return the list under its name: an array, an object of items by key, or one item."""
    value = next((value for key, value in body.items() if plain(key) == plain(name)), None)
    if isinstance(value, list):
        return Listing(flat(value))
    if not isinstance(value, dict) or is_error(value) or not (value or is_keyed):
        return None
    if is_keyed:
        return Listing([Keyed(key, one) for key, one in value.items()])
    return Listing([*value.values()] if all(isinstance(one, dict) for one in value.values()) else [value])


def _unnamed(body: dict[str, Any], name: str, *, is_keyed: bool) -> Listing | None:
    """Return the list of an answer that doesn't have its name: the only list of objects, or one a level down."""
    if any(plain(key) == plain(name) for key in body):
        return None
    inner = {key: value for key, value in body.items() if key not in ENVELOPE and isinstance(value, (dict, list))}
    lists = [value for value in inner.values() if isinstance(value, list) and any(isinstance(x, dict) for x in value)]
    if len(lists) == 1:
        return Listing(lists[0])
    if inner and all(key.isdigit() and isinstance(value, dict) for key, value in inner.items()):
        return Listing([*inner.values()])
    objects = [value for value in inner.values() if isinstance(value, dict)]
    return find_list(objects[0], name, is_keyed=is_keyed) if len(objects) == 1 else None
