"""The sample bodies of the API's pages, each with a world that answers it.

`tests/data/responses` holds bodies whose names and nesting a source shows, `tests/data/responses_inferred` guesses;
`_evidence` of each file says which. Values are made up.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from tap_ayrshare.ayrshare.contract import NETWORKS
from tests.support import ROOT
from tests.world import START, Post, World

DATA = ROOT / "tests" / "data"
API = "https://api.ayrshare.com/api"
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
"""The run's instant: behind the dates of the bodies."""
NOT_FOUND = (404, {"status": "error", "code": 186, "message": "Post ID not found."})
LINKS = ("/analytics/links", "/analytics/links-short", "/links")
STREAMS = {
    "ads_facebook_accounts": ("ad_accounts",), "ads_facebook_history": ("ad_spend_daily",),
    "auto_schedule_list": ("auto_schedules",), "comments": ("comments",), "history": ("posts",),
    "history_by_id": ("posts",), "history_envelope": ("posts",), "link": ("link_analytics",),
    "links": ("link_analytics",), "links_legacy": ("link_analytics",), "links_short": ("link_analytics",),
    "messages": ("messages",), "platform_history": ("social_posts",), "post_analytics": ("post_analytics",),
    "post_analytics_by_social_id": ("social_post_analytics",), "profiles": ("profiles",),
    "profiles_action_log": ("profiles",), "profiles_last_page": ("profiles",), "reviews": ("reviews", "review_totals"),
    "social_analytics": ("social_analytics", "account_demographics"),
    "social_analytics_daily": ("social_analytics_daily",), "user": ("accounts",), "user_nothing_linked": ("accounts",),
    "youtube_playlists": ("youtube_playlists",),
}  # fmt: skip
"""The streams that read a body, by what its file's name begins with."""
OF_ERRORS = {
    "/analytics/post": ("post_analytics",), "/analytics/social": ("social_analytics",), "/history": ("posts",),
    "/history/twitter": ("social_posts",), "/reviews": ("reviews",), "/user": ("accounts",),
}  # fmt: skip
NOT_REQUESTED = {
    "ads_facebook_insights": "no stream asks for insights",
    "analytics_instagram_online_followers": "no stream asks for followers by the hour",
    "error.multi_platform": "an answer to POST /post",
    "user_batch": "no stream asks for the export of all users",
}
"""Bodies of endpoints that the tap doesn't ask."""


@dataclass(frozen=True)
class Sample:
    """A sample body: its file's name, the request that it answers, HTTP status and body."""

    name: str
    path: str
    query: dict[str, Any]
    given: dict[str, Any]
    status: int
    body: Any

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that read it."""
        return OF_ERRORS[self.path] if self.name.startswith("error.") else STREAMS[self.name.split(".")[0]]

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it is about."""
        body = self.body if isinstance(self.body, dict) else {}
        listed = body.get("errors") or ()
        named = [*self.given.get("platforms", ()), *body, *(one.get("platform") for one in listed)]
        named += [self.path.rsplit("/", 1)[-1], self.query.get("platform")]
        named += ["youtube"] if self.name == "youtube_playlists" else []
        return tuple(dict.fromkeys(name for name in named if name in NETWORKS)) or ("facebook",)


def samples(directory: str = "responses") -> list[Sample]:
    """Return the sample bodies of a directory, without those that the tap doesn't ask for."""
    return [sample for sample in bodies(directory) if sample.name not in NOT_REQUESTED]


def bodies(directory: str) -> list[Sample]:
    """Return all sample bodies of a directory."""
    found = []
    for file in sorted((DATA / directory).glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        request = content["request"]
        found.append(
            Sample(
                file.stem, request["url"].removeprefix(API), request.get("query") or {},
                request.get("body") or {}, content["status"], content["response"],
            )
        )  # fmt: skip
    return found


class SampleWorld(World):
    """A world that answers a sample where the tap asks for it, and whatever leads there."""

    def __init__(self, sample: Sample) -> None:
        ids = [sample.given.get("id") or sample.path.rsplit("/", 1)[-1]]
        if isinstance(sample.body, dict) and "postIds" in sample.given:
            ids = [one["id"] for one in sample.body["instagram"]] + ["other-1", "other-2"]
        is_native = sample.given.get("searchPlatformId") is True
        super().__init__(
            [] if is_native else [Post(ids[0], START, sample.networks)],
            {sample.networks[0]: [(one, START) for one in ids]} if is_native else {},
            sample.networks,
            NOW,
        )
        self.sample = sample

    def answer(self, path, given):
        sample = self.sample
        if path in LINKS and sample.streams == ("link_analytics",) and path != sample.path.replace("/yC0fTl", ""):
            return 404, {}
        if path == "/ads/facebook/accounts" and path != sample.path:
            account = {"accountId": sample.query.get("accountId", "1")}
            return 200, {"status": "success", "adAccounts": [account]}
        if path == "/history" and sample.name == "history_by_id" and given.get("status") != "deleted":
            return 200, {"history": [sample.body]}
        if "postIds" in sample.given and path == "/analytics/post" and "postIds" not in given:
            block = next((one for one in sample.body["instagram"] if one["id"] == given["id"]), None)
            return (200, {"instagram": block, "status": "success"}) if block else NOT_FOUND
        if "cursor" in given or "next" in given:
            # Behind the sample's page there is nothing.
            return 200, {"status": "success", "profiles": [], "posts": [], "messages": []}
        if self._is_asked_for(path, given):
            return sample.status, sample.body
        return super().answer(path, given)

    def _is_asked_for(self, path, given):
        sample = self.sample
        if path != sample.path.replace("/yC0fTl", "") or given.get("status") == "deleted":
            return False
        wanted = given.get("platforms") or [given.get("platform")]
        return path not in ("/analytics/social", "/reviews") or set(wanted) <= set(sample.networks)
