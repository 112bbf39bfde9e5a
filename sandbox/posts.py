"""The posts of a profile on one timeline: which there are, when, of which shape, and their rows in GET /history.

A post keeps its id, its time and its shape, whatever the clock says; the clock decides which posts are there yet,
which of them are sent, and how large their numbers are.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from sandbox.moments import firestore, iso

if TYPE_CHECKING:
    from sandbox.story import Draft

SHAPES = ("plain", "deleted", "milliseconds", "scheduled", "plain", "half", "offset", "plain", "firestore", "gone",
          "plain", "paused", "no_post_ids", "partial", "scheduled_text", "plain", "failed", "approval", "plain",
          "long_scheduled", "awaiting", "plain", "plain", "partial_list", "years_off", "plain")  # fmt: skip
"""The shapes of posts, from the newest backwards, over and over.

Moments in `created`: milliseconds, offset, firestore; in `scheduleDate`: scheduled (an object), scheduled_text,
long_scheduled, years_off (an old one on a post that was not scheduled). Not sent: failed, paused, awaiting (approval).
half: one network has not given its id; no_post_ids: the field is absent; deleted: listed only when asked for; gone:
listed, but without numbers (404); partial and partial_list: one network's numbers are missing, with a block that says
so or only in `errors`.
"""
UNSENT = ("failed", "paused", "awaiting", "deleted")
AHEAD = {"scheduled": timedelta(days=2), "scheduled_text": timedelta(days=9), "long_scheduled": timedelta(days=60),
         "today": timedelta(days=60)}  # fmt: skip
"""How long before its publication a post of a shape was made."""
LONG_AGO = datetime(2020, 11, 5, 12, 21, 29, 211000, tzinfo=timezone.utc)
TEXTS = (
    "Our autumn sale starts today", "Behind the scenes 🎬 with the team", 'She said "wow", and so will you',
    "Line one\nLine two", "Größer, schöner, schneller", "新製品のお知らせ", "100% cotton; \\ no tricks",
    "Who else can't wait for Friday? 👩‍🚀\t#weekend",
)  # fmt: skip
TAKEN_BACK_AGE = 6
"""The age in days at which a network takes back part of a counter, on a few posts."""


def growth(final: float, age_days: float) -> float:
    """Return a counter that rises fast at first and never quite stops."""
    return final * (1 - math.exp(-age_days / 4)) + age_days


@dataclass
class Post:
    """A post: number k of a profile's timeline, or one that the profile's owner sent without Ayrshare."""

    k: int
    post_id: str
    published: datetime
    networks: tuple[str, ...]
    shape: str = "plain"
    draft: Draft | None = None
    """What it says and shows, if the account has a story."""

    @property
    def created(self) -> datetime:
        """When it was made: scheduled ones long before."""
        return self.published - AHEAD.get(self.shape, timedelta())

    @property
    def text(self) -> str:
        """What it says."""
        return self.draft.text if self.draft else f"{TEXTS[self.k % len(TEXTS)]} #{self.k}"

    @property
    def quoted_text(self) -> str:
        """What it says, as it stands inside of JSON quotes."""
        return json.dumps(self.text, ensure_ascii=False)[1:-1]

    def native_id(self, network: str) -> str:
        """The network's own id of it."""
        if network == "bluesky":
            return f"at://did:plc:sample/app.bsky.feed.post/{self.post_id}"
        return f"{network[:2]}-{self.post_id}"

    def url(self, network: str) -> str:
        """Where it is to be seen."""
        return f"https://example.com/{network}/{self.post_id}"

    def is_sent(self, now: datetime) -> bool:
        """Tell whether the networks have it."""
        return self.published <= now and self.shape not in UNSENT

    def row(self, profile: str, ref_id: str, now: datetime) -> dict[str, Any]:
        """Return it as GET /history gives it."""
        row: dict[str, Any] = {
            "id": self.post_id, "post": self.text, "platforms": list(self.networks),
            "postIds": [self._sent_to(network) for network in self.networks],
            "mediaUrls": self.draft.media_urls if self.draft else ["https://example.com/image.png"],
            "urls": [], "errors": [], "type": "now", "notes": "",
            "created": iso(self.created), "status": "success", "scheduleDate": iso(self.published),
            "shortenLinks": False, "profileTitle": profile, "refId": ref_id,
        }  # fmt: skip
        row.update(self._dates())
        if self.shape == "no_post_ids":
            del row["postIds"]
        elif self.shape == "half":
            row.update(self._half(row["postIds"]))
        elif self.shape == "failed":
            entries = [{"status": "error", "id": "failed", "platform": network} for network in self.networks]
            row.update(status="error", postIds=entries, errors=[self._error(138, "Media problem.")])
        elif self.shape == "approval":
            row.update(requiresApproval=True, approved=True, approvedBy="a colleague", approvedDate=iso(self.created))
        elif self.shape == "paused":
            row.update(status="paused", postIds=[])
        elif self.shape == "awaiting":
            row.update(status="awaiting approval", requiresApproval=True, postIds=[])
        elif self.shape == "deleted":
            row["status"] = "deleted"
        if self.published > now and self.shape not in ("awaiting", "paused"):
            row.update(status="pending", postIds=[])
        return row

    def _sent_to(self, network: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"status": "success", "id": self.native_id(network), "postUrl": self.url(network)}
        return {**entry, "platform": network, **({"isVideo": True} if network in ("tiktok", "youtube") else {})}

    def _half(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        waiting = {"status": "error", "id": "pending", "idShare": "sample", "platform": self.networks[0]}
        return {"postIds": [waiting, *entries[1:]], "errors": [self._error(138, "Media problem.")]}

    def _error(self, code: int, message: str) -> dict[str, Any]:
        return {
            "action": "post", "status": "error", "code": code, "message": message, "platform": self.networks[0],
        }  # fmt: skip

    def _dates(self) -> dict[str, Any]:
        if self.shape in ("scheduled", "long_scheduled", "today"):
            return {"type": "scheduled", "scheduleDate": firestore(self.published)}
        if self.shape == "scheduled_text":
            return {"type": "scheduled"}
        if self.shape == "milliseconds":
            return {"created": f"{self.created:%Y-%m-%dT%H:%M:%S}.000Z"}
        if self.shape == "offset":
            return {"created": f"{self.created:%Y-%m-%dT%H:%M:%S}+0000"}
        if self.shape == "firestore":
            return {"created": firestore(self.created), "scheduleDate": firestore(LONG_AGO)}
        return {"scheduleDate": firestore(LONG_AGO)} if self.shape == "years_off" else {}
