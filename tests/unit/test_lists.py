"""The list of an answer is found in every form, and never made out of nothing."""

import pytest

from tap_ayrshare.ayrshare.lists import find_list

ONE, TWO = {"id": "1", "title": "a"}, {"id": "2", "title": "b"}
META = {"status": "success", "lastUpdated": "2026-11-01T00:00:00Z"}

FOUND = {
    "under its name": {"playLists": [ONE, TWO], **META},
    "in another letter case": {"PLAYLISTS": [ONE, TWO]},
    "with underscores": {"play_lists": [ONE, TWO]},
    "under another name": {"items": [ONE, TWO], **META},
    "bare": [ONE, TWO],
    "by index": {"playLists": {"0": ONE, "1": TWO}},
    "by id": {"playLists": {"PL1": ONE, "PL2": TWO}},
    "by index without a name": {"0": ONE, "1": TWO},
    "one level down": {"data": {"playLists": [ONE, TWO]}, **META},
    "one level down without its name": {"data": [ONE, TWO], **META},
    "beside errors": {"playLists": [ONE, TWO], "errors": [{"code": 1, "message": "x"}]},
}
NOT_FOUND = {
    "null": {"playLists": None, **META},
    "an empty object": {"playLists": {}, **META},
    "text": {"playLists": "none", **META},
    "a number": {"playLists": 0},
    "absent": META,
    "two lists of other names": {"a": [ONE], "b": [TWO]},
    "errors alone": {"errors": [{"code": 1, "message": "x"}]},
    "an error in its place": {"playLists": {"code": 221, "status": "error"}},
    "an error": {"status": "error", "code": 1, "playLists": []},
    "no object": "playLists",
    "null itself": None,
}


@pytest.mark.parametrize("form", FOUND)
def test_a_list_is_found(form):
    assert find_list(FOUND[form], "playLists").items == [ONE, TWO]


@pytest.mark.parametrize("form", NOT_FOUND)
def test_nothing_is_no_list(form):
    assert find_list(NOT_FOUND[form], "playLists") is None


def test_an_empty_list_is_a_list():
    assert find_list({"playLists": []}, "playLists").items == []


def test_one_item_stands_for_a_list_of_one():
    assert find_list({"playLists": ONE}, "playLists").items == [ONE]


def test_items_by_key_know_their_keys():
    items = find_list({"schedules": {"a": {"x": 1}, "b": 2}}, "schedules", is_keyed=True).items
    assert [(item.key, item) for item in items] == [("a", {"x": 1}), ("b", {"value": 2})]


@pytest.mark.parametrize(
    ("body", "claimed"),
    [({"history": [ONE], "count": 7}, 7), ({"messages": [], "messagesCount": "3"}, 3), ({"history": [ONE]}, None)],
)
def test_a_claimed_count_is_kept(body, claimed):
    assert find_list(body, next(iter(body))).claimed == claimed
