"""Open posts: followed until they are sent, deleted or a year overdue, and read on the day they go out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tap_ayrshare.posts.open_posts import MOST, OpenPosts
from tests.world import START, Post, World, errors

DAY = timedelta(days=1)
REACH = timedelta(days=97)
STREAMS = ("posts", "post_analytics", "comments", "extraction_errors")
TIERS = [{"max_age_days": 7, "every_days": 1}]
WEEK = {"refresh_schedule": TIERS, "comments_schedule": TIERS}


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@dataclass
class Waiting(Post):
    """A post that waits: made long before it goes out; lists compare when it was made."""

    world: World | None = None
    goes_out: datetime | None = None
    scheduled: bool = True
    status: str = "pending"
    more: dict | None = None

    def row(self) -> dict:
        row = {**super().row(), "created": iso(self.published), **(self.more or {})}
        if self.scheduled:
            row |= {"type": "scheduled", "scheduleDate": iso(self.goes_out)}
        if self.world.now < self.goes_out:
            row |= {"status": self.status, "postIds": []}
        return row


class Later(World):
    """An API that gives a post by its id."""

    is_gone = False

    def answer(self, path, given):
        post = next((post for post in self.posts if path == f"/history/{post.post_id}"), None)
        if post:
            return (404, {"code": 186, "status": "error"}) if self.is_gone else (200, post.row())
        return super().answer(path, given)

    def asked_by_id(self):
        return [path for path, _ in self.requests if path.startswith("/history/w")]


def world_with(**more) -> Later:
    world = Later([Post("p1", START - DAY)])
    world.posts.append(Waiting("w1", START - 3 * DAY, world=world, **more))
    return world


def life(world: Later, days: range, select=STREAMS, **config) -> dict[int, list]:
    """Run every day; return, by day, what was read of the post that waits."""
    state, found = None, {}
    for day in days:
        output = world.run(*select, state=state, now=START + day * DAY, **{**WEEK, **config})
        assert output.code == 0
        state = output.state
        found[day] = [(s, r.get("status")) for s in STREAMS[:3] for r in output.records(s) if r.get("post_id") == "w1"]
    return found


@pytest.mark.parametrize("select", [STREAMS, ("post_analytics", "extraction_errors")])
@pytest.mark.parametrize("ahead", [80, 120, 300])
def test_a_post_that_was_scheduled_far_ahead_gets_its_numbers(ahead, select):
    world = world_with(goes_out=START + ahead * DAY)
    found = life(world, range(0, ahead + 9, 4 if ahead > 100 else 1), select)
    sent = [day for day, rows in found.items() if ("post_analytics", None) in rows]
    assert sent
    assert ahead <= sent[0] <= ahead + 4
    if "posts" in select:
        statuses = {day: status for day, rows in found.items() for s, status in rows if s == "posts"}
        assert statuses[max(statuses)] == "success"
        assert {day for day in found if day <= ahead + 7} <= statuses.keys()


@pytest.mark.parametrize("approved", [{}, {"approved": True, "approvedDate": iso(START + 40 * DAY)}])
def test_a_post_that_is_approved_after_forty_days_is_read_on_that_day(approved):
    world = world_with(goes_out=START + 40 * DAY, scheduled=False, status="awaiting approval", more=approved)
    found = life(world, range(60))
    sent = [day for day, rows in found.items() if ("post_analytics", None) in rows]
    assert sent == list(range(40, 48))
    assert {("comments", None), ("posts", "success")} <= set(found[40])


def test_a_post_that_is_gone_is_no_longer_asked_for():
    world = world_with(goes_out=START + 300 * DAY)
    state = None
    for day in (0, 95, 100):
        state = world.run(*STREAMS, state=state, now=START + day * DAY, **WEEK).state
        assert len(world.asked_by_id()) == (day == 100)
    world.is_gone = True
    output = world.run(*STREAMS, state=state, now=START + 101 * DAY, **WEEK)
    assert (len(world.asked_by_id()), errors(output)) == (1, set())
    world.run(*STREAMS, state=output.state, now=START + 102 * DAY, **WEEK)
    assert world.asked_by_id() == []


def test_a_budget_asks_for_few_of_them():
    world = Later([Post("p1", START - DAY)])
    world.posts += [Waiting(f"w{n}", START - 3 * DAY, world=world, goes_out=START + (200 + n) * DAY) for n in range(8)]
    state, asked = world.run(*STREAMS, now=START).state, set()
    for day in range(100, 112):
        output = world.run(*STREAMS, state=state, now=START + day * DAY, request_budget=12, **WEEK)
        state, now = output.state, world.asked_by_id()
        assert len(now) <= 1
        asked |= set(now)
    assert len(asked) == 8


def posts(count=1, *, made=0.0, due=0.0, now=START) -> OpenPosts:
    found = OpenPosts([], now, REACH)
    for number in range(count):
        found.opened(f"w{number}", START + made * DAY, START + (due + number) * DAY)
    return found


@pytest.mark.parametrize(
    ("made", "due", "days", "is_kept"),
    [
        # Scheduled for soon: every list has it. Far ahead, old or overdue: it is remembered.
        (0, 10, 0, False), (0, 59, 0, False), (0, 61, 0, True), (0, 70, 69, True), (0, 10, 61, True), (0, 0, 0, True),
        (0, 0, 365, True), (0, 0, 366, False), (0, 300, 664, True), (0, 300, 666, False),
    ],
)  # fmt: skip
def test_which_open_posts_are_remembered(made, due, days, is_kept):
    found = posts(made=made, due=due, now=START + days * DAY)
    assert bool(found.to_rows()) is is_kept
    assert OpenPosts(found.to_rows(), START + days * DAY, REACH).to_rows() == found.to_rows()


@pytest.mark.parametrize(
    ("made", "due", "days", "out_at", "until"),
    [
        # It goes out as its date says, or is found to have gone out later; a list has it, or none.
        (-10, 0, 1, 0, 7), (-10, -5, 1, 1, 8), (-10, 0, 3, 3, 10), (-150, 0, 1, 0, 97),
    ],
)  # fmt: skip
def test_when_a_post_has_gone_out(made, due, days, out_at, until):
    sent = OpenPosts([("w0", START + made * DAY, START + due * DAY)], START + days * DAY, REACH)
    sent.sent("w0")
    assert sent.out_at("w0") == START + out_at * DAY
    for day in range(days, until + 3):
        again = OpenPosts(sent.to_rows(), START + day * DAY, REACH)
        assert bool(again.to_rows()) is (day <= until), day
        again.sent("w0")
        assert again.out_at("w0") == START + out_at * DAY


def test_no_more_are_remembered_than_there_is_room_for():
    found = posts(MOST + 3, due=70)
    assert found.ids == [f"w{number}" for number in range(MOST)]
    assert found.left_out == 3
    found.gone("w0")
    assert found.ids[-1] == f"w{MOST}"
    assert found.out_at("unknown") is None
