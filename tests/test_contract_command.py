"""`tap-ayrshare-contract`: what it says of Singer output and of saved answers, and its exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import EVERYONE

ROOT = Path(__file__).parent.parent
GOOD = {"facebook": {"id": "1", "postUrl": "https://example.com", "analytics": {"likeCount": 3}}, "status": "success"}


def contract(*args, given=""):
    command = [sys.executable, "-m", "tap_ayrshare.ayrshare.check_command", *args]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=ROOT)


def findings(*args, given=""):
    done = contract("--json", *args, given=given)
    report = json.loads(done.stdout)
    return done.returncode, {
        (f["stream"], f["network"], f["field"], f["finding"], f["seen"])
        for f in report["findings"]
        if f["finding"] != "gone"
    }


def test_output_of_the_tap_agrees(tap, api, tmp_path):
    config = {**api.config, **EVERYONE, "rate_limit_requests": 10**6, "rate_limit_window_seconds": 1}
    output = tap.run(config, select=["posts", "post_analytics", "social_analytics", "accounts", "extraction_errors"])
    done = contract(given=output.raw)
    assert done.returncode == 0, done.stdout
    assert "0 new" in done.stdout
    assert "0 type" in done.stdout
    lines = [json.loads(line) for line in output.raw.splitlines()]
    for line in lines:
        if line["type"] == "RECORD" and line["stream"] == "post_analytics":
            line["record"].update(likes="7", novel=1)
            line["record"]["analytics"]["brandNew"] = [1]
        if line["type"] == "SCHEMA" and line["stream"] == "posts":
            del line["schema"]["properties"]["notes"]
            line["schema"]["properties"]["status"]["type"] = ["integer"]
        if line["type"] == "RECORD" and line["stream"] == "posts":
            line["record"].pop("notes", None)
    file = tmp_path / "output.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, found = findings(str(file))
    assert code == 1
    assert {("post_analytics", "all", "likes", "type", "string"), ("post_analytics", "all", "novel", "new", "integer"),
            ("posts", "all", "status", "type", "integer"),
            ("post_analytics", "facebook", "brandNew", "new", "array")} <= found  # fmt: skip
    shown = contract(str(file)).stdout
    assert re.search(r"^\d+ fields of the contract aren't in the input", shown, flags=re.MULTILINE)
    assert "notes" not in shown
    assert re.search(r"gone +notes +\(not in the input", contract("--fail-on", "gone", str(file)).stdout)


def test_only_what_is_new_since_the_accepted_fails(tmp_path):
    def answer(**more):
        return json.dumps({"facebook": {"id": "1", "mood": "good", "analytics": {"likeCount": 3, **more}}})

    known = ("--known", str(tmp_path / "known.json"))
    missing = contract(*known, given=answer(x=1))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "known.json isn't there; --accept writes it" in missing.stderr

    accepted = contract(*known, "--accept", given=answer(x=None))
    assert accepted.returncode == 0
    assert "0 new" in accepted.stdout
    assert "2 known" in accepted.stdout
    assert contract(*known, given=answer(x=1)).returncode == 0
    red = contract(*known, given=answer(x=1, y=1))
    assert red.returncode == 1
    assert re.findall(r"^  new +(\S+)", red.stdout, flags=re.MULTILINE) == ["y"]
    assert contract(*known, given=answer(likeCount=[])).returncode == 1

    assert contract(*known, "--accept", given=answer(y=1)).returncode == 0
    assert contract(*known, given=answer(x=1, y=1)).returncode == 0
    report = json.loads(contract(*known, "--json", given=answer(x=1, y=1)).stdout)
    assert report["accepted"] == 3
    assert {one["finding"] for one in report["findings"]} == {"gone"}


@pytest.mark.parametrize("text", ["", "[]", '{"known": [{"stream": "posts"}]}', '{"known": 1}'])
def test_a_file_of_known_findings_that_is_none(tmp_path, text):
    path = tmp_path / "known.json"
    path.write_text(text)
    for more in ((), ("--accept",)):
        done = contract("--known", str(path), *more, given=json.dumps(GOOD))
        assert (done.returncode, done.stdout) == (2, "")
        assert "known.json isn't a file that --accept wrote" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert path.read_text() == text


def test_accept_needs_a_file():
    done = contract("--accept", given=json.dumps(GOOD))
    assert done.returncode == 2
    assert "--accept needs --known FILE" in done.stderr


@pytest.mark.parametrize(
    ("body", "args", "expected"),
    [
        (GOOD, (), set()),
        ({"facebook": {"id": "1", "analytics": {"likeCount": 3, "x": 1}}}, (),
         {("post_analytics", "facebook", "x", "new", "integer")}),
        ({"tiktok": {"analytics": {"followerCount": {"a": 1}}}}, (),
         {("social_analytics", "tiktok", "followerCount", "type", "object")}),
        ({"posts": [{"id": "1", "likeCount": "x"}]}, ("--network", "instagram"),
         {("social_posts", "instagram", "likeCount", "type", "string")}),
        ({"history": [{"id": "1", "mood": "good"}]}, (), {("posts", "all", "mood", "new", "string")}),
        ({"profiles": [{"refId": "1", "mood": True}]}, (), {("profiles", "all", "mood", "new", "boolean")}),
        ([{"shortLink": "s", "linkEventStats": [{"count": "3", "os": "x"}]}], (),
         {("link_analytics", "all", "linkEventStats[].os", "new", "string")}),
        ({"activeSocialAccounts": ["facebook"], "displayNames": [{"platform": "facebook", "karma": 1}]}, (),
         {("accounts", "facebook", "karma", "new", "integer")}),
    ],
)  # fmt: skip
def test_saved_answers(body, args, expected):
    assert findings(*args, given=json.dumps(body)) == (1 if expected else 0, expected)


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        ({"instagram": [{"commentId": "1", "novel": 1}], "facebook": [], "status": "success"}, "comments"),
        ({"gmb": [{"id": "1", "review": "a", "novel": 1}], "averageRating": 4.8}, "reviews"),
        ({"messages": [{"id": "1", "novel": 1}]}, "messages"),
        ({"adAccounts": [{"accountId": "1", "novel": 1}]}, "ad_accounts"),
        ({"history": [{"adId": "1", "spendDate": "2026-11-01", "novel": 1}]}, "ad_spend_daily"),
        ({"schedules": {"great": {"schedule": [], "novel": 1}}}, "auto_schedules"),
    ],
)
def test_saved_answers_of_deselected_streams(body, stream):
    assert findings(given=json.dumps(body)) == (1, {(stream, "all", "novel", "new", "integer")})


def test_several_answers_line_by_line():
    text = "\n".join(json.dumps(body) for body in (GOOD, {"history": [{"id": "1", "mood": 1}]}))
    assert findings(given=text) == (1, {("posts", "all", "mood", "new", "integer")})


def test_what_fails_is_chosen():
    body = json.dumps({"facebook": {"id": "1", "analytics": {"likeCount": 3, "x": 1}}})
    assert contract("--fail-on", "type", given=body).returncode == 0
    assert contract("--fail-on", "gone", given=body).returncode == 1
    assert contract("--fail-on", "none", given=body).returncode == 0
    wrong = contract("--fail-on", "all", given=body)
    assert wrong.returncode == 2
    assert "--fail-on takes new, gone, type or none, not all" in wrong.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "stdin is empty"),
        ("no json at all", "stdin, line 1 isn't JSON"),
        ('{"a": 1}', "neither Singer output nor an answer that the contract knows"),
        ('{"posts": [{"id": "1"}]}', "needs --network"),
        ('{"type": "STATE", "value": {}}', "nothing of which the contract speaks"),
    ],
)
def test_input_that_cannot_be_used(given, says):
    done = contract(given=given)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there():
    done = contract("no-such-file.json")
    assert done.returncode == 2
    assert "no-such-file.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1
