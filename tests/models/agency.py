"""Hand-written histories whose figures are known: each is a client of its own, all of them one agency."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.models.warehouses import Warehouse

EVENING = "18:00:00"
"""A run at this hour closes its own day."""
MORNING = "06:00:00"
"""A run at this hour closes the day before."""


def day(text: str, later: int = 0) -> str:
    """A day of November 2026, or some days later."""
    return str(date.fromisoformat(f"2026-11-{text}" if len(text) == 2 else text) + timedelta(days=later))


class Agency:
    """What is loaded, by stream."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def post(
        self, profile: str, read_on: str, post: str = "p", *, platform: str = "bluesky", published: str | None = None,
        at: str = EVENING, thread: int = 0, native: str | None = None, stream: str = "post_analytics",
        analytics: dict[str, Any] | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """A snapshot of a post."""
        row = {"profile": profile, "platform": platform, "snapshot_date": read_on, "extracted_at": f"{read_on} {at}",
               "published_at": published, "analytics": analytics or {}, "social_post_id": native or f"n-{post}",
               **values}  # fmt: skip
        if stream == "post_analytics":
            row |= {"post_id": post, "thread_index": thread}
        elif stream == "social_post_analytics":
            row["thread_index"] = thread
        self.rows[stream].append(row)

    def account(self, profile: str, read_on: str, followers: int | None = 100, *, platform: str = "bluesky",
                at: str = EVENING, **values: Any) -> None:  # fmt: skip
        """A snapshot of an account."""
        self.rows["social_analytics"].append({
            "profile": profile, "platform": platform, "snapshot_date": read_on, "extracted_at": f"{read_on} {at}",
            "followers": followers, "analytics": {}, **values,
        })  # fmt: skip

    def link(self, profile: str, read_on: str, clicks: int | None, created: str | None, window: int = 30) -> None:
        """A snapshot of a link."""
        self.rows["link_analytics"].append({
            "profile": profile, "short_url": "u", "snapshot_date": read_on, "extracted_at": f"{read_on} {EVENING}",
            "clicks": clicks, "window_days": window, "created_at": created, "analytics": {},
        })  # fmt: skip

    def sent(self, profile: str, post: str = "p", media: list[str] | None = None, **values: Any) -> None:
        """A post sent through Ayrshare."""
        self.rows["posts"].append({
            "profile": profile, "post_id": post, "media_urls": media or [], "text": post,
            "extracted_at": f"{day('20')} {EVENING}", **values,
        })  # fmt: skip

    def linked(self, profile: str, read_on: str, platform: str = "bluesky", **values: Any) -> None:
        """A network that GET /user says is linked."""
        self.rows["accounts"].append({
            "profile": profile, "platform": platform, "extracted_at": f"{read_on} {EVENING}", **values
        })  # fmt: skip

    def run(self, profile: str, read_on: str, stream: str, status: str = "complete", at: str = EVENING) -> None:
        """How a run read a stream."""
        self.rows["sync_runs"].append({
            "run_id": read_on, "profile": profile, "stream": stream, "snapshot_date": read_on, "status": status,
            "extracted_at": f"{read_on} {at}", "ended_at": f"{read_on} {at}", "errors": 0,
        })  # fmt: skip

    def load(self, warehouse: Warehouse) -> None:
        """Load everything into the tables, which are empty."""
        statements = []
        for stream, rows in self.rows.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            whole = [{name: row.get(name) for name in names} for row in rows]
            statements += [f"delete from ayrshare.{stream}", *warehouse.insert(stream, whole)]
        warehouse.execute(statements)
