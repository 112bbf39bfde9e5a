"""Query results as text tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 60


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under their column names, with numbers right-aligned and nulls shown as a dash."""
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(_width(line[index]) for line in cells) for index in range(len(columns))]
    numeric = [all(_is_number(row[index]) for row in rows) for index in range(len(columns))]
    lines = ["  ".join(map(_padded, line, widths, numeric)).rstrip() for line in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _width(text: str) -> int:
    """Return how many terminal columns a text occupies; East Asian characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, right: bool) -> str:  # noqa: FBT001
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if _is_number(value):
        return f"{value:,}"
    text = " ".join(str(value).split())
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
