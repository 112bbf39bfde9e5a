"""Files and environment variables as editors, shells, Docker, Kubernetes and Windows leave them."""

import json
import os
from unittest import mock

import pytest

from tap_ayrshare.config.environment import plain, variables
from tap_ayrshare.config.files import NoSuchFile, UnusableFile, json_file
from tap_ayrshare.config.nearest import hint
from tap_ayrshare.config.settings import DEFINITION, Settings
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.singer.command import log_level
from tests.world import CONFIG, World, posts

MEANT = {"name": "M\u00fcller"}
TEXT = json.dumps(MEANT, ensure_ascii=False)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (TEXT.encode(), MEANT),
        (b"\xef\xbb\xbf" + TEXT.encode(), MEANT),
        (TEXT.encode().replace(b" ", b"\r\n"), MEANT),
        (json.dumps(MEANT).encode("ascii"), MEANT),
        (b"", None),
        (b" \r\n", None),
        (b"\xef\xbb\xbf", None),
    ],
)
def test_a_file_is_utf_8_with_or_without_a_byte_order_mark(tmp_path, raw, value):
    path = tmp_path / "file.json"
    path.write_bytes(raw)
    assert json_file(str(path)) == value


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (TEXT.encode("utf-16"), "it isn't UTF-8 text but UTF-16; save it as UTF-8"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (b'{"a": 1,\n "name": "M\xfcller"}', "it isn't UTF-8 text: byte 0xfc in line 2"),
        (b'{\n  "a": 1\n  "b": 2\n}', "this isn't valid JSON: Expecting ',' delimiter (line 3, column 3)"),
        (b'{"a": 1,\n}', "(line 2, column 1)" if os.sys.version_info < (3, 13) else "(line 1, column 8)"),
        (b"{'a': 1}", "(line 1, column 2)"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 60 + b"]" * 60, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "a number has too many digits"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, raw, says):
    path = tmp_path / "file.json"
    path.write_bytes(raw)
    with pytest.raises(UnusableFile) as caught:
        json_file(str(path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_that_leads_nowhere(tmp_path):
    with pytest.raises(NoSuchFile):
        json_file(str(tmp_path / "no.json"))
    for path in (str(tmp_path), "a\0b", "~no-such-user/a.json"):
        with pytest.raises(UnusableFile):
            json_file(path)


# The command line


@pytest.fixture
def given(tmp_path):
    """Write the files of a run, run the command line, and return what it said; `config` is the settings."""
    world = World(posts(3))

    def run(config=CONFIG, state=None, catalog=None, **environment):
        arguments = []
        for option, content in (("config", config), ("state", state), ("catalog", catalog)):
            if content is not None:
                path = tmp_path / f"{option}.json"
                path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
                arguments += [f"--{option}", str(path)]
        return world.command(*arguments, **environment)

    run.world = world
    return run


@pytest.mark.parametrize("option", ["config", "state", "catalog"])
@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"a": 1,\n "b"}', "this isn't valid JSON: Expecting ':' delimiter (line 2, column 5)"),
        (json.dumps({"a": 1}).encode("utf-16"), "UTF-16; save it as UTF-8"),
        (b'{"a": "\xfc"}', "byte 0xfc in line 1"),
        (b"[1]", "isn't a JSON object"),
    ],
)
def test_every_option_says_what_is_wrong_with_its_file(given, option, raw, says):
    output = given(**{option: raw})
    last = output.log.splitlines()[-1]
    assert output.code == 2
    assert last.startswith(f"ERROR --{option}: ")
    assert f"{option}.json" in last
    assert says in last
    assert not given.world.requests


@pytest.mark.parametrize("option", ["config", "state", "catalog"])
def test_an_unknown_file_is_one_line(given, option):
    output = given.world.command(f"--{option}", "/nowhere/a.json", TAP_AYRSHARE_API_KEY=CONFIG["api_key"])
    assert (output.code, "Usage" in output.log) == (2, False)
    arguments = ["--config", "ENV"] if option != "config" else []
    output = given.world.command(*arguments, f"--{option}", "/nowhere/a.json", TAP_AYRSHARE_API_KEY=CONFIG["api_key"])
    assert output.log.splitlines()[-1] == f"ERROR --{option}: there is no file /nowhere/a.json"


@pytest.mark.parametrize("option", ["config", "state", "catalog"])
def test_an_empty_path_is_not_no_file(given, option):
    output = given.world.command("--config", "ENV", f"--{option}", "", TAP_AYRSHARE_API_KEY=CONFIG["api_key"])
    assert output.code == 2
    assert output.log.splitlines()[-1] == f"ERROR --{option}: must be the path of a JSON file"


def test_settings_in_place_of_a_file_are_not_shown(given):
    output = given.world.command("--config", json.dumps(CONFIG))
    assert output.code == 2
    assert "--config: must be the path of a JSON file, not the object itself" in output.log
    assert CONFIG["api_key"] not in output.log


def test_a_byte_order_mark_is_no_part_of_a_state_or_catalog(given):
    def marked(value):
        return b"\xef\xbb\xbf" + json.dumps(value).encode()

    first = given(config=marked(CONFIG))
    again = given(config=marked(CONFIG), state=marked(first.state))
    assert (first.code, again.code) == (0, 0)
    assert first.records("post_analytics")
    assert not again.records("post_analytics")


def test_a_state_as_meltano_prints_it(given):
    first = given()
    assert given(state={"singer_state": first.state}).state["bookmarks"] == given(state=first.state).state["bookmarks"]
    assert not given(state={"singer_state": first.state}).records("post_analytics")
    assert given(state={"singer_state": {}}).records("post_analytics")
    wrong = given(state={"singer_state": {"bookmarks": {"post_analytic": {}}}})
    assert wrong.code == 2
    assert "which isn't a stream of this tap; did you mean 'post_analytics'?" in wrong.log


def test_the_check_says_how_to_use_a_key_in_the_environment(given):
    hints = [
        given.world.command(*arguments, TAP_AYRSHARE_API_KEY=CONFIG["api_key"]).log for arguments in ((), ("--test",))
    ]
    assert all("api_key is in the environment: add --config ENV" in log for log in hints)


# Catalogs


def test_selected_beside_a_stream_counts_where_its_metadata_do_not_say(given):
    def run(*streams):
        return given(catalog={"streams": list(streams)}).schemas.keys()

    assert run({"stream": "posts", "selected": True}, {"stream": "accounts", "selected": False}) == {"posts"}
    assert run({"stream": "posts", "schema": {"selected": True}}, {"stream": "messages"}) == {"posts"}
    said = [{"breadcrumb": [], "metadata": {"selected": False}}]
    both = {"stream": "accounts", "selected": True, "metadata": said}
    assert run({"stream": "posts", "selected": True}, both) == {"posts"}
    wrong = given(catalog={"streams": [{"stream": "posts", "selected": "true"}]})
    assert wrong.code == 2
    assert "selected of posts isn't true or false" in wrong.log
    # A stream of which nothing is said is as the tap selects it.
    assert run({"stream": "posts"}, {"stream": "auto_schedules"}) == {"posts"}


def test_a_misspelled_stream_of_a_catalog_has_a_hint(given):
    log = given(catalog={"streams": [{"stream": "posts", "selected": True}, {"stream": "acounts"}]}).log
    assert "--catalog: unknown streams are ignored: acounts; did you mean 'accounts'?" in log


# Stream maps


@pytest.mark.parametrize(
    ("maps", "streams"),
    [
        ({"*": {"__alias__": "'raw_' + __stream_name__"}}, {"raw_posts"}),
        ({"*": {"source": "'ayrshare'"}}, {"posts"}),
        ({"comments": {"author_id": None, "author_name": "__NULL__", "comment": None}}, {"posts"}),
        ({"comments": {"no_such_function": "no_such_function(text)"}}, {"posts"}),
        ({"a_*": {"source": "'ayrshare'"}, "posts": {"text": "__NULL__"}}, {"posts"}),
        ({"second_posts": {"__source__": "posts"}}, {"posts", "second_posts"}),
    ],
)
def test_a_map_of_a_stream_that_is_not_selected_does_nothing(given, maps, streams):
    output = given.world.run("posts", stream_maps=maps)
    assert output.code == 0
    assert output.schemas.keys() == streams
    if "*" in maps and "source" in maps["*"]:
        assert {record["source"] for record in output.records("posts")} == {"ayrshare"}


@pytest.mark.parametrize("maps", [{"posts": 7}, {"posts": {"x": "nothing("}}, {"__else__": 5}, {"__other__": None}])
def test_a_map_that_cannot_be_used_is_one_line(given, maps):
    output = given(config={**CONFIG, "stream_maps": maps})
    assert output.code == 2
    assert "setting 'stream_maps'" in output.log.splitlines()[-1]
    assert "Traceback" not in output.log


def test_a_map_that_removes_nothing_is_a_warning(given):
    maps = {"coments": {"author_id": None}, "comments": {"athor_id": "__NULL__", "new": "'x'"}, "*": {"text": None}}
    log = given(config={**CONFIG, "stream_maps": maps}).log
    assert "stream 'coments' is unknown and ignored; did you mean 'comments'?" in log
    assert "comments: column 'athor_id' is unknown and ignored; did you mean 'author_id'?" in log
    assert log.count("is unknown and ignored") == 2


# The environment


@pytest.mark.parametrize(
    ("value", "is_read_as"),
    [
        ("auto", "auto"), (" auto\r", "auto"), ("'auto'\r\n", "auto"), ('"auto"', "auto"), ("\tauto ", "auto"),
        ("' auto '", "auto"), ("", ""), ("''", ""), ('"', '"'), ("'auto", "'auto"), ("'auto\"", "'auto\""),
        ("'a','b'", "'a','b'"), ("'[\"a\"]'", '["a"]'), ('["a"]', '["a"]'), ("''auto''", "''auto''"),
    ],
)  # fmt: skip
def test_white_space_and_one_pair_of_quotes_are_no_part_of_a_value(value, is_read_as):
    assert plain(value) == is_read_as
    with mock.patch.dict(os.environ, {"TAP_AYRSHARE_SHARD": value}):
        assert variables(["shard"]) == ({"shard": is_read_as} if is_read_as else {})


OF_A_SETTING = {
    "bulk_analytics": ["auto\r", "'auto'", "AUTO"], "on_error": ["skip\r", '"skip"'], "lookback_days": ["3\r", "'3'"],
    "include_primary_profile": ["True\r", "YES", "'on'"], "flattening_enabled": ["", " ", "True", "no\r", "'0'"],
    "flattening_max_depth": ["1\r", "'1'", ""], "stream_maps": ["", "'{}'", '{"posts": {"text": null}}\r'],
    "stream_map_config": ["{}\r"], "platforms": ["'facebook'", '["facebook"]\r', ""], "request_budget": ["", "'5'\r"],
    "fail_on": ["'[]'"], "personal_data_streams": ["'[\"comments\"]'\r"], "flattening_separator": ["'.'"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in OF_A_SETTING for value in OF_A_SETTING[name]])
def test_every_setting_is_read_so(given, name, value):
    key = {"TAP_AYRSHARE_API_KEY": f"'{CONFIG['api_key']}'\r", f"TAP_AYRSHARE_{name.upper()}": value}
    key |= {} if name == "flattening_max_depth" else {"TAP_AYRSHARE_FLATTENING_MAX_DEPTH": "1"}
    output = given.world.command("--config", "ENV", **key, TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS="0.01")
    assert output.code == 0, output.log


@pytest.mark.parametrize(
    ("name", "value"),
    [("flattening_enabled", "maybe"), ("flattening_max_depth", "deep"), ("stream_maps", "[]"), ("stream_maps", "{")],
)
def test_a_setting_of_the_sdk_that_cannot_be_used_is_named_without_its_value(given, name, value):
    environment = {"TAP_AYRSHARE_API_KEY": CONFIG["api_key"], f"TAP_AYRSHARE_{name.upper()}": value}
    output = given.world.command("--config", "ENV", **environment)
    assert output.code == 2
    assert output.log.splitlines()[-1].startswith(f"ERROR setting '{name}': must be ")


@pytest.mark.parametrize(
    ("variables", "level"),
    [
        ({}, "INFO"), ({"LOGLEVEL": "debug"}, "DEBUG"), ({"LOGLEVEL": "warn"}, "WARN"),
        ({"TAP_AYRSHARE_LOGLEVEL": " 'Warning'\r"}, "WARNING"),
        ({"TAP_AYRSHARE_LOGLEVEL": " ", "LOGLEVEL": "ERROR"}, "ERROR"), ({"LOGLEVEL": "''"}, "INFO"),
        ({"TAP_AYRSHARE_LOGLEVEL": "INFO", "LOGLEVEL": "trace"}, "INFO"),
    ],
)  # fmt: skip
def test_the_level_of_the_log(variables, level):
    with mock.patch.dict(os.environ, variables, clear=True):
        assert log_level() == level


@pytest.mark.parametrize("name", ["TAP_AYRSHARE_LOGLEVEL", "LOGLEVEL"])
def test_a_level_that_there_is_not(name):
    with (
        mock.patch.dict(os.environ, {name: "verbose"}, clear=True),
        pytest.raises(SettingsError, match=f"{name}: must"),
    ):
        log_level()


# Misspelled names


def test_a_misspelled_name_is_told_even_if_the_key_is_missing(given):
    log = given(config={"api_kye": CONFIG["api_key"]}, TAP_AYRSHARE_PLATFORM="facebook").log
    assert "setting 'api_kye' is unknown and ignored; did you mean 'api_key'?" in log
    assert "environment variable 'TAP_AYRSHARE_PLATFORM' is unknown and ignored" in log
    assert log.splitlines()[-1].startswith("ERROR setting 'api_key': is missing")
    assert CONFIG["api_key"] not in log


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"personal_data_streams": ["coments"]}, "(got 'coments'; did you mean 'comments'?)"),
        ({"platforms": ["instagramm"]}, "(got 'instagramm'; did you mean 'instagram'?)"),
        ({"on_error": "skpi"}, "(got 'skpi'; did you mean 'skip'?)"),
        ({"fail_on": ["profil"]}, "did you mean 'profile'?"),
        (
            {"profiles": [{"name": "a", "profileKey": "k" * 20}]},
            "entry 1 has 'profileKey' where 'profile_key' is",
        ),
        ({"profiles": [{"Name": "a", "profile_key": "k" * 20}]}, "entry 1 has 'Name' where 'name' is expected"),
    ],
)
def test_a_misspelled_value_has_a_hint(config, says):
    with pytest.raises(SettingsError) as caught:
        Settings.read({**CONFIG, **config})
    assert says in str(caught.value)
    assert "kkk" not in str(caught.value)


def test_only_a_close_name_is_a_hint():
    assert hint("api-key", DEFINITION["properties"]) == "; did you mean 'api_key'?"
    assert hint("zzz", DEFINITION["properties"]) == hint(5, DEFINITION["properties"]) == ""
