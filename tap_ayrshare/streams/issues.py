"""Issues of items that can't be kept, and the rules that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import text

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_OBJECT = Rule(Scope.RESOURCE, failure=True, action="skipped: the item doesn't have the expected form")
NO_NAME = Rule(Scope.RESOURCE, failure=False, action="skipped: whether it is a linked network isn't known")
UNKNOWN_NETWORK = Rule(Scope.RESOURCE, failure=False, action="not read: this version of the tap can't read it")
NO_ID = Rule(Scope.RESOURCE, failure=False, action="skipped: without an id it can't be kept")


def no_id(stream: str, position: int, item: Mapping[str, Any], platform: str | None = None, within: str = "") -> Issue:
    """Return the issue of an item without an id (code 187 in /history/:platform, docs/api.md section 3).

    within: what its resource id ends in, where the position alone doesn't tell items apart.
    """
    code, message = text(item.get("code")), text(item.get("message"))
    # What the API itself says of an item is its answer; an item of another form may be one that can't be read.
    rule = NO_ID if code else NO_OBJECT
    refusal = Refusal(rule, code or "invalid_body", message or "the item has no id", 200, details=dict(item))
    return Issue(stream, refusal, ":".join(filter(None, (f"item-{position}", within))), platform)


def not_an_object(stream: str, position: int, item: object, platform: str | None = None, within: str = "") -> Issue:
    """Return the issue of an item that doesn't have the form of one."""
    refusal = Refusal(NO_OBJECT, "invalid_body", "the item isn't an object", 200, details={"value": item})
    return Issue(stream, refusal, ":".join(filter(None, (f"item-{position}", within))), platform)
