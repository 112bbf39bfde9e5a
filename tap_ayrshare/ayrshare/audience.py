"""The groups of an account's audience, out of a network's breakdown by age, gender, country or city."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.lists import plain
from tap_ayrshare.engine.values import number, snake_case, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare.ayrshare.contract import Breakdown


@dataclass(frozen=True)
class Group:
    """A group of an audience; bucket: its name, None if it can't be read; item: what stands there."""

    dimension: str
    bucket: str | None
    value: Any
    item: Any


def groups(breakdown: Breakdown, analytics: Any) -> Iterator[Group]:
    """Yield the groups of a breakdown in a network's object; what can't be read as one is a group without a bucket.

    A breakdown is an object by bucket, which may hold objects (by gender, then by age), or a list of objects.
    """
    value = _at(analytics, breakdown.path)
    if value in (None, [], {}):
        return
    if breakdown.dimension == "*":
        dimensions = value.items() if isinstance(value, dict) else [("*", value)]
        for name, inner in dimensions:
            yield from _groups(breakdown, snake_case(name), inner)
    else:
        yield from _groups(breakdown, breakdown.dimension, value)


def _at(body: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path, whatever the letter case of its keys."""
    for key in path:
        if not isinstance(body, dict):
            return None
        found = key if key in body else next((name for name in body if plain(name) == plain(key)), key)
        body = body.get(found)
    return body


def _groups(breakdown: Breakdown, dimension: str, value: Any) -> Iterator[Group]:
    if isinstance(value, dict) and not _is_by_position(value):
        yield from _leaves(dimension, value)
        return
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
        yield _of_item(breakdown, dimension, item)


def _leaves(dimension: str, value: dict[str, Any], path: str = "") -> Iterator[Group]:
    """Yield the values of an object with their dotted path: a map by gender may hold maps by age."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(dimension, inner, f"{path}{name}.")
        else:
            is_readable = inner is None or number(inner) is not None or isinstance(inner, str)
            yield Group(dimension, (path + name or None) if is_readable else None, inner, {name: inner})


def _of_item(breakdown: Breakdown, dimension: str, item: Any) -> Group:
    """Return the group of an element: bucket and value by the contract's names, else its only text and number."""
    if not isinstance(item, dict):
        return Group(dimension, None, None, item)
    if breakdown.bucket and {breakdown.bucket, breakdown.value} & item.keys():
        return Group(dimension, text(item.get(breakdown.bucket)), item.get(breakdown.value), item)
    names = [value for value in item.values() if isinstance(value, str) and number(value) is None]
    numbers = [value for value in item.values() if number(value) is not None]
    is_pair = len(names) == len(numbers) == 1
    return Group(dimension, names[0], numbers[0], item) if is_pair else Group(dimension, None, None, item)


def _is_by_position(value: dict[str, Any]) -> bool:
    return bool(value) and all(key.isdigit() and isinstance(inner, dict) for key, inner in value.items())
