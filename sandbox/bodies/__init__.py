"""The networks' objects as templates: the documented names and nesting, with numbers and texts filled in.

`post.json`, `account.json` and `native.json` hold a block or an item by network and variant, `daily.json` the
metrics that come as daily series, `user.json` the body of GET /user.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

CONSTANT = {"height", "width", "bitRate", "durationMs", "start", "end", "position", "mediaExpiresSeconds",
            "thumbnailHeight", "thumbnailWidth", "videoDuration", "boardSectionId", "parentPinId", "saveRate",
            "upvoteRatio", "profileImageSize", "durationMinutes", "percentage", "engagement", "quarters",
            "code"}  # fmt: skip
"""Whole numbers that are no counts."""
TEXTS = {"post", "caption", "text", "title", "description", "altText"}
NAMES = {"username", "name", "author", "channelTitle", "displayName", "handle"}
DATES = {"created", "createdAt", "publishedAt", "timestamp", "indexedAt", "lastModified"}
LINKS = {"postUrl", "permalink"}
WIDE = re.compile(
    "view|impression|reach|play|watch|time|follower|pageFollows|fanCount|subscriber|unique|fan|tweet|karma",
    re.IGNORECASE,
)
MIDDLE = re.compile("like|reaction|engage|click|love|ups|pin", re.IGNORECASE)
MARK = re.compile(r'"@(count)@"|@(digits|text|name|date|id|url)@')


class Template:
    """A JSON text with holes for counts and texts, filled at the speed of formatting."""

    def __init__(self, body: Any, fixed: dict[str, Any], *, account: bool, by_name: bool = False) -> None:
        self._account = account
        self._by_name = by_name
        self._fixed = fixed
        self._shares: list[float] = []
        self._is_reaction: list[bool] = []
        marked = json.dumps(self._marked(body, ()), ensure_ascii=False).replace("%", "%%")
        # What fills each hole: a share of the size, or the name of a text.
        shares = iter(self._shares)
        reactions = iter(self._is_reaction)
        self._holes: list[float | str] = [
            next(shares) if (kind := found[1] or found[2]) in ("count", "digits") else kind
            for found in MARK.finditer(marked)
        ]
        self._reactions = [not isinstance(hole, str) and next(reactions) for hole in self._holes]
        self._text = MARK.sub(lambda found: "%d" if (found[1] or found[2]) in ("count", "digits") else "%s", marked)
        self._widest = max((hole, at) for at, hole in enumerate([*self._holes, 0.0]) if not isinstance(hole, str))[1]

    def _marked(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {
                name: self._fixed[name] if name in self._fixed else self._marked(item, (*path, name))
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._marked(item, path) for item in value]
        key = path[-1] if path else ""
        if isinstance(value, str):
            return self._marked_text(value, key, path)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0 or key in CONSTANT:
            return value
        return self._count(key, "@count@")

    def _marked_text(self, value: str, key: str, path: tuple[str, ...]) -> str:
        if value.isdigit() and key.endswith("Count"):
            return self._count(key, "@digits@")
        if len([part for part in path if part != "analytics"]) > 1:
            return value
        if key in NAMES or (self._account and key == "title"):
            return "@name@"
        if key == "id":
            return "@id@"
        if not self._account and key in DATES:
            return f"@date@{value[len('2026-01-01T00:00:00') :]}"
        if not self._account and key in TEXTS and value:
            return "@text@"
        return "@url@" if not self._account and key in LINKS else value

    def _count(self, key: str, mark: str) -> str:
        # Every field grows at a pace of its own, so that no two are alike.
        own = (crc32(_root(key).encode()) if self._by_name else len(self._shares) * 37) % 100 / 100
        is_wide = WIDE.search(key) is not None
        scale = 1 + own if is_wide else (1 + own) / 16 if MIDDLE.search(key) else (1 + own) / 60
        self._shares.append(scale)
        self._is_reaction.append(not is_wide)
        return mark

    def fill(self, size: float, more: int, words: dict[str, str], lost: float = 0, appeal: float = 1) -> str:
        """Return the JSON text.

        Args:
            size: what every count is a share of.
            more: what is added to every count.
            words: the texts, as they stand inside of JSON quotes.
            lost: how much smaller the size is for the largest of the counts.
            appeal: how many more react, of as many who see it; 1 for the usual.
        """
        holes = self._holes
        if appeal != 1:
            pairs = zip(holes, self._reactions, strict=True)
            holes = [hole if isinstance(hole, str) else hole * (appeal if reacts else 1) for hole, reacts in pairs]
        values = [words[hole] if isinstance(hole, str) else int(size * hole) + more for hole in holes]
        if lost and self._widest < len(values):
            values[self._widest] = int((size - lost) * float(self._holes[self._widest])) + more
        return self._text % tuple(values)


@cache
def load(name: str) -> Any:
    """Return a file of bodies."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))


@cache
def template(
    name: str,
    variant: str,
    without: tuple[str, ...] = (),
    fixed: tuple[tuple[str, Any], ...] = (),
    *,
    pair: bool = False,
    by_name: bool = False,
) -> Template:
    """Return the template of a network's object.

    Args:
        name: the file.
        variant: which object of it.
        without: fields of its analytics that are left out.
        fixed: fields with a value of their own, which stays as it is.
        pair: whether an array in `analytics` has two elements.
        by_name: whether counts of one name are the same in every object, as a network's are.
    """
    body = load(name)[variant]
    if without:
        body = {**body, "analytics": {key: value for key, value in body["analytics"].items() if key not in without}}
    if pair:
        body = {**body, "analytics": body["analytics"] * 2}
    return Template(body, dict(fixed), account=name == "account", by_name=by_name)


def _root(key: str) -> str:
    """Return what is the same in `likes` and `likeCount`, in `replies` and `replyCount`."""
    return re.sub("ie$", "y", key.removesuffix("Count").removesuffix("s").lower())
