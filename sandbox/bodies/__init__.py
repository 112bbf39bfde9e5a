"""The networks' objects as templates: the documented names and nesting, with numbers that are filled in.

`post.json`, `account.json` and `native.json` hold a block or an item by network and variant, `daily.json` the
metrics that come as daily series, `user.json` the body of GET /user.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

CONSTANT = {"height", "width", "bitRate", "durationMs", "start", "end", "position", "mediaExpiresSeconds",
            "thumbnailHeight", "thumbnailWidth", "videoDuration", "boardSectionId", "parentPinId", "saveRate",
            "upvoteRatio", "profileImageSize", "durationMinutes", "code"}  # fmt: skip
_NUMBER, _DIGITS = "@number@", "@digits@"


class Template:
    """A JSON text whose counts grow: filled in with one number for all of them, at the speed of formatting."""

    def __init__(self, body: Any) -> None:
        self._shares: list[float] = []
        text = json.dumps(self._marked(body, ""), ensure_ascii=False).replace("%", "%%")
        self._text = text.replace(f'"{_NUMBER}"', "%d").replace(_DIGITS, "%d")

    def _marked(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: self._marked(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._marked(item, key) for item in value]
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0 and key not in CONSTANT
        is_text_count = isinstance(value, str) and value.isdigit() and key.endswith("Count")
        if not is_count and not is_text_count:
            return value
        # Every field grows at a pace of its own, so that no two are alike.
        self._shares.append(0.05 + (len(self._shares) * 37 % 100) / 50)
        return _NUMBER if is_count else _DIGITS

    def fill(self, size: float) -> str:
        """Return the JSON text with every count at its share of `size`."""
        return self._text % tuple(int(size * share) for share in self._shares)


@cache
def load(name: str) -> Any:
    """Return a file of bodies."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))


@cache
def template(name: str, variant: str) -> Template:
    """Return the template of a network's object."""
    return Template(load(name)[variant])
