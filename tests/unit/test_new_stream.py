"""A new stream is the file that CONTRIBUTING shows: it runs, and nothing of what goes wrong is silent."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.support import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SCHEMA = re.search(r"```json\n(\{.*?\n\})\n```", TEXT, flags=re.DOTALL)[1]
MOST_LINES = 30
FEED = {"id": "f1", "title": "News", "type": "RSS", "created": "2026-10-01T08:00:00Z", "image": {"url": "https://i"}}
RUN = """
import json, sys
sys.path[:0] = sys.argv[1:3]
import tap_ayrshare
assert tap_ayrshare.__file__.startswith(sys.argv[1]), tap_ayrshare.__file__
from tests.world import World
answers = json.loads(sys.argv[3])
for name, (status, body) in answers.items():
    world = World()
    world.fault = lambda path, given: (status, body) if path == "/feed" else None
    output = world.run("accounts", "feeds", "extraction_errors", "sync_runs")
    errors = [[row["resource_id"], row["code"]] for row in output.records("extraction_errors")]
    ends = [row["status"] for row in output.records("sync_runs") if row["stream"] == "feeds"]
    print(json.dumps([name, output.records("feeds"), errors, ends, output.code]))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The project with one more file, one more line in the changelog, and what `make docs` makes of them."""
    place = tmp_path_factory.mktemp("checkout")
    for name in ("tap_ayrshare", "schemas", "tools", "docs", "orchestration", "sandbox"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("meltano.yml", "CHANGELOG.md", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, place / name)
    (place / "schemas" / "feeds.json").write_text(SCHEMA)
    log = place / "CHANGELOG.md"
    log.write_text(log.read_text().replace("### Added\n", "### Added\n\n- Contract 1.1: `feeds`.\n", 1))
    return place


def python(checkout, *arguments):
    env = {"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=env, capture_output=True, text=True, check=False
    )


def runs(checkout, answers):
    done = python(checkout, "-c", RUN, str(checkout), str(ROOT), json.dumps(answers))
    assert done.returncode == 0, done.stderr
    return {name: more for name, *more in map(json.loads, done.stdout.splitlines())}


def test_it_takes_thirty_lines():
    assert len(SCHEMA.splitlines()) + 1 <= MOST_LINES


def test_it_is_read_and_whatever_does_not_come_is_said(checkout):
    answers = {
        "as published": (200, {"status": "success", "feeds": [FEED]}),
        "under another name": (200, {"status": "success", "rssFeeds": [FEED]}),
        "one feed in place of a list": (200, {"feeds": FEED}),
        "none": (200, {"status": "success", "feeds": []}),
        "a success without any": (200, {"status": "success"}),
        "an unknown envelope": (200, {"status": "success", "feeds": "see the dashboard"}),
        "gone": (404, {"status": "error", "code": 186, "message": "not found"}),
        "without an id": (200, {"feeds": [{"title": "News"}, FEED]}),
        "no object": (200, {"feeds": [None, FEED]}),
        "twice": (200, {"feeds": [FEED, FEED]}),
        "fewer than counted": (200, {"feeds": [FEED], "count": 9}),
    }
    found = runs(checkout, answers)
    assert {name: len(rows) for name, (rows, *_) in found.items()} == {
        "as published": 1, "under another name": 1, "one feed in place of a list": 1, "none": 0,
        "a success without any": 0,
        "an unknown envelope": 0, "gone": 0, "without an id": 1, "no object": 1, "twice": 1, "fewer than counted": 1,
    }  # fmt: skip
    assert {name: errors for name, (_, errors, *_) in found.items() if errors} == {
        "a success without any": [["all", "invalid_body"]], "an unknown envelope": [["all", "invalid_body"]],
        "gone": [["all", "186"]], "without an id": [["item-0", "invalid_body"]],
        "no object": [["item-0", "invalid_body"]], "fewer than counted": [["all", "list_cut"]],
    }  # fmt: skip
    assert {name for name, (_, _, ends, _) in found.items() if ends != ["complete"]} == {
        "a success without any", "an unknown envelope", "without an id", "no object", "fewer than counted",
    }  # fmt: skip
    assert found["an unknown envelope"][3] == 1
    (row,) = found["as published"][0]
    assert (row["feed_id"], row["created_at"], row["image_url"], row["feed"]) == (
        "f1", "2026-10-01T08:00:00.000000Z", "https://i", FEED,
    )  # fmt: skip


def test_everything_that_lists_streams_takes_it_from_its_declaration(checkout):
    for tool in ("tools.gate", "tools.reference", "tools.lists"):
        done = python(checkout, "-m", tool)
        assert done.returncode == 0, (tool, done.stdout, done.stderr)
    assert "GET /feed" in (checkout / "docs/reference/feeds.md").read_text()
    assert '"feeds"' in (checkout / "orchestration/ayrshare_shard.py").read_text()
    assert '- "!feeds.*"' in (checkout / "meltano.yml").read_text()
    served = python(checkout, "-c", "from sandbox.declared import answer; print(len(answer('/feed')['feeds']))")
    assert served.stdout == "3\n"
    listed = python(
        checkout, "-c", "from tap_ayrshare.preview.expected import of_profiles; print([k.name for k in of_profiles()])"
    )
    assert "'feeds'" in listed.stdout


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("key_properties", "feeds.json: x-stream lacks key_properties"),
        ("endpoint", "feeds.json: x-stream lacks endpoint"),
    ],
)
def test_a_declaration_without_what_it_needs_fails_the_gate(checkout, missing, said):
    file = checkout / "schemas" / "feeds.json"
    schema = json.loads(SCHEMA)
    del schema["x-stream"][missing]
    file.write_text(json.dumps(schema))
    try:
        done = python(checkout, "-m", "tools.gate")
    finally:
        file.write_text(SCHEMA)
    assert done.returncode == 1
    assert f"feeds.json: x-stream lacks {missing}" in done.stderr
