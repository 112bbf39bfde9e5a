"""docs/upstream: each reproduction shows its bug with the SDK as released, and none with the patch applied."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import singer_sdk

from tests.support import ROOT

PLACE = ROOT / "docs" / "upstream"
FINDINGS = {
    "config_errors": (
        "sk-live-0001' is too short",
        "Secret value doesn't satisfy 'minLength': 32 in config['api_key']",
    ),
    "exit_code": ("exit code 0", "exit code 143"),
    "environment_numbers": (
        "ValueError: invalid literal",
        "PORT [\"'none' is not of type 'integer', 'null' in config['port']",
    ),
    "stream_maps": ("StreamMapConfigError: Invalid key properties for 'deselected'", "'example'\"}} synced"),
    "partition_lookup": ("4000 partitions: 7998000 comparisons", "4000 partitions: 0 comparisons"),
}
"""What each says as released, and patched."""


def run(name, sdk=""):
    done = subprocess.run(
        [sys.executable, str(PLACE / f"{name}.py")],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(sdk)},
    )  # fmt: skip
    return f"{done.stdout}\n{done.stderr}\nexit code {done.returncode}\n"


@pytest.fixture
def patched(tmp_path):
    """Return a function that copies the installed SDK and applies patches to it."""

    def copy(*names):
        shutil.copytree(Path(singer_sdk.__file__).parent, tmp_path / "singer_sdk")
        for name in names:
            subprocess.run(["git", "apply", str(PLACE / f"{name}.patch")], check=True, cwd=tmp_path)
        return tmp_path

    return copy


@pytest.mark.parametrize("name", FINDINGS)
def test_the_patch_mends_what_the_reproduction_shows(patched, name):
    bug, mended = FINDINGS[name]
    before, after = run(name), run(name, patched(name))
    assert bug in before
    assert mended not in before
    assert mended in after
    assert bug not in after
    assert "hunter2" not in after


def test_the_patches_apply_together_and_the_tap_runs_on_them(patched, api):
    sdk = patched(*FINDINGS)
    env = {**os.environ, "PYTHONPATH": str(sdk), "TAP_AYRSHARE_API_KEY": api.config["api_key"],
           "TAP_AYRSHARE_API_URL": api.config["api_url"], "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000",
           "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1"}  # fmt: skip
    where = "import singer_sdk; print(singer_sdk.__file__)"
    found = subprocess.run([sys.executable, "-c", where], capture_output=True, text=True, check=True, env=env)
    assert found.stdout.startswith(str(sdk))
    tap = [sys.executable, "-m", "tap_ayrshare", "--config", "ENV"]
    done = subprocess.run(tap, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"type":"RECORD"') > 100


def test_the_page_names_the_version_and_every_item():
    text = (ROOT / "docs" / "upstream.md").read_text()
    assert f"singer-sdk {version('singer-sdk')}" in text
    assert set(re.findall(r"\(upstream/(\w+)\.(?:py|patch)\)", text)) == set(FINDINGS)
    assert {path.stem for path in PLACE.glob("*.p*")} == set(FINDINGS)
