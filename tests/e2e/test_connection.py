"""`tap-ayrshare --test`: what it tells, how little it asks, and a message for everything that can be wrong."""

import json
import subprocess

import pytest

from tests.support import EVERYONE, command_line

X = {"x_api_key": EVERYONE["x_api_key"], "x_api_secret": EVERYONE["x_api_secret"]}
FEW = 14
"""Requests for each profile: networks, posts, numbers, ten lists, and its share of links and profiles."""


@pytest.fixture
def check(tmp_path):
    def run(config, *, env=None):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        output = command_line("--config", str(path), "--test", env=env)
        done = subprocess.CompletedProcess([], output.code, output.raw, output.log)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        for secret in ("sandbox-api-key", "sandbox-profile-key", EVERYONE["x_api_secret"], "wrong-key-wrong"):
            assert secret not in done.stderr
        return done

    return run


@pytest.fixture
def box(sandbox):
    return sandbox("--profiles", "2", "--posts", "40")


def test_what_will_work(check, box):
    done = check({**box.config, **EVERYONE})
    assert done.returncode == 0
    for line in (
        "profiles: 3", "profile primary (refId ref-primary)", "profile globex (refId ref-globex)",
        "  social_analytics_daily  yes: facebook, instagram, snapchat, tiktok, youtube",
        "  - instagram: 395: ", "profiles: the account has 2 user profiles", "All profiles can be read.",
    ):  # fmt: skip
        assert line in done.stderr, line
    assert "twitter" in done.stderr
    assert "not in the settings" not in done.stderr
    assert len(box.requests()) <= 3 * FEW
    assert "a first run of them makes about" in done.stderr


def test_the_first_run_makes_as_many_requests_as_told(check, tap, box):
    config = {**box.config, **EVERYONE, "rate_limit_requests": 10**6, "rate_limit_window_seconds": 1}
    told = int(check(config).stderr.split("makes about ")[1].split()[0])
    box.clear()
    run = tap.run(config, now=None)
    assert run.code == 0
    assert abs(len(box.requests()) - told) <= 0.05 * told


def test_a_wrong_profile_key(check, box):
    profiles = [*box.config["profiles"][:1], {"name": "bad", "profile_key": "wrong-key-wrong"}]
    done = check({**box.config, "profiles": profiles})
    assert done.returncode == 1
    assert check({**box.config, "profiles": profiles, "fail_on": []}).returncode == 0
    assert "can't be read: http_403: Profile Key not found; profile stopped: check its profile_key" in done.stderr
    assert "- not in the settings: globex (refId ref-globex)" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("1 of 2 profiles can be read")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"api_key": None}, "setting 'api_key'"),
        ({"api_key": "wrong-key-wrong"}, "102: API Key not valid (run ended: check api_key)"),
        ({"profiles": [{"name": "bad", "profile_key": "wrong-key-wrong"}]}, "check its profile_key"),
        ({"api_url": "http://127.0.0.1:9/api"}, "can't connect to 127.0.0.1:9; check api_url and the network"),
        ({"api_url": "{}/nowhere"}, "/nowhere/user is not the Ayrshare API"),
        ({"api_url": "http://example.com/api"}, "setting 'api_url'"),
    ],
)
def test_what_can_be_wrong_with_the_settings(check, box, change, says):
    config = {**box.config, **change}
    config = {name: value for name, value in config.items() if value is not None}
    config["api_url"] = config["api_url"].format(box.config["api_url"])
    done = check(config)
    assert done.returncode == (1 if "can't connect" in says else 2)
    assert says in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ([{"fault": "suspended"}], "User Profile suspended (profile stopped: Ayrshare has suspended it)"),
        ([{"fault": "html", "endpoint": "/user"}], "is not the Ayrshare API"),
        ([{"fault": "redirect"}], "check api_url"),
        ([{"fault": "server_error"}], "http_500"),
    ],
)
def test_what_the_api_can_refuse(check, box, faults, says):
    box.set_faults(*faults)
    done = check(box.config)
    assert done.returncode == (1 if says == "http_500" else 2)
    assert says in done.stderr.splitlines()[-1]


def test_what_is_refused_in_part(check, box):
    box.set_options(plan="basic")
    done = check({**box.config, **X})
    assert done.returncode == 0
    assert "social_analytics        no: 169: A paid plan is required" in done.stderr
    assert "posts                   yes:" in done.stderr
    box.set_options(plan="business")
    box.set_faults({"fault": "network_error", "endpoint": "/analytics/social", "profile": "acme", "network": "tiktok"})
    done = check({**box.config, "platforms": ["tiktok", "bluesky"]})
    assert "- tiktok: no: 156: tiktok is not linked" in done.stderr
    assert "- bluesky: in `platforms`, but not linked to this profile" in done.stderr


def test_without_x_keys(check, box):
    done = check(box.config)
    assert "- twitter: left out, x_api_key and x_api_secret" in done.stderr
    asked = [request["body"].get("platforms", []) for request in box.requests("/analytics/social")]
    assert not any("twitter" in platforms for platforms in asked)


def test_nothing_is_linked(check, sandbox):
    done = check(sandbox("--linked", "", "--posts", "0").config)
    assert done.returncode == 0
    assert "accounts                no: no network is linked" in done.stderr
    assert "posts                   no: none has been sent through Ayrshare" in done.stderr
