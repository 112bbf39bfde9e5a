"""Names that a user may have misspelled."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST_SHOWN = 60
"""Characters of a name or value that a message shows."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to one, None if none is close; case, `-` and `_` don't count."""
    by_plain_name = {_plain(one): one for one in known}
    close = difflib.get_close_matches(_plain(name[:LONGEST_SHOWN]), by_plain_name, n=1)
    return by_plain_name[close[0]] if close else None


def hint(name: object, known: Iterable[str]) -> str:
    """Return "; did you mean '...'?" with the closest known name, "" if none is close."""
    close = nearest(name, known) if isinstance(name, str) else None
    return f"; did you mean '{close}'?" if close else ""


def unknown_names(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return one line for each name that isn't known, with the known name that is closest to it, if any is close."""
    return [
        f"{name[:LONGEST_SHOWN]!r} is unknown and ignored{hint(name, known)}"
        for name in sorted(set(names) - set(known))
    ]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
