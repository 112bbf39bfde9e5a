"""What is where in an answer: the networks' blocks, their elements, and the errors (docs/api.md section 3).

A block comes under its network's name in any spelling, at the top or one level down; its elements as a list, as an
object by index, or as one object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, network_name
from tap_ayrshare.engine.values import objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVELOPE = {"status", "code", "id", "errors", "message", "action", "details", "lastUpdated", "nextUpdate"}
OWN = ENVELOPE - {"id", "message", "details"}
"""What no gateway's JSON has."""
NESTED = ("history", "posts", "profiles", "analytics", "data")
"""Where code and status may stand one level down, under the list's own name (docs/api.md section 3)."""
SUCCESS_CODES = {200, 201, 202, 204}


def is_error(block: object) -> bool:
    """Return whether an object of the API is an error: status `error`, or a code and no data beside it."""
    if not isinstance(block, dict):
        return False
    if block.get("status") == "error" or "message" not in block:
        return block.get("status") == "error"
    has_data = "analytics" in block or "id" in block or any(isinstance(block.get(name), list) for name in NESTED)
    return not has_data and error_code(block) is not None


def error_code(error: dict[str, Any]) -> str | None:
    """Return the API's code of an error as text; None where there is none, or one that means success."""
    code = text(error.get("code"))
    if code is None or (re.fullmatch(r"2\d\d(\.0)?", code) and int(float(code)) in SUCCESS_CODES):
        return None
    return code


def error_message(error: dict[str, Any]) -> str:
    """Return what an error says, as one line; "" if it says nothing."""
    message = text(error.get("message")) or text(error.get("details")) or text(error.get("action")) or ""
    return " ".join(message.split())


def blocks(body: object) -> dict[str, Any]:
    """Return the networks' blocks of an answer by the network's name, errors too."""
    if not isinstance(body, dict):
        return {}
    values = {key: value for key, value in body.items() if isinstance(value, (dict, list))}
    found = {network_name(key) or key: value for key, value in values.items() if _is_block(key, value)}
    inner = [value for key, value in values.items() if key not in ENVELOPE and isinstance(value, dict)]
    if not found and len(inner) == 1 and any(network_name(key) in NETWORKS for key in inner[0]):
        return blocks(inner[0])
    return found


def _is_block(key: str, value: Any) -> bool:
    """Return whether a value is a network's block, that of a network too which the contract doesn't know."""
    if network_name(key) in NETWORKS:
        return True
    return bool(key.strip()) and key not in ENVELOPE and isinstance(value, dict) and "analytics" in value


def value_of(body: object, network: str) -> Any:
    """Return what an answer has under a network's name, of whatever form; None for nothing."""
    found = body.items() if isinstance(body, dict) else ()
    return next((value for key, value in found if network_name(key) == network), None)


def as_elements(block: object) -> list[Any]:
    """Return the elements of a block: those of a list, those of an object by index, or itself, also a level down."""
    if isinstance(block, dict) and block and "analytics" not in block:
        inner = [*block.values()]
        if all(isinstance(one, dict) for one in inner) and (
            all(key.isdigit() for key in block) or (len(inner) == 1 and "analytics" in inner[0])
        ):
            return inner
    if isinstance(block, list):
        return flat(block)
    return [] if block is None else [block]


def flat(items: list[Any]) -> list[Any]:
    """Return the items of a list, those of a list in it in its place; an empty one stays, as an item of no form."""
    if not any(isinstance(item, list) for item in items):
        return items
    return [one for item in items for one in (item if isinstance(item, list) and item else [item])]


def good_elements(block: object) -> list[dict[str, Any]]:
    """Return the elements of a block that carry data."""
    return [element for element in as_elements(block) if isinstance(element, dict) and not is_error(element)]


def good_blocks(body: object) -> dict[str, Any]:
    """Return the blocks that carry data; a list comes whole if any of its elements does."""
    return {network: block for network, block in blocks(body).items() if good_elements(block)}


def without_analytics(block: object) -> Iterator[tuple[bool, Any]]:
    """Yield the elements of a block that have no analytics and no error, each with whether it is an object at all."""
    for element in as_elements(block):
        if not isinstance(element, dict):
            yield False, element
        elif not is_error(element):
            analytics = element.get("analytics")
            inner = analytics if isinstance(analytics, list) and analytics else [analytics]
            if not all(isinstance(one, dict) and one for one in inner):
                yield True, element


def errors_of(body: object) -> Iterator[tuple[dict[str, Any], str | None, bool]]:
    """Yield the error objects of every envelope, each with its network where it is known.

    The third value is whether the error is in the flat envelope, which speaks of the whole request.
    """
    if not isinstance(body, dict):
        return
    for network, block in blocks(body).items():
        for element in as_elements(block):
            if is_error(element):
                for error in objects(element.get("errors")) or [element]:
                    yield error, network, False
    for name in NESTED:
        # An empty history was seen as {"history": {"code": 221, "status": "error"}, "count": 0}.
        if name in body and is_error(body[name]):
            yield body[name], None, True
    listed = objects(body.get("errors"))
    for error in listed:
        yield error, network_name(error.get("platform")), False
    has_code = error_code(body) is not None
    if is_error(body) and (not listed or has_code) and (has_code or not good_blocks(body)):
        yield body, network_name(body.get("platform")), True
