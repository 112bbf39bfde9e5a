"""Reading JSON of which an item is broken: the item is lost, and nothing else."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_LEVELS = 4
"""Levels of nesting at which a list may lose an item."""
MOST_ENDS = 1000
"""Places that are tried as the end of broken items, in one text."""
LONGEST_REST = 1 << 18
"""Characters behind a list that are looked at, each time that it may end."""
LONGEST_SHOWN = 500
BLANK = re.compile(r"[ \t\r\n]*")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
NAME = re.compile(r'"([^"\\]+)"[ \t\r\n]*:')
ITEM_END = re.compile(r"[}\]\"\w](?=[ \t\r\n]*[,\]])")


def salvaged(text: str, decoder: JSONDecoder) -> tuple[Any, list[str]]:
    """Return what a text holds, broken items of lists as their text, and why each of them can't be read.

    Raises:
        ValueError: what is broken isn't an item of a list, or the text ends too early.
    """
    reader = _Reader(text, decoder)
    value, end = reader.value(reader.skip(0), 0)
    if reader.skip(end) != len(text):
        raise JSONDecodeError("Extra data", text, end)
    return value, reader.broken


class _Reader:
    def __init__(self, text: str, decoder: JSONDecoder) -> None:
        self._text = text
        self._decoder = decoder
        self._ends_left = MOST_ENDS
        self.broken: list[str] = []

    def skip(self, at: int) -> int:
        found = BLANK.match(self._text, at)
        return found.end() if found else at

    def value(self, at: int, level: int) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(self._text, at)
        except JSONDecodeError:
            opening = self._text[at : at + 1]
            if level >= MOST_LEVELS or opening not in ("{", "["):
                raise
            return self._items(at + 1, level) if opening == "[" else self._members(at + 1, level)

    def _members(self, at: int, level: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while True:
            at = self.skip(at)
            if self._text[at : at + 1] == "}" and not found:
                return found, at + 1
            key, at = self._decoder.raw_decode(self._text, at)
            at = self._expect(self.skip(at), ":")
            found[str(key)], at = self.value(self.skip(at), level + 1)
            at = self.skip(at)
            if self._text[at : at + 1] == "}":
                return found, at + 1
            at = self._expect(at, ",")

    def _items(self, at: int, level: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while True:
            at = self.skip(at)
            if self._text[at : at + 1] == "]":
                return found, at + 1
            known = next((item for item in reversed(found) if isinstance(item, dict)), None)
            item, at = self._item(at, level, known)
            found.append(item)
            at = self.skip(at)
            if self._text[at : at + 1] != "]":
                at = self._expect(at, ",")

    def _item(self, at: int, level: int, known: dict[str, Any] | None) -> tuple[Any, int]:
        try:
            item, end = self._decoder.raw_decode(self._text, at)
            if self._follows(end) in (",", "]"):
                return item, end
            raise JSONDecodeError("Expecting ',' delimiter", self._text, end)
        except JSONDecodeError as error:
            end = self._end_of_broken(at, level, known)
            self.broken.append(f"{error.msg} at character {error.pos - at} of the item")
            return self._text[at : min(end, at + LONGEST_SHOWN)], end

    def _end_of_broken(self, at: int, level: int, known: dict[str, Any] | None) -> int:
        """Return where a broken item ends: where the list goes on with an item like the others, or ends."""
        closed = 0 if known else self._closed(at)
        if closed and self._begins_item(closed, set(NAME.findall(self._text, at, closed))):
            return closed
        for found in ITEM_END.finditer(self._text, at):
            self._ends_left -= 1
            if self._ends_left < 0:
                break
            if self._is_end(at, found.end(), level, known):
                return found.end()
        raise JSONDecodeError("Unterminated item", self._text, at)

    def _closed(self, at: int) -> int:
        """Return where the brackets of an item close, 0 for nowhere."""
        depth = 0
        for found in TOKEN.finditer(self._text, at):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
            if depth == 0 and found[0] in ("}", "]"):
                return found.end()
        return 0

    def _is_end(self, at: int, end: int, level: int, known: dict[str, Any] | None) -> bool:
        names = known.keys() if known else set(NAME.findall(self._text, at, end))
        return self._ends_list(end, level, names) or self._begins_item(end, names)

    def _follows(self, at: int) -> str:
        at = self.skip(at)
        return self._text[at : at + 1]

    def _expect(self, at: int, character: str) -> int:
        if self._text[at : at + 1] != character:
            raise JSONDecodeError(f"Expecting {character!r} delimiter", self._text, at)
        return at + 1

    def _ends_list(self, at: int, level: int, names: Collection[str]) -> bool:
        """Return whether the list ends behind an item: what is left of the text can be read, and isn't the item's."""
        if self._follows(at) != "]":
            return False
        if len(self._text) - at > LONGEST_REST:
            return False
        rest = self._text[self.skip(at) + 1 :].strip()
        if level != 1:
            return level > 1 or not rest
        try:
            behind = self._decoder.decode('{"": 0' + rest)
        except JSONDecodeError:
            return False
        return isinstance(behind, dict) and behind.keys().isdisjoint(names)

    def _begins_item(self, at: int, names: Collection[str]) -> bool:
        """Return whether another object follows; names: half of them at least must be in it."""
        if self._follows(at) != ",":
            return False
        try:
            item, end = self._decoder.raw_decode(self._text, self.skip(self.skip(at) + 1))
        except JSONDecodeError:
            return False
        is_alike = isinstance(item, dict) and 2 * len(item.keys() & set(names)) >= len(names)
        return is_alike and self._follows(end) in (",", "]")
