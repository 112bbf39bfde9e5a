"""hub/tap-ayrshare.yml: Meltano adds the tap from it to a new project, as it would from the Hub."""

import os
import subprocess

from demo.pipeline import MELTANO
from tap_ayrshare.config.settings import DEFINITION
from tests.support import ROOT, environment


def test_meltano_adds_it(tmp_path):
    env = {**environment(None), "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1",
           "MELTANO_CLI_DISABLE_VERSION_CHECK": "true", "PYTHONPATH": ""}  # fmt: skip

    def meltano(*arguments, project=tmp_path / "project"):
        done = subprocess.run(
            [str(MELTANO), *arguments], capture_output=True, text=True, check=False, cwd=project, env=env
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    meltano("init", "project", project=tmp_path)
    meltano("add", "--no-install", "--from-ref", os.fspath(ROOT / "hub" / "tap-ayrshare.yml"), "tap-ayrshare")
    listed = meltano("config", "list", "--all", "tap-ayrshare")
    assert {name for name in DEFINITION["properties"] if f"TAP_AYRSHARE_{name.upper()}" in listed} == set(
        DEFINITION["properties"]
    )
    meltano("config", "set", "tap-ayrshare", "api_key", "a-key-that-is-not-shown")
    assert "a-key-that-is-not-shown" not in meltano("config", "list", "--all", "tap-ayrshare")
