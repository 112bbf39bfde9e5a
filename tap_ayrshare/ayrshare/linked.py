"""Which networks are linked to a profile, in every form in which GET /user says it (docs/api.md section 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, network_name
from tap_ayrshare.ayrshare.fields import known_fields
from tap_ayrshare.engine.values import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIELD = "activesocialaccounts"


@dataclass(frozen=True)
class Linked:
    """The linked networks of a profile.

    networks: their names, each once; unreadable: what else stood among them.
    unknown: why the answer doesn't say which networks are linked; empty if it does.
    """

    networks: tuple[str, ...] = ()
    unreadable: tuple[Any, ...] = ()
    unknown: str = ""


def linked_networks(user: Mapping[str, Any]) -> Linked:
    """Return the networks that a body of GET /user names.

    `activeSocialAccounts` is a list of names or of objects with `platform`, or an object keyed by network. Where it is
    absent or empty, nothing is linked unless `displayNames` has accounts.
    """
    given = next((value for name, value in user.items() if name.replace("_", "").lower() == FIELD), None)
    if given in (None, [], {}):
        shown = _of_items(objects(user.get("displayNames"))).networks
        is_known = shown or user.keys() & known_fields("user").inside.keys()
        return Linked(shown, unknown="" if is_known else "the answer has no field of GET /user")
    found = _of_value(given)
    unknown = "" if found.networks or not found.unreadable else "activeSocialAccounts names no network"
    return replace(found, unknown=unknown)


def _of_value(value: Any) -> Linked:
    """Return the networks in what stands under the name: a list, one value in place of a list, or an object."""
    if isinstance(value, list):
        return _of_items(value)
    if not isinstance(value, dict):
        return _of_items([value]) if network_name(value) in NETWORKS else Linked(unreadable=(value,))
    if all(name.isdigit() for name in value):
        return _of_items(value.values())
    if "platform" in value:
        return _of_items([value])
    # By network; one that is false or null there isn't linked.
    linked = {name: network_name(name) for name, is_linked in value.items() if is_linked not in (False, None)}
    return Linked(
        tuple(dict.fromkeys(network for network in linked.values() if network in NETWORKS)),
        tuple({name: value[name]} for name, network in linked.items() if network not in NETWORKS),
    )


def _of_items(items: Iterable[Any]) -> Linked:
    """Return the networks in a list of names, or of objects with `platform`."""
    names = [(item, network_name(item.get("platform") if isinstance(item, dict) else item)) for item in items]
    unreadable = tuple(item for item, name in names if name is None)
    return Linked(tuple(dict.fromkeys(name for _, name in names if name is not None)), unreadable)
