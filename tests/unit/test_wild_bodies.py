"""Whatever the API answers, a run ends as a run should: no bug, valid records, nothing of a body lost."""

import contextlib
import io
import json
import logging
import random
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_ayrshare.engine import retry, transport
from tap_ayrshare.engine.errors import TapError
from tap_ayrshare.singer.tap import TapAyrshare
from tests.mutations import mutated
from tests.support import ROOT, examples
from tests.world import START, World, posts

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.decimals(-(10**6), 10**6, places=7).map(float)
    | st.text(max_size=12)
    | st.sampled_from(["pending", "failed", "success", "error", "2026-11-01T10:00:00Z", "12", "-1", "\0", "\ud800"])
)
keys = st.text(max_size=8) | st.sampled_from(
    ["id", "status", "code", "message", "analytics", "errors", "platform", "created", "values", "endTime", "value",
     "likeCount", "postIds", "platforms", "scheduleDate", "type", "followers", "publicMetrics", "warning", "posts"]
)  # fmt: skip
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
)
blocks = values | st.fixed_dictionaries({"id": values, "analytics": values}, optional={"lastUpdated": values})
bodies = st.fixed_dictionaries(
    {
        "/user": values | st.just({"activeSocialAccounts": ["facebook", "youtube"], "displayNames": [{}]}),
        "/profiles": values | st.fixed_dictionaries({"profiles": st.lists(values, max_size=3)}),
        "/history": values
        | st.fixed_dictionaries(
            {
                "history": st.lists(
                    values
                    | st.fixed_dictionaries(
                        {"id": values, "created": st.just("2026-11-01T10:00:00Z"), "platforms": st.just(["facebook"])},
                        optional={"postIds": values, "status": values, "scheduleDate": values, "type": values},
                    ),
                    max_size=4,
                )
            }
        ),
        "/history/facebook": values | st.fixed_dictionaries({"posts": st.lists(values, max_size=4)}),
        "/history/youtube": values | st.fixed_dictionaries({"posts": st.lists(values, max_size=4), "meta": values}),
        "/analytics/post": values | st.fixed_dictionaries({"facebook": blocks}, optional={"errors": values}),
        "/analytics/social": values | st.fixed_dictionaries({"facebook": blocks, "youtube": blocks}),
        "/analytics/links": values | st.lists(values, max_size=4),
        "/analytics/youTubePlaylists": values | st.fixed_dictionaries({"playLists": st.lists(values, max_size=3)}),
    }
)


@pytest.fixture
def _quick(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_BACKOFF", 0)
    logging.getLogger("tap_ayrshare").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("tap_ayrshare").setLevel(logging.NOTSET)


def run(answers: dict) -> tuple[list[dict], dict, TapError | None]:
    """Run the tap on these bodies; return its messages, the tap's streams and what ended it."""
    raw = {path: json.dumps(body).encode() for path, body in answers.items()}

    async def send(_client, request, _headers):
        return 200, {}, raw.get(request.path, b"{}")

    original, transport.Client.send = transport.Client.send, send
    out, ended = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(out):
            config = {"api_key": "key-key-key", "rate_limit_requests": 10**6, "rate_limit_window_seconds": 0.01}
            tap = TapAyrshare(config=config)
            try:
                tap.sync_all()
            except TapError as error:
                ended = error
    finally:
        transport.Client.send = original
    return [json.loads(line, parse_float=Decimal) for line in out.getvalue().splitlines()], tap.streams, ended


def cleaned(value):
    """A body as it must arrive: without U+0000, with U+FFFD in place of a lone surrogate."""
    text = json.dumps(json.loads(json.dumps(value).replace("\\u0000", "")), ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), parse_float=Decimal)


def leaf_paths(value, path=()):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaf_paths(item, (*path, key))
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from leaf_paths(item, (*path, position))
    else:
        yield path, json.dumps(value, default=str)


@pytest.mark.usefixtures("_quick")
@settings(
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bodies)
def test_no_body_is_a_bug_and_every_record_is_valid(answers):
    messages, streams, ended = run(answers)
    assert ended is None or "unexpected" not in str(ended)
    keys = set()
    for message in messages:
        if message["type"] != "RECORD":
            continue
        stream, record = message["stream"], message["record"]
        validator = jsonschema.Draft202012Validator(streams[stream].schema)
        assert not [error.message for error in validator.iter_errors(record)], (stream, record)
        key = (stream, *(record[column] for column in streams[stream].primary_keys))
        assert all(part != "" for part in key)
        assert key not in keys
        keys.add(key)


@pytest.mark.usefixtures("_quick")
@settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(keys, values, min_size=1, max_size=8).filter(
        lambda body: "status" not in body and "code" not in body
    )
)
def test_every_leaf_of_a_network_s_object_arrives(analytics):
    post = {"id": "p", "created": "2026-11-01T10:00:00Z", "platforms": ["facebook"]}
    answers = {
        "/user": {"activeSocialAccounts": ["facebook"]},
        "/history": {"history": [post]},
        "/analytics/post": {"facebook": {"id": "f", "analytics": analytics}, "status": "success"},
        "/analytics/social": {"facebook": {"analytics": analytics}, "status": "success"},
    }
    messages, _, _ = run(answers)
    expected = dict(leaf_paths(cleaned(analytics)))
    for stream in ("post_analytics", "social_analytics"):
        (record,) = [m["record"] for m in messages if m["type"] == "RECORD" and m["stream"] == stream]
        assert dict(leaf_paths(record["analytics"])) == expected


CASES, PARTS = examples(1000), 2
SAMPLES = {path.stem: json.loads(path.read_text()) for path in (ROOT / "sandbox" / "bodies").glob("*.json")}


@pytest.mark.random
@pytest.mark.parametrize("part", range(PARTS))
def test_a_changed_body_costs_its_own_request_at_most(part):
    """Bodies as the API is known to answer, each with something changed, in every place where one comes."""
    linked = ("facebook", "twitter", "youtube")
    world = World(posts(2, networks=linked), {n: [(f"{n}-1", START)] for n in linked}, linked)
    paths = ["/user", "/profiles", "/history", "/history/facebook", "/history/twitter", "/analytics/post",
             "/analytics/social", "/analytics/links", "/analytics/youTubePlaylists"]  # fmt: skip
    samples = sorted(SAMPLES)
    for number in range(part, CASES, PARTS):
        chance = random.Random(f"body {number}")
        wrong = chance.choice(paths)

        def fault(path, given, chance=chance, wrong=wrong):
            if path != wrong:
                return None
            status, body = world.answer(path, given)
            body = chance.choice([body, body, SAMPLES[chance.choice(samples)]])
            return chance.choice([status, status, 200, 400, 500]), mutated(body, chance)

        world.fault = fault
        try:
            output = world.run().check()
            assert output.code in (0, 1)
            assert "Traceback" not in output.log
            assert "please report" not in output.log
        except BaseException:
            print(f"body {number} of {wrong}")  # noqa: T201 - which one it was
            raise
