"""What a stream yields while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.engine.errors import Refusal
    from tap_ayrshare.engine.tally import Stats

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
    platform: the part of the source where the refusal itself names none.
    of_settings: the settings are the cause, not the API.
    label: the profile that it is counted for, where that isn't the one that met it.
    """

    stream: str
    refusal: Refusal
    resource: str = ALL
    platform: str | None = None
    of_settings: bool = False
    label: str | None = None


class Status(str, Enum):
    """How a stream of a source ended."""

    COMPLETE = "complete"
    """All that was due has been read."""
    PARTIAL = "partial"
    """Something that was due is missing, and a later run may read it."""
    FAILED = "failed"
    """Nothing of it could be read."""
    SKIPPED = "skipped"
    """It isn't to be had: the API doesn't offer it to this account."""


@dataclass(frozen=True)
class Ended:
    """A stream of a source has ended, all its records before it.

    reason: why it isn't complete, "" if it is.
    is_cut_off: whether the end of its source or of the run came before its own.
    """

    stream: str
    status: Status
    reason: str
    stats: Stats
    is_cut_off: bool = False


Message = Record | Checkpoint | Issue | Ended
Batch = Iterable[Message]
"""What a stream yields at once; it is consumed, in order, before the next is asked for."""
