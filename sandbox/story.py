"""An agency's account that reads like a real one: three brands, what they post and when, and how it is received.

Weekdays and hours matter, moving pictures do better than others on some networks, one post goes viral. The same seed
gives the same story.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.chance import chance

SHAPES = {11: "gone", 23: "partial", 37: "failed"}
"""Posts by their number, modulo 41, that are not like the others (sandbox/posts.py)."""
SHAPES_EVERY = 41
NATIVE_EVERY = 9
VIRAL_AFTER = timedelta(days=12)
"""How long before the clock's start the post was published that went viral."""
WEEKDAYS = (0.92, 1.12, 1.2, 1.06, 0.9, 0.74, 0.96)
"""How a post does by the weekday on which it is published, Monday first."""
HOURS = {7: 0.85, 9: 1.0, 12: 1.15, 15: 0.88, 18: 1.3, 20: 1.12}
"""How a post does by the hour, UTC, at which it is published."""
HALF_LIFE = {"twitter": 0.3, "threads": 0.4, "bluesky": 0.4, "facebook": 0.8, "instagram": 1.0, "linkedin": 1.5,
             "tiktok": 2.0, "pinterest": 12.0, "youtube": 6.0}  # fmt: skip
"""Days until a post has half of the numbers that it will ever have."""


@dataclass(frozen=True)
class Draft:
    """What is posted: its text, its pictures, and how it is received.

    media: image, carousel, video or text. pull: how many it reaches, 1 for the usual. appeal: how many of those react.
    about: what stands in the text for `{}`, one after the other.
    """

    text: str
    media: str
    networks: tuple[str, ...]
    pull: float = 1.0
    appeal: float = 1.0
    about: tuple[str, ...] = ()

    @property
    def media_urls(self) -> list[str]:
        """Addresses of its pictures or its video."""
        name = "-".join("".join(c if c.isalnum() else " " for c in self.text.lower()).split()[:4])
        count, kind = {"text": (0, ""), "carousel": (3, "jpg"), "video": (1, "mp4"), "image": (1, "jpg")}[self.media]
        return [f"https://media.example/{name}-{n}.{kind}" for n in range(1, count + 1)]


@dataclass(frozen=True)
class Audience:
    """Followers of an account when the story begins, and how many it wins a day."""

    size: float
    daily: float


@dataclass(frozen=True)
class Brand:
    """A client of the agency."""

    name: str
    title: str
    audiences: dict[str, Audience]
    drafts: tuple[Draft, ...]
    spontaneous: tuple[str, ...]
    links: tuple[str, ...]
    hours: tuple[tuple[int, ...], ...]
    """The hours at which it posts, Monday first."""
    viral: Draft | None = None


def _draft(given: dict[str, Any]) -> Draft:
    about = tuple(given.get("about", ()))
    return Draft(**{**given, "networks": tuple(given["networks"]), "about": about})


def _brand(given: dict[str, Any]) -> Brand:
    return Brand(
        name=given["name"],
        title=given["title"],
        audiences={network: Audience(**audience) for network, audience in given["audiences"].items()},
        drafts=tuple(map(_draft, given["drafts"])),
        spontaneous=tuple(given["spontaneous"]),
        links=tuple(given["links"]),
        hours=tuple(map(tuple, given["hours"])),
        viral=_draft(given["viral"]) if "viral" in given else None,
    )


BRANDS = tuple(map(_brand, json.loads(Path(__file__).with_name("brands.json").read_text(encoding="utf-8"))))


def drafts(brand: Brand, start: datetime, first: date, last: date) -> list[tuple[datetime, Draft]]:
    """Return what a brand publishes from one day to another, oldest first.

    start: the instant from which the viral post's own counts back.
    """
    planned = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        for hour in brand.hours[day.weekday()]:
            minute = int(40 * chance(brand.name, day, hour))
            moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.utc)
            planned.append((moment, _next(brand, day, hour)))
    if brand.viral:
        planned.append((_viral_moment(start), brand.viral))
    return sorted(planned, key=lambda entry: entry[0])


def _next(brand: Brand, day: date, hour: int) -> Draft:
    """Return the draft that is next: all of them in turn, in an order that differs from round to round."""
    slots = sum(len(hours) for hours in brand.hours)
    week, weekday = divmod(day.toordinal() - 1, 7)
    number = week * slots + sum(len(hours) for hours in brand.hours[:weekday]) + brand.hours[weekday].index(hour)
    turn, place = divmod(number, len(brand.drafts))
    order = sorted(range(len(brand.drafts)), key=lambda n: chance(brand.name, turn, n))
    draft = brand.drafts[order[place]]
    return replace(draft, text=draft.text.format(draft.about[turn % len(draft.about)])) if draft.about else draft


def spontaneous(brand: Brand, k: int, network: str) -> Draft:
    """Return what somebody at the brand posts without Ayrshare."""
    return Draft(brand.spontaneous[k % len(brand.spontaneous)], "image", (network,), 0.6, 1.1)


def size(brand: Brand, draft: Draft, published: datetime, network: str, now: datetime) -> float:
    """Return how large a post's numbers are: what about as many see it, and other counts are shares of."""
    audience = brand.audiences[network]
    luck = math.exp(1.1 * (chance(brand.name, published, network, "luck") - 0.5))
    moment = WEEKDAYS[published.weekday()] * HOURS.get(published.hour, 0.9)
    moving = 1.5 if draft.media == "video" and network in ("instagram", "tiktok", "facebook") else 1.0
    final = 0.22 * (audience.size + 400) * draft.pull * luck * moment * moving
    age = max(0.0, (now - published).total_seconds() / 86400)
    return final * (1 - math.pow(0.5, age / HALF_LIFE[network]))


def appeal(brand: Brand, draft: Draft, published: datetime, network: str) -> float:
    """Return how much more, or less, than usual those react who see a post."""
    return draft.appeal * (0.45 + 0.5 * chance(brand.name, published, network, "appeal"))


def followers(brand: Brand, network: str, start: datetime, now: datetime) -> float:
    """Return the size of an account's audience at a moment."""
    audience = brand.audiences[network]
    began = start.date() - timedelta(days=60)
    won = sum(_won(brand.name, network, began + timedelta(days=n)) for n in range((now.date() - began).days + 1))
    crowd = 0.0
    if brand.viral and network in brand.viral.networks:
        age = (now - _viral_moment(start)).total_seconds() / 86400
        crowd = 0.09 * audience.size * (1 - math.pow(0.5, age / 1.6)) if age > 0 else 0.0
    return audience.size + audience.daily * won + crowd


@cache
def _won(name: str, network: str, day: date) -> float:
    """Return a day's share of the usual gain: 1 on average, more in the middle of the week."""
    return WEEKDAYS[day.weekday()] * (0.5 + chance(name, network, day, "won"))


def _viral_moment(start: datetime) -> datetime:
    return (start - VIRAL_AFTER).replace(hour=18, minute=4, second=0, microsecond=0)
