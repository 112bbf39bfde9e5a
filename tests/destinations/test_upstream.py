"""docs/upstream/meltano: what the reproduction shows as released, and that the patch mends it."""

import os
import shutil
import subprocess

from demo.pipeline import MELTANO
from tests.support import ROOT

PLACE = ROOT / "docs" / "upstream" / "meltano"


def reproduce(tmp_path, source="") -> str:
    env = {**os.environ, "PATH": f"{MELTANO.parent}:{os.environ['PATH']}", "PYTHONPATH": str(source),
           "TMPDIR": str(tmp_path), "MELTANO_CLI_DISABLE_VERSION_CHECK": "true"}  # fmt: skip
    done = subprocess.run([PLACE / "lost_state.sh"], capture_output=True, text=True, check=False, env=env, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_terminated_run_keeps_its_state_with_the_patch(tmp_path):
    (package,) = MELTANO.parent.parent.glob("lib/python3.*/site-packages/meltano")
    shutil.copytree(package, tmp_path / "src" / "meltano")
    subprocess.run(["git", "apply", PLACE / "lost_state.patch"], check=True, cwd=tmp_path)
    assert reproduce(tmp_path) == "{}\n"
    assert reproduce(tmp_path, tmp_path / "src") == '{"singer_state":{"bookmarks":{"example":{"id":1}}}}\n'


def test_the_page_names_the_version():
    (info,) = MELTANO.parent.parent.glob("lib/python3.*/site-packages/meltano-*.dist-info")
    version = info.name.removeprefix("meltano-").removesuffix(".dist-info")
    assert f"with Meltano {version}" in (ROOT / "docs" / "upstream.md").read_text()
