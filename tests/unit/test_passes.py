"""The passes of networks, and the posts that are due in them, as tables of pure cases."""

from datetime import date, datetime, timedelta, timezone

import pytest

from tap_ayrshare.posts.bookmarks import LeftOverBookmark, RefreshBookmark
from tap_ayrshare.posts.cursor import UNDATED, Progress, RefreshCursor, Slice
from tap_ayrshare.posts.due import DuePost
from tap_ayrshare.posts.failures import MOST_SETTLED, Failures
from tap_ayrshare.posts.left_over import LeftOver, basis_of
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.schedule import RefreshSchedule, Terms, Tier
from tap_ayrshare.posts.sent import Listed

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
TODAY = NOW.date()
DAILY = RefreshSchedule((Tier(7, 1), Tier(30, 3)))
WEEKLY = RefreshSchedule((Tier(7, 7), Tier(30, 10)))
BOTH = ("facebook", "twitter")


def terms(days: float = 0, schedule=DAILY, start=None) -> Terms:
    return Terms(NOW + days * DAY, schedule, start)


def post(age: float, networks=BOTH, post_id="") -> Listed:
    return Listed(NOW - age * DAY, post_id or f"p{age:g}", networks)


def passes(state: dict | None = None, networks=BOTH, days: float = 0, schedule=DAILY, start=None, **more) -> Passes:
    return Passes(terms(days, schedule, start), RefreshBookmark.from_state(state or {}), networks, **more)


def saved(one: Passes) -> dict:
    return RefreshBookmark(**one.to_state()).to_state()


def due(one: Passes, *posts: Listed) -> dict[str, tuple[str, ...]]:
    return {found.post_id: found.networks for found in one.due(posts, {})}


def read_whole(one: Passes, *posts: Listed) -> dict:
    """Return the state after a pass over all that is due."""
    for found in one.due(posts, {}):
        one.passed(found)
    one.complete()
    return saved(one)


# When a post is due


@pytest.mark.parametrize(
    ("age", "last", "is_due"),
    [
        # Days since the last complete pass, None for none at all.
        (0, None, True), (30, None, True), (400, None, True),
        (7, 1, True), (8, 1, False), (9, 1, True), (10, 1, False), (30, 1, True), (31, 1, False), (31, 2, True),
        (33, 4, True), (32, 1, False), (7, 0, False), (0, 0, False),
    ],
)  # fmt: skip
def test_when_a_post_is_due(age, last, is_due):
    progress = Progress(None if last is None else NOW - last * DAY)
    assert RefreshCursor(terms(), progress).is_due((NOW - age * DAY, "p")) is is_due


@pytest.mark.parametrize(("age", "is_due"), [(29, True), (30, True), (31, False)])
def test_a_post_that_the_last_pass_could_not_know_is_due_to_the_last_tier_s_age(age, is_due):
    """It has no point of its own in the time since, so that its age alone decides."""
    seldom = RefreshSchedule((Tier(30, 400),))
    published = NOW - age * DAY
    as_of = published - timedelta(hours=1)
    # The last pass began on the day of publication: age 0 is no point later than that.
    assert as_of.date() == published.date()
    assert RefreshCursor(terms(schedule=seldom), Progress(as_of)).is_due((published, "p")) is is_due


@pytest.mark.parametrize(("age", "is_due"), [(6, True), (7, True), (8, False)])
def test_a_boundary_belongs_to_the_tier_it_closes(age, is_due):
    schedule = RefreshSchedule((Tier(7, 1), Tier(30, 30)))
    assert RefreshCursor(terms(schedule=schedule), Progress(NOW - DAY)).is_due((NOW - age * DAY, "p")) is is_due


@pytest.mark.parametrize(
    ("age", "on", "by", "is_due"),
    [
        # Judged by the same schedule: due if it has a point later than the day of the slice.
        (5, 1, DAILY, True), (5, 0, DAILY, False), (8, 1, DAILY, False), (11, 1, DAILY, False),
        # By another one, which asked for it on that very day (age 7 yesterday): it is known to have been read then.
        (8, 1, WEEKLY, False),
        # By another one, which passed it over: it counts from the last complete pass, 20 days ago.
        (9, 1, WEEKLY, True), (7, 1, WEEKLY, True),
        # Asked for on the day itself, not on the day before.
        (7, 0, WEEKLY, False), (8, 0, WEEKLY, True), (6, 0, WEEKLY, True),
    ],
)  # fmt: skip
def test_a_schedule_that_changes_within_a_pass(age, on, by, is_due):
    published = NOW - age * DAY
    part = Slice((NOW, "~"), (NOW - 40 * DAY, ""), TODAY - on * DAY, by)
    cursor = RefreshCursor(terms(), Progress(NOW - 20 * DAY, None, (part,)))
    assert cursor.is_due((published, "p")) is is_due


@pytest.mark.parametrize(
    ("start", "since", "age", "is_due", "oldest"),
    [
        # Read at noon yesterday, down to a start date `since` days ago; the start date is now `start` days ago.
        (None, None, 100, False, 30), (60, None, 50, False, 30), (60, 60, 50, False, 30), (60, 40, 50, True, 60),
        (60, 40, 39, False, 60), (None, 40, 500, True, None), (20, 40, 25, False, 20), (20, 40, 9, True, 20),
    ],
)  # fmt: skip
def test_an_earlier_start_date_makes_the_missing_stretch_due(start, since, age, is_due, oldest):
    begin, read = (None if days is None else NOW - days * DAY for days in (start, since))
    cursor = RefreshCursor(terms(start=begin), Progress(NOW - DAY, read))
    assert cursor.is_due((NOW - age * DAY, "p")) is is_due
    bound = cursor.oldest_due
    assert (bound and (NOW - bound).days) == oldest
    assert cursor.complete()
    assert cursor.progress == Progress(NOW, begin)


def test_posts_without_a_date_count_as_read_without_those_before_the_start_date():
    cursor = RefreshCursor(terms(start=NOW - 10 * DAY), Progress())
    assert cursor.is_due((UNDATED, "u"))
    cursor.passed((UNDATED, "u"))
    again = RefreshCursor(terms(start=NOW - 50 * DAY), cursor.progress)
    assert not again.is_due((UNDATED, "u"))
    assert not again.is_due((NOW - 9 * DAY, "p"))
    assert again.is_due((NOW - 11 * DAY, "p"))


# Passes of networks


def test_networks_in_step_share_a_pass_and_a_new_one_reads_all_posts():
    listed = [post(1), post(400)]
    state = read_whole(passes(networks=("facebook",)), *listed)
    assert [one["networks"] for one in state["passes"]] == [["facebook"]]
    later = passes(state, days=1)
    assert due(later, *listed) == {"p1": BOTH, "p400": ("twitter",)}
    assert later.oldest_due is None
    state = read_whole(later, *listed)
    assert [one["networks"] for one in state["passes"]] == [["facebook", "twitter"]]
    assert state["replication_key_value"] == "2026-11-21"
    assert due(passes(state, days=1), *listed) == {}


def test_a_network_that_is_not_read_keeps_its_pass():
    listed = [post(1), post(400)]
    state = read_whole(passes(), *listed)
    alone = read_whole(passes(state, ("facebook",), days=3), *listed)
    assert sorted(one["networks"] for one in alone["passes"]) == [["facebook"], ["twitter"]]
    back = passes(alone, days=4)
    assert due(back, post(1), post(2), post(400), post(-2)) == {"p-2": BOTH, "p1": BOTH, "p2": BOTH}
    assert due(passes(alone, days=3), post(-2)) == {"p-2": ("twitter",)}


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_network_that_could_not_be_asked_falls_out_of_step(is_refused):
    listed = [post(1), post(2), post(3)]
    one = passes()
    first, second, third = one.due(listed, {})
    one.passed(first)
    one.cut_short({"twitter"}, is_refused=is_refused)
    one.passed(second)
    one.passed(third)
    assert [one.is_cut_short(network) for network in BOTH] == [False, True]
    assert one.complete() is is_refused
    state = saved(one)
    assert "replication_key_value" not in state
    # On the same day the rest of its posts; on a later one all that have a point since.
    assert due(passes(state), *listed) == {"p2": ("twitter",), "p3": ("twitter",)}
    assert due(passes(state, days=1), *listed) == {"p1": BOTH, "p2": BOTH, "p3": BOTH}


def test_what_was_never_asked_of_a_network_is_not_read_by_a_refusal():
    listed = [post(1), post(100)]
    state = None
    for days in range(3):
        one = passes(state, days=days)
        one.cut_short({"twitter"}, is_refused=True)
        state = read_whole(one, *listed)
    assert due(passes(state, days=3), *listed)["p100"] == ("twitter",)


def test_gaps_and_the_future_keep_a_pass_open():
    one = passes()
    one.list_as_of(NOW, [(NOW - 5 * DAY, NOW - 4 * DAY)])
    for found in one.due([post(1), post(3), post(6)], {}):
        one.passed(found)
    assert not one.complete()
    state = saved(one)
    assert due(passes(state), post(1), post(3), post(4.5), post(5.5), post(6), post(7)) == {"p4.5": BOTH, "p7": BOTH}
    ahead = passes({"passes": [{"networks": ["twitter"], "as_of": "2026-11-21T00:00:00Z"}]})
    assert ahead.in_future == [("twitter", date(2026, 11, 21))]
    assert due(ahead, post(1)) == {"p1": ("facebook",)}
    assert not ahead.complete()


def test_networks_split_and_join():
    one = passes()
    one.split()
    (found,) = one.due([post(1, ("facebook",))], {})
    one.passed(found)
    assert due(one, post(1)) == {"p1": ("twitter",)}
    one.join()
    assert due(one, post(1)) == {"p1": ("twitter",)}
    assert saved(passes()) == {}
    (rest,) = one.due([post(1)], {})
    one.passed(rest)
    one.join()
    assert len(one.cursors) == 1


# States of older versions

OLDER = {
    "replication_key_value": "2026-11-19", "as_of": "2026-11-19T12:00:00.000000Z",
    "slices": [["2026-11-20T11:00:00.000000Z", "~", "2026-11-18T12:00:00.000000Z", "p2", "2026-11-20", "7:1,30:3"]],
    "deferred": [["2026-11-19T12:00:00.000000Z", "p1", "2026-11-20"]],
    "platforms": {"twitter": {"date": "2026-11-17", "deferred": [["2026-11-17T12:00:00.000000Z", "p3"]]}},
}  # fmt: skip


def test_a_pass_of_all_networks_is_that_of_those_which_are_read():
    one = passes(OLDER)
    found = due(one, post(1), post(2), post(3), post(8), post(60))
    assert found == {"p1": BOTH, "p2": ("twitter",), "p3": BOTH, "p8": ("twitter",)}
    assert {name for one in saved(passes(OLDER))["passes"] for name in one["networks"]} == set(BOTH)
    assert "platforms" not in saved(one)
    # From now on a network that comes has a first pass.
    assert due(passes(saved(one), (*BOTH, "threads")), post(60, ("threads",))) == {"p60": ("threads",)}


def test_native_posts_had_a_pass_for_each_network():
    state = {"replication_key_value": "2026-11-19", "platforms": {"facebook": {"date": "2026-11-19"}}}
    one = passes(state, is_native=True)
    assert due(one, post(60, ("facebook",), "f"), post(60, ("twitter",), "t")) == {"t": ("twitter",)}
    whole = passes({"replication_key_value": "2026-11-19"}, is_native=True)
    assert due(whole, post(60, ("twitter",), "t")) == {}


# Failures

PLACE = (NOW - DAY, "p1")


def placed(*networks: str) -> DuePost:
    return DuePost("p1", networks, NOW - DAY)


def failures(*, days=0, deferred=(), settled=()) -> Failures:
    return Failures(TODAY + days * DAY, deferred, settled)


@pytest.mark.parametrize(
    ("networks", "is_known"),
    [(("facebook",), True), (BOTH, True), (("facebook", "threads"), False), (("threads",), False), ((), False)],
)
def test_a_post_comes_last_if_it_failed_on_all_networks_on_which_it_is_due(networks, is_known):
    found = failures(deferred=[(*PLACE, "2026-11-19", *BOTH)])
    assert found.has_failed(placed(*networks)) is is_known
    assert found.has_failed_before_today(placed(*networks)) is is_known
    same_day = failures(deferred=[(*PLACE, "2026-11-20", *BOTH)])
    assert not same_day.has_failed_before_today(placed(*networks))


@pytest.mark.parametrize(
    ("unasked", "left"),
    [((), ()), (("twitter",), ("twitter",)), (BOTH, BOTH), (("threads",), ())],
)
@pytest.mark.parametrize("named", [BOTH, ()])
def test_a_deferred_post_is_read_but_on_networks_that_could_not_be_asked(unasked, left, named):
    found = failures(deferred=[(*PLACE, "2026-11-19", *named)])
    found.resolve(placed(*BOTH), unasked)
    assert found.networks_due(PLACE, BOTH) == left


def test_a_complete_pass_forgets_deferred_posts_that_no_list_has():
    found = failures(deferred=[(*PLACE, "2026-11-19", *BOTH), (NOW, "p2", "2026-11-19")])
    found.complete(["facebook"])
    assert found.to_rows()[0] == ((*PLACE, "2026-11-19", "twitter"),)
    found.complete([])
    assert found.is_deferred_on(placed(*BOTH), "twitter")
    found.complete(BOTH)
    assert found.to_rows() == ((), ())


def test_a_post_keeps_the_day_on_which_it_failed_first():
    found = failures(days=2, deferred=[(*PLACE, "2026-11-19", "facebook")])
    assert found.defer(placed(*BOTH))
    assert found.to_rows()[0] == ((*PLACE, "2026-11-19", *BOTH),)
    found.defer(DuePost("p2", ("twitter",), NOW))
    assert found.to_rows()[0][1] == (NOW, "p2", "2026-11-22", "twitter")


def test_what_has_failed_for_good_comes_last_when_it_is_due_again():
    listed = [post(1), post(2), post(3)]
    one = passes()
    for found in one.due(listed, {}):
        one.failures.remember(found, failed=found.post_id == "p1")
        one.passed(found)
    one.complete()
    state = saved(one)
    assert [row[1] for row in state["failed"]] == ["p1"]
    again = passes(state, days=1)
    order = again.due(listed, {})
    assert [found.post_id for found in order] == ["p2", "p3", "p1"]
    assert again.failures.has_failed_before_today(order[-1])
    # It stays due though older posts have been read.
    again.passed(order[1])
    assert due(passes(saved(again), days=1), *listed) == {"p1": BOTH}
    again.failures.remember(order[-1], failed=False)
    again.failures.resolve(order[-1])
    assert saved(again).keys().isdisjoint({"failed", "deferred"})


def test_few_failures_are_remembered():
    found = failures()
    for number in range(MOST_SETTLED + 2):
        found.remember(DuePost(f"p{number}", BOTH, NOW), failed=True)
    assert [row[1] for row in found.to_rows()[1]] == ["p6", "p5", "p4", "p3", "p2"]


# What a budget left over


@pytest.mark.parametrize(
    "other",
    [terms(schedule=WEEKLY), terms(start=NOW - 9 * DAY), terms(start=NOW - 8 * DAY)],
)
def test_a_list_on_another_basis_is_forgotten(other):
    assert basis_of(terms(), BOTH) != basis_of(other, BOTH)
    assert basis_of(terms(), BOTH) == basis_of(terms(days=3), reversed(BOTH)) != basis_of(terms(), BOTH[:1])
    left = LeftOver(None, terms(), BOTH)
    state = left.to_state([DuePost("p1", BOTH, NOW - DAY)], passes())
    assert [one.post_id for one in LeftOver(state, terms(days=1), BOTH).posts] == ["p1"]
    assert LeftOver(state, other, BOTH).posts == []


def test_what_is_left_over_begins_with_what_has_not_failed():
    one = passes({"deferred": [["2026-11-19T12:00:00Z", "p1", "2026-11-19", *BOTH]]})
    posts = one.due([post(1), *(post(age) for age in range(2, 9))], {})
    left = LeftOver(None, terms(), BOTH)
    assert [row[1] for row in left.to_state(posts, one).posts] == ["p2", "p3", "p4", "p5", "p6"]
    assert [row[1] for row in left.to_state(posts[-2:], one).posts] == ["p8"]
    assert [row[1] for row in left.to_state(posts[-1:], one).posts] == ["p1"]
    one.cut_short({"twitter"})
    assert left.to_state(posts, one).posts[0] == (NOW - 2 * DAY, "p2", "facebook")
    assert left.to_state([DuePost("u", BOTH)], one) is None


def test_what_was_read_today_of_an_older_list_is_remembered_today():
    bookmark = LeftOverBookmark(read_on=TODAY, read=(("p1", "facebook"),))
    assert LeftOver(bookmark, terms(), BOTH).read == {"p1": {"facebook"}}
    assert LeftOver(bookmark, terms(days=1), BOTH).read == {}
