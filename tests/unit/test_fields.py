"""What the contract knows of the API's bodies, and how departures from it are told."""

import json
import logging
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import bodies
from tap_ayrshare.ayrshare.contract import NETWORKS, load
from tap_ayrshare.ayrshare.drift import MOST_LOGGED, Drift
from tap_ayrshare.ayrshare.fields import (
    NETWORK_BODIES,
    NEW,
    TYPE,
    Departure,
    declared,
    departures,
    json_type,
    known_fields,
)

PUBLISHED = json.loads((Path(__file__).parent.parent / "data" / "published_fields.json").read_text())["fields"]
TYPES = {"array", "boolean", "integer", "number", "object", "string"}
SOURCES = {"docs", "third parties", "scripts", "docs, scripts", "inferred", "scripts, commented out"}
NUMBERS = {"integer", "number"}


def found(value, body="post", network="facebook"):
    return list(departures(value, known_fields(body, network)))


# The data


def test_every_field_says_type_source_and_what_it_is():
    described = 0
    for network, body in [(n, b) for n in NETWORKS for b in sorted(NETWORK_BODIES)] + [
        (None, b) for b in load("bodies.json")
    ]:
        for path, entry in declared(body, network).items():
            described += 1
            types = {entry["type"]} if isinstance(entry["type"], str) else set(entry["type"])
            assert types <= TYPES, path
            assert entry["source"] in SOURCES, path
            assert len(entry["description"]) > 3, path
            assert "unit" in entry or types & {"array", "object"}, path
            assert not types & NUMBERS or entry["unit"] not in ("text", "URL", "time"), path
    assert described > 800


def test_every_published_field_is_known():
    missing = []
    count = 0
    for body, by_network in PUBLISHED.items():
        for network, lists in by_network.items():
            known = declared(body, None if network == "all" else network)
            for path in [*lists["asserted"], *lists.get("commented", [])]:
                count += 1
                if path not in known and not any(each.startswith((f"{path}.", f"{path}[")) for each in known):
                    missing.append((body, network, path))
    assert missing == []
    assert count > 450


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_what_the_mapping_reads_is_known_and_a_number(network):
    metrics = load("metrics.json")
    for section in ("post", "native", "account"):
        for column, entry in metrics[section].get(network, {}).items():
            for path in entry["paths"]:
                known = declared(section, network)[path]
                assert known["type"] in NUMBERS, (section, column, path)
                assert known["unit"] == entry["unit"], (section, column, path)


def test_the_sandbox_invents_no_field():
    for level, body in (("post", "post"), ("native", "native"), ("account", "account")):
        for name, analytics in bodies.load(level).items():
            network = name.split("_")[0]
            for one in analytics if isinstance(analytics, list) else [analytics]:
                inner = one.get("analytics", one) if body != "native" else one
                for item in inner if isinstance(inner, list) else [inner]:
                    kinds = [each for each in found(item, body, network) if each.kind == NEW]
                    assert kinds == [], (level, name)


# Departures


def test_new_fields_and_other_types():
    assert found({"likeCount": 3, "reactions": {"like": 1, "angry": 2}, "mediaUrls": []}) == []
    assert found({"brandNew": {"a": 1}}) == [Departure(NEW, "brandNew", "object")]
    assert found({"likedBy": [{"id": "1", "age": 3}, {"age": 4}]}) == [Departure(NEW, "likedBy[].age", "integer")] * 2
    assert found({"likeCount": [1]}) == [Departure(TYPE, "likeCount", "array", ("integer",))]
    assert found({"likeCount": 2.5}) == [Departure(TYPE, "likeCount", "number", ("integer",))]
    assert found({"likeCount": "many"}) == [Departure(TYPE, "likeCount", "string", ("integer",))]
    assert found({"reactions": {"like": True}}) == [Departure(TYPE, "reactions.like", "boolean", ("integer",))]
    assert found({"reactions": {"care": "x"}}) == [Departure(TYPE, "reactions{}", "string", ("integer",))]


@pytest.mark.parametrize("value", [None, 0, -1, "12", " 7 ", Decimal("3.0"), 10**30])
def test_what_a_count_may_be(value):
    assert found({"likeCount": value}) == []


def test_a_daily_series_stands_in_place_of_a_number():
    series = {"period": "day", "total": 4, "values": [{"value": 4, "endTime": "2026-11-01T08:00:00+0000"}]}
    assert found({"pageFollows": series}, "account") == []
    series["values"][0]["extra"] = 1
    assert found({"pageFollows": series}, "account") == [Departure(NEW, "pageFollows.values[].extra", "integer")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["likeCount", "reactions", "values", "media"]), inner)
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from(sorted(NETWORKS)), st.sampled_from(sorted(NETWORK_BODIES)))
def test_no_body_is_too_odd(value, network, body):
    for departure in departures(value, known_fields(body, network)):
        assert departure.kind in (NEW, TYPE)
        assert departure.seen in TYPES | {"null"}


def test_a_huge_exponent_costs_nothing():
    assert json_type(Decimal("1e999999999")) == "integer"


# What a run says of them


def test_each_field_is_told_once(caplog):
    drift = Drift()
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            drift.look_at("post_analytics", "post", "facebook", {"brandNew": 1, "likeCount": "x"})
        drift.look_at("post_analytics", "block", "facebook", {"brandNew": 1})
        drift.look_at("accounts", "display_name", "mastodon", {"id": "1"})
    assert [record.getMessage() for record in caplog.records] == [
        "post_analytics, facebook: the contract doesn't have the field brandNew (integer)",
        "post_analytics, facebook: the type of the field likeCount is string, the contract says integer",
        "post_analytics, facebook: the contract doesn't have the field block.brandNew (integer)",
        "accounts, mastodon: the contract doesn't have the field platform (string)",
    ]
    drift.look_at("social_analytics_daily", "account", "facebook", {"brandNew": 1}, is_kept=False)
    assert drift.summary() == (
        "the API sent 4 fields that the contract doesn't have, 1 of them in answers around the records: "
        "post_analytics facebook brandNew, post_analytics facebook block.brandNew, accounts mastodon platform, "
        "social_analytics_daily facebook brandNew; "
        "1 field of another type than the contract says: post_analytics facebook likeCount"
    )


def test_keys_that_are_data_do_not_fill_the_log(caplog):
    drift = Drift()
    with caplog.at_level(logging.INFO):
        drift.look_at("post_analytics", "post", "facebook", {f"user-{n}\n": n for n in range(500)})
    assert len(caplog.records) == MOST_LOGGED + 1
    assert caplog.records[-1].getMessage().startswith("post_analytics, facebook: more fields depart")
    assert all("\n" not in record.getMessage() for record in caplog.records)
    assert drift.summary().endswith(", and 181 more (see the lines above)")
    assert len(drift.summary()) < 1_000
