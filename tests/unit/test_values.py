"""Reading single values out of whatever the API answers."""

import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_ayrshare.ayrshare.contract import NETWORKS, promote, promoted_columns
from tap_ayrshare.ayrshare.rows import format_of
from tap_ayrshare.engine import values
from tap_ayrshare.engine.values import hashtags, mentions

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        ("67", 67),
        (" 67 ", 67),
        (0, 0),
        ("0", 0),
        (2**40, 2**40),
        ("12.0", 12),
        (Decimal("3.0"), 3),
        (-5, -5),
        (-1, -1),
        ("-1", -1),
        (None, None),
        (True, None),
        ("", None),
        ("many", None),
        ("1e5", None),
        ("1२", None),
        (Decimal("2.5"), None),
        (2**63, None),
        (Decimal("1E+400"), None),
        ([], None),
        ({}, None),
    ],
)
def test_integer(value, expected):
    assert values.integer(value) == expected


def test_number_keeps_all_digits():
    body = values.parse_json(b'{"rate": 0.12345678901234567890123, "big": 123456789012345678901234567890}')
    assert values.number(body["rate"]) == Decimal("0.12345678901234567890123")
    assert body["big"] == 123456789012345678901234567890


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T08:44:29Z",
        "2026-11-20T08:44:29.000Z",
        "2026-11-20T08:44:29+0000",
        "2026-11-20T10:44:29+02:00",
        "2026-11-20T08:44:29",
        "2026-11-20 08:44:29.0000000Z",
        "2026-11-20 08:44:29 UTC",
        "2026-11-20 08:44:29 GMT",
        "2026-11-20 08:44:29 +0000",
        "2026-11-20T08:44:29z",
        " 2026-11-20T08:44:29Z ",
        "Fri, 20 Nov 2026 08:44:29 GMT",
        "Fri, 20 Nov 2026 09:44:29 +0100",
        1795164269,
        1795164269000,
        "1795164269",
        "1795164269000",
        Decimal("1795164269.0"),
        1795164269.0,
        {"seconds": 1795164269},
        {"utc": "2026-11-20T08:44:29Z"},
        {"_seconds": 1795164269, "_nanoseconds": 0},
        {"_seconds": "1795164269", "_nanoseconds": None, "utc": "..."},
    ],
)
def test_instant_reads_every_form(value):
    expected = datetime(2026, 11, 20, 8, 44, 29, tzinfo=timezone.utc)
    assert values.instant(value) == expected
    assert values.timestamp(value) == "2026-11-20T08:44:29.000000Z"


@pytest.mark.parametrize(
    "value",
    [
        None, "", "soon", 5, [], True, float("nan"), "2026-02-31", "1e2000000", "9" * 5000, "9999-12-31T23:59:59-14:00",
        Decimal("1e2000000"), Decimal("1e999990"),
        {"_seconds": None}, {"_seconds": 10**30}, {"_seconds": "1e2000000"}, {"_seconds": Decimal("1e2000000")},
        {"_seconds": 1795164269, "_nanoseconds": Decimal("1e999990")},
    ],
)  # fmt: skip
def test_instant_of_what_is_none(value):
    assert values.instant(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T23:00:00-0800", "2026-11-20"),
        ("2026-11-20 23:00:00 UTC", "2026-11-20"),
        ({"_seconds": 1795164269}, "2026-11-20"),
        (1795164269000, "2026-11-20"),
        ("1795164269", "2026-11-20"),
        ("Fri, 20 Nov 2026 08:44:29 GMT", "2026-11-20"),
        ("2026-11-200", None),
        ("2026-02-31", None),
        ("soon", None),
        (7, None),
        (None, None),
    ],
)
def test_day(value, expected):
    found = values.day(value)
    assert (found.isoformat() if found else None) == expected


@given(anything)
def test_no_reader_ever_raises(value):
    values.integer(value)
    values.text(value)
    values.instant(value)
    values.timestamp(value)
    values.day(value)
    values.objects(value)
    values.dig(value, ("a", "b"))


@given(anything, st.sampled_from(sorted(NETWORKS)), st.sampled_from(["post", "native", "account"]))
def test_promoted_columns_are_integers_or_null_whatever_comes(body, network, level):
    promoted = promote(level, network, body)
    assert set(promoted) == set(promoted_columns(level))
    assert all(value is None or isinstance(value, int) for value in promoted.values())


@given(st.text(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_only_nul_is_taken_out_of_text(text, mapping):
    raw = json.dumps({"text": text, "map": mapping}).encode()
    body = values.parse_json(raw)
    assert body["text"] == text.replace("\0", "")
    assert body["map"] == {key.replace("\0", ""): value.replace("\0", "") for key, value in mapping.items()}


def test_texts():
    items = ["a", "", None, 5, True, {"url": "ü", "width": Decimal("1.5")}, []]
    assert values.texts(items) == ["a", "5", "true", '{"url": "ü", "width": "1.5"}', "[]"]


@given(st.text(max_size=200), st.text(max_size=200), st.integers(64, 128))
def test_fitted_text_is_short_and_stays_apart(one, other, length):
    short = values.fitted(one, length)
    assert len(short) <= length
    assert (short == one) == (len(one) <= length)
    assert (short == values.fitted(other, length)) == (one == other)


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        (None, None), ("", []), ("no tag", []), ("#one and #Two, #one", ["one", "Two"]), ("(#in) #a#b", ["in", "a"]),
        ("#2026 #1st #a_b", ["1st", "a_b"]), ("https://example.com/#top a#b &#39; ##x", []),
        ("Größe #größer #新製品 \uff03全角", ["größer", "新製品", "全角"]),
    ],
)  # fmt: skip
def test_hashtags(said, tags):
    assert hashtags(said) == tags


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (None, None), ("mail me@example.com", []),
        ("@acme, @globex.bsky.social. @acme", ["acme", "globex.bsky.social"]),
        ("@@x @ y https://x.com/@z", []), ("thanks @a_b! (@c-d)", ["a_b", "c-d"]),
    ],
)  # fmt: skip
def test_mentions(said, names):
    assert mentions(said) == names


@given(st.text(alphabet="#@a1. _新&/"))
def test_no_text_is_too_odd_for_tags(said):
    assert all(f"#{tag}" in said for tag in hashtags(said))
    assert all(f"@{name}" in said for name in mentions(said))


@pytest.mark.parametrize(
    ("network", "item", "expected"),
    [
        ("instagram", {"mediaType": "VIDEO", "mediaProductType": "REELS"}, ("VIDEO", "reel")),
        ("instagram", {"mediaType": "CAROUSEL_ALBUM", "mediaProductType": "FEED"}, ("CAROUSEL_ALBUM", "carousel")),
        ("threads", {"mediaType": "TEXT_POST", "mediaProductType": "THREADS"}, ("TEXT_POST", "text")),
        ("facebook", {"statusType": "added_photos"}, ("added_photos", "image")),
        ("facebook", {"statusType": "mobile_status_update"}, ("mobile_status_update", None)),
        ("pinterest", {"media": {"media_type": "video"}}, ("video", "video")),
        ("tiktok", {"mediaType": 3}, ("3", None)),
        ("bluesky", {"mediaType": "IMAGE"}, (None, None)),
        ("linkedin", {}, (None, None)),
    ],
)
def test_a_format_is_never_guessed(network, item, expected):
    found = format_of(network, item)
    assert (found["media_type"], found["format"]) == expected
