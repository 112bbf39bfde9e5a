"""Messages that don't pass through the SDK's own writing are what it would have written."""

import contextlib
import io
import json
import re
from decimal import Decimal

import pytest

from tap_ayrshare.singer.output import SingerOutput
from tap_ayrshare.singer.tap import TapAyrshare
from tests.world import CONFIG, World, posts

RECORD = {
    "profile": "primary", "post_id": "p1", "likes": 3, "reach": None, "rate": Decimal("0.1234567890123456789012345"),
    "analytics": {"a": [1, 2.5, None, {"b": "ü \u2028 \U0001f600 </script>"}], "big": 10**40}, "is_new": True,
}  # fmt: skip
TIME = re.compile(r'"time_extracted":"[^"]+"')


def stream(**config):
    tap = TapAyrshare(config={**CONFIG, **config})
    return tap, tap.streams["post_analytics"]


def written(write):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        write(json.loads(json.dumps(RECORD, default=str), parse_float=Decimal) | RECORD)
    return out.getvalue()


@pytest.mark.parametrize("with_catalog", [False, True])
def test_a_record_as_it_is_is_what_the_sdk_would_write(with_catalog):
    tap, plain = stream()
    if with_catalog:
        plain = TapAyrshare(config=CONFIG, catalog=tap.catalog_dict).streams["post_analytics"]
    assert plain._is_as_it_is
    ours, theirs = written(plain.write), written(plain._write_record_message)
    assert TIME.sub("", ours) == TIME.sub("", theirs)
    assert len(TIME.findall(ours)) == len(TIME.findall(theirs)) == 1
    assert len(TIME.findall(ours)[0]) == len(TIME.findall(theirs)[0])


@pytest.mark.parametrize(
    "config",
    [
        {"stream_maps": {"post_analytics": {"analytics": "__NULL__"}}},
        {"stream_maps": {"post_analytics": {"__alias__": "renamed"}}},
        {"flattening_enabled": True, "flattening_max_depth": 1},
    ],
)
def test_records_with_maps_pass_through_the_sdk(config):
    _, mapped = stream(**config)
    assert not mapped._is_as_it_is


def test_a_deselected_column_passes_through_the_sdk():
    tap, _ = stream()
    catalog = tap.catalog_dict
    entry = next(one for one in catalog["streams"] if one["tap_stream_id"] == "post_analytics")
    next(m for m in entry["metadata"] if m["breadcrumb"] == ["properties", "reach"])["metadata"]["selected"] = False
    chosen = TapAyrshare(config=CONFIG, catalog=catalog).streams["post_analytics"]
    assert not chosen._is_as_it_is
    assert "reach" not in json.loads(written(chosen.write))["record"]


def test_a_state_is_what_the_sdk_would_write_and_comes_once():
    output = World(posts(3)).run("posts")
    states = [line for line in output.raw.splitlines() if line.startswith('{"type":"STATE"')]
    assert states == list(dict.fromkeys(states))
    tap = TapAyrshare(config=CONFIG, state=output.state)
    with contextlib.redirect_stdout(io.StringIO()) as ours:
        out = SingerOutput(tap, [])
        out.write_state()
        out.write_state()
    with contextlib.redirect_stdout(io.StringIO()) as theirs:
        tap.state_writer.write_state(json.loads(ours.getvalue())["value"])
    assert ours.getvalue() == theirs.getvalue()
