"""Random histories of loaded snapshots, with gaps, corrections, deletions, late firsts and posts of two profiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

PLATFORMS = ("facebook", "twitter", "linkedin", "bluesky", "reddit", "tiktok", "instagram", "threads")
START = date(2026, 3, 1)
LOOKBACK = 3
KEYS = {
    "post_analytics": ("profile", "post_id", "platform", "thread_index", "snapshot_date"),
    "social_post_analytics": ("profile", "platform", "social_post_id", "thread_index", "snapshot_date"),
    "social_posts": ("profile", "platform", "social_post_id", "snapshot_date"),
    "social_analytics": ("profile", "platform", "snapshot_date"),
    "link_analytics": ("profile", "short_url", "snapshot_date"),
}
PARTS = ("reactions.total", "quoteCount", "repostCount", "publicMetrics.retweetCount", "publicMetrics.quoteCount",
         "totalMediaViewUnique", "uniqueImpressionsCount", "ups", "reposts", "quotes", "totalTimeWatched")  # fmt: skip
METRICS = ("likes", "comments", "shares", "saves", "clicks", "impressions", "reach", "views", "video_views",
           "engagements")  # fmt: skip
LEVELS = ("followers", "following_count", "posts_count")


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Return dotted names as objects within objects."""
    body: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        inner = body
        for name in above:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return body


@dataclass
class History:
    """One agency: two profiles, of which one may be renamed, with posts that they partly share."""

    number: int
    rng: random.Random
    rows: dict[str, dict[tuple, dict[str, Any]]] = field(default_factory=dict)
    counters: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = self.rng
        self.profiles = [f"h{self.number}a", f"h{self.number}b"]
        self.renamed_at = rng.choice([None, None, 4, 6])
        self.posts = []
        for index in range(rng.randint(2, 4)):
            self.posts.append({
                "platform": rng.choice(PLATFORMS), "native": f"n{index if rng.random() < 0.8 else 0}",
                "ayrshare": f"a{index}", "known_from": rng.choice([0, 0, 3, 99]), "first": rng.choice([0, 0, 2, 7]),
                "last": rng.choice([99, 99, 5]), "thread": rng.choice([0, 0, 1]),
                "streams": rng.sample(["post_analytics", "social_post_analytics", "social_posts"], rng.randint(1, 3)),
                "both": rng.random() < 0.5, "every": rng.choice([1, 1, 2, 3]),
                "published": rng.choice([START - timedelta(days=2), START + timedelta(days=rng.randint(0, 9))]),
            })  # fmt: skip

    def name_of(self, index: int, night: int) -> str:
        """Return a profile's name on a night."""
        renamed = index == 0 and self.renamed_at is not None and night >= self.renamed_at
        return f"{self.profiles[index]}-new" if renamed else self.profiles[index]

    def grow(self, what: Any) -> int | None:
        """Return a counter that mostly grows, is sometimes corrected and sometimes not reported."""
        rng = self.rng
        value = self.counters.get(what, rng.choice([0, 0, 3, 10**10]))
        value = max(0, value + rng.choice([0, 0, 1, 2, 7, 40, -1, -5]))
        self.counters[what] = value
        return None if rng.random() < 0.2 else value

    def read(self, night: int, day: date, at: datetime) -> None:
        """Take the snapshots of a night."""
        for index in (0, 1):
            profile = self.name_of(index, night)
            for post in self.posts:
                is_read = post["first"] <= night <= post["last"] and night % post["every"] == 0
                if is_read and (index == 0 or post["both"]):
                    for stream in post["streams"]:
                        if self.rng.random() < 0.8:
                            self.take(stream, profile, post, night, day, at)
            if self.rng.random() < 0.8:
                self.take_account(profile, day, at)
            if self.rng.random() < 0.7:
                self.take_link(profile, day, at)

    def take(self, stream: str, profile: str, post: dict, night: int, day: date, at: datetime) -> None:
        what = (profile, post["platform"], post["native"], post["thread"])
        analytics = nested({part: self.grow((*what, part)) for part in PARTS if self.rng.random() < 0.9})
        if self.rng.random() < 0.3:
            analytics |= {"ups": -1, "quoteCount": "12", "uniqueImpressionsCount": "none"}
        # Not quite the same in each reading; some are published while the account is being read.
        hour = datetime.min.time().replace(hour=self.rng.randint(0, 3), minute=5)
        published = datetime.combine(post["published"], hour, timezone.utc)
        row = {"profile": profile, "platform": post["platform"], "snapshot_date": day,
               "published_at": None if self.rng.random() < 0.2 else published,
               "post_url": f"https://example.com/{post['native']}", "analytics": analytics, "extracted_at": at,
               **{metric: self.grow((*what, metric)) for metric in METRICS}}  # fmt: skip
        if stream == "post_analytics":
            row |= {"post_id": post["ayrshare"], "thread_index": post["thread"],
                    "social_post_id": post["native"] if night >= post["known_from"] else None}  # fmt: skip
        elif stream == "social_post_analytics":
            row |= {"social_post_id": post["native"], "thread_index": post["thread"]}
        else:
            row |= {"social_post_id": post["native"], "text": self.rng.choice([None, "one", "two"])}
        self.put(stream, row)

    def take_account(self, profile: str, day: date, at: datetime) -> None:
        what = (profile, "account")
        levels = {level: self.grow((*what, level)) for level in LEVELS}
        self.put("social_analytics", {
            "profile": profile, "platform": "facebook", "snapshot_date": day,
            "account_id": self.rng.choice([None, "1", "1", "1", "2"]),
            "account_name": self.rng.choice([None, "name"]), "extracted_at": at,
            "analytics": nested({"reactions.total": self.grow((*what, "r"))}), "likes": self.grow((*what, "likes")),
            **levels,
        })  # fmt: skip

    def take_link(self, profile: str, day: date, at: datetime) -> None:
        self.put("link_analytics", {
            "profile": profile, "short_url": self.rng.choice(["u1", "u2"]), "snapshot_date": day, "clicks":
            self.grow((profile, "link")), "window_days": 30, "original_url": "https://example.com", "analytics": {},
            "extracted_at": at,
        })  # fmt: skip

    def put(self, stream: str, row: dict[str, Any]) -> None:
        self.rows.setdefault(stream, {})[tuple(row[key] for key in KEYS[stream])] = row

    def tamper(self, newest: date, at: datetime) -> None:
        """Correct, delete and add rows of the days that are still compared."""
        rng, reach = self.rng, newest - timedelta(days=LOOKBACK)
        for stream, rows in self.rows.items():
            for key, row in list(rows.items()):
                if row["snapshot_date"] < reach:
                    continue
                luck = rng.random()
                if luck < 0.05:
                    del rows[key]
                elif luck < 0.15:
                    column = {"link_analytics": "clicks", "social_analytics": "followers"}.get(stream, "likes")
                    rows[key] = {**row, column: rng.choice([None, 0, 1, 500]), "extracted_at": at}
                elif luck < 0.2:
                    day = reach + timedelta(days=rng.randint(0, LOOKBACK))
                    late = {**row, "snapshot_date": day}
                    rows.setdefault(tuple(late[name] for name in KEYS[stream]), late)


def nights(rng: random.Random, count: int) -> list[tuple[date, datetime]]:
    """Return days with gaps between them, and the instants at which the runs began."""
    found, day = [], START
    for _ in range(count):
        at = datetime.combine(day, datetime.min.time(), timezone.utc) + timedelta(hours=rng.choice([0, 3, 6, 14, 23]))
        found.append((day, at))
        day += timedelta(days=rng.choice([1, 1, 1, 2, 4, 9]))
    return found
