"""How lists and counts of profiles are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMED_AT_MOST = 10


def named(names: Iterable[str]) -> str:
    """Return names as a list, the first few of many."""
    listed = [*names]
    more = f" and {len(listed) - NAMED_AT_MOST} more" if len(listed) > NAMED_AT_MOST else ""
    return ", ".join(listed[:NAMED_AT_MOST]) + more


def profiles_of(labels: Sequence[str]) -> str:
    """Return whose something is: one profile, or how many and which."""
    return f"profile {labels[0]}" if len(labels) == 1 else f"{len(labels)} profiles: {named(labels)}"


def profile_count(profiles: int) -> str:
    """Return a number of profiles, in words."""
    return counted(profiles, "profile")


def counted(number: int, noun: str) -> str:
    """Return a number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
