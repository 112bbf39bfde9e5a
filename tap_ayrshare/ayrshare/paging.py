"""How lists of the API go on behind a page, as small objects: one for each reading of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tap_ayrshare.ayrshare.lists import plain
from tap_ayrshare.engine.values import dig, text

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGINATIONS = (("meta", "pagination"), ("pagination",), ())
CURSORS = ("next", "nextCursor")
PLACES, NAMES = {"meta", "pagination"}, {"next", "nextcursor"}
"""Where answers have their cursor; its place isn't documented everywhere (docs/api.md sections 9 and 10)."""


def says_more(body: Any) -> bool:
    """Return whether an answer says that there are more pages."""
    return _has_more(body) is True


def has_no_more(body: Any) -> bool:
    """Return whether an answer says that it is the last page."""
    return _has_more(body) is False


def cursor_of(body: Any) -> str:
    """Return the cursor of the next page that an answer names, "" if it names none."""
    cursors = (text(dig(body, (*path, name))) for path in PAGINATIONS for name in CURSORS)
    return next((cursor for cursor in cursors if cursor), "")


def _has_more(body: Any) -> Any:
    return next((more for path in PAGINATIONS if (more := dig(body, (*path, "hasMore"))) is not None), None)


def _is_odd(body: Any) -> bool:
    """Return whether what should name the next page is there in another form than `cursor_of` reads."""
    values = [value for key, value in body.items() if plain(key) in PLACES] if isinstance(body, dict) else []
    return any(value not in (None, {}, []) and (not isinstance(value, dict) or _has_cursor(value)) for value in values)


def _has_cursor(value: Any) -> bool:
    if isinstance(value, dict):
        return any((plain(key) in NAMES and bool(one)) or _has_cursor(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_has_cursor, value))


class Paging(Protocol):
    """The way through a list.

    A stream asks with `query` and hands each answer to `turn`, until that returns False.
    """

    cut_short: str

    def query(self) -> dict[str, str]:
        """Return what the query of the next page has beside the stream's own."""

    def turn(self, body: Any, items: Sequence[Any]) -> bool:
        """Take an answer and its items; return whether there is another page."""


class OnePage:
    """A list that comes whole."""

    cut_short = ""

    def query(self) -> dict[str, str]:
        """Return nothing: there is one page."""
        return {}

    def turn(self, body: Any, items: Sequence[Any]) -> bool:  # noqa: ARG002
        """Return that there is no other page."""
        return False


class Cursor:
    """A list whose pages name the next one.

    cursor: the page that comes next, "" for the first.
    cut_short: why pages are missing that the API says there are, "" if none are.
    """

    def __init__(self, parameter: str, cursor: str = "") -> None:
        """Begin at the first page, or at the one where an earlier run stopped."""
        self._parameter = parameter
        self._asked = {cursor}
        self.cursor = cursor
        self.cut_short = ""

    def query(self) -> dict[str, str]:
        """Return the cursor, nothing for the first page."""
        return {self._parameter: self.cursor} if self.cursor else {}

    def turn(self, body: Any, items: Sequence[Any]) -> bool:  # noqa: ARG002
        """Go on to the page that an answer names; a page that was asked for before ends the list."""
        named = cursor_of(body)
        if not named and _is_odd(body):
            self.cut_short = "where the answer names the next page can't be read"
            return False
        if has_no_more(body) or (not named and not _has_more(body)):
            return False
        if not named or named in self._asked:
            self.cut_short = "the answer says that there are more pages but names no new one"
            return False
        self._asked.add(named)
        self.cursor = named
        return True


def paging_of(parameter: str | None, cursor: str = "") -> OnePage | Cursor:
    """Return the way through a list: page by page if it has a parameter for the cursor."""
    return Cursor(parameter, cursor) if parameter else OnePage()
