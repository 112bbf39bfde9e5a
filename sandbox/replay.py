"""Serves a recording (`tap-ayrshare-record`, docs/recording.md): what the API answered, to whatever is asked next."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.account import NETWORKS
from sandbox.moments import read_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.api import Call

API = ".com/api"
ABOUT = "recording.json"
BY_ID = ("/comments/", "/history/", "/links/")
"""Paths that end in an id, unless that is a network's name."""
MUST_AGREE = ("platform", "status", "daily", "period60Days", "searchPlatformId", "cursor", "next", "actionLog")
"""What an answer was asked with that another request must have too."""
EMPTY_HISTORY = 400, {"history": {"code": 221, "action": "get", "status": "error"}, "count": 0}
NOT_RECORDED = 404, {
    "action": "replay", "status": "error", "code": 186, "message": "Nothing was recorded for this request.",
}  # fmt: skip
"""The code that says of a post that it is gone, which is no failure."""
OK = 200
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Recorded:
    """An answer of a recording, and what it was asked with."""

    method: str
    path: str
    given: dict[str, Any]
    status: int
    body: Any

    @property
    def networks(self) -> list[str]:
        """The networks that it was asked for, else those that it has."""
        asked = self.given.get("platforms")
        body = self.body if isinstance(self.body, dict) else {}
        return asked or [name for name in body if name in NETWORKS]


@dataclass
class Replay:
    """The answers of a recording. now: when it was made, as its dates are shifted; linked: the networks linked."""

    answers: list[Recorded] = field(default_factory=list)
    now: datetime | None = None
    linked: tuple[str, ...] = ()

    @classmethod
    def read(cls, directory: Path) -> Replay:
        """Read the recording in a directory."""
        about = directory / ABOUT
        known = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
        documents = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json")))
        answers = [_recorded(document) for document in documents if "request" in document]
        return cls(answers, read_time(known.get("now")), tuple(known.get("networks", ())))

    def forget(self) -> None:
        """There is nothing to forget; see `Api`."""

    def answer(self, call: Call) -> Answer:
        """Return what was answered to the most similar request."""
        return self.find(call.method, call.path, {**call.query, **(call.body or {})})

    def find(self, method: str, path: str, given: dict[str, Any]) -> Answer:
        """Return what was answered to the request most similar to one with this query or body."""
        found = sorted(self._similar(method, path, given), key=lambda pair: pair[0], reverse=True)
        if not found:
            return EMPTY_HISTORY if path == "/history" else NOT_RECORDED
        if path == "/history" and ("startDate" in given or "endDate" in given):
            return _within([one for _, one in found], given)
        if path in ("/analytics/post", "/analytics/social") and "postIds" not in given:
            return _merged([one for _, one in found], given)
        best = found[0][1]
        return best.status, best.body

    def _similar(self, method: str, path: str, given: dict[str, Any]) -> Iterator[tuple[int, Recorded]]:
        """Yield the answers that can serve a request, with how well they do."""
        for one in self.answers:
            same_path = one.path == path
            if one.method != method or not (same_path or _kind(one.path) == _kind(path) != ""):
                continue
            if any(str(one.given.get(name, "")).lower() != str(given.get(name, "")).lower() for name in MUST_AGREE):
                continue
            if ("postIds" in one.given) != ("postIds" in given):
                continue
            other = len(one.given.keys() - given.keys())
            yield 2 * same_path + (one.given.get("id") == given.get("id")) + (one.status == OK) - other, one


def _recorded(document: dict[str, Any]) -> Recorded:
    asked = document["request"]
    path = unquote(asked["url"].split(API, 1)[1])
    given = {**asked.get("query", {}), **asked.get("body", {})}
    return Recorded(asked["method"], path, given, document["status"], document["response"])


def _kind(path: str) -> str:
    """Return how a path that ends in an id begins; empty for one that doesn't."""
    start = next((start for start in BY_ID if path.startswith(start)), "")
    return start if path.removeprefix(start) not in NETWORKS else ""


def _merged(found: list[Recorded], given: dict[str, Any]) -> Answer:
    """Return the blocks of all networks that are asked for, out of the answers that have them."""
    asked = given.get("platforms") or []
    having = {name: next((one for one in found if name in one.networks), None) for name in asked}
    if asked and not any(having.values()):
        return NOT_RECORDED
    first = next((one for one in having.values() if one), found[0])
    parts = [one for one in having.values() if one and one is not first]
    if not isinstance(first.body, dict) or (not parts and len(first.networks) <= 1):
        return first.status, _with_id(first.body, given)
    body = {name: value for name, value in first.body.items() if name not in NETWORKS or name in asked or not asked}
    for one in parts:
        blocks = one.body if isinstance(one.body, dict) else {}
        body |= {name: block for name, block in blocks.items() if name in asked}
        body["errors"] = [*body.get("errors", []), *blocks.get("errors", [])]
    return first.status, _with_id(body, given)


def _with_id(body: Any, given: dict[str, Any]) -> Any:
    is_post = isinstance(body, dict) and "id" in body and "id" in given
    return {**body, "id": given["id"]} if is_post else body


def _within(found: list[Recorded], given: dict[str, Any]) -> Answer:
    """Return the posts of a window of time; those without a readable date are in the newest."""
    start, end = read_time(given.get("startDate")), read_time(given.get("endDate"))
    with_posts = [one for one in found if isinstance(one.body, dict) and isinstance(one.body.get("history"), list)]
    if not with_posts:
        return found[0].status, found[0].body
    posts = {json.dumps(post.get("id")): post for one in reversed(with_posts) for post in one.body["history"]}
    listed = [post for post in posts.values() if _is_in(_date(post), start, end)]
    if not listed:
        return EMPTY_HISTORY
    first = with_posts[0]
    return first.status, {**first.body, "history": listed, **({"count": len(listed)} if "count" in first.body else {})}


def _is_in(moment: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    if moment is None:
        return end is None or end > datetime.now(timezone.utc) - timedelta(days=1)
    return (start is None or start <= moment) and (end is None or moment <= end)


def _date(post: dict[str, Any]) -> datetime | None:
    value = post.get("created")
    seconds = value.get("_seconds") if isinstance(value, dict) else None
    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc) if seconds else read_time(value)
    except (TypeError, ValueError):
        return None
