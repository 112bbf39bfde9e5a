"""Posts of the sandbox's story as rows of ayrshare__post_facts: it knows which days and hours do best."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import datetime, timedelta, timezone

from sandbox.story import BRANDS, appeal, drafts, size

LAST = datetime(2026, 3, 6, 6, tzinfo=timezone.utc)


def story_posts(days: int) -> list[dict]:
    """Return the posts that the three brands publish in the days before the last."""
    found = []
    first = LAST - timedelta(days=days)
    for brand in BRANDS:
        for number, (published, draft) in enumerate(
            drafts(brand, LAST, first.date(), (LAST - timedelta(days=3)).date())
        ):
            for network in draft.networks:
                seen = size(brand, draft, published, network, LAST)
                found.append({
                    "profile": brand.name, "platform": network, "post_key": f"{brand.name} {number}",
                    "published_at": published.replace(tzinfo=None), "published_date": published.date(),
                    "published_weekday": published.isoweekday(), "published_hour": published.hour,
                    "snapshot_date": LAST.date(), "message": draft.text, "media_type": draft.media,
                    "engagements": round(seen * 0.05 * appeal(brand, draft, published, network)) + 1,
                })  # fmt: skip
    accounts = defaultdict(list)
    for post in found:
        accounts[post["profile"], post["platform"]].append(post["engagements"])
    for post in found:
        post["times_usual"] = post["engagements"] / statistics.median(accounts[post["profile"], post["platform"]])
    return found
