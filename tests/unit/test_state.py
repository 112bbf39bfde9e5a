"""State that comes in: understood, or one line."""

import pytest

from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.run.state import State, checked

STREAMS = {"posts", "post_analytics"}


def partition(profile, value="2026-01-01"):
    return {"context": {"profile": profile}, "replication_key": "x", "replication_key_value": value}


@pytest.mark.parametrize(
    "value",
    [
        {"posts": "2026-01-01"},
        {"singer_state": []},
        {"singer_state": {"posts": "2026-01-01"}},
        {"bookmarks": []},
        {"bookmarks": {"post": {}}},
        {"bookmarks": {"posts": "2026-01-01"}},
        {"bookmarks": {"posts": {"partitions": {}}}},
        {"bookmarks": {"posts": {"partitions": ["acme"]}}},
        {"bookmarks": {"posts": {"partitions": [{"context": {}}]}}},
        {"bookmarks": {"posts": {"partitions": [partition("a"), partition("a")]}}},
        [],
    ],
)
def test_a_state_that_is_not_understood_is_one_line(value):
    with pytest.raises(StateError, match="invalid state") as caught:
        checked(value, STREAMS, ["a", "b"])
    assert "\n" not in str(caught.value)


def test_an_empty_state_is_a_first_run():
    assert checked({}, STREAMS, ["a"]) == {}
    assert checked({"bookmarks": {}}, STREAMS, ["a"]) == {"bookmarks": {}}


def test_a_bookmark_of_a_tap_for_one_profile_is_read():
    value = {"bookmarks": {"posts": {"replication_key": "x", "replication_key_value": "2026-01-01"}}}
    state = State(checked(value, STREAMS, ["acme"]))
    assert state.get("posts", "acme")["replication_key_value"] == "2026-01-01"
    with pytest.raises(StateError, match="several profiles"):
        checked(value, STREAMS, ["a", "b"])


def test_other_profiles_keep_their_bookmarks():
    value = checked({"bookmarks": {"posts": {"partitions": [partition("a"), partition("b")]}}}, STREAMS, ["a"])
    state = State(value)
    state.set("posts", "a", "published_at", {"replication_key_value": "2026-02-02"})
    state.set("post_analytics", "a", "snapshot_date", {"replication_key_value": "2026-02-02"})
    assert value["bookmarks"]["posts"]["partitions"][1] == partition("b")
    assert value["bookmarks"]["posts"]["partitions"][0]["replication_key_value"] == "2026-02-02"
    assert value["bookmarks"]["post_analytics"]["partitions"][0]["context"] == {"profile": "a"}
