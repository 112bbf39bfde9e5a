"""What comes in before the first request: settings, states, catalogs, files."""

import json
import random
from copy import deepcopy
from importlib.metadata import version

import pytest

from tests.mutations import mutated
from tests.support import discover, examples
from tests.world import CONFIG, START, World, posts, read

CASES, PARTS = examples(1000), 2
PROFILES = [{"name": "acme", "profile_key": "key-of-acme-001"}, {"name": "globex", "profile_key": "key-of-globex-01"}]


@pytest.fixture(scope="session")
def catalog():
    return discover()


@pytest.fixture
def door(tmp_path):
    """Run the command line on files that hold these contents; bytes and text go in as they are."""
    world = World(posts(2), {"facebook": [("f-1", START)]})

    def enter(config=CONFIG, state=None, catalog=None, **environment):
        args = []
        for option, content in (("--config", config), ("--state", state), ("--catalog", catalog)):
            if content is not None:
                path = tmp_path / f"{option[2:]}.json"
                plain = content if isinstance(content, (str, bytes)) else json.dumps(content)
                path.write_bytes(plain if isinstance(plain, bytes) else plain.encode("utf-8", "surrogatepass"))
                args += [option, str(path)]
        return world.command(*args, **environment)

    enter.world = world
    return enter


def error_of(output) -> str:
    """Return the only error line of a run that has asked nothing."""
    lines = [line for line in output.log.splitlines() if line.startswith(("ERROR", "CRITICAL"))]
    assert output.code == 2
    assert len(lines) == 1, output.log
    assert "Traceback" not in output.log
    return lines[0]


def warnings_of(output) -> list[str]:
    return [line for line in output.log.splitlines() if line.startswith("WARNING") and "contract" not in line]


def bookmark(stream, **values):
    return {"bookmarks": {stream: {"partitions": [{"context": {"profile": "primary"}, **values}]}}}


# Files

DEEP = "[" * 100_000 + "]" * 100_000


LEVELS = '{"a":' * 60 + "1" + "}" * 60


@pytest.mark.parametrize("content", ["{", "[]", b"\xff\xfe", DEEP, LEVELS, '{"a": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("option", ["config", "state", "catalog"])
def test_a_file_that_is_no_json_object_is_one_line_that_names_it(door, option, content):
    line = error_of(door(**{option: content}))
    assert f"--{option}: " in line or "api_key" in line
    assert door.world.requests == []


def test_a_settings_file_that_is_not_there_is_named(door, tmp_path):
    for path, hint in (("nothere.json", ""), ("env", "; did you mean --config ENV?"), (str(tmp_path), "a directory")):
        line = error_of(door.world.command("--config", path))
        assert f"--config: there is no file {path}{hint}" in line or f"can't read {path}: Is {hint}" in line


def test_a_key_in_the_environment_alone_needs_an_option(door):
    line = error_of(door.world.command(TAP_AYRSHARE_API_KEY=CONFIG["api_key"]))
    assert "api_key is in the environment: add --config ENV" in line
    assert "add --config ENV" not in error_of(door.world.command())
    # Meltano sets the variables too, beside a file with all settings.
    assert door(TAP_AYRSHARE_API_KEY=CONFIG["api_key"]).code == 0


def test_a_state_names_the_version_that_wrote_it(door):
    written = door().state
    assert written["tap_version"] == version("tap-ayrshare")
    assert door(state=written).code == 0
    unknown = {"bookmarks": {"stream_of_tomorrow": {}}}
    line = error_of(door(state={**unknown, "tap_version": "99.1.0"}))
    assert "the state was written by tap-ayrshare 99.1.0, which is newer than this one; upgrade" in line
    assert "stream_of_tomorrow" in line
    for older in ("0.0.1", "nonsense", 5, None):
        assert "newer" not in error_of(door(state={**unknown, "tap_version": older}))
    assert door(state={**written, "tap_version": "99.1.0"}).code == 0


def test_an_empty_state_file_is_a_warning(door):
    for empty in ("", " \n"):
        output = door(state=empty)
        assert output.code == 0
        assert any("state.json is empty" in line for line in warnings_of(output))


def test_a_catalog_without_anything_to_read_is_an_error(door, catalog):
    for empty in ("", " \n", {"streams": []}):
        assert "catalog" in error_of(door(catalog=empty))
    unselected = select(catalog)
    assert "no stream is selected" in error_of(door(catalog=unselected))
    assert door.world.requests == []


# Catalogs


def select(catalog, *names):
    chosen = deepcopy(catalog)
    for stream in chosen["streams"]:
        root = next(item["metadata"] for item in stream["metadata"] if item["breadcrumb"] == [])
        root["selected"] = stream["stream"] in names
    return chosen


def test_a_saved_catalog_without_a_required_column_gets_it_back(door, catalog):
    saved = select(catalog, "posts")
    stream = next(stream for stream in saved["streams"] if stream["stream"] == "posts")
    stream["schema"]["properties"] = {"text": {"type": ["string", "null"]}}
    stream["key_properties"] = ["text"]
    stream["metadata"] = [item for item in stream["metadata"] if item["breadcrumb"] == []]
    output = door(catalog=saved).check()
    assert output.code == 0
    (schema,) = [m for m in output.messages if m["type"] == "SCHEMA"]
    assert schema["key_properties"] == ["profile", "post_id"]
    assert {"profile", "post_id", "published_at", "extracted_at", "text"} <= set(schema["schema"]["properties"])
    assert "details" not in schema["schema"]["properties"]
    assert len(read(output, "posts")) == 2


def test_a_key_cannot_be_deselected(door, catalog):
    saved = select(catalog, "posts")
    stream = next(stream for stream in saved["streams"] if stream["stream"] == "posts")
    stream["metadata"] = [
        {"breadcrumb": [], "metadata": {"selected": True}},
        {"breadcrumb": ["properties", "post_id"], "metadata": {"selected": False}},
        {"breadcrumb": ["properties", "text"], "metadata": {"selected": False}},
    ]
    output = door(catalog=saved).check()
    assert output.code == 0
    assert all("post_id" in record and "text" not in record for record in output.records("posts"))


def test_an_unknown_stream_in_a_catalog_is_a_warning(door, catalog):
    saved = select(catalog, "posts")
    saved["streams"].append({"tap_stream_id": "retired", "stream": "retired", "schema": {}, "metadata": []})
    output = door(catalog=saved)
    assert output.code == 0
    assert any("unknown streams are ignored: retired" in line for line in warnings_of(output))


@pytest.mark.parametrize(
    "wrong",
    [{"streams": {}}, {}, {"streams": ["posts"]}, {"streams": [{"schema": {}}]},
     {"streams": [{"tap_stream_id": "posts", "schema": []}]},
     {"streams": [{"tap_stream_id": "posts", "schema": {"properties": {"text": "string"}}}]},
     {"streams": [{"tap_stream_id": "posts", "metadata": {}}]},
     {"streams": [{"tap_stream_id": "posts", "metadata": [{"breadcrumb": "properties"}]}]},
     {"streams": [{"tap_stream_id": "posts", "metadata": [{"breadcrumb": [], "metadata": {"selected": "yes"}}]}]},
     {"streams": [{"tap_stream_id": "posts"}, {"tap_stream_id": "posts"}]}],
)  # fmt: skip
def test_a_catalog_of_a_wrong_shape_is_one_line(door, wrong):
    assert "--catalog: invalid: " in error_of(door(catalog=wrong))


@pytest.mark.parametrize(
    "config",
    [{"stream_maps": "x"}, {"stream_maps": []}, {"stream_maps": {"posts": {"x": "nothing("}}},
     {"stream_maps": {"posts": {"x": "unknown_name"}}}, {"stream_maps": {"posts": 7}},
     {"flattening_enabled": True, "flattening_max_depth": "x"}, {"flattening_enabled": "x"}],
)  # fmt: skip
def test_stream_maps_and_flattening_that_cannot_be_used_are_one_line(door, config):
    line = error_of(door(config={**CONFIG, **config}))
    assert f"setting '{max(config)}'" in line


# States

ENDS = ["0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59Z", "1969-12-31"]


@pytest.mark.parametrize("date", ENDS)
@pytest.mark.parametrize(
    ("stream", "values"),
    [("posts", {"replication_key_value": "DATE"}), ("posts", {"since": "DATE"}), ("posts", {"open_since": "DATE"}),
     ("posts", {"gaps": [["DATE", "2026-01-01"]]}), ("post_analytics", {"replication_key_value": "DATE"}),
     ("post_analytics", {"platforms": {"facebook": {"date": "DATE"}}}),
     ("post_analytics", {"left_over": {"listed_at": "DATE", "posts": [["2026-01-01", "p", "facebook"]]}}),
     ("social_posts", {"platforms": {"facebook": "DATE"}}), ("social_analytics", {"replication_key_value": "DATE"}),
     ("social_analytics_daily", {"platforms": {"facebook": "DATE"}}),
     ("social_post_analytics", {"platforms": {"facebook": {"date": "DATE"}}}),
     ("link_analytics", {"replication_key_value": "DATE"})],
)  # fmt: skip
def test_dates_at_the_ends_of_the_calendar_are_refused(door, stream, values, date):
    state = json.loads(json.dumps(bookmark(stream, **values)).replace("DATE", date))
    line = error_of(door(state=state))
    assert f"invalid state: {stream} of profile 'primary'" in line
    assert door.world.requests == []


@pytest.mark.parametrize("rubbish", ["rubbish", 7, ["x"], None])
@pytest.mark.parametrize(
    "stream", ["social_posts", "social_analytics_daily", "post_analytics", "social_post_analytics"]
)
def test_rubbish_for_a_network_is_refused(door, stream, rubbish):
    line = error_of(door(state=bookmark(stream, platforms={"facebook": rubbish})))
    assert stream in line


def test_a_bookmark_without_partitions_is_not_ignored(door):
    state = {"bookmarks": {"posts": {"replication_key": "published_at", "since": "2026-01-01"}}}
    assert "posts has neither partitions nor a value" in error_of(door(state=state))
    assert door(state={"bookmarks": {"posts": {}}}).code == 0


def test_a_bookmark_in_the_future_ends_a_run_that_has_read_everything_else(door):
    output = door(state=bookmark("post_analytics", replication_key_value="2027-01-01"))
    assert output.code == 2
    assert "this bookmark is in the future: 2027-01-01 (post_analytics of profile primary)" in output.last_line
    assert output.bookmark("posts")
    assert any("primary, post_analytics" in line and "2027-01-01" in line for line in warnings_of(output))
    ahead = {"facebook": {"date": "2027-01-01"}}
    output = door(state=bookmark("social_post_analytics", platforms=ahead))
    assert output.code == 2
    assert "2027-01-01 (social_post_analytics on facebook of profile primary)" in output.last_line
    assert any("social_post_analytics on facebook" in line and "2027-01-01" in line for line in warnings_of(output))


def test_a_primary_profile_that_leaves_the_sync_is_a_warning(door):
    config = {**CONFIG, "profiles": PROFILES, "include_primary_profile": False}
    output = door(config=config, state=bookmark("posts", replication_key_value="2026-01-01"))
    assert any("the primary profile" in line for line in warnings_of(output))
    first = door(config=config)
    assert not any("the primary profile" in line for line in warnings_of(first))
    # GET /profiles is asked with the key of the account, whose bookmarks don't make it a profile that was read.
    assert not any("the primary profile" in line for line in warnings_of(door(config=config, state=first.state)))


# Settings


def test_unknown_names_are_warnings_with_the_nearest_name(door):
    profiles = [{**PROFILES[0], "profil_key": "x"}]
    config = {**CONFIG, "profiles": profiles, "start_dat": "2026-01-01", "look_back_days": 3}
    output = door(config=config, TAP_AYRSHARE_PLATFORM="facebook")
    warnings = "\n".join(warnings_of(output))
    for name, nearest in (
        ("'profil_key'", "'profile_key'"), ("'start_dat'", "'start_date'"),
        ("'look_back_days'", "'lookback_days'"), ("'TAP_AYRSHARE_PLATFORM'", "'TAP_AYRSHARE_PLATFORMS'"),
    ):  # fmt: skip
        assert f"{name} is unknown and ignored; did you mean {nearest}?" in warnings


@pytest.mark.parametrize(
    "wrong",
    [{"shard": CONFIG["api_key"]}, {"start_date": CONFIG["api_key"]}, {"platforms": [CONFIG["api_key"]]},
     {"post_ids": [{"id": "p", "profile": CONFIG["api_key"]}]}, {"on_error": CONFIG["api_key"]},
     {"profiles": [{"name": CONFIG["api_key"], "profile_key": "key-of-acme-001"}]},
     {CONFIG["api_key"]: 1}, {"start_date": "key-of-acme-001", "profiles": PROFILES}],
)  # fmt: skip
def test_a_key_in_the_wrong_place_is_not_shown(door, wrong):
    output = door(config={**CONFIG, **wrong})
    assert CONFIG["api_key"] not in output.log + output.raw
    assert "key-of-acme-001" not in output.log + output.raw


def test_a_key_in_a_state_or_catalog_is_not_shown(door, catalog):
    key = CONFIG["api_key"]
    for state in ({"bookmarks": {key: {}}}, bookmark("posts", replication_key_value=key)):
        assert key not in door(state=state).log
    chosen = select(catalog, "posts")
    chosen["streams"].append({"tap_stream_id": key})
    assert key not in door(catalog=chosen).log


# Anything at all

FULL_CONFIG = {
    **CONFIG, "profiles": PROFILES, "start_date": "2026-01-01", "platforms": ["facebook", "twitter"], "shard": "1/1",
    "post_ids": [{"id": "p0001", "profile": "acme"}, "p0000"], "social_post_ids": [{"platform": "facebook", "id": "1"}],
    "refresh_schedule": [{"max_age_days": 7, "every_days": 1}], "lookback_days": 3, "request_budget": 30,
    "on_error": "skip", "stream_maps": {"posts": {"text": "text"}}, "flattening_enabled": False,
    "flattening_max_depth": 2, "api_url": "https://api.example.com/api", "request_timeout": 5, "user_agent": "test",
    "x_daily_requests": 10, "rate_limit_reserve": 0.1, "max_concurrency": 4, "link_last_days": 7,
}  # fmt: skip


def full_state() -> dict:
    """Return a state with every part that one can have."""
    world = World(posts(40, networks=("facebook", "twitter")), {"facebook": [("f-1", START)]}, ("facebook", "twitter"))
    state = world.run(request_budget=25).state
    pass_of_x = {"slices": [["2026-11-01", "~", "2026-10-01", "p", "2026-11-01", "7:1"]], "date": "2026-10-30"}
    for stream, more in (
        ("posts", {"gaps": [["2026-01-01", "2026-01-02"]], "open_since": "2026-10-01", "deleted_since": "2026-10-30"}),
        ("post_analytics", {"deferred": [["2026-10-30", "p0001", "2026-10-31"]], "platforms": {"twitter": pass_of_x}}),
        ("social_posts", {"pages": {"facebook": ["500", "2026-11-01"]}, "platforms": {"facebook": "2026-10-01"}}),
        ("social_analytics_daily", {"platforms": {"facebook": "2026-10-01"}, "read_on": {"facebook": "2026-10-01"}}),
    ):
        partitions = state["bookmarks"].setdefault(stream, {"partitions": [{"context": {"profile": "primary"}}]})
        partitions["partitions"][0].update(more)
    return state


@pytest.mark.random
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("what", ["config", "state", "catalog"])
def test_whatever_comes_in_a_run_or_one_line_comes_out(door, catalog, what, part):
    small = select(catalog, "posts", "post_analytics", "social_posts")
    for stream in small["streams"]:
        stream["schema"]["properties"] = dict(list(stream["schema"]["properties"].items())[:6])
        stream["metadata"] = stream["metadata"][:6]
    whole = {"config": FULL_CONFIG, "state": full_state(), "catalog": small}
    for number in range(part, CASES, PARTS):
        content = mutated(whole[what], random.Random(f"{what} {number}"))
        files = {"config": CONFIG, "catalog": small, what: content}
        try:
            output = door(**files)
            if what != "catalog":
                # Whoever changes a column's type in a catalog wants the schema to say so.
                output.check()
            if output.code:
                error_of(output)
            else:
                assert "Traceback" not in output.log
                assert "please report" not in output.log
        except BaseException:
            print(f"{what} {number}: {content!r}")  # noqa: T201 - which one it was
            raise
