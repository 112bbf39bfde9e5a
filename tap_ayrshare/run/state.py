"""The state: one bookmark for each stream and profile, in the shape that Singer tools know.

`{"bookmarks": {stream: {"partitions": [{"context": {"profile": label}, "replication_key": ...,
"replication_key_value": ..., ...}]}}}`. It grows with profiles and networks, never with posts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import tap_version
from tap_ayrshare.config.nearest import hint
from tap_ayrshare.engine.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_ayrshare.streams.base import AyrshareStream

BOOKMARK = "replication_key_value"
VERSION = "tap_version"
"""Where a state has the version of the tap that wrote it."""


class State:
    """The bookmarks of a run, found by stream and profile, kept in the dictionary that STATE messages carry."""

    def __init__(self, value: dict[str, Any]) -> None:
        """Keep the bookmarks in `value`, which `checked` has passed."""
        self._bookmarks: dict[str, Any] = value.setdefault("bookmarks", {})
        self._partitions: dict[tuple[str, str], dict[str, Any]] = {}
        for stream, bookmark in self._bookmarks.items():
            for partition in bookmark.get("partitions", []):
                self._partitions[stream, partition["context"]["profile"]] = partition

    def get(self, stream: str, label: str) -> Mapping[str, Any]:
        """Return the bookmark of a stream and profile, empty if there is none."""
        return self._partitions.get((stream, label), {})

    def set(self, stream: str, label: str, replication_key: str, values: Mapping[str, Any]) -> None:
        """Replace the bookmark of a stream and profile by values, among them `replication_key_value`."""
        partition = self._partitions.get((stream, label))
        if partition is None:
            partition = self._partitions[stream, label] = {}
            self._bookmarks.setdefault(stream, {}).setdefault("partitions", []).append(partition)
        partition.clear()
        partition["context"] = {"profile": label}
        partition["replication_key"] = replication_key
        partition.update(values)

    def add(self, stream: str, label: str, values: Mapping[str, Any]) -> None:
        """Add values to the bookmark of a stream and profile, in place of older ones; an empty list removes one."""
        before = self.get(stream, label)
        new = {name: value for name, value in values.items() if value != [] or name in before}
        if new:
            kept = {k: v for k, v in before.items() if k not in ("context", "replication_key")}
            self.set(stream, label, "", {name: value for name, value in {**kept, **new}.items() if value != []})

    def partitions(self, stream: str) -> list[dict[str, Any]]:
        """Return the bookmarks of a stream, those of all profiles."""
        partitions: list[dict[str, Any]] = self._bookmarks.get(stream, {}).get("partitions", [])
        return partitions

    def knows(self, label: str, streams: Collection[str]) -> bool:
        """Return whether any of some streams of a profile has been read before."""
        return any(self.get(stream, label).get(BOOKMARK) for stream in streams)

    def streams(self) -> Iterable[str]:
        """Return the streams that have a bookmark."""
        return self._bookmarks.keys()


def accepted(value: object, streams: Iterable[AyrshareStream], labels: Collection[str]) -> dict[str, Any]:
    """Return a state that came in, as `State` takes it, its bookmarks checked by the streams that they are of.

    Raises:
        StateError: it is invalid.
    """
    by_name = {stream.name: stream for stream in streams}
    try:
        return _accepted(value, by_name, labels)
    except StateError as error:
        if newer := newer_version(value):
            why = f"the state was written by tap-ayrshare {newer}, which is newer than this one; upgrade, or"
            raise StateError(f"{why} go back to an older state ({error})") from None
        raise


def _accepted(value: object, by_name: Mapping[str, AyrshareStream], labels: Collection[str]) -> dict[str, Any]:
    state = checked(value, by_name, labels)
    for name, bookmark in state.get("bookmarks", {}).items():
        for partition in bookmark["partitions"]:
            _check_content(by_name[name], partition)
    return state


def _check_content(stream: AyrshareStream, partition: dict[str, Any]) -> None:
    try:
        stream.check(partition)
    except StateError as error:
        label = partition["context"]["profile"]
        raise _invalid(f"{stream.name} of profile {label[:60]!r}: {error}") from None


def checked(value: object, streams: Collection[str], labels: Collection[str]) -> dict[str, Any]:
    """Return a state that came in, as `State` takes it.

    A single bookmark for a whole stream, as a tap for one profile writes it, is taken for the only profile; a STATE
    message, which is what the last line of the tap's own output is, for the state in it, and so is what
    `meltano state get` prints.

    Raises:
        StateError: it isn't valid; it is never taken as empty, which would silently read all of the history again.
    """
    value = _unwrapped(value)
    if value in (None, {}):
        return {}
    if not isinstance(value, dict) or not isinstance(value.get("bookmarks"), dict):
        raise _invalid('it has no object "bookmarks"')
    bookmarks = {}
    for stream, bookmark in value["bookmarks"].items():
        if stream not in streams:
            raise _invalid(
                f"it has a bookmark for {stream[:60]!r}, which isn't a stream of this tap{hint(stream, streams)}"
            )
        if not isinstance(bookmark, dict):
            raise _invalid(f"the bookmark of {stream} isn't an object")
        bookmarks[stream] = {"partitions": _partitions(stream, bookmark, labels)}
    return {"bookmarks": {stream: b for stream, b in bookmarks.items() if b["partitions"]}}


def _unwrapped(value: object) -> object:
    """Return the state in a STATE message, or in what `meltano state get` prints."""
    if isinstance(value, dict) and value.get("type") == "STATE":
        return value.get("value")
    if isinstance(value, dict) and "singer_state" in value and "bookmarks" not in value:
        return value["singer_state"]
    return value


def _partitions(stream: str, bookmark: dict[str, Any], labels: Collection[str]) -> list[dict[str, Any]]:
    partitions = bookmark.get("partitions", [])
    if not isinstance(partitions, list):
        raise _invalid(f"the partitions of {stream} aren't a list")
    if BOOKMARK in bookmark and not partitions:
        if len(labels) != 1:
            raise _invalid(f"{stream} has one bookmark for several profiles")
        partitions = [{**bookmark, "context": {"profile": next(iter(labels))}}]
    elif bookmark and "partitions" not in bookmark:
        raise _invalid(f"the bookmark of {stream} has neither partitions nor a value")
    seen = set()
    for partition in partitions:
        context = partition.get("context") if isinstance(partition, dict) else None
        label = context.get("profile") if isinstance(context, dict) else None
        if not isinstance(label, str) or not label or label in seen:
            raise _invalid(f"a partition of {stream} names no profile of its own in its context")
        seen.add(label)
    return [dict(partition) for partition in partitions]


def stamped(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state with the version that writes it."""
    return {**value, VERSION: tap_version()}


def newer_version(value: object) -> str | None:
    """Return the version that wrote a state if it is newer than this one, None if it isn't or can't be told."""
    value = _unwrapped(value)
    written = value.get(VERSION) if isinstance(value, dict) else None
    if not isinstance(written, str) or not (numbers := _numbers(written)):
        return None
    return written[:20] if numbers > _numbers(tap_version()) else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d{1,6}", text.split("+", maxsplit=1)[0])[:3])


def _invalid(why: str) -> StateError:
    """Return the error for a state, as a person reads it."""
    return StateError(f"invalid state: {why}; fix it, or run without it for a full sync")
