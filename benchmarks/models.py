"""`python -m benchmarks.models`: the models on an agency's two years, in full and for one more night.

`python -m benchmarks.models duckdb 0.1` measures one database at 0.1 million snapshots. They are generated in SQL, in
the tables that the loaders create, by the default refresh schedule: a post is read daily for a week, every third day
for a month and monthly for a year.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.postgres import running_postgres
from tests.models.warehouses import DuckDB, Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.models.warehouses import Warehouse

PROFILES, DAYS = 50, 730
FIRST = "2024-11-01"
AGES = [*range(8), *range(9, 31, 3), *range(60, 361, 30)]
ROWS_A_POST = 24.7
"""Snapshots of a post by the last day, on average over posts of all ages, those in lists of native posts included."""
NETWORKS = ("bluesky", "facebook", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "threads", "tiktok",
            "twitter", "youtube", "gmb")  # fmt: skip
SIZES = (0.1, 1, 5)
HEADER = ["database", "snapshots", "rows of ayrshare__post_metrics_daily", "full build, s", "night's snapshots",
          "night's build, s", "of which SQL, s"]  # fmt: skip
TITLE = f"The models: {PROFILES} profiles, {len(NETWORKS)} networks, {DAYS} days"
NOTE = (
    "`dbt build` with its data tests, in full and for one more night on top of it, each as a process; `of which SQL` "
    "leaves out dbt's start. PostgreSQL has the indexes of `dbt run-operation index_sources`. One run each."
)


@dataclass(frozen=True)
class Dialect:
    """What the databases call differently."""

    numbers: str
    json: str
    day: str


DIALECTS = {
    "postgres": Dialect("generate_series(0, {} - 1) as numbers(i)", "jsonb", "date '{}' + cast({} as integer)"),
    "duckdb": Dialect("range(0, {}) as numbers(i)", "json", "date '{}' + cast({} as integer)"),
}


TAKEN = """\
create temporary table taken as
select
    'profile-' || i % {profiles} as profile,
    'post-' || i as post,
    'native-' || i as native,
    (array{networks})[1 + i % {network_count}] as platform,
    {day} as day,
    cast({day} as timestamp) + interval '3 hours' as read_at,
    cast({published} as timestamp) - interval '5 hours' as published_at,
    cast(size * (1 - exp(-(age + 0.5) / 4.0)) + age * (i % 7) / 30 as bigint) as seen,
    i
from (
    select i, cast(floor(i * {days}.0 / {posts}) as integer) as published, 20 + (i * 7919) % 5000 as size
    from {numbers}
) as posts
cross join (values {ages}) as ages(age)
where published + age between {first} and {last}
"""
"""The snapshots of some days, with views that grow fast at first and hardly at the end."""
BODY = """\
cast('{"likeCount": ' || seen / 20 || ', "commentCount": ' || seen / 200 || ', "shareCount": ' || seen / 100
|| ', "impressionCount": ' || seen * 2 || ', "uniqueImpressionsCount": ' || seen
|| ', "totalMediaViewUnique": ' || seen || ', "reactions": {"total": ' || seen / 15 || ', "like": ' || seen / 20
|| ', "praise": 1, "maybe": 0, "empathy": 0, "interest": 0, "appreciation": 2}, "publicMetrics": {"retweetCount": '
|| seen / 100 || ', "quoteCount": 1}, "quoteCount": 1, "repostCount": ' || seen / 100 || ', "videoMrcView": '
|| seen / 3 || ', "estimatedMinutesWatched": ' || seen / 4 || ', "postUrl": "https://example.com/p/' || i || '"}' as """
INSERTS = """\
insert into ayrshare.post_analytics (profile, platform, post_id, social_post_id, thread_index, snapshot_date,
    published_at, likes, comments, shares, saves, clicks, impressions, reach, views, video_views, analytics,
    extracted_at)
select profile, platform, post, native, 0, day, published_at, seen / 20, seen / 200, seen / 100, seen / 90, seen / 50,
    seen * 2, seen, seen * 2, seen, BODY, read_at
from taken where i % 5 > 0;
insert into ayrshare.social_post_analytics (profile, platform, social_post_id, thread_index, snapshot_date,
    published_at, likes, comments, shares, saves, clicks, impressions, reach, views, video_views, analytics,
    extracted_at)
select profile, platform, native, 0, day, published_at, seen / 20, seen / 200, seen / 100, seen / 90, seen / 50,
    seen * 2, seen, seen * 2, seen, BODY, read_at
from taken where i % 5 = 0;
insert into ayrshare.social_posts (profile, platform, social_post_id, snapshot_date, published_at, text, likes,
    comments, analytics, extracted_at)
select profile, platform, native, day, published_at, 'Text of post ' || i, seen / 20, seen / 200, BODY, read_at
from taken where i % 10 = 0;
insert into ayrshare.posts (profile, post_id, published_at, text, extracted_at)
select profile, post, min(published_at), 'Text of ' || post, min(read_at)
from taken where i % 5 > 0 group by profile, post
on conflict do nothing;
drop table taken
"""
ACCOUNTS = """\
insert into ayrshare.social_analytics (profile, platform, snapshot_date, followers, following_count, posts_count,
    analytics, extracted_at)
select 'profile-' || i / {days}, '{network}', {day}, 1000 + i % {days} * 3, 50, i % {days}, cast('{{}}' as {json}),
    cast({day} as timestamp)
from {numbers} where i % {days} between {first} and {last}
"""


def load(warehouse: Warehouse, posts: int, first: int, last: int) -> None:
    """Load the snapshots of the days from `first` to `last`, counted from the first day of the history."""
    dialect = DIALECTS[warehouse.dialect]
    taken = TAKEN.format(
        profiles=PROFILES, networks=list(NETWORKS[:-1]), network_count=len(NETWORKS) - 1, days=DAYS, posts=posts,
        numbers=dialect.numbers.format(posts), ages=", ".join(f"({age})" for age in AGES), first=first, last=last,
        day=dialect.day.format(FIRST, "published + age"), published=dialect.day.format(FIRST, "published"),
    )  # fmt: skip
    inserts = INSERTS.replace("BODY", f"{BODY}{dialect.json})").split(";\n")
    accounts = [
        ACCOUNTS.format(
            days=DAYS + 2, network=network, json=dialect.json, day=dialect.day.format(FIRST, f"i % {DAYS + 2}"),
            numbers=dialect.numbers.format(PROFILES * (DAYS + 2)), first=first, last=last,
        )
        for network in NETWORKS
    ]  # fmt: skip
    warehouse.execute([taken, *inserts, *accounts])


def build(warehouse: Warehouse) -> tuple[float, float]:
    """Run `dbt build`; return the seconds of the process, and those between its first model and its last."""
    begun = time.monotonic()
    warehouse.dbt("build")
    seconds = time.monotonic() - begun
    results = json.loads((warehouse.directory / "target" / "run_results.json").read_text())
    return seconds, results["elapsed_time"]


def row(warehouse: Warehouse, millions: float) -> list[str]:
    """Measure one size; return its row."""
    posts = int(millions * 1_000_000 / ROWS_A_POST)
    streams = ("post_analytics", "social_post_analytics", "social_posts")

    def snapshots() -> int:
        return sum(int(warehouse.ask(f"select count(*) from ayrshare.{stream}")[0][0]) for stream in streams)

    warehouse.create()
    load(warehouse, posts, 0, DAYS)
    if warehouse.dialect == "postgres":
        warehouse.dbt("run-operation", "index_sources")
    before = snapshots()
    full, _ = build(warehouse)
    load(warehouse, posts, DAYS + 1, DAYS + 1)
    after = snapshots()
    night, own = build(warehouse)
    [[days]] = warehouse.ask("select count(*) from ayrshare_models.ayrshare__post_metrics_daily")
    return [
        warehouse.dialect, f"{before:,}", f"{int(days):,}", f"{full:.0f}", f"{after - before:,}", f"{night:.1f}",
        f"{own:.1f}",
    ]  # fmt: skip


@contextmanager
def running(name: str) -> Iterator[Warehouse]:
    """Run a database."""
    with tempfile.TemporaryDirectory() as place:
        if name == "duckdb":
            yield DuckDB(Path(place))
        else:
            with running_postgres(Path(place) / "postgres") as uri:
                yield Postgres(Path(place), uri)


if __name__ == "__main__":
    print(" | ".join(HEADER))
    cases = [(sys.argv[1], float(sys.argv[2]))] if len(sys.argv) > 2 else [(n, s) for n in DIALECTS for s in SIZES]
    for name, millions in cases:
        with running(name) as warehouse:
            print(" | ".join(row(warehouse, millions)), flush=True)
