"""Lists of posts in another form than expected: what they have is read, what they say that is missing is said."""

from datetime import timedelta

import pytest

from tap_ayrshare.posts.rows import analytics_networks, is_open, network_entries, sent_to
from tests.world import START, Post, World, errors, posts, read

ANALYTICS = ("posts", "post_analytics", "extraction_errors")
LISTS = ("social_posts", "extraction_errors")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("entry", "networks"),
    [
        ({"status": "success", "id": "1", "platform": "twitter"}, ("twitter",)),
        ({"status": "success", "platform": "twitter"}, ("twitter",)),
        ({"status": "SUCCESS ", "id": 5, "platform": "twitter"}, ("twitter",)),
        # A word that isn't known: the id decides.
        ({"status": "published", "id": "1", "platform": "twitter"}, ("twitter",)),
        ({"id": "1", "platform": "twitter"}, ("twitter",)),
        ({"status": None, "id": "1", "platform": "twitter"}, ("twitter",)),
        ({"status": "published", "id": "pending", "platform": "twitter"}, ()),
        ({"status": "published", "platform": "twitter"}, ()),
        # A word that says that it wasn't sent.
        ({"status": "error", "id": "1", "platform": "twitter"}, ()),
        ({"status": "failed", "id": "1", "platform": "twitter"}, ()),
        ({"status": "pending", "id": "1", "platform": "twitter"}, ()),
        # A network by another name.
        *(({"status": "success", "id": "1", "platform": name}, ("twitter",)) for name in ("x", "X", " Twitter ")),
        ({"status": "success", "id": "1", "platform": "fb"}, ("facebook",)),
        ({"status": "success", "id": "1", "platform": "LINKED IN"}, ("linkedin",)),
        ({"status": "success", "id": "1", "platform": "myspace"}, ()),
        ({"status": "success", "id": "1"}, ()),
    ],
)
def test_the_networks_of_an_entry(entry, networks):
    assert analytics_networks({"postIds": [entry]}) == networks
    # One entry in place of a list, and an object by index.
    assert analytics_networks({"postIds": entry}) == (networks if "platform" in entry else ())
    assert analytics_networks({"postIds": {"0": entry}}) == networks


def test_entries_by_network():
    row = {"postIds": {"facebook": {"status": "success", "id": "1"}, "x": {"status": "error", "id": "pending"}}}
    assert [entry["platform"] for entry in network_entries(row)] == ["facebook", "x"]
    assert analytics_networks(row) == ("facebook",)
    assert is_open(row)


@pytest.mark.parametrize(
    ("row", "networks"),
    [
        ({"platforms": ["FB", "x", 7, None, "Fb"]}, ("facebook", "twitter")),
        ({"platforms": "facebook"}, ("facebook",)),
        ({"platforms": "facebook, X"}, ("facebook", "twitter")),
        ({"platforms": ["facebook"], "status": "pending"}, ()),
        ({"platforms": ["facebook"], "status": "Error"}, ()),
        ({"platforms": ["facebook"], "postIds": []}, ()),
        ({"platforms": ["facebook"], "postIds": None}, ("facebook",)),
        ({"platforms": ["myspace"]}, ("myspace",)),
        ({}, ()),
    ],
)
def test_the_networks_of_a_post(row, networks):
    assert sent_to(row) == networks


def test_a_network_by_another_name_is_read_and_an_unknown_one_is_said():
    world = World([Post("p1", START - HOUR, ("X", "fb", "myspace"))], linked=("twitter", "facebook"))
    output = world.run(*ANALYTICS)
    assert read(output, column="platform") == {"twitter": 1, "facebook": 1}
    assert "sent to myspace" in output.log


def history(world, **envelope):
    """Let the history's envelope say something beside the list."""
    world.fault = lambda path, given: (
        (status, {**body, **envelope})
        if path == "/history" and "status" not in given and (status := (found := world.answer(path, given))[0]) == 200
        and (body := found[1]) else None
    )  # fmt: skip


@pytest.mark.parametrize("envelope", [{"count": 9}, {"total": 9}, {"hasMore": True}, {"pagination": {"hasMore": True}}])
def test_a_history_that_says_that_there_is_more_is_read_in_parts_and_then_said(envelope):
    world = World(posts(5))
    history(world, **envelope)
    output = world.run(*ANALYTICS)
    assert set(read(output)) == {post.post_id for post in world.posts}
    assert {code for *_, code in errors(output)} == {"list_cut"}
    assert len(world.asked("/history")) < 12


@pytest.mark.parametrize("most", [3, 25])
def test_a_history_that_is_cut_at_another_limit_is_read_whole(most):
    world = World(posts(60))

    def fault(path, given):
        if path != "/history" or "status" in given:
            return None
        status, body = world.answer(path, given)
        rows = body["history"] if status == 200 else []
        return (200, {"history": rows[:most], "count": len(rows)}) if rows else None

    world.fault = fault
    output = world.run(*ANALYTICS)
    assert set(read(output)) == {post.post_id for post in world.posts}
    assert errors(output) == set()


@pytest.mark.parametrize("envelope", [{"count": 5}, {"hasMore": False}, {"pagination": {"next": "x"}}])
def test_a_history_that_says_nothing_odd_is_read_once(envelope):
    world = World(posts(5))
    world.run(*ANALYTICS)
    plain = len(world.requests)
    history(world, **envelope)
    output = world.run(*ANALYTICS)
    assert (errors(output), len(world.requests)) == (set(), plain)


def threads(**meta) -> World:
    world = World(linked=("threads",), native={"threads": [(f"n{n}", START - n * HOUR) for n in range(3)]})
    world.fault = lambda path, given: (
        (200, {**world.answer(path, given)[1], **meta}) if path.startswith("/history/") else None
    )
    return world


@pytest.mark.parametrize(
    ("meta", "is_said"),
    [
        ({"meta": {"pagination": {"hasMore": True}}}, True),
        ({"meta": {"pagination": {"hasMore": True, "next": ""}}}, True),
        ({"meta": {"pagination": {"hasMore": True, "next": {}}}}, True),
        # A page that comes again, under its own name or another.
        ({"meta": {"pagination": {"hasMore": True, "next": "0"}}}, True),
        ({"meta": None, "pagination": {"hasMore": True}}, True),
        ({"meta": {}, "count": 7}, True),
        ({"meta": {"pagination": {"hasMore": False}}, "count": 7}, True),
        ({"meta": {}, "count": 3}, False),
        ({"meta": {"pagination": {"hasMore": False, "next": "7"}}}, False),
        ({"meta": {}}, False),
    ],
)
def test_a_list_that_says_that_there_is_more_is_said(meta, is_said):
    world = threads(**meta)
    output = world.run(*LISTS)
    assert len(read(output, "social_posts", "social_post_id")) == 3
    assert {code for *_, code in errors(output)} == ({"list_cut"} if is_said else set())
    assert len(world.requests) < 6
    assert output.code == 0


def test_a_list_whose_pages_repeat_for_ever_ends():
    world = threads()
    names = map(str, range(10**6))

    def fault(path, given):
        if not path.startswith("/history/"):
            return None
        body = world.answer(path, {**given, "next": "0"})[1]
        return 200, {**body, "meta": {"pagination": {"hasMore": True, "next": next(names)}}}

    world.fault = fault
    output = world.run(*LISTS)
    assert {code for *_, code in errors(output)} == {"list_cut"}
    assert len(world.requests) == 3


def test_a_list_of_a_network_without_a_cursor_that_counts_more_is_said():
    world = World(linked=("bluesky",), native={"bluesky": [("n1", START - HOUR)]})
    world.fault = lambda path, given: (
        (200, {**world.answer(path, given)[1], "count": 4}) if path.startswith("/history/") else None
    )
    output = world.run(*LISTS)
    assert errors(output) == {("social_posts", "all", "bluesky", "list_cut")}


@pytest.mark.parametrize("odd", [7, "text", None, ["x"]])
def test_items_that_are_no_objects_are_said(odd):
    world = World(posts(2), {"bluesky": [("n1", START - HOUR)]}, ("facebook", "bluesky"))

    def fault(path, given):
        status, body = world.answer(path, given)
        name = "posts" if path == "/history/bluesky" else "history"
        is_list = path.startswith("/history") and status == 200 and name in body
        return (200, {**body, name: [odd, *body[name]]}) if is_list else None

    world.fault = fault
    output = world.run("social_posts", *ANALYTICS)
    assert len(read(output)) == 2
    assert len(read(output, "social_posts", "social_post_id")) == 1
    said = {(stream, platform, code) for stream, _, platform, code in errors(output)}
    assert {("posts", "all", "invalid_body"), ("social_posts", "bluesky", "invalid_body")} <= said
