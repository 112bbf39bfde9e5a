"""Bodies that aren't quite JSON: what can be read is read, what can't costs its own item."""

import json
from datetime import datetime, timezone
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine.values import instant, integer, number, parse_damaged, parse_json, timestamp
from tests.support import examples
from tests.unit.test_worlds import ANALYTICS
from tests.world import World, errors, posts, read

ITEMS = [{"id": str(n), "post": f"text {n}", "urls": [{"id": "a"}, {"id": "b"}], "n": n} for n in range(6)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'"text \xf0\x9f\x98"', "text \ufffd"),
        (b'"caf\xe9"', "caf\ufffd"),
        (b'"a\nb\tc\x01"', "a\nb\tc\x01"),
        (b'"a\0b"', "ab"),
        (b"\xef\xbb\xbf [1]\n", [1]),
        (b'["\xed\xa0\x80", "\xff"]', ["\ufffd" * 3, "\ufffd"]),
        (b"[1e5, NaN, Infinity]", [Decimal("1e5"), None, None]),
    ],
)
def test_bytes_that_json_forbids_are_read(raw, expected):
    assert parse_json(raw) == expected
    assert parse_damaged(raw) == (expected, [])


@pytest.mark.parametrize(
    "wrap", [lambda text: text, lambda text: f'{{"history": {text}, "count": 6}}'.encode().decode()]
)
@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize(
    ("old", "new"),
    [('"n"', '"n'), ('"post": "text', '"post": "he said "hi" to'), ('"text', '"5" tall'), ('"urls"', "urls"),
     ('"n": ', '"n": ,'), ('"post": ', '"post" '), ("}", ""), ('"text', '"\\x text'), ("[{", "[{{"), ('"b"}]', '"b"]')],
)  # fmt: skip
def test_an_item_that_can_t_be_read_costs_itself_alone(wrap, place, old, new):
    texts = [json.dumps(item) for item in ITEMS]
    texts[place] = texts[place].replace(old, new, 1)
    text = wrap(f"[{', '.join(texts)}]")
    body, broken = parse_damaged(text.encode())
    rest = body if isinstance(body, list) else body["history"]
    assert len(broken) == 1
    assert [item for item in rest if isinstance(item, dict)] == [item for n, item in enumerate(ITEMS) if n != place]
    assert isinstance(rest[place], str)
    if isinstance(body, dict):
        assert body["count"] == 6


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_body_that_is_cut_off_is_never_taken_for_a_whole_one(cut):
    text = json.dumps({"history": ITEMS, "count": 6})
    with pytest.raises(ValueError):  # noqa: PT011
        parse_damaged(text[:-cut].encode())


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_any_single_change_of_bytes_ends_and_keeps_what_it_did_not_touch(data):
    text = json.dumps({"history": ITEMS, "count": 6}).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    with_more = text[:at] + data.draw(st.binary(max_size=3)) + text[at + data.draw(st.integers(0, 2)) :]
    try:
        body, _ = parse_damaged(with_more)
    except ValueError:
        return
    for item in body.get("history", []) if isinstance(body, dict) and isinstance(body.get("history"), list) else []:
        if isinstance(item, dict) and item.keys() == ITEMS[0].keys():
            assert sum(item.get(key) == ITEMS[0][key] or any(item[key] == i[key] for i in ITEMS) for key in item) >= 3


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
HUGE = ["1e2000000", "-1e2000000", "1e-2000000", "1e99999999999999999999", "9" * 5000, "1" + "0" * 5000 + ".5"]


@pytest.mark.parametrize("digits", HUGE)
def test_numbers_that_would_take_minutes_take_none(digits):
    began = process_time()
    value = parse_json(f'{{"v": {digits}, "at": {{"_seconds": {digits}, "_nanoseconds": {digits}}}}}'.encode())
    text = parse_json(f'{{"at": {{"_seconds": "{digits}"}}}}'.encode())
    for found in (value["v"], value["at"], text["at"], digits, {"utc": digits}, {"seconds": value["v"]}):
        assert number(found) is None
        assert integer(found) is None
        assert instant(found) in (None, EPOCH)
        assert timestamp(found) in (None, "1970-01-01T00:00:00.000000Z")
    assert process_time() - began < 1


@pytest.mark.parametrize("new", [b"text \xf0\x9f\x98", b"caf\xe9", b"text\n1", b"text\t1", b'he said "hi" to', b"\\x"])
def test_one_bad_byte_in_a_window_costs_one_post_at_the_most(new):
    world = World(posts(50))
    broken = 0

    def fault(path, given):
        nonlocal broken
        status, body = world.answer(path, given)
        if path != "/history" or status != 200:
            return None
        body["history"][3]["post"] = "MARK"
        broken += 1
        return 200, json.dumps(body).replace("MARK", "\0").encode().replace(b"\\u0000", new)

    world.fault = fault
    output = world.run(*ANALYTICS)
    assert broken
    lost = 50 - len(output.records("posts"))
    assert len(read(output)) == 50 - lost
    if lost:
        assert lost == 1
        assert {(stream, code) for stream, _, _, code in errors(output)} == {("posts", "invalid_body")}
    else:
        assert errors(output) == set()
