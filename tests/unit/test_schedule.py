"""The refresh schedule and the cycle against a direct, slow, obvious statement of the rule."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.posts.cursor import MOST_DEFERRED, RefreshCursor
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.schedule import RefreshSchedule, Tier

DEFAULT = RefreshSchedule((Tier(7, 1), Tier(30, 3), Tier(365, 30)))
FIRST_DAY = date(2026, 3, 1)

schedules = st.lists(st.integers(0, 60), min_size=1, max_size=4, unique=True).flatmap(
    lambda ages: st.tuples(*(st.integers(1, 15) for _ in ages)).map(
        lambda every: RefreshSchedule(tuple(Tier(a, e) for a, e in zip(sorted(ages), every, strict=True)))
    )
)


def noon(day: date, seconds: int = 0) -> datetime:
    return datetime.combine(day, time(12), tzinfo=timezone.utc) + timedelta(seconds=seconds)


def points(schedule: RefreshSchedule, published: date, until: date) -> list[date]:
    """The rule, word for word: a day is a point if its age is a multiple of its tier's every_days."""
    found = []
    for age in range((until - published).days + 1):
        tier = next((tier for tier in schedule.tiers if age <= tier.max_age_days), None)
        if tier and age % tier.every_days == 0:
            found.append(published + timedelta(days=age))
    return found


def test_default_points_are_those_of_the_documentation():
    ages = [(day - FIRST_DAY).days for day in points(DEFAULT, FIRST_DAY, FIRST_DAY + timedelta(days=400))]
    assert ages == [*range(8), *range(9, 31, 3), *range(60, 361, 30)]


@given(schedules, st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_has_point_is_the_rule(schedule, published, after, length):
    day = FIRST_DAY + timedelta(days=published)
    start = FIRST_DAY + timedelta(days=after)
    until = start + timedelta(days=length)
    expected = any(start < point <= until for point in points(schedule, day, until))
    assert schedule.has_point(day, start, until) is expected


@given(schedules, st.integers(0, 400), st.integers(0, 70))
def test_depth_is_the_rule(schedule, after, length):
    start = FIRST_DAY + timedelta(days=after)
    until = start + timedelta(days=length)
    numbers = range(start.toordinal() + 1, until.toordinal() + 1)
    due = [t.max_age_days for t in schedule.tiers if any(n % t.every_days == 0 for n in numbers)]
    assert schedule.depth(start, until) == (max(due) if due else None)


class Diary:
    """The obvious statement: remembers for every post when it was last judged, and by which day."""

    def __init__(self):
        self.judged: dict[tuple[datetime, str], date] = {}
        self.bookmark: date | None = None
        self.as_of: datetime | None = None

    def due(self, schedule: RefreshSchedule, posts: list, now: datetime) -> list:
        today = now.date()
        due = []
        for place in posts:
            published = place[0]
            if published > now:
                continue
            if place in self.judged:
                after = self.judged[place]
            elif self.bookmark is None:
                due.append(place)
                continue
            else:
                after = self.bookmark
            is_point = any(after < point <= today for point in points(schedule, published.date(), today))
            is_new = (
                place not in self.judged
                and self.as_of is not None
                and published > self.as_of
                and (today - published.date()).days <= schedule.last_age
            )
            if is_point or is_new:
                due.append(place)
        return sorted(due, reverse=True)

    def asked(self, place: tuple, now: datetime) -> None:
        self.judged[place] = now.date()

    def complete(self, now: datetime) -> None:
        self.bookmark, self.as_of, self.judged = now.date(), now, {}


runs = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 40_000), st.one_of(st.none(), st.integers(0, 12)), schedules),
    min_size=1,
    max_size=7,
)
ages = st.lists(st.tuples(st.integers(-80, 60), st.integers(0, 80_000)), max_size=25, unique=True)


@settings(max_examples=300, deadline=None)
@given(runs, ages)
def test_what_is_asked_is_the_rule_over_any_runs(runs, ages):
    """Random schedules, ages, gaps, several runs a day, runs killed anywhere, schedules changed between runs."""
    posts = [(noon(FIRST_DAY + timedelta(days=day), seconds - 40_000), f"p{seconds}") for day, seconds in ages]
    diary, state = Diary(), {}
    now = noon(FIRST_DAY)
    for gap, seconds, killed_after, schedule in runs:
        now += timedelta(days=gap, seconds=seconds)
        cycle = RefreshCursor(schedule, now, None, state)
        due = sorted((place for place in posts if cycle.is_due(place)), reverse=True)
        expected = diary.due(schedule, posts, now)
        # A stretch may have been dropped for the bound of four: then more is asked, never less.
        assert set(expected) <= set(due)
        # So it is where another schedule has judged a part of the cycle.
        tiers = ",".join(f"{tier.max_age_days}:{tier.every_days}" for tier in schedule.tiers)
        if len(state.get("slices", [])) < 4 and {stretch[5] for stretch in state.get("slices", [])} <= {tiers}:
            assert due == expected
        for place in due[:killed_after]:
            cycle.passed(place)
            diary.asked(place, now)
        if killed_after is None:
            cycle.complete()
            diary.complete(now)
        state = cycle.to_state()
        assert len(state.get("slices", [])) <= 5


def test_a_future_bookmark_makes_nothing_due_and_is_kept():
    state = {"date": "2030-01-01", "as_of": "2030-01-01T00:00:00.000000Z"}
    cycle = RefreshCursor(DEFAULT, noon(FIRST_DAY), None, state)
    assert cycle.in_future
    assert not cycle.is_due((noon(FIRST_DAY, -10), "a"))
    cycle.complete()
    assert cycle.to_state() == state


def test_a_missed_point_is_read_once_though_the_post_has_outgrown_the_schedule():
    published = noon(FIRST_DAY)
    last = FIRST_DAY + timedelta(days=355)
    cycle = RefreshCursor(DEFAULT, noon(FIRST_DAY + timedelta(days=380)), None, {"date": last.isoformat()})
    assert cycle.is_due((published, "a"))
    assert cycle.oldest_due <= published


def test_a_post_published_after_the_last_run_of_its_day_is_due():
    schedule = RefreshSchedule((Tier(30, 7),))
    state = {"date": FIRST_DAY.isoformat(), "as_of": "2026-03-01T12:00:00Z"}
    place = (noon(FIRST_DAY, 60), "late")
    assert RefreshCursor(schedule, noon(FIRST_DAY, 120), None, state).is_due(place)
    assert RefreshCursor(schedule, noon(FIRST_DAY + timedelta(days=2)), None, state).is_due(place)


def test_start_date_bounds_what_is_due():
    start = noon(FIRST_DAY)
    cycle = RefreshCursor(DEFAULT, noon(FIRST_DAY, 600), start, {})
    assert cycle.is_due((start, "in"))
    assert not cycle.is_due((start - timedelta(seconds=1), "out"))


def test_deferred_posts_survive_a_kill_and_are_bounded():
    cycle = RefreshCursor(DEFAULT, noon(FIRST_DAY), None, {})
    places = [(noon(FIRST_DAY, -n), f"p{n}") for n in range(1, MOST_DEFERRED + 2)]
    kept = [cycle.defer(place) for place in places]
    for place in places:
        cycle.passed(place)
    assert kept == [True] * MOST_DEFERRED + [False]
    again = RefreshCursor(DEFAULT, noon(FIRST_DAY, 5), None, cycle.to_state())
    assert [again.is_due(place) for place in places] == kept
    again.resolved(places[0])
    assert not again.is_due(places[0])


@pytest.mark.parametrize(
    "state",
    [
        {"date": "yesterday"},
        {"date": "2026-01-01", "as_of": "soon"},
        {"slices": "all"},
        {"slices": [["2026-01-01T00:00:00Z", "a", "2026-01-01T00:00:00Z", "b"]]},
        {"slices": [["x", "a", "2026-01-01T00:00:00Z", "b", "2026-01-01"]]},
        {"deferred": ["a"]},
        {"deferred": "a"},
    ],
)
def test_a_cycle_that_is_not_understood_is_an_error(state):
    with pytest.raises(StateError):
        RefreshCursor(DEFAULT, noon(FIRST_DAY), None, state)


def test_a_deferred_post_stays_deferred_on_networks_that_could_not_be_asked_for():
    now = datetime(2026, 11, 3, 12, tzinfo=timezone.utc)

    def cursor() -> RefreshCursor:
        return RefreshCursor(RefreshSchedule((Tier(7, 1),)), now, None, {})

    post = DuePost("p1", ("facebook", "twitter"), now, cursor(), {"facebook": cursor(), "twitter": cursor()})
    assert post.defer()
    post.cut_short({"twitter"})
    post.resolve({"twitter"})
    assert [one.is_deferred(post.position) for one in post.cursors] == [False, False, True]
    assert [one.is_cut_short for one in post.cursors] == [False, False, True]
    post.resolve()
    assert not post.is_deferred
