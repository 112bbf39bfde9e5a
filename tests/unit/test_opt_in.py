"""Streams that a setting must name before they are read: what is read, what is asked, what is said."""

import json
import re

import pytest

from tap_ayrshare.ayrshare.contract import declared_streams, load, stream_contract
from tap_ayrshare.config.opt_in import WHAT
from tap_ayrshare.config.settings import OPT_INS, Settings, opted_in
from tap_ayrshare.singer.tap import TapAyrshare
from tap_ayrshare.streams import STREAMS
from tests.world import CONFIG, World, posts

EVERYTHING = tuple(stream.name for stream in STREAMS)
PERSONAL, ADS = OPT_INS.values()
OPTED_OUT = {setting: [] for setting in OPT_INS}
PATHS = {
    "comments": "/comments/", "social_post_comments": "/comments/", "reviews": "/reviews", "review_totals": "/reviews",
    "messages": "/messages/", "ad_accounts": "/ads/", "ads": "/ads/", "ad_spend_daily": "/ads/",
}  # fmt: skip


def a_world() -> World:
    linked = ("facebook", "gmb", "instagram", "twitter")
    return World(posts(2), native={"facebook": [("native", posts(1)[0].published)]}, linked=linked)


def test_what_holds_personal_data_or_needs_an_add_on_is_marked():
    assert set(PERSONAL) == {"comments", "social_post_comments", "reviews", "review_totals", "messages"}
    assert set(ADS) == {"ad_accounts", "ads", "ad_spend_daily"}
    assert set(PERSONAL) | set(ADS) == PATHS.keys()
    assert OPT_INS.keys() == WHAT.keys()
    for name, entry in declared_streams().items():
        assert entry.get("opt_in") in (None, *OPT_INS), name
        says_so = re.search(r"[Pp]ersonal data|Ads add-on", load(f"{name}.json")["description"])
        assert (entry.get("opt_in") is not None) == bool(says_so), name
        assert not (entry.get("opt_in") and stream_contract(name).selected_by_default), name


def test_a_catalog_alone_reads_none_of_them():
    world = a_world()
    output = world.run(*EVERYTHING, **OPTED_OUT)
    assert output.code == 0
    assert not (set(PERSONAL) | set(ADS)) & output.schemas.keys()
    assert not (set(PERSONAL) | set(ADS)) & {row["stream"] for row in output.records("sync_runs")}
    assert not [path for path, _ in world.requests if path.startswith(tuple(PATHS.values()))]
    (line,) = [line for line in output.log.splitlines() if "not read" in line]
    assert all(name in line for name in (*PERSONAL, *ADS, *OPT_INS))
    assert output.records("post_analytics")


@pytest.mark.parametrize("stream", PATHS)
def test_the_setting_reads_the_stream_that_it_names_and_no_other(stream):
    world = a_world()
    output = world.run(*EVERYTHING, **{**OPTED_OUT, stream_contract(stream).opt_in: [stream]})
    assert (set(PERSONAL) | set(ADS)) & output.schemas.keys() == {stream}
    asked = {prefix for prefix in PATHS.values() for path, _ in world.requests if path.startswith(prefix)}
    assert asked == {PATHS[stream]}
    (line,) = [line for line in output.log.splitlines() if "not read" in line]
    assert not re.search(rf"\b{stream}\b", line)


def test_naming_a_stream_selects_it_where_no_catalog_says_otherwise():
    assert "comments" in a_world().run(personal_data_streams="comments").schemas
    assert "comments" not in a_world().run().schemas
    unselected = a_world().run("posts", personal_data_streams=["comments"])
    assert "comments" not in unselected.schemas
    assert "in the settings, but not selected: comments" in unselected.log
    for config, default in (({}, False), ({"personal_data_streams": '["comments"]'}, True)):
        catalog = TapAyrshare(config=config, validate_config=False).catalog_dict
        (entry,) = [entry for entry in catalog["streams"] if entry["stream"] == "comments"]
        (root,) = [item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]]
        assert root["selected-by-default"] is default


def test_nothing_but_streams_that_are_not_read_is_an_error_that_names_the_setting():
    output = a_world().run("messages", **OPTED_OUT)
    assert output.code == 2
    assert "nothing to read" in output.log
    assert "list in personal_data_streams what to read" in output.log


def test_the_state_of_a_stream_that_is_no_longer_read_is_kept():
    first = a_world().run(*EVERYTHING, personal_data_streams=["comments"])
    second = a_world().run(*EVERYTHING, state=first.state, **OPTED_OUT)
    assert second.state["bookmarks"]["comments"] == first.state["bookmarks"]["comments"]


@pytest.mark.parametrize("wrong", [["ads"], ["posts"], "coments", {"comments": True}, [["comments"]], 5, "[1]"])
def test_a_stream_that_needs_no_such_setting_is_refused(wrong):
    output = a_world().run("posts", personal_data_streams=wrong)
    assert output.code == 2
    assert "setting 'personal_data_streams': must be a list of comments" in output.log
    assert opted_in({"personal_data_streams": wrong}) == frozenset()


@pytest.mark.parametrize("said", [["comments", "reviews"], '["comments", "reviews"]', "comments,reviews"])
def test_the_list_may_be_text(said):
    assert Settings.read({**CONFIG, "personal_data_streams": said}).opted_in == {"comments", "reviews"}


def test_the_report_says_what_to_set():
    said = a_world().test().log
    assert re.search(r"comments .*\(if selected and listed in personal_data_streams\)", said)
    assert re.search(r"ads .*\(if selected and listed in add_on_streams\)", said)
    assert re.search(r"  comments .*\(if selected\)", a_world().test(personal_data_streams=["comments"]).log)


def test_text_that_is_json_is_read_for_the_settings_of_the_sdk():
    maps = {"posts": {"post": None}}
    given = {"stream_maps": json.dumps(maps), "stream_map_config": "{}", "faker_config": "", "flattening_enabled": "No",
             "flattening_max_depth": " 2"}  # fmt: skip
    assert a_world().run("posts", **given).streams == a_world().run("posts", stream_maps=maps).streams
