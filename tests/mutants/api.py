"""An API that answers one body where it belongs, and plainly everywhere else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.values import instant
from tests.world import EMPTY_HISTORY

if TYPE_CHECKING:
    from tests.mutants.samples import Case

SENT = datetime.fromisoformat("2026-11-20T10:00:00+00:00")
DAY = "2026-11-20"
OF_NATIVE = {"social_posts", "social_post_analytics", "social_post_comments"}
ENOUGH = 6
"""Posts that make a batch."""
Answer = tuple[int, Any]
Given = dict[str, Any]
FIXED = {
    "/ads/facebook/accounts": {"status": "success", "adAccounts": [{"accountId": "1234567890", "currency": "USD"}]},
    "/ads/facebook/ads": {"status": "success", "ads": [{"adId": "ad-1"}]},
    "/ads/facebook/history": {"status": "success", "history": [{"adId": "ad-1", "spendDate": DAY}]},
    "/profiles": {"profiles": [{"refId": "last"}], "pagination": {"hasMore": False, "nextCursor": None}},
    "/links": None,
    "/analytics/links": None,
    "/analytics/links-short": None,
}
"""What is always the same; None: the endpoint is gone."""


class Api:
    """The API in a run."""

    def __init__(self, case: Case, body: Any) -> None:
        self.case, self.sample = case, case.sample
        self.raw = json.dumps(body).encode()

    def answer(self, path: str, given: Given) -> tuple[int, bytes]:
        """Return HTTP status and body of an answer."""
        if self._is_its(path, given):
            return self.sample.status, self.raw
        status, body = self._plain(path, given)
        return status, json.dumps(body).encode()

    def _is_its(self, path: str, given: Given) -> bool:
        """Return whether the body is the answer to a request."""
        sample = self.sample
        if path == "/history" == sample.path:
            return given.get("status") != "deleted" and self._has_posts(given)
        if path.startswith("/comments/") and sample.path.startswith("/comments/"):
            return True
        if path != sample.path:
            return False
        if "cursor" in given or "next" in given:
            # The page behind one that is changed.
            return sample.name == "profiles_last_page"
        return "postIds" not in sample.given or "postIds" in given

    def _has_posts(self, given: Given) -> bool:
        """Return whether a window of time has one of the posts; an error is answered to everything."""
        posts = self.sample.body.get("history") if isinstance(self.sample.body, dict) else None
        made = [instant(post.get("created")) for post in posts] if isinstance(posts, list) else None
        return made is None or any(_is_in(one, given) for one in made if one)

    def _plain(self, path: str, given: Given) -> Answer:
        if path in FIXED:
            body = FIXED[path]
            return (404, {"status": "error", "message": "Cannot GET"}) if body is None else (200, body)
        root = "/".join(path.split("/")[:3]) if path.startswith("/analytics") else f"/{path.split('/')[1]}"
        answers = {
            "/user": self._user, "/history": self._history, "/comments": self._comments,
            "/analytics/post": self._post, "/analytics/social": self._social,
        }  # fmt: skip
        return answers[root](path, given) if root in answers else (200, {"status": "success", "messages": []})

    def _user(self, _path: str, _given: Given) -> Answer:
        return 200, {"activeSocialAccounts": list(self.case.linked), "refId": "ref-1"}

    def _history(self, path: str, given: Given) -> Answer:
        if path != "/history":
            return self._native(path.rsplit("/", 1)[1])
        if given.get("status") == "deleted" or not _is_in(SENT, given) or OF_NATIVE & set(self.case.streams):
            return 400, EMPTY_HISTORY
        batch = self.sample.given.get("postIds", [])
        ids = [*batch, *(f"more-{number}" for number in range(ENOUGH - len(batch) if batch else 1))]
        rows = [self._sent(number, own) for number, own in enumerate(ids)]
        return 200, {"history": rows, "count": len(rows)}

    def _sent(self, number: int, own: str) -> dict[str, Any]:
        made = (SENT - timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
        sent_to = [{"status": "success", "id": own, "platform": network} for network in self.case.linked]
        return {"id": f"post-{number}", "created": made, "status": "success", "postIds": sent_to}

    def _native(self, network: str) -> Answer:
        asked, ids = self.sample.given, [f"{network}-1"]
        if "searchPlatformId" in asked and network in self.case.linked:
            ids = asked.get("postIds") or [asked["id"]]
        posts = [{"id": one, "created": f"{DAY}T10:00:00Z", "likeCount": 1} for one in ids]
        return 200, {"status": "success", "posts": posts}

    def _post(self, _path: str, given: Given) -> Answer:
        analytics = {"likeCount": 1}
        if "postIds" in given:
            blocks = [{"id": one, "analytics": analytics} for one in given["postIds"]]
            return 200, {given["platforms"][0]: blocks, "status": "success"}
        asked = given.get("platforms") or self.case.linked
        return 200, {network: {"id": "s", "analytics": analytics} for network in asked} | {"status": "success"}

    def _social(self, _path: str, given: Given) -> Answer:
        blocks = {network: {"analytics": {"followersCount": 1}} for network in given["platforms"]}
        return 200, {**blocks, "status": "success"}

    def _comments(self, _path: str, given: Given) -> Answer:
        asked = [given["platform"]] if "platform" in given else self.case.linked
        lists = {network: [{"commentId": f"{network}-c", "comment": "c"}] for network in asked}
        return 200, {**lists, "status": "success"}


def _is_in(moment: datetime, given: Given) -> bool:
    """Return whether a moment is in the window of time that a request is about."""
    start, end = (instant(given.get(name)) for name in ("startDate", "endDate"))
    return (start is None or start <= moment) and (end is None or moment <= end)
