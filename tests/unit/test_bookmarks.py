"""Bookmarks: every field of a state is known, has the right form, or is named."""

import json
from dataclasses import dataclass
from datetime import date

import pytest

from tap_ayrshare.engine.bookmarks import (
    COUNT,
    DATE,
    FLAG,
    MOMENT,
    TEXT,
    Bookmark,
    by_name,
    kept,
    list_of,
    object_of,
    row_of,
)
from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.streams import STREAMS
from tests.world import CONFIG, World

MADE = "2026-11-01T12:00:00.000000Z"


@dataclass(frozen=True)
class Shelf(Bookmark):
    foreign = frozenset({"context"})

    inspected: object = kept(DATE, "when it was last inspected", name="inspected_on")
    built: object = kept(MOMENT, "when it was built")
    label: str = kept(TEXT, "what it says", default="")
    places: int = kept(COUNT, "how many books there is room for", default=0)
    is_full: bool = kept(FLAG, "whether it is full", default=False)
    lent: tuple = kept(list_of(row_of(DATE, TEXT, rest=TEXT)), "which books are lent, and to whom", default=())
    rows: object = kept(by_name(COUNT), "books by row")
    above: object = kept(object_of(Bookmark), "nothing")


FULL = {
    "inspected_on": "2026-11-01", "built": MADE, "label": "A", "places": 3, "is_full": True,
    "lent": [["2026-10-01", "Emma", "Ann", "Bob"], ["2026-10-02", "Ada"]], "rows": {"top": 2},
}  # fmt: skip


def test_what_is_written_is_read():
    shelf = Shelf.from_state({**FULL, "context": {"room": 1}})
    assert shelf.inspected == date(2026, 11, 1)
    assert shelf.lent[0] == (date(2026, 10, 1), "Emma", "Ann", "Bob")
    assert shelf.to_state() == FULL
    assert Shelf.from_state(dict.fromkeys(FULL)) == Shelf()
    assert Shelf().to_state() == {}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "[] isn't an object"),
        ({"lable": "x"}, "unknown field 'lable' (did you mean 'label'?)"),
        ({"zzz": 1, "bilt": MADE}, "unknown fields 'zzz', 'bilt' (did you mean 'built'?)"),
        ({"inspected": "2026-11-01"}, "unknown field 'inspected' (did you mean 'inspected_on'?)"),
        ({"inspected_on": "soon"}, "inspected_on: 'soon' isn't a date"),
        ({"inspected_on": "0001-01-01"}, "inspected_on: '0001-01-01' isn't between 1970 and 9990"),
        ({"built": 5}, "built: 5 isn't a date"),
        ({"label": 7}, "label 7 isn't text"),
        ({"places": True}, "places True isn't a number"),
        ({"is_full": 1}, "is_full 1 isn't true or false"),
        ({"lent": "all"}, "lent 'all' isn't a list, each item a list of a date, text, then any number, each text"),
        ({"lent": [["2026-10-01"]]}, "lent [['2026-10-01']] isn't a list"),
        ({"lent": [7]}, "lent [7] isn't a list"),
        ({"rows": {"top": None}}, "rows {'top': None} isn't an object, each value a number"),
        ({"above": {"x": 1}}, "above: unknown field 'x'"),
    ],
)
def test_what_is_not_understood_is_named(values, says):
    with pytest.raises(StateError) as caught:
        Shelf.from_state(values)
    assert says in str(caught.value)


def test_every_field_is_described():
    for stream in STREAMS:
        for name, form, description in stream.bookmark.described():
            assert all((name, form, description)), (stream.name, name)


def test_a_misspelled_field_is_one_line_and_exit_code_2():
    world = World()
    state = world.run().state
    text = json.dumps(state).replace('"since"', '"sincd"')
    (partition,) = json.loads(text)["bookmarks"]["posts"]["partitions"]
    assert "sincd" in partition
    output = world.run(state=json.loads(text), **CONFIG)
    assert (output.code, world.requests) == (2, [])
    assert "posts of profile 'primary': unknown field 'sincd' (did you mean 'since'?)" in output.last_line
