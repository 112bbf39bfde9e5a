"""The made-up account: its profiles, which networks are linked to them, and what they have posted."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sandbox import story
from sandbox.bodies import load
from sandbox.chance import chance
from sandbox.moments import TIMELINE, firestore, stamps
from sandbox.posts import SHAPES, Post

NETWORKS = ("bluesky", "facebook", "gmb", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "telegram",
            "threads", "tiktok", "twitter", "youtube")  # fmt: skip
POST_NETWORKS = tuple(name for name in NETWORKS if name not in ("gmb", "telegram"))
ACCOUNT_NETWORKS = tuple(name for name in NETWORKS if name != "telegram")
NATIVE_NETWORKS = tuple(name for name in POST_NETWORKS if name != "reddit")
CURSOR_NETWORKS = ("threads", "twitter")
COMMENT_NETWORKS = tuple(name for name in POST_NETWORKS if name not in ("pinterest", "snapchat"))
DAILY_NETWORKS = ("facebook", "instagram", "snapchat", "tiktok", "youtube")
PRIMARY = "primary"
NAMES = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "wonka", "cyberdyne", "tyrell")
FEW = ("facebook", "instagram", "linkedin", "youtube", "threads")
LATER = timedelta(days=20)
"""How far beyond the clock's start there are posts to come."""
DAYTIME = timedelta(hours=18)
TODAY = timedelta(hours=6)
"""How long after the clock's start the post is due that was made 60 days before."""


@dataclass
class Profile:
    """A profile: its key (None: the primary), its linked networks, its posts."""

    number: int
    label: str
    key: str | None
    linked: tuple[str, ...]
    account: Account = field(repr=False)
    brand: story.Brand | None = None

    @property
    def ref_id(self) -> str:
        """The stable id of the profile."""
        return f"ref-{self.label}"

    @property
    def since(self) -> datetime:
        """When the profile was made."""
        return TIMELINE + timedelta(days=900 + 31 * self.number, seconds=47099, milliseconds=530)

    def chance(self, *what: object) -> float:
        """Return a number from 0 to 1 that is always the same for the same things of this profile."""
        return chance(self.account.seed, self.label, *what)

    # Posts

    @cached_property
    def posts(self) -> list[Post]:
        """All posts from the start of the data to some days after the clock's start, oldest first."""
        if self.brand:
            return self._told(self.brand)
        options = self.account
        able = [name for name in self.linked if name != "gmb"]
        if not options.posts or not able:
            return []
        step = timedelta(days=options.days) / options.posts
        newest = (options.start - TIMELINE) // step
        first = newest - options.posts + 1
        crowd = range(first + options.posts // 2, first + options.posts // 2 + options.same_second)
        posts = []
        for k in range(first, (options.start + LATER - TIMELINE) // step + 1):
            moment = TIMELINE + step * (crowd.start if k in crowd else k)
            if options.shapes and k not in crowd:
                later = moment + min(step, DAYTIME) * self.chance(k, "time")
                moment = min(later, options.start) if k <= newest else later
            shape = options.shapes[(newest - k) % len(options.shapes)] if options.shapes else "plain"
            posts.append(Post(k, f"{self.label}-{k:x}", moment.replace(microsecond=0), self._sent_to(able, k), shape))
        if options.shapes:
            due = (options.start + TODAY).replace(minute=0, second=0, microsecond=0)
            posts.append(Post(newest, f"{self.label}-today", due, self._sent_to(able, newest), "today"))
        return sorted(posts, key=lambda post: (post.published, post.post_id))

    def _told(self, brand: story.Brand) -> list[Post]:
        """Return the posts of a brand's story, oldest first."""
        start = self.account.start
        first, last = (start - timedelta(days=self.account.days)).date(), (start + LATER).date()
        drafts = story.drafts(brand, start, first, last)
        return [
            Post(k, f"{self.label}-{k:x}", published, draft.networks, story.SHAPES.get(k % story.SHAPES_EVERY, "plain"),
                 draft)
            for k, (published, draft) in enumerate(drafts)
        ]  # fmt: skip

    def _sent_to(self, able: list[str], k: int) -> tuple[str, ...]:
        count = self.account.networks_per_post or 1 + int(self.chance(k, "n") * 3)
        start = int(self.chance(k, "start") * len(able))
        return tuple(dict.fromkeys(able[(start + i * 5) % len(able)] for i in range(count)))

    @cached_property
    def _by_date(self) -> dict[bool, tuple[list[datetime], list[Post]]]:
        """Dates and posts, oldest first: by creation (True), by publication (False)."""
        by_created = sorted(self.posts, key=lambda post: (post.created, post.post_id))
        return {
            True: ([post.created for post in by_created], by_created),
            False: ([post.published for post in self.posts], self.posts),
        }

    def between(self, start: datetime | None, end: datetime | None, now: datetime, *, by_created: bool) -> list[Post]:
        """Return the posts of a time that exist at a moment, oldest first; both ends are included."""
        dates, posts = self._by_date[by_created]
        low = bisect_left(dates, start) if start else 0
        high = bisect_right(dates, end) if end else len(posts)
        return [post for post in posts[low:high] if post.created <= now]

    @cached_property
    def by_id(self) -> dict[str, Post]:
        """Posts by their Ayrshare id."""
        return {post.post_id: post for post in self.posts}

    @cached_property
    def by_native_id(self) -> dict[str, Post]:
        """Posts by the networks' ids, those that Ayrshare did not send too."""
        return {post.native_id(network): post for network in self.linked for post in self.on(network)}

    @cached_property
    def _on(self) -> dict[str, list[Post]]:
        return {}

    def on(self, network: str) -> list[Post]:
        """Return all posts on a network, newest first: those that Ayrshare sent, and some that it did not."""
        if network not in self._on:
            every = story.NATIVE_EVERY if self.brand else self.account.native_every
            native = [
                Post(post.k, f"own-{post.post_id}", post.published + timedelta(minutes=7), (network,),
                     draft=story.spontaneous(self.brand, post.k, network) if self.brand else None)
                for post in (self.posts[::every] if every else [])
            ]  # fmt: skip
            posts = [post for post in self.posts if network in post.networks] + native
            self._on[network] = sorted(posts, key=lambda post: (post.published, post.post_id), reverse=True)
        return self._on[network]

    # Bodies

    def user(self, now: datetime) -> dict[str, Any]:
        """Return the body of GET /user."""
        body = {
            **load("user"), "created": firestore(self.since), "email": f"owner@{self.label}.example",
            "refId": self.ref_id, "title": self.label, **stamps(now),
        }  # fmt: skip
        entries = [entry for entry in body.pop("displayNames") if entry["platform"] in self.linked]
        if not self.linked:
            return {key: body[key] for key in ("created", "email", "monthlyApiCalls", "refId", "title")}
        names = {"displayName": f"The {self.label} team", "pageName": self.label, "channelTitle": self.label,
                 "username": self.label, "description": f"All about {self.label}"}  # fmt: skip
        shown = [{**entry, **{key: value for key, value in names.items() if key in entry}} for entry in entries]
        return {"activeSocialAccounts": list(self.linked), "displayNames": shown, **body}

    def listed(self) -> dict[str, Any]:
        """Return it as GET /profiles lists it; one with nothing linked is suspended."""
        suspended = {"status": "suspended", "suspended": True}
        return {
            "status": "active", "title": self.label, "displayTitle": f"The {self.label} team",
            "created": {key: value for key, value in firestore(self.since).items() if key != "utc"},
            "createdUTC": f"{self.since:%Y-%m-%dT%H:%M:%S}.530Z", "refId": self.ref_id,
            **({"activeSocialAccounts": list(self.linked)} if self.linked else suspended),
        }  # fmt: skip


@dataclass
class Account:
    """The account and the options that its data come from.

    facebook: whether Facebook gives its fields `after` 2026-06-15, or those of `before`.
    """

    start: datetime
    profiles_wanted: int = 2
    posts: int = 60
    days: float = 120
    same_second: int = 0
    networks_per_post: int = 0
    native_every: int = 4
    shapes: tuple[str, ...] = SHAPES
    linked: tuple[str, ...] | None = None
    has_story: bool = False
    seed: int = 1
    api_key: str = "sandbox-api-key"
    facebook: str = "after"

    @cached_property
    def profiles(self) -> list[Profile]:
        """The primary profile, then the user profiles."""
        if self.has_story:
            return [Profile(0, PRIMARY, None, (), self)] + [
                Profile(n, brand.name, f"sandbox-profile-key-{brand.name}", tuple(brand.audiences), self, brand)
                for n, brand in enumerate(story.BRANDS, 1)
            ]
        names = [NAMES[n] if n < len(NAMES) else f"client{n:03d}" for n in range(self.profiles_wanted)]
        return [Profile(0, PRIMARY, None, self._linked(0), self)] + [
            Profile(n, name, f"sandbox-profile-key-{name}", self._linked(n), self) for n, name in enumerate(names, 1)
        ]

    def _linked(self, number: int) -> tuple[str, ...]:
        if self.linked is not None:
            return self.linked
        if number == 3:
            return ()
        return FEW if number == 2 else NETWORKS
