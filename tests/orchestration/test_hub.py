"""hub/tap-ayrshare.yml: Meltano adds the tap from it to a new project, as it would from the Hub, and runs it."""

import json
import os
import subprocess

import pytest
import yaml

from demo.pipeline import MELTANO
from tap_ayrshare.config.settings import DEFINITION, OPT_INS
from tests.orchestration.conftest import PIPELINE
from tests.support import NOW, ROOT, environment

PERSONAL, ADS = (set(streams) for streams in OPT_INS.values())
AUTHOR = ("author_id", "author_name", "comment")
MAPS = {"comments": dict.fromkeys(AUTHOR, "__NULL__"), "accounts": {"user": "__NULL__", "source": "'ayrshare'"}}


@pytest.fixture
def meltano(tmp_path):
    """A new project to which the Hub entry has been added, with a loader of files."""
    project = tmp_path / "project"
    env = {**environment(None), "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1",
           "MELTANO_CLI_DISABLE_VERSION_CHECK": "true", "PYTHONPATH": ""}  # fmt: skip

    def run(*arguments, cwd=project, **more):
        done = subprocess.run(
            [str(MELTANO), *arguments], capture_output=True, text=True, check=False, cwd=cwd, env={**env, **more}
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("init", "project", cwd=tmp_path)
    run("add", "--no-install", "--from-ref", os.fspath(ROOT / "hub" / "tap-ayrshare.yml"), "tap-ayrshare")
    run.project = project
    return run


@pytest.fixture
def loaded(meltano, sandbox):
    """Return a function that runs the project and returns the columns of each stream that was loaded, and the log."""
    box = sandbox("--posts", "6", "--days", "40", "--profiles", "1")
    for kind in ("extractors", "loaders"):
        (meltano.project / ".meltano" / kind).symlink_to(PIPELINE.plugins / kind)
    file = meltano.project / "meltano.yml"
    config = yaml.safe_load(file.read_text())
    config["plugins"]["loaders"] = [{
        "name": "target-jsonl", "namespace": "target_jsonl", "pip_url": "target-jsonl~=0.1.4",
        "config": {"destination_path": "output"}, "settings": [{"name": "destination_path"}],
    }]  # fmt: skip
    file.write_text(yaml.safe_dump(config))
    own = {
        "TAP_AYRSHARE_API_URL": box.config["api_url"], "TAP_AYRSHARE_API_KEY": box.config["api_key"],
        "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000", "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
        "TAP_DEMO_NOW": NOW,
    }  # fmt: skip

    def run(**settings):
        output = meltano.project / "output"
        output.mkdir(exist_ok=True)
        for old in output.iterdir():
            old.unlink()
        box.clear()
        # Meltano has installed the plugins for another project; the entry's own package isn't published yet.
        log = meltano("run", "--no-install", "--full-refresh", "tap-ayrshare", "target-jsonl", **own, **settings)
        files = {path.stem.split("-")[0]: path.read_text().splitlines() for path in output.iterdir()}
        return {name: [json.loads(line) for line in lines] for name, lines in files.items() if lines}, log, box

    return run


def test_it_has_every_setting_and_hides_the_key(meltano):
    listed = meltano("config", "list", "--all", "tap-ayrshare")
    assert {name for name in DEFINITION["properties"] if f"TAP_AYRSHARE_{name.upper()}" in listed} == set(
        DEFINITION["properties"]
    )
    meltano("config", "set", "tap-ayrshare", "api_key", "a-key-that-is-not-shown")
    assert "a-key-that-is-not-shown" not in meltano("config", "list", "--all", "tap-ayrshare")


def test_a_run_of_it_loads_personal_data_only_if_the_setting_lists_it(loaded):
    rows, log, box = loaded()
    assert {"accounts", "posts", "post_analytics", "social_analytics"} <= rows.keys()
    assert not (PERSONAL | ADS) & rows.keys()
    assert {request["path"].split("/")[1] for request in box.requests()}.isdisjoint(
        {"comments", "reviews", "messages", "ads"}
    )
    assert "list in personal_data_streams what to read" in log

    rows, log, _ = loaded(TAP_AYRSHARE_PERSONAL_DATA_STREAMS=json.dumps(sorted(PERSONAL)))
    assert rows.keys() >= PERSONAL
    assert not ADS & rows.keys()
    assert "list in add_on_streams what to read" in log
    assert any(row["author_id"] and row["text"] for row in rows["comments"])


@pytest.mark.parametrize("place", ["environment", "meltano.yml"])
def test_stream_maps_work(loaded, meltano, place):
    settings = {"TAP_AYRSHARE_PERSONAL_DATA_STREAMS": '["comments"]'}
    if place == "environment":
        settings["TAP_AYRSHARE_STREAM_MAPS"] = json.dumps(MAPS)
    else:
        file = meltano.project / "meltano.yml"
        config = yaml.safe_load(file.read_text())
        config["plugins"]["extractors"][0]["config"] = {"stream_maps": MAPS}
        file.write_text(yaml.safe_dump(config))
    rows, _, _ = loaded(**settings)
    assert rows["comments"]
    assert not set(AUTHOR) & {column for row in rows["comments"] for column in row}
    assert {row["source"] for row in rows["accounts"]} == {"ayrshare"}
    assert not any("user" in row for row in rows["accounts"])
