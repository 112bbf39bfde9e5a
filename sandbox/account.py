"""The made-up account: profiles, their posts on one endless timeline, numbers that grow with the clock.

Post k of a profile always has the same id, time and shapes, whatever the clock says; the clock decides which
posts exist and how large their numbers are. So a body depends on seed, options and clock alone.
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from sandbox.bodies import load, template

NETWORKS = ("bluesky", "facebook", "gmb", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "telegram",
            "threads", "tiktok", "twitter", "youtube")  # fmt: skip
POST_NETWORKS = tuple(name for name in NETWORKS if name not in ("gmb", "telegram"))
ACCOUNT_NETWORKS = tuple(name for name in NETWORKS if name != "telegram")
NATIVE_NETWORKS = tuple(name for name in POST_NETWORKS if name != "reddit")
CURSOR_NETWORKS = ("threads", "twitter")
PRIMARY = "primary"
NAMES = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "wonka", "cyberdyne", "tyrell")
TIMELINE = datetime(2020, 1, 1, tzinfo=timezone.utc)
AHEAD = timedelta(days=20)
TEXTS = (
    "Our autumn sale starts today", "Behind the scenes 🎬 with the team", 'She said "wow", and so will you',
    "Line one\nLine two", "Größer, schöner, schneller", "新製品のお知らせ", "100% cotton; \\ no tricks",
)  # fmt: skip


def chance(*what: object) -> float:
    """Return a number from 0 to 1 that is always the same for the same things."""
    digest = hashlib.blake2b("|".join(map(str, what)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def iso(moment: datetime) -> str:
    """Return a moment as most bodies carry it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def firestore(moment: datetime) -> dict[str, Any]:
    """Return a moment as a Firestore timestamp."""
    return {"_seconds": int(moment.timestamp()), "_nanoseconds": moment.microsecond * 1000, "utc": iso(moment)}


def growth(final: float, age_days: float) -> float:
    """Return a counter that rises fast at first and never quite stops."""
    return final * (1 - math.exp(-age_days / 4)) + age_days * 3 + 1


@dataclass
class Post:
    """Post number k of a profile's timeline."""

    k: int
    post_id: str
    published: datetime
    networks: tuple[str, ...]
    shape: str = "plain"

    @property
    def created(self) -> datetime:
        """When it was made: scheduled ones long before."""
        ahead = {"scheduled": timedelta(days=2), "long_scheduled": timedelta(days=60)}
        return self.published - ahead.get(self.shape, timedelta())

    def native_id(self, network: str) -> str:
        """The network's own id of it."""
        if network == "bluesky":
            return f"at://did:plc:sample/app.bsky.feed.post/{self.post_id}"
        return f"{network[:2]}-{self.post_id}"


@dataclass
class Profile:
    """A profile: its key (None: the primary), its linked networks, its posts."""

    label: str
    key: str | None
    linked: tuple[str, ...]
    account: Account = field(repr=False)

    @property
    def ref_id(self) -> str:
        """The stable id of the profile."""
        return f"ref-{self.label}"

    @cached_property
    def posts(self) -> list[Post]:
        """All posts from the start of the data to some days after the clock's start, oldest first."""
        options = self.account
        if not options.posts or not self.linked:
            return []
        step = timedelta(days=options.days) / options.posts
        first = (options.start - timedelta(days=options.days) - TIMELINE) // step + 1
        last = (options.start + AHEAD - TIMELINE) // step
        crowd = TIMELINE + step * (first + (options.posts // 2))
        posts = []
        for k in range(first, last + 1):
            published = (TIMELINE + step * k).replace(microsecond=0)
            if 0 <= k - first - options.posts // 2 < options.same_second:
                published = crowd.replace(microsecond=0)
            posts.append(self._post(k, published))
        return sorted(posts, key=lambda post: (post.published, post.post_id))

    def _post(self, k: int, published: datetime) -> Post:
        able = [name for name in self.linked if name != "gmb"]
        count = self.account.networks_per_post or 1 + int(chance(self.label, k, "n") * 3)
        start = int(chance(self.label, k, "start") * len(able))
        networks = tuple(dict.fromkeys(able[(start + i * 5) % len(able)] for i in range(count)))
        shapes = self.account.shapes
        shape = shapes[k % len(shapes)] if shapes else "plain"
        return Post(k, f"{self.label}-{k:x}", published, networks, shape)

    def published(self, now: datetime) -> list[Post]:
        """The posts that exist at a moment, oldest first."""
        return (
            self.posts[: bisect_right(self.posts, now, key=lambda post: post.created)]
            if not (self.account.shapes)
            else [post for post in self.posts if post.created <= now]
        )

    @cached_property
    def by_id(self) -> dict[str, Post]:
        """Posts by their Ayrshare id."""
        return {post.post_id: post for post in self.posts}

    @cached_property
    def by_native_id(self) -> dict[str, Post]:
        """Posts by the networks' ids, those that Ayrshare did not send too."""
        own = {post.native_id(network): post for post in self.posts for network in post.networks}
        return {**own, **{post.native_id(net): post for net in self.linked for post in self.natives(net)}}

    def natives(self, network: str) -> list[Post]:
        """The posts of a network that Ayrshare did not send: one for every fourth that it did."""
        return [
            Post(post.k, f"own-{post.post_id}", post.published + timedelta(minutes=7), (network,))
            for post in self.posts[:: self.account.native_every]
        ] if self.account.native_every else []  # fmt: skip

    # Bodies

    def row(self, post: Post, now: datetime) -> dict[str, Any]:  # noqa: C901 - one branch for each shape
        """Return a post as GET /history gives it."""
        shape, sent = post.shape, post.published <= now
        entries = [
            {"status": "success", "id": post.native_id(net), "postUrl": f"https://example.com/{net}/{post.k}",
             "platform": net, **({"isVideo": True} if net in ("tiktok", "youtube") else {})}
            for net in post.networks
        ]  # fmt: skip
        row: dict[str, Any] = {
            "id": post.post_id, "post": f"{TEXTS[post.k % len(TEXTS)]} #{post.k}", "platforms": list(post.networks),
            "postIds": entries, "mediaUrls": ["https://example.com/image.png"], "urls": [], "errors": [],
            "type": "now", "notes": "", "created": iso(post.created), "status": "success",
            "scheduleDate": iso(post.published), "shortenLinks": False, "profileTitle": self.label,
            "refId": self.ref_id,
        }  # fmt: skip
        if shape in ("scheduled", "long_scheduled"):
            row.update(type="scheduled", scheduleDate=firestore(post.published))
            if not sent:
                row.update(status="pending", postIds=[])
        elif shape == "milliseconds":
            row["created"] = post.created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        elif shape == "offset":
            row["created"] = post.created.strftime("%Y-%m-%dT%H:%M:%S+0000")
        elif shape == "firestore":
            row.update(
                created=firestore(post.created), scheduleDate=firestore(datetime(2020, 11, 5, tzinfo=timezone.utc))
            )
        elif shape == "approval":
            row.update(requiresApproval=True, approved=True, approvedBy="a colleague", approvedDate=iso(post.created))
        elif shape == "no_post_ids":
            del row["postIds"]
        elif shape == "half":
            entries[0] = {"status": "error", "id": "pending", "idShare": "sample", "platform": post.networks[0]}
            row["errors"] = [{"action": "post", "status": "error", "code": 138, "message": "Media problem.",
                              "platform": post.networks[0]}]  # fmt: skip
        elif shape == "failed":
            entries[:] = [{"status": "error", "id": "failed", "platform": net} for net in post.networks]
            row["status"] = "error"
        elif shape == "paused":
            row.update(status="paused", postIds=[])
        elif shape == "awaiting":
            row.update(status="awaiting approval", requiresApproval=True, postIds=[])
        elif shape == "deleted":
            row["status"] = "deleted"
        return row

    def size(self, post: Post, network: str, now: datetime) -> float:
        """Return how large the numbers of a post are at a moment."""
        age = max(0.0, (now - post.published).total_seconds() / 86400)
        final = 20 + 3000 * chance(self.label, post.post_id, network, "size") ** 2
        # A few networks take back part of a counter one day.
        lost = 40 if chance(post.post_id, network, "dip") < 0.05 and age >= 3 else 0
        return max(1.0, growth(final, age) - lost)

    def block(self, post: Post, network: str, now: datetime) -> str:
        """Return a network's block of POST /analytics/post as JSON text."""
        size = self.size(post, network, now)
        head = {"id": post.native_id(network), "postUrl": f"https://example.com/{network}/{post.k}"}
        stamps = fresh(now)

        def one(position: int, variant: str) -> str:
            inner = template("post", variant).fill(size + position)[1:]
            extra = {**head, "id": head["id"] if not position else f"{head['id']}-{position}"}
            return f"{json.dumps(extra)[:-1]}, {inner[:-1]}, {stamps}}}"

        if network == "twitter" and post.k % 4 == 0:
            return f"[{one(0, 'twitter')}, {one(1, 'twitter')}]"
        return one(0, variant_of(post, network))

    def item(self, post: Post, network: str, now: datetime) -> dict[str, Any]:
        """Return a post as GET /history/:platform gives it."""
        item: dict[str, Any] = json.loads(template("native", network).fill(self.size(post, network, now)))
        item["id"] = post.native_id(network)
        for key in ("created", "publishedAt", "createdAt", "timestamp"):
            if key in item:
                item[key] = post.published.strftime(
                    "%Y-%m-%dT%H:%M:%S+0000" if key == "timestamp" else "%Y-%m-%dT%H:%M:%SZ"
                )
        for key in ("post", "text"):
            if key in item:
                item[key] = f"{TEXTS[post.k % len(TEXTS)]} #{post.k}"
        return item

    def account_block(self, network: str, now: datetime) -> str:
        """Return a network's block of POST /analytics/social as JSON text."""
        variant = network
        if network == "linkedin":
            variant = "linkedin_corporate" if chance(self.label) < 0.6 else "linkedin_personal"
        if network == "instagram" and self.label == "globex":
            variant = "instagram_warning"
        days = (now - TIMELINE).total_seconds() / 86400
        size = 200 + 2000 * chance(self.label, network) + days * (0.5 + chance(self.label, network, "pace"))
        return f"{template('account', variant).fill(size)[:-1]}, {fresh(now)}}}"

    def daily_block(self, network: str, quarters: int, now: datetime) -> dict[str, Any]:
        """Return a network's daily series, oldest first; YouTube and TikTok lag two days, one metric a day more."""
        lag = 2 if network in ("youtube", "tiktok") else 0
        analytics: dict[str, Any] = {"id": f"{network}-{self.label}", "name": self.label, "followersCount": 500}
        for position, metric in enumerate(load("daily")[network]):
            last = (now - timedelta(days=lag + (position == 1))).date()
            days = [last - timedelta(days=back) for back in range(90 * quarters - 1, -1, -1)]
            counts = [int(5 + 50 * chance(self.label, network, metric, day)) for day in days]
            values = [
                {"value": count, "endTime": f"{day}T08:00:00+0000"} for day, count in zip(days, counts, strict=True)
            ]
            analytics[metric] = {"period": "day", "total": sum(counts), "values": values}
        return {"analytics": analytics, **json.loads(f"{{{fresh(now)}}}")}

    def links(self, days: int, now: datetime) -> list[dict[str, Any]]:
        """Return shortened links as GET /links gives them, clicks of the last days."""
        links = []
        for number in range(3):
            clicks = int(days * (2 + 9 * chance(self.label, "link", number)) + now.timetuple().tm_yday % 7 * number)
            links.append({
                "id": f"link-{self.label}-{number}", "originalUrl": f"https://example.com/landing/{number}",
                "shortUrl": f"https://ayr.example/{self.label}{number}", "created": "2026-01-05T09:00:00.220Z",
                "status": "success", "totalClicks": clicks, "utmSource": "ayrshare",
                "browserCounts": {"chrome": clicks}, "refererCounts": {}, "socialClicks": {"facebook": clicks // 2},
            })  # fmt: skip
        return links

    def user(self) -> dict[str, Any]:
        """Return the body of GET /user."""
        body = {**load("user"), "refId": self.ref_id, "title": self.label}
        names = [entry for entry in body.pop("displayNames") if entry["platform"] in self.linked]
        if not self.linked:
            return {key: body[key] for key in ("created", "email", "monthlyApiCalls", "refId", "title")}
        return {"activeSocialAccounts": list(self.linked), "displayNames": names, **body}

    def playlists(self) -> list[dict[str, Any]]:
        """Return the YouTube playlists."""
        return [
            {"channelId": f"channel-{self.label}", "description": "", "id": f"list-{self.label}-{n}",
             "publishedAt": "2023-01-01T00:00:00Z", "title": f"Playlist {n}", "url": f"https://example.com/list/{n}"}
            for n in range(2)
        ]  # fmt: skip


def fresh(now: datetime) -> str:
    """Return the inside of a JSON object with `lastUpdated` and `nextUpdate`."""
    last, following = now - timedelta(minutes=3), now + timedelta(minutes=20)
    return f'"lastUpdated": "{last:%Y-%m-%dT%H:%M:%S}.778Z", "nextUpdate": "{following:%Y-%m-%dT%H:%M:%S}.778Z"'


def variant_of(post: Post, network: str) -> str:
    """Return which of the documented forms a post's block has."""
    variants = {
        "facebook": ("facebook_2026", "facebook"),
        "instagram": ("instagram_feed", "instagram_reels", "instagram_story"),
        "linkedin": ("linkedin_corporate", "linkedin_personal"),
    }.get(network, (network,))
    return variants[post.k % len(variants)]


SHAPES = ("plain",) * 5 + ("scheduled", "milliseconds", "offset", "firestore", "approval", "no_post_ids", "half") + (
    "plain",) * 8 + ("failed", "paused", "awaiting", "deleted", "gone", "long_scheduled", "partial")  # fmt: skip


@dataclass
class Account:
    """The account and the options that its data come from."""

    start: datetime
    profiles_wanted: int = 2
    posts: int = 60
    days: float = 120
    same_second: int = 0
    networks_per_post: int = 0
    native_every: int = 4
    shapes: tuple[str, ...] = SHAPES
    linked: tuple[str, ...] | None = None
    api_key: str = "sandbox-api-key"

    @cached_property
    def profiles(self) -> list[Profile]:
        """The primary profile, then the user profiles."""
        names = [NAMES[n] if n < len(NAMES) else f"client{n:03d}" for n in range(self.profiles_wanted)]
        return [Profile(PRIMARY, None, self._linked(0), self)] + [
            Profile(name, f"sandbox-profile-key-{name}", self._linked(n + 1), self) for n, name in enumerate(names)
        ]

    def _linked(self, number: int) -> tuple[str, ...]:
        if self.linked is not None:
            return self.linked
        if number == 3:
            return ()
        return NETWORKS if number < 2 else ("facebook", "instagram", "linkedin", "youtube", "threads")
