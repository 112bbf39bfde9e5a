"""The refresh schedule and the cycle against a direct, slow, obvious statement of the rule."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.posts.bookmarks import RefreshBookmark
from tap_ayrshare.posts.cursor import Progress, RefreshCursor
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.failures import MOST
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.schedule import RefreshSchedule, Terms, Tier
from tap_ayrshare.posts.sent import Listed
from tests.support import examples

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


@settings(max_examples=examples(300), deadline=None)
@given(runs, ages)
def test_what_is_asked_is_the_rule_over_any_runs(runs, ages):
    """Random schedules, ages, gaps, several runs a day, runs killed anywhere, schedules changed between runs."""
    posts = [(noon(FIRST_DAY + timedelta(days=day), seconds - 40_000), f"p{seconds}") for day, seconds in ages]
    diary, state = Diary(), Progress()
    now = noon(FIRST_DAY)
    for gap, seconds, killed_after, schedule in runs:
        now += timedelta(days=gap, seconds=seconds)
        cycle = RefreshCursor(Terms(now, schedule, None), state)
        due = sorted((place for place in posts if cycle.is_due(place)), reverse=True)
        expected = diary.due(schedule, posts, now)
        # A stretch may have been dropped for the bound of four: then more is asked, never less.
        assert set(expected) <= set(due)
        # So it is where another schedule has judged a part of the cycle.
        if len(state.slices) < 4 and {part.schedule for part in state.slices} <= {schedule}:
            assert due == expected
        for place in due[:killed_after]:
            cycle.passed(place)
            diary.asked(place, now)
        if killed_after is None:
            cycle.complete()
            diary.complete(now)
        state = cycle.progress
        assert len(state.slices) <= 5


def cursor(now: datetime, as_of: datetime | None = None, schedule=DEFAULT, start=None, since=None) -> RefreshCursor:
    return RefreshCursor(Terms(now, schedule, start), Progress(as_of, since))


def test_a_future_bookmark_makes_nothing_due_and_is_kept():
    cycle = cursor(noon(FIRST_DAY), datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert cycle.in_future
    assert not cycle.is_due((noon(FIRST_DAY, -10), "a"))
    cycle.complete()
    assert cycle.progress == Progress(datetime(2030, 1, 1, tzinfo=timezone.utc))


def test_a_missed_point_is_read_once_though_the_post_has_outgrown_the_schedule():
    published = noon(FIRST_DAY)
    cycle = cursor(noon(FIRST_DAY + timedelta(days=380)), noon(FIRST_DAY + timedelta(days=355)))
    assert cycle.is_due((published, "a"))
    assert cycle.oldest_due <= published


def test_a_post_published_after_the_last_run_of_its_day_is_due():
    schedule = RefreshSchedule((Tier(30, 7),))
    place = (noon(FIRST_DAY, 60), "late")
    assert cursor(noon(FIRST_DAY, 120), noon(FIRST_DAY), schedule).is_due(place)
    assert cursor(noon(FIRST_DAY + timedelta(days=2)), noon(FIRST_DAY), schedule).is_due(place)


def test_start_date_bounds_what_is_due():
    start = noon(FIRST_DAY)
    cycle = cursor(noon(FIRST_DAY, 600), start=start)
    assert cycle.is_due((start, "in"))
    assert not cycle.is_due((start - timedelta(seconds=1), "out"))


def passes(now: datetime, state: dict | None = None, networks=("facebook", "twitter"), start=None, **more) -> Passes:
    bookmark = RefreshBookmark.from_state(state or {})
    return Passes(Terms(now, more.pop("schedule", DEFAULT), start), bookmark, networks, **more)


def saved(one: Passes) -> dict:
    return RefreshBookmark(**one.to_state()).to_state()


def test_deferred_posts_survive_a_kill_and_are_bounded():
    cycle = passes(noon(FIRST_DAY))
    posts = [DuePost(f"p{n}", ("facebook",), noon(FIRST_DAY, -n)) for n in range(1, MOST + 2)]
    listed = [Listed(post.published, post.post_id, post.networks) for post in posts]
    kept = [cycle.failures.defer(post) for post in posts]
    for post in posts:
        cycle.passed(post)
    assert kept[:7] == [True] * 7
    assert kept[-1] is False
    again = passes(noon(FIRST_DAY, 5), saved(cycle))
    due = [post.post_id for post in again.due(listed, {})]
    assert due == [post.post_id for post, is_kept in zip(posts, kept, strict=True) if is_kept]
    again.failures.resolve(posts[0])
    assert posts[0].post_id not in [post.post_id for post in again.due(listed, {})]


@pytest.mark.parametrize(
    "state",
    [
        {"replication_key_value": "yesterday"},
        {"replication_key_value": "2026-01-01", "as_of": "soon"},
        {"passes": [{"networks": ["facebook"], "date": "2026-01-01"}]},
        {"schedule": "often", "slices": [["2026-01-01T00:00:00Z", "a", "2026-01-01T00:00:00Z", "b", "2026-01-01"]]},
        {"slices": "all"},
        {"slices": [["2026-01-01T00:00:00Z", "a", "2026-01-01T00:00:00Z", "b"]]},
        {"slices": [["x", "a", "2026-01-01T00:00:00Z", "b", "2026-01-01"]]},
        {"deferred": ["a"]},
        {"deferred": "a"},
    ],
)
def test_a_cycle_that_is_not_understood_is_an_error(state):
    with pytest.raises(StateError):
        passes(noon(FIRST_DAY), state)


def test_a_deferred_post_stays_deferred_on_networks_that_could_not_be_asked_for():
    now = datetime(2026, 11, 3, 12, tzinfo=timezone.utc)
    cycle = passes(now)
    post = DuePost("p1", ("facebook", "twitter"), now)
    assert cycle.failures.defer(post)
    cycle.cut_short({"twitter"})
    cycle.failures.resolve(post, {"twitter"})
    assert [cycle.failures.is_deferred_on(post, name) for name in post.networks] == [False, True]
    assert [cycle.is_cut_short(name) for name in post.networks] == [False, True]
    cycle.failures.resolve(post)
    assert not cycle.failures.is_deferred(post)
