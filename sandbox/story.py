"""An agency's account that reads like a real one: three brands, what they post and when, and how it is received.

Weekdays and hours matter, moving pictures do better than others on some networks, one post goes viral. The same seed
gives the same story.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache

from sandbox.posts import chance

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
    """

    text: str
    media: str
    networks: tuple[str, ...]
    pull: float = 1.0
    appeal: float = 1.0

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


PICTURES = ("instagram", "facebook")
CLIPS = ("instagram", "tiktok")

BRANDS = (
    Brand(
        "bean-and-leaf",
        "Bean & Leaf Roasters",
        {
            "facebook": Audience(5300, 2.5),
            "gmb": Audience(210, 0.4),
            "instagram": Audience(8200, 21),
            "pinterest": Audience(1450, 5),
            "tiktok": Audience(2050, 34),
        },
        (
            Draft("Monday, meet your match: the new house blend is in. Cocoa, plum, no nonsense.", "image", PICTURES),
            Draft("How we taste forty coffees before nine in the morning ☕", "video", CLIPS, 1.7, 1.3),
            Draft("Three ways to rescue a bitter cup. Number two costs nothing.", "carousel",
                  ("instagram", "pinterest"), 1.2, 1.6),
            Draft("We asked our baristas for their most unpopular opinion. They did not hold back.", "video", CLIPS,
                  2.1, 1.2),
            Draft("Decaf drinkers, this one is for you: Huila, sugar-cane process, roasted on Tuesday.", "image",
                  PICTURES, 0.8),
            Draft("Latte art fails of the week 🫠 Swipe to the end, it gets worse.", "carousel", PICTURES, 1.3, 1.5),
            Draft("From cherry to cup: Rosa's farm in Huehuetenango, in sixty seconds", "video", (*CLIPS, "facebook"),
                  1.5, 1.1),
            Draft("Free refills for everyone who brings their own mug this week. Yes, really.", "image",
                  ("facebook", "instagram"), 1.1, 1.2),
            Draft("Banana bread that forgives everything. Recipe on the pin.", "image", ("pinterest", "instagram"),
                  1.0, 1.1),
            Draft("New opening hours from Monday: we start at 6:30, because you asked.", "image", ("facebook",), 0.7,
                  0.6),
            Draft("Grind size, explained with gravel", "video", ("tiktok",), 1.4, 1.1),
        ),
        ("Rainy Sunday, full house 🌧️", "Someone left a very nice umbrella at table four.",
         "Steam wand in slow motion, because why not"),
        ("https://bean-and-leaf.example/house-blend", "https://bean-and-leaf.example/subscription",
         "https://bean-and-leaf.example/recipes/banana-bread"),
        ((9,), (18,), (12, 18), (9,), (7, 15), (), (20,)),
    ),
    Brand(
        "northtrail",
        "Northtrail Outdoor",
        {
            "facebook": Audience(9700, -1.5),
            "instagram": Audience(15200, 24),
            "threads": Audience(860, 11),
            "tiktok": Audience(4300, 22),
            "twitter": Audience(4250, -0.8),
            "youtube": Audience(6100, 14),
        },
        (
            Draft("The ultralight packing list that survived 800 km of Sarek", "carousel", PICTURES, 1.2, 1.5),
            Draft("Is it waterproof, or just water-shy? We put twelve jackets under a waterfall.", "video",
                  ("youtube", "instagram"), 1.8, 1.1),
            Draft("Sunrise from the hut at Abiskojaure. No filter, no sleep.", "image", ("instagram", "threads"), 1.1,
                  1.2),
            Draft("Repair, don't replace: a torn shell takes twenty minutes and one patch.", "video",
                  ("tiktok", "instagram"), 1.3, 1.3),
            Draft("Which trail is on your list for the summer?", "text", ("threads", "twitter"), 0.8, 1.4),
            Draft("Winter sale: 30 % off insulation until Sunday", "image", ("facebook", "instagram", "twitter"), 0.9,
                  0.5),
            Draft("Five knots and when you will be glad to know them", "video", ("youtube", "tiktok"), 1.2, 1.2),
            Draft("Our repair workshop fixed 4,312 jackets last year. Here is what tears first.", "carousel",
                  ("instagram", "facebook"), 1.0, 1.3),
            Draft("Trail report: Kungsleden is snowed in north of Alesjaure, skis needed.", "text",
                  ("threads", "facebook"), 0.7, 0.9),
            Draft("Camp coffee, ranked by people who hate mornings", "video", ("tiktok", "instagram"), 1.4, 1.2),
        ),
        ("Northern lights over the warehouse tonight!", "Lost mitten found at the trailhead. Left hand, blue."),
        ("https://northtrail.example/packing-list", "https://northtrail.example/sale",
         "https://northtrail.example/repair"),
        ((18,), (12,), (18, 20), (12,), (9,), (9,), (18,)),
        Draft("We left a tent on the ridge for 30 days of winter storms. This is what came back.", "video",
              ("instagram", "tiktok", "youtube"), 24.0, 1.5),
    ),
    Brand(
        "studio-lumen",
        "Studio Lumen",
        {
            "bluesky": Audience(610, 7),
            "instagram": Audience(3850, 6),
            "linkedin": Audience(2550, 13),
            "threads": Audience(470, 4),
        },
        (
            Draft("A brand refresh is not a new logo. Here is the checklist we start with.", "carousel",
                  ("linkedin", "instagram"), 1.4, 1.4),
            Draft("We are hiring a junior motion designer. Remote within two hours of CET, salary in the post.",
                  "image", ("linkedin",), 1.7, 0.9),
            Draft("Before and after: a bakery's menu in one weekend", "carousel", ("instagram", "linkedin"), 1.2, 1.3),
            Draft("Type of the month: a grotesque that doesn't shout", "image", ("instagram", "bluesky"), 0.9, 1.0),
            Draft("What a shoot day costs, line by line. Nobody publishes this, so we did.", "carousel",
                  ("linkedin", "bluesky"), 1.9, 1.5),
            Draft("Forty seconds of light moving across a chair", "video", ("instagram", "threads"), 1.1, 1.1),
            Draft("Unpopular: your dashboard needs fewer colors.", "text", ("bluesky", "threads"), 1.0, 1.6),
            Draft("Case study: how a museum doubled its newsletter without a single pop-up", "image", ("linkedin",),
                  1.2, 1.0),
        ),
        ("Desk plants, week 12: still alive", "Printer test strips make surprisingly good wrapping paper."),
        ("https://studio-lumen.example/checklist", "https://studio-lumen.example/jobs/motion"),
        ((9,), (9,), (12,), (9, 15), (), (), ()),
    ),
)  # fmt: skip


def drafts(brand: Brand, start: datetime, first: date, last: date) -> list[tuple[datetime, Draft]]:
    """Return what a brand publishes from one day to another, oldest first.

    start: the instant from which the viral post's own counts back.
    """
    planned = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        for hour in brand.hours[day.weekday()]:
            minute = int(40 * chance(brand.name, day, hour))
            moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.utc)
            planned.append((moment, brand.drafts[_turn(brand, day, hour)]))
    if brand.viral:
        planned.append((_viral_moment(start), brand.viral))
    return sorted(planned, key=lambda entry: entry[0])


def _turn(brand: Brand, day: date, hour: int) -> int:
    """Return which draft is next: all of them in turn, in an order that differs from round to round."""
    slots = sum(len(hours) for hours in brand.hours)
    week, weekday = divmod(day.toordinal() - 1, 7)
    number = week * slots + sum(len(hours) for hours in brand.hours[:weekday]) + brand.hours[weekday].index(hour)
    turn, place = divmod(number, len(brand.drafts))
    order = sorted(range(len(brand.drafts)), key=lambda n: chance(brand.name, turn, n))
    return order[place]


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
