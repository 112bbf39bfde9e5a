"""The sample bodies of the API's pages, and what a run asks so that it meets each of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tap_ayrshare.ayrshare.contract import NETWORKS
from tests.samples import Sample, bodies

NOT_ASKED = {
    "ads_facebook_insights", "analytics_instagram_online_followers", "brand_by_user", "error.multi_platform",
    "history_by_id", "hook_history", "link", "messages.twitter_conversations", "profiles_action_log",
    "social_analytics.tiktok_period60days", "social_analytics.youtube_lifetime", "user_batch",
}  # fmt: skip
"""Bodies of endpoints, or of variants, that the tap doesn't request."""


@dataclass(frozen=True)
class Case:
    """A body in a run.

    streams: those that are read; linked: the networks of the profile; settings: those that the run needs beside.
    """

    sample: Sample
    streams: tuple[str, ...]
    linked: tuple[str, ...] = ("facebook",)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the body and the streams that read it."""
        return f"{self.sample.name}:{'+'.join(self.streams)}"


@cache
def samples() -> tuple[Sample, ...]:
    """Return the bodies that the tap can meet."""
    found = [sample for folder in ("responses", "responses_inferred") for sample in bodies(folder)]
    return tuple(replace(one, given={**one.query, **one.given}) for one in found if one.name not in NOT_ASKED)


def _networks(sample: Sample) -> tuple[str, ...]:
    """Return the networks that a body is about: those asked, or those of its blocks and errors."""
    asked = sample.given.get("platforms") or [sample.given.get("platform")]
    last = sample.path.rsplit("/", 1)[1]
    body = sample.body if isinstance(sample.body, dict) else {}
    errors = body.get("errors") or []
    named = [*asked, last, *body, *(error.get("platform") for error in errors if isinstance(error, dict))]
    return tuple(dict.fromkeys(name for name in named if name in NETWORKS))


@cache
def cases() -> tuple[Case, ...]:
    """Return a case for each body and each family of streams that reads it."""
    return tuple(case for sample in samples() for case in _cases(sample))


STREAMS = (
    ("/user", ("accounts", "social_analytics")),
    ("/profiles", ("profiles",)),
    ("/history/", ("social_posts", "social_post_analytics", "social_post_comments")),
    ("/history", ("posts", "post_analytics", "comments")),
    ("/analytics/post", ("post_analytics",)),
    ("/analytics/social", ("social_analytics", "account_demographics")),
    ("/comments/", ("comments",)),
    ("/ads/facebook/accounts", ("ad_accounts", "ads", "ad_spend_daily")),
    ("/ads/facebook/ads", ("ads",)),
    ("/ads/facebook/history", ("ad_spend_daily",)),
    ("/auto-schedule/list", ("auto_schedules",)),
    ("/analytics/youTubePlaylists", ("youtube_playlists",)),
    ("/reviews", ("reviews", "review_totals")),
    ("/messages/", ("messages",)),
    ("/links", ("link_analytics",)),
    ("/analytics/links", ("link_analytics",)),
)
"""The streams that read an endpoint, by how its path begins."""


def _cases(sample: Sample) -> list[Case]:
    path = sample.path
    streams = next(streams for start, streams in STREAMS if path.startswith(start))
    if sample.given.get("daily"):
        streams = ("social_analytics_daily",)
    settings = {"bulk_analytics": "auto"} if "postIds" in sample.given else {}
    found = [Case(sample, streams, _linked(sample), settings)]
    by_id = {"/analytics/post": "social_post_analytics", "/comments/": "social_post_comments"}
    stream = next((stream for start, stream in by_id.items() if path.startswith(start)), "")
    networks = _networks(sample)
    is_by_id = "searchPlatformId" in sample.given or path.startswith("/comments/")
    if stream and is_by_id and len(networks) == 1 and stream in NETWORKS[networks[0]].reads:
        found.append(Case(sample, (stream,), networks))
    return found


def _linked(sample: Sample) -> tuple[str, ...]:
    """Return the networks of the profile that meets a body."""
    if sample.path in ("/user", "/history"):
        return tuple(NETWORKS)
    if sample.path == "/analytics/youTubePlaylists":
        return ("youtube",)
    return _networks(sample) or ("facebook",)
