"""The house: what may know what, and what a new stream or a new network takes."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_ayrshare.ayrshare import contract
from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.ayrshare.endpoints import HISTORY, Endpoint
from tap_ayrshare.config.settings import Settings
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import Refused
from tap_ayrshare.engine.messages import Checkpoint, Record
from tap_ayrshare.engine.tally import Tally
from tap_ayrshare.engine.transport import Client
from tap_ayrshare.streams import STREAMS, PostAnalyticsStream, PostsStream, SocialPostAnalyticsStream, SocialPostsStream
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.by_network import relate
from tap_ayrshare.streams.snapshot import Snapshot
from tap_ayrshare.streams.source import Source
from tests.support import ROOT
from tests.world import CONFIG, START, Post, World, posts

if TYPE_CHECKING:
    from tap_ayrshare.engine.exchange import Answer

PACKAGE = ROOT / "tap_ayrshare"
MODULES = sorted(PACKAGE.rglob("*.py"))


def texts(module: Path) -> list[str]:
    tree = ast.parse(module.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
    ]


def test_a_url_path_stands_in_one_file_only():
    found = {module.name for module in MODULES if any(re.match(r"/[a-z]", text) for text in texts(module))}
    assert found == {"endpoints.py"}


def test_the_sdk_is_imported_upstairs_only():
    found = {
        module.relative_to(PACKAGE).parts[0]
        for module in MODULES
        if re.search(r"(import|from) singer_sdk", module.read_text())
    }
    assert found == {"singer", "config"}


# A stream by itself, with answers in place of the API


def source_of(answer, *selected: str, **settings) -> Source:
    """Return a source whose requests are answered by a function: (path, query or body) to (status, body)."""
    config = Settings.read({**CONFIG, **settings})
    snapshot = Snapshot(config, START, selected, lambda *_: {}, Tally())
    source = Source(snapshot, config.profiles[0], Client(config, config.secrets))
    source.streams = [kind() for kind in STREAMS if kind.name in selected]
    relate(source.streams)

    async def ask(request) -> Answer:
        given = request.body if request.body is not None else request.query
        found = answer(request.path, given)
        if isinstance(found, BaseException):
            raise found
        status, body = found
        return source.client._judge(request, status, json.loads(json.dumps(body)))

    source.client.ask = ask
    return source


def read(stream: AyrshareStream, source: Source, bookmark: dict | None = None) -> tuple[list, BaseException | None]:
    """Return what a stream yields, and what ended it."""
    found = []
    in_run = next((one for one in source.streams if one.name == stream.name), stream)

    async def consume():
        async for batch in in_run.read(source, bookmark or {}):
            for message in batch:
                found.extend([*source.notes, message])
                source.notes.clear()

    try:
        asyncio.run(consume())
    except (BudgetSpent, Refused) as error:
        return found, error
    return found, None


def bookmark(found: list) -> dict:
    return dict(next(message.bookmark for message in reversed(found) if isinstance(message, Checkpoint)))


def records(found: list) -> list[dict]:
    return [message.values for message in found if isinstance(message, Record)]


def test_posts_are_read_and_then_covered():
    world = World(posts(3))
    found, error = read(PostsStream(), source_of(world.answer, "posts"))
    assert error is None
    assert [type(message) for message in found] == [Record, Record, Record, Checkpoint]
    assert bookmark(found)["replication_key_value"].startswith("2026-11-01T12")


def test_a_budget_ends_a_stream_behind_what_it_has_read():
    world, asked = World(posts(5)), []

    def answer(path, given):
        asked.append(path)
        return BudgetSpent() if asked.count("/analytics/post") > 3 else world.answer(path, given)

    found, error = read(PostAnalyticsStream(), source_of(answer, "post_analytics"))
    assert isinstance(error, BudgetSpent)
    assert [record["post_id"] for record in records(found)] == ["p0000", "p0001", "p0002"]
    assert isinstance(found[-1], Checkpoint)
    assert [entry[1] for entry in bookmark(found)["left_over"]["posts"]] == ["p0003", "p0004"]


def test_a_list_is_asked_once_for_two_streams():
    world = World(native={"facebook": [("n1", START)]})
    asked = []
    source = source_of(
        lambda *given: (asked.append(given[0]), world.answer(*given))[1], "social_posts", "social_post_analytics"
    )
    first, _ = read(SocialPostsStream(), source)
    second, error = read(SocialPostAnalyticsStream(), source)
    assert error is None
    assert len(records(first)) == len(records(second)) == 1
    assert asked.count("/history/facebook") == 1


def test_keys_longer_than_their_columns_stay_apart_and_are_told_of_once(caplog):
    ids = ["p" * 150, "p" * 151, "p" * 128]
    world = World([Post(post_id, START) for post_id in ids])
    sent, _ = read(PostsStream(), source_of(world.answer, "posts"))
    metrics, _ = read(PostAnalyticsStream(), source_of(world.answer, "post_analytics"))
    keys = {record["post_id"] for record in records(sent)}
    assert len(keys) == len(ids)
    assert max(map(len, keys)) == stream_contract("posts").lengths["post_id"] == 128
    assert ids[-1] in keys
    assert {record["post_id"] for record in records(metrics)} == keys
    assert {record["details"]["id"] for record in records(sent)} == set(ids)
    assert [line for line in caplog.messages if line.startswith("posts:")] == [
        "posts: a post_id of 150 characters is longer than the contract's 128: such values end in a hash"
    ]


def test_media_that_are_no_text_come_as_json():
    world = World([Post("p1", START)])
    odd = {"mediaUrls": ["https://a", {"url": "https://b"}, None], "urls": [{"url": "c"}], "platforms": ["x", None]}

    def answer(path, given):
        status, body = world.answer(path, given)
        if path == "/history" and status == 200:
            body = {**body, "history": [{**post, **odd} for post in body["history"]]}
        return status, body

    found, _ = read(PostsStream(), source_of(answer, "posts"))
    (post,) = records(found)
    assert (post["media_urls"], post["urls"]) == (["https://a", '{"url": "https://b"}'], ['{"url": "c"}'])
    assert post["platforms"] == ["x"]


def test_a_window_that_fails_is_a_gap_and_an_issue():
    world = World([Post("p1", START)])

    def answer(path, given):
        return (503, None) if path == "/history" and given.get("status") != "deleted" else world.answer(path, given)

    source = source_of(answer, "posts")
    found, _ = read(PostsStream(), source)
    assert records(found) == []
    assert source.history.windows.gaps
    assert [(issue.stream, issue.refusal.code) for issue in source.notes] == [("posts", "http_503")]
    assert not any(isinstance(message, Checkpoint) for message in found)
    assert source.snapshot.tally.failed_streams() == {"posts": "http_503: the API has an internal error"}


def test_the_judge_reads_what_an_answer_holds():
    assert HISTORY.holds([])
    assert HISTORY.holds({"history": []})
    assert not HISTORY.holds({"history": {"code": 221, "status": "error"}})
    assert not HISTORY.holds({"status": "error", "code": 1, "history": []})


# A new stream, as CONTRIBUTING describes it

SHARES = Endpoint("GET", "/post-shares", "shares")


class PostSharesStream(AyrshareStream):
    """Who shared a post: a page of items for each post."""

    name = "post_shares"

    async def read(self, source, bookmark):
        since = bookmark.get("replication_key_value")
        await source.history.reach(self.name, None)
        for post in sorted(source.history.posts):
            if since and post.published.isoformat() <= since:
                continue
            cursor = ""
            while cursor is not None:
                query = {"id": post.post_id, **({"next": cursor} if cursor else {})}
                answer = await source.ask(SHARES.request(self.name, query))
                source.settle(self.name, answer)
                yield [
                    self.record(source, {"post_id": post.post_id, "share_id": item["id"]})
                    for item in SHARES.listed(answer.body)
                ]
                cursor = (answer.body or {}).get("next")
            yield [self.checkpoint(post.published.isoformat())]


@pytest.fixture
def with_shares(tmp_path, monkeypatch):
    """The contract with one more stream."""
    place = shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    columns = {
        name: {"type": ["string", "null"]}
        for name in ("profile", "post_id", "share_id", "snapshot_date", "extracted_at")
    }
    declared = {
        "endpoint": "GET /post-shares",
        "key_properties": ["profile", "share_id", "snapshot_date"],
        "replication_key": "snapshot_date",
    }
    schema = {"type": "object", "x-stream": declared, "properties": columns}
    (place / "post_shares.json").write_text(json.dumps(schema))
    monkeypatch.setattr(contract, "_directory", lambda: place)
    for cached in (contract.load, contract.stream_contract, contract.declared_streams):
        cached.cache_clear()
    yield
    for cached in (contract.load, contract.stream_contract, contract.declared_streams):
        cached.cache_clear()


def test_a_new_stream_is_an_endpoint_a_class_and_a_schema(with_shares, monkeypatch):
    world = World(posts(2))

    def answer(path, given):
        if path != "/post-shares":
            return world.answer(path, given)
        page = int(given.get("next") or 0)
        return 200, {"shares": [{"id": f"{given['id']}-{page}"}], "next": str(page + 1) if page < 1 else None}

    monkeypatch.setattr("tap_ayrshare.run.extraction.STREAMS", (PostSharesStream,))
    monkeypatch.setattr("tap_ayrshare.singer.tap.STREAMS", (PostSharesStream,))
    world.fault = lambda path, given: answer(path, given) if path == "/post-shares" else None
    output = world.run()
    assert {record["share_id"] for record in output.records("post_shares")} == {
        "p0000-0",
        "p0000-1",
        "p0001-0",
        "p0001-1",
    }
    assert output.bookmark("post_shares")["replication_key_value"].startswith("2026-11-01T06")
    assert world.run(state=output.state).records("post_shares") == []
    source = ast.get_source_segment(Path(__file__).read_text(), _class("PostSharesStream"))
    assert len(source.splitlines()) < 40


def _class(name: str) -> ast.ClassDef:
    tree = ast.parse(Path(__file__).read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


# A new network


def test_a_new_network_is_data(tmp_path):
    """In a process of its own: the networks are read when the contract is imported."""
    package = tmp_path / "tap_ayrshare"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    network = json.loads((tmp_path / "schemas/networks/threads.json").read_text())
    network |= {"name": "mastodon", "label": "Mastodon", "labels": ["Mastodon"]}
    (tmp_path / "schemas/networks/mastodon.json").write_text(json.dumps(network))
    metrics = json.loads((tmp_path / "schemas/metrics.json").read_text())
    metrics["post"]["mastodon"] = {"likes": {"paths": ["favourites"], "unit": "count", "source": "a test"}}
    (tmp_path / "schemas/metrics.json").write_text(json.dumps(metrics))
    program = """
import json, sys
sys.path[:0] = sys.argv[1:]
import tap_ayrshare
assert tap_ayrshare.__file__.startswith(sys.argv[1]), tap_ayrshare.__file__
from tests.world import World, posts
world = World(posts(1, networks=("mastodon",)), linked=("mastodon",))
world.block = lambda post_id: {"id": "m", "analytics": {"favourites": 7}}
print(json.dumps(world.run("posts", "post_analytics").records("post_analytics")))
"""
    command = [sys.executable, "-c", program, str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [(row["platform"], row["likes"]) for row in json.loads(done.stdout)] == [("mastodon", 7)]
