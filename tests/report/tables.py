"""The models' tables in a DuckDB file, with made-up rows: as many as wanted, and as odd."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = ("likes", "reactions", "comments", "shares", "saves", "clicks", "impressions", "reach", "views",
          "video_views", "watch_time_seconds", "engagements")  # fmt: skip
RATES = ("engagement_rate", "engagement_rate_by_impressions", "engagement_rate_by_reach",
         "engagement_rate_by_followers")  # fmt: skip
NOT_ADDED = {"reach", "followers"}
LAST = date(2026, 3, 6)
WORDS = """autumn blend coffee roast trail winter jacket studio light type brand morning quiet river mountain city
paper garden window market season recipe workshop story people hands slow bright small open early""".split()  # noqa: SIM905

POSTS = {
    "profile": "VARCHAR", "platform": "VARCHAR", "post_key": "VARCHAR", "social_post_id": "VARCHAR",
    "snapshot_date": "DATE", "published_at": "TIMESTAMP", "published_date": "DATE", "published_hour": "BIGINT",
    "published_weekday": "BIGINT", "message": "VARCHAR", "post_url": "VARCHAR", "thumbnail_url": "VARCHAR",
    "post_format": "VARCHAR", "media_type": "VARCHAR", "times_usual": "DOUBLE", **dict.fromkeys(COUNTS, "BIGINT"),
    **dict.fromkeys(RATES, "DOUBLE"),
}  # fmt: skip
TABLES = {
    "ayrshare__post_facts": POSTS,
    "ayrshare__network_metrics_daily": {
        "profile": "VARCHAR", "platform": "VARCHAR", "snapshot_date": "DATE", "posts_published": "BIGINT",
        **{f"{name}_gained": "BIGINT" for name in COUNTS if name not in NOT_ADDED},
    },
    "ayrshare__account_metrics_daily": {
        "profile": "VARCHAR", "platform": "VARCHAR", "snapshot_date": "DATE", "followers_filled": "BIGINT",
        "followers_delta": "BIGINT", "followers_gained": "BIGINT", "followers_lost": "BIGINT",
    },
    "ayrshare__accounts_current": {
        "profile": "VARCHAR", "platform": "VARCHAR", "account_name": "VARCHAR", "profile_url": "VARCHAR",
        "followers": "BIGINT", "snapshot_date": "DATE",
    },
    "ayrshare__account_coverage": {
        "profile": "VARCHAR", "platform": "VARCHAR", "account_number": "BIGINT", "covered_from": "DATE",
        "covered_until": "DATE", "time_zone": "VARCHAR",
    },
    "ayrshare__audience": {
        "profile": "VARCHAR", "platform": "VARCHAR", "audience": "VARCHAR", "dimension": "VARCHAR", "bucket": "VARCHAR",
        "share": "DOUBLE", "share_basis": "VARCHAR", "snapshot_date": "DATE",
    },
    "ayrshare__link_clicks_daily": {
        "profile": "VARCHAR", "short_url": "VARCHAR", "original_url": "VARCHAR", "snapshot_date": "DATE",
        "clicks_gained": "BIGINT",
    },
    "ayrshare__extraction_errors": {
        "profile": "VARCHAR", "platform": "VARCHAR", "stream": "VARCHAR", "code": "VARCHAR", "message": "VARCHAR",
        "action": "VARCHAR", "snapshot_date": "DATE",
    },
    "ayrshare__metrics": {
        "level": "VARCHAR", "platform": "VARCHAR", "metric": "VARCHAR", "basis": "VARCHAR", "counts": "VARCHAR",
        "source_field": "VARCHAR", "growth_additive_over_days": "BOOLEAN", "growth_additive_over_posts": "BOOLEAN",
        "growth_additive_over_profiles": "BOOLEAN",
    },
}  # fmt: skip


class Models:
    """A DuckDB file with the models' tables, empty at first."""

    def __init__(self, path: Path, without: tuple[str, ...] = ()) -> None:
        self.path = path
        self._database = duckdb.connect(str(path))
        self._database.execute("CREATE SCHEMA ayrshare_models")
        for name, columns in TABLES.items():
            if name not in without:
                listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
                self._database.execute(f"CREATE TABLE ayrshare_models.{name} ({listed})")

    def add(self, table: str, *rows: dict) -> None:
        """Add rows; columns that are not given are null."""
        columns = TABLES[table]
        assert all(set(row) <= set(columns) for row in rows)
        if not rows:
            return
        # In one go: row by row, ten thousand take minutes.
        lines = self.path.with_suffix(".jsonl")
        lines.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")
        query = (
            f"INSERT INTO ayrshare_models.{table} SELECT {', '.join(columns)} "
            "FROM read_json(?, format = 'newline_delimited', columns = ?)"
        )
        self._database.execute(query, [str(lines), columns])

    def close(self) -> Path:
        self._database.close()
        return self.path

    def fill(self, *, profiles: int, posts: int, networks: tuple[str, ...], days: int = 90, engagement: bool = True):
        """Add made-up rows for accounts that post, and what is known of the metrics."""
        chance = random.Random(7)
        first = LAST - timedelta(days=days - 1)
        accounts = [(f"client {p:02d}", network) for p in range(profiles) for network in networks]
        self.add("ayrshare__metrics", *meanings(networks))
        daily, followers, current = [], [], []
        for profile, network in accounts:
            size = chance.randint(500, 20_000)
            for n in range(days):
                day = first + timedelta(days=n)
                won, lost = chance.randint(0, size // 400), chance.randint(0, size // 900)
                size += won - lost
                key = {"profile": profile, "platform": network, "snapshot_date": day}
                delta = (
                    {} if n == 0 else {"followers_delta": won - lost, "followers_gained": won, "followers_lost": lost}
                )
                followers.append({**key, "followers_filled": size, **delta})
                gains = {f"{name}_gained": chance.randint(0, 300) for name in ("engagements", "reactions", "views")}
                daily.append({**key, "posts_published": 1, **(gains if engagement else {})})
            current.append({"profile": profile, "platform": network, "account_name": f"@{profile}",
                            "followers": size, "snapshot_date": LAST})  # fmt: skip
        self.add("ayrshare__network_metrics_daily", *daily)
        self.add("ayrshare__account_metrics_daily", *followers)
        self.add("ayrshare__accounts_current", *current)
        self.add("ayrshare__account_coverage", *(covered(*account, first) for account in accounts))
        self.add("ayrshare__post_facts", *(
            post(chance, n, *accounts[n % len(accounts)], first, days, engagement=engagement) for n in range(posts)
        ))  # fmt: skip


def covered(profile: str, network: str, first: date, last: date = LAST, number: int = 1) -> dict:
    """The days of an account whose growth is known, from the day after its first reading on."""
    return {"profile": profile, "platform": network, "account_number": number, "time_zone": "UTC",
            "covered_from": first + timedelta(days=1), "covered_until": last}  # fmt: skip


def post(chance: random.Random, n: int, profile: str, network: str, first: date, days: int, *, engagement=True) -> dict:
    """A post with numbers as networks give them."""
    published = datetime.combine(first, datetime.min.time()) + timedelta(
        days=chance.randrange(days), hours=chance.choice((7, 9, 12, 18, 20)), minutes=chance.randrange(60)
    )
    seen = int(chance.lognormvariate(7, 1))
    reactions = int(seen * chance.uniform(0.01, 0.09))
    numbers = {"reactions": reactions, "likes": reactions, "comments": reactions // 7, "shares": reactions // 12,
               "engagements": reactions + reactions // 7 + reactions // 12, "engagement_rate": reactions / (seen + 1),
               "engagement_rate_by_reach": reactions / (seen + 1)}  # fmt: skip
    return {
        "profile": profile, "platform": network, "post_key": f"{chance.getrandbits(60)}",
        "snapshot_date": LAST, "published_at": published, "published_date": published.date(),
        "published_hour": published.hour, "published_weekday": published.isoweekday(),
        "message": " ".join(chance.choices(WORDS, k=chance.randint(6, 26))) + f" #{n}",
        "post_url": f"https://{network}.example/p/{chance.getrandbits(60):x}",
        "thumbnail_url": f"https://cdn.{network}.example/{chance.getrandbits(400):x}.jpg",
        "post_format": chance.choice(("feed", "reels", "story")), "media_type": chance.choice(("image", "video")),
        "times_usual": chance.lognormvariate(0, 0.5), "views": seen, "reach": int(seen * 0.8),
        **(numbers if engagement else {}),
    }  # fmt: skip


def meanings(networks: tuple[str, ...]) -> list[dict]:
    """What the numbers of these networks mean, as the model `ayrshare__metrics` says it."""
    return [
        {
            "level": level, "platform": network, "metric": metric, "basis": "exact", "counts": f"{metric}, counted",
            "source_field": metric, "growth_additive_over_days": metric != "reach",
            "growth_additive_over_posts": metric not in NOT_ADDED,
            "growth_additive_over_profiles": metric != "reach",
        }
        for level, metrics in (("post", COUNTS), ("account", ("followers",)), ("link", ("clicks_gained",)))
        for network in networks
        for metric in metrics
    ]  # fmt: skip
