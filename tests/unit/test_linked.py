"""Which networks are linked, in every form in which GET /user says it; and the names of networks."""

import pytest

from tap_ayrshare.ayrshare.contract import network_name
from tap_ayrshare.ayrshare.linked import linked_networks
from tests.world import World, errors

NAMES = ["facebook", "twitter"]
SHOWN = [{"platform": "facebook", "username": "a"}, {"platform": "X", "username": "b"}]


@pytest.mark.parametrize(
    ("user", "networks"),
    [
        ({"activeSocialAccounts": NAMES}, NAMES),
        ({"activeSocialAccounts": [" Facebook ", "X", "facebook"]}, NAMES),
        ({"activeSocialAccounts": [{"platform": "facebook"}, {"platform": "twitter", "id": 1}]}, NAMES),
        ({"activeSocialAccounts": {"facebook": True, "twitter": {"id": 1}, "tiktok": False, "threads": None}}, NAMES),
        ({"activeSocialAccounts": {"0": "facebook", "1": "twitter"}}, NAMES),
        ({"activeSocialAccounts": {"platform": "facebook"}}, ["facebook"]),
        ({"activeSocialAccounts": "facebook"}, ["facebook"]),
        ({"active_social_accounts": NAMES}, NAMES),
        ({"ActiveSocialAccounts": NAMES}, NAMES),
        ({"activeSocialAccounts": ["facebook", "newnetwork"]}, ["facebook", "newnetwork"]),
        ({"activeSocialAccounts": [], "displayNames": SHOWN}, NAMES),
        ({"activeSocialAccounts": None, "displayNames": SHOWN}, NAMES),
        ({"displayNames": SHOWN}, NAMES),
        ({"activeSocialAccounts": NAMES[:1], "displayNames": SHOWN}, NAMES[:1]),
        ({"activeSocialAccounts": [], "displayNames": []}, []),
        ({"activeSocialAccounts": {"facebook": False}}, []),
        ({"refId": "r", "title": "nothing linked"}, []),
    ],
)
def test_forms_of_linked_networks(user, networks):
    linked = linked_networks(user)
    assert (list(linked.networks), linked.unreadable, linked.unknown) == (networks, (), "")


@pytest.mark.parametrize(
    "user",
    [
        {"activeSocialAccounts": "text"},
        {"activeSocialAccounts": ""},
        {"activeSocialAccounts": 0},
        {"activeSocialAccounts": 2},
        {"activeSocialAccounts": [NAMES]},
        {"activeSocialAccounts": [None]},
        {"activeSocialAccounts": {"value": NAMES}},
        {"activeSocialAccounts": [{"name": "facebook"}]},
        {},
        {"data": {"activeSocialAccounts": NAMES}},
    ],
)
def test_unknown_forms(user):
    linked = linked_networks(user)
    assert linked.unknown
    assert not linked.networks


def test_what_can_t_be_read_costs_itself_alone():
    linked = linked_networks({"activeSocialAccounts": ["facebook", None, ["twitter"], {"name": "x"}]})
    assert linked.networks == ("facebook",)
    assert linked.unreadable == (None, ["twitter"], {"name": "x"})


@pytest.mark.parametrize(
    ("body", "streams"),
    [
        ({"activeSocialAccounts": 7}, {"accounts", "social_analytics"}),
        ({"data": {"activeSocialAccounts": ["facebook"]}}, {"accounts", "social_analytics"}),
    ],
)
def test_an_unknown_form_is_a_failure_of_every_stream_that_needs_it(body, streams):
    world = World(fault=lambda path, _: (200, body) if path == "/user" else None)
    output = world.run("accounts", "social_analytics", "extraction_errors")
    assert output.code == 1
    assert {stream for stream, *_ in errors(output)} == streams


def test_an_unreadable_one_among_the_linked_networks_is_an_error_row():
    body = {"activeSocialAccounts": ["facebook", 7], "refId": "r"}
    world = World(fault=lambda path, _: (200, body) if path == "/user" else None)
    output = world.run("accounts", "extraction_errors")
    assert [row["platform"] for row in output.records("accounts")] == ["facebook"]
    assert errors(output) == {("accounts", "activeSocialAccounts-0", "all", "invalid_body")}


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("x", "twitter"), ("X (Twitter)", "twitter"), ("Twitter", "twitter"),
        ("fb", "facebook"), ("FACEBOOK", "facebook"),
        ("Google Business", "gmb"), ("googlebusiness", "gmb"), ("google_business_profile", "gmb"), ("GMB", "gmb"),
        ("ig", "instagram"), (" Insta gram", "instagram"), ("You Tube", "youtube"), ("yt", "youtube"),
        ("Linked-In", "linkedin"), ("tik tok", "tiktok"), ("Mastodon ", "mastodon"), ("", None), (" ", None), (3, None),
        (None, None), (["x"], None),
    ],
)  # fmt: skip
def test_names_of_networks(name, network):
    assert network_name(name) == network
