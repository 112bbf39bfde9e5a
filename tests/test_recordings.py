"""The tap on every recording of the API below tests/recordings, and what a recording may hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.process import running
from sandbox.replay import Replay
from tap_ayrshare.engine.values import instant
from tap_ayrshare.preview.recording import command, recorder
from tap_ayrshare.preview.recording.masks import WORDS, Masks, known_names
from tap_ayrshare.streams import STREAMS
from tests.support import NOW, ROOT, examples
from tests.world import World

RECORDINGS = sorted(path for path in (ROOT / "tests" / "recordings").iterdir() if path.is_dir())
ROWS_OF = {
    "user": "accounts", "profiles": "profiles", "history": "posts", "post_analytics": "post_analytics",
    "social_analytics": "social_analytics", "social_analytics_daily": "social_analytics_daily",
    "native": "social_posts", "comments": "comments", "reviews": "reviews", "messages": "messages",
    "youtube_playlists": "youtube_playlists", "auto_schedules": "auto_schedules", "ad_accounts": "ad_accounts",
    "ad_history": "ad_spend_daily", "links": "link_analytics", "links_legacy": "link_analytics",
}  # fmt: skip
"""The stream that has rows of an answer, by the beginning of its file's name."""


@pytest.mark.parametrize("directory", RECORDINGS, ids=lambda path: path.name)
def test_the_tap_reads_every_recording(directory):
    replay = Replay.read(directory)
    world = World(linked=replay.linked, now=replay.now)

    def answered(path, given):
        status, body = replay.find("POST" if path in ("/analytics/post", "/analytics/social") else "GET", path, given)
        return status, body, {}

    world.fault = answered
    output = world.run(*(kind.name for kind in STREAMS))
    assert output.code == 0
    assert "Traceback" not in output.log
    assert "please report" not in output.log
    assert "contract doesn't have" not in output.log
    wrong = [row for row in output.records("extraction_errors") if row["code"] == "invalid_body"]
    assert not wrong
    names = {path.name.split(".")[0] for path in directory.glob("*.json")}
    expected = {stream for name, stream in ROWS_OF.items() if name in names}
    assert not expected - output.streams.keys()


SECRETS = {"x_api_key": "x-app-key-0001", "x_api_secret": "x-app-secret-0001"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the directory of a recording of the sandbox, its configuration, and the answers as they were."""
    directory = tmp_path_factory.mktemp("recording") / "new"
    answers = []
    with (
        pytest.MonkeyPatch.context() as patch,
        running("--now", NOW, "--limit", "0", "--posts", "40", "--story") as box,
    ):
        patch.setattr(recorder, "PAUSE", 0)
        parse = recorder.parse_json
        patch.setattr(recorder, "parse_json", lambda raw: answers.append(parse(raw)) or answers[-1])
        config = {**box.config, **SECRETS}
        (directory.parent / "config.json").write_text(json.dumps(config))
        code = command.main([str(directory), "--config", str(directory.parent / "config.json")])
        requests = box.requests()
    assert code == command.DONE
    return directory, config, answers, requests


def leaves(value, name=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield "", key
            yield from leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    else:
        yield name, value


def test_no_text_and_no_key_of_the_account_is_in_a_recording(recorded):
    directory, config, answers, _ = recorded
    written = "\n".join(path.read_text(encoding="utf-8") for path in directory.iterdir())
    for secret in (config["api_key"], *SECRETS.values(), *(one["profile_key"] for one in config["profiles"])):
        assert secret not in written
    texts = {value for _, value in leaves(answers) if isinstance(value, str) and len(value) > 3}
    own = known_names() | {text for text in texts if {*re.findall(r"\w+", text.lower())} <= WORDS}
    survived = {text for text in texts - own if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", written)}
    # What is left are names of fields that the contract doesn't know: they are what a recording is for.
    names = {value for name, value in leaves(answers) if name == ""}
    assert not survived - names, sorted(survived - names)[:10]
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)*", name) for name in survived)


def test_a_recording_asks_for_everything_once(recorded):
    directory, _, _, requests = recorded
    asked = Counter(json.dumps([entry[name] for name in ("method", "path", "query", "body")]) for entry in requests)
    assert set(asked.values()) == {1}
    assert len(requests) <= command.LIMIT
    assert len([*directory.glob("*.json")]) == len(requests) + 1
    assert all(entry["method"] == "GET" or entry["path"].startswith("/analytics/") for entry in requests)


def test_a_recording_can_be_replayed(recorded):
    directory, *_ = recorded
    replay = Replay.read(directory)
    assert {"facebook", "instagram"} <= set(replay.linked)
    with running("--replay", str(directory), "--limit", "0") as box:
        again = directory.parent / "again"
        config = directory.parent / "replayed.json"
        config.write_text(json.dumps(box.config))
        assert command.main([str(again), "--config", str(config), "--limit", "3"]) == command.FAILED
    first, second = (json.loads((place / "history.json").read_text())["response"] for place in (directory, again))
    assert len(first["history"]) == len(second["history"]) > 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.text() | st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def form(value):
    if isinstance(value, dict):
        return [form(item) for item in value.values()]
    return [form(item) for item in value] if isinstance(value, list) else type(value)


@settings(max_examples=examples(200), deadline=None)
@given(anything)
def test_masks_keep_nesting_and_types(value):
    assert form(Masks().body(value)) == form(value)


@pytest.mark.parametrize("value", [587, -23, 7, 10**18, Decimal("4.85"), Decimal("0.25"), Decimal("-12.5")])
def test_a_number_becomes_another_of_as_many_digits(value):
    other = Masks().body(value)
    assert other != value
    assert type(other) is type(value)
    assert [len(part) for part in str(other).split(".")] == [len(part) for part in str(value).split(".")]


@pytest.mark.parametrize("value", [0, -1, True, False, None, "success", "facebook", "", "FIVE"])
def test_what_says_nothing_of_an_account_is_kept(value):
    assert Masks().body({"status": value}) == {"status": value}


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T08:44:29.778Z", "2026-11-20", "2026-11-20 08:44:29 UTC", "2026-11-20T08:44:29+0000",
     "Fri, 20 Nov 2026 08:44:29 GMT", "1795164269"],
)  # fmt: skip
def test_a_date_is_shifted_and_keeps_its_form(value):
    other = Masks().body({"created": value})["created"]
    assert instant(other) < instant(value)
    forms = [re.sub("[A-Z][a-z]{2}", "Xxx", re.sub(r"\d", "0", one)).replace("GMT", "+0000") for one in (value, other)]
    assert forms[0] == forms[1]


def test_the_same_id_becomes_the_same_one():
    masks = Masks()
    body = masks.body({"id": "post-77", "postId": "post-77", "n": {"post-77": 1}, "number": 77001, "text": "77001"})
    assert body["id"] == body["postId"]
    assert list(body["n"]) == [body["id"]]
    assert str(body["number"]) == body["text"]
    assert body["id"] != Masks().body({"id": "post-77"})["id"]


def test_words_of_an_error_are_kept_and_those_of_a_message_aren_t():
    error = {"status": "error", "code": 156, "message": "Account jane_doe is not linked."}
    assert Masks().body(error)["message"] == "Account xxxxxxxx is not linked."
    said = Masks().body({"id": "1", "message": "the account is not linked"})
    assert "account" not in said["message"]


def test_a_directory_that_has_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.json").write_text("{}")
    assert command.main([str(tmp_path)]) == command.UNUSABLE
    assert "isn't empty" in capsys.readouterr().err


@pytest.fixture
def record(tmp_path, monkeypatch, capsys):
    """Return a function that records an API in memory: exit code, what was asked, both outputs."""

    def run(answer, *args):
        asked = []

        async def send(_client, request, headers):
            asked.append((request.path, headers))
            found = answer(request.path)
            if isinstance(found, BaseException):
                raise found
            status, body = found
            return status, {}, body if isinstance(body, bytes) else json.dumps(body).encode()

        monkeypatch.setattr(recorder, "PAUSE", 0)
        monkeypatch.setattr(recorder.Client, "send", send)
        monkeypatch.setenv("TAP_AYRSHARE_API_KEY", "record-api-key-01")
        monkeypatch.setenv("TAP_AYRSHARE_PROFILES", json.dumps([{"name": "acme", "profile_key": "record-key-0001"}]))
        code = command.main([str(tmp_path / "new"), *args])
        return code, asked, capsys.readouterr()

    return run


USER = {"activeSocialAccounts": ["facebook"], "refId": "r"}


def plain(path):
    return 200, USER if path == "/user" else {"status": "success"}


def test_a_recording_has_the_profile_s_key_but_in_the_list_of_profiles(record):
    code, asked, _ = record(plain)
    assert code == command.DONE
    assert {path for path, headers in asked if "Profile-Key" not in headers} == {"/profiles"}


@pytest.mark.parametrize(
    ("status", "requests"),
    [(401, 1), (429, 1), (500, None), (403, None)],
)
def test_a_rejected_key_and_a_429_end_a_recording(record, status, requests):
    code, asked, out = record(lambda path: (status, {"status": "error", "message": "no"}))
    assert code == (command.FAILED if requests else command.DONE)
    assert len(asked) == requests or (requests is None and len(asked) > 3)
    assert (f"HTTP {status}" in out.err) is bool(requests)


def test_three_requests_without_an_answer_end_a_recording(record):
    code, asked, out = record(lambda path: OSError("down") if path != "/user" else plain(path))
    assert code == command.FAILED
    assert sum(path != "/user" for path, _ in asked) == 3
    assert "no answer 3 times" in out.err


def test_the_limit_ends_a_recording(record):
    code, asked, out = record(plain, "--limit", "5")
    assert (code, len(asked)) == (command.FAILED, 5)
    assert "--limit" in out.err


def test_a_page_that_isn_t_json_is_recorded_without_its_text(record, tmp_path):
    code, _, out = record(lambda path: plain(path) if path == "/user" else (200, b"<html>Jane</html>"))
    assert code == command.DONE
    assert "not JSON" in out.out
    written = json.loads((tmp_path / "new" / "links.json").read_text())
    assert (written["response"], written["note"]) == (None, "not JSON, 17 bytes")


@pytest.mark.parametrize(
    ("args", "says"),
    [(["--profile", "nobody"], "no profile 'nobody'"), (["--config", "nowhere.json"], "can't read nowhere.json")],
)
def test_what_a_user_gets_wrong_is_one_line(record, args, says):
    code, asked, out = record(plain, *args)
    assert (code, asked) == (command.UNUSABLE, [])
    assert says in out.err
    assert out.err.count("\n") == 1


letters = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ _.-", min_size=6).filter(
    lambda text: (
        text not in known_names()
        and instant(text) is None
        and not {*re.findall(r"\w+", text.lower())} <= WORDS | {"lorem", "ipsum"}
    )
)


@settings(max_examples=examples(300), deadline=None)
@given(letters)
def test_no_text_survives_as_a_value_or_as_a_key_of_data(text):
    body = {"id": text, "post": text, "reactions": {text: 1}, "schedules": {text: {"schedule": [text]}}, "n": [text]}
    found = [value for _, value in leaves(Masks().body(body)) if isinstance(value, str)]
    assert not [value for value in found if text.strip() in value and value not in body]
