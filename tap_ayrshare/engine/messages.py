"""What a stream yields while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.engine.errors import Refusal

ALL = "all"
"""Stands for every stream, resource or platform in an issue that concerns more than one."""


@dataclass(frozen=True)
class Record:
    """A record of a stream, ready to be written."""

    stream: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A stream's bookmark; it covers all records that the stream has yielded before it."""

    stream: str
    bookmark: Mapping[str, Any]


@dataclass(frozen=True)
class Issue:
    """Something that couldn't be read.

    resource: the id of what couldn't be read, `ALL` for more than one thing.
    platform: the network where the refusal itself names none.
    of_settings: the settings are the cause, not the API.
    label: the profile that it is counted for, where that isn't the one that met it.
    """

    stream: str
    refusal: Refusal
    resource: str = ALL
    platform: str | None = None
    of_settings: bool = False
    label: str | None = None


Message = Record | Checkpoint | Issue
Batch = Iterable[Message]
"""What a stream yields at once; it is consumed, in order, before the next is asked for."""
