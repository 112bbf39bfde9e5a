"""A release: wheel and sdist install into empty environments, and run alone."""

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.streams import STREAMS
from tap_ayrshare_report.page import SCRIPTS
from tests.support import ROOT, environment

pytestmark = pytest.mark.thorough
IN_THE_SDIST = {
    ".env.example", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "PKG-INFO", "README.md",
    "SECURITY.md", "benchmarks", "dbt", "demo", "docs", "hub", "meltano.yml", "orchestration", "pyproject.toml",
    "sandbox", "schemas", "source_ayrshare", "tap_ayrshare", "tap_ayrshare_report", "tests", "tools",
}  # fmt: skip
KINDS = {"", ".css", ".csv", ".example", ".html", ".ini", ".js", ".json", ".md", ".patch", ".pem", ".py", ".sh", ".sql",
         ".svg", ".toml", ".typed", ".webp", ".yml", ".yaml"}  # fmt: skip


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(place), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (wheel,), (sdist,) = place.glob("*.whl"), place.glob("*.tar.gz")
    return wheel, sdist


def test_what_is_in_them(archives):
    wheel, sdist = archives
    names = zipfile.ZipFile(wheel).namelist()
    schemas = {path.name for path in (ROOT / "schemas").rglob("*.json")}
    assert {name.rsplit("/", 1)[-1] for name in names if name.startswith("tap_ayrshare/schemas/")} == schemas
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tap_ayrshare", "tap_ayrshare_report"}
    assets = {path.name for path in (ROOT / "tap_ayrshare_report" / "assets").rglob("*") if path.is_file()}
    assert assets >= {"report.html", "report.css", *SCRIPTS, "echarts.common.min.js", "LICENSE", "NOTICE"}
    assert assets <= {name.rsplit("/", 1)[-1] for name in names if name.startswith("tap_ayrshare_report/assets/")}
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[-1] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "schemas/contract.json", "tap_ayrshare/singer/tap.py"} <= inside
    assert {name.split("/")[0] for name in inside} == IN_THE_SDIST
    assert {Path(name).suffix for name in inside} <= KINDS
    assert not [name for name in inside if any(part.startswith((".venv", "__pycache__")) for part in name.split("/"))]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_installs_and_runs_alone(archives, api, tmp_path, kind):
    archive = archives[kind == "sdist"]
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    install = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", str(archive)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    env = {**environment(None), "PYTHONPATH": "", "TAP_AYRSHARE_API_KEY": api.config["api_key"],
           "TAP_AYRSHARE_API_URL": api.config["api_url"], "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000",
           "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1"}  # fmt: skip
    tap = str(venv / "bin" / "tap-ayrshare")
    report = subprocess.run(
        [str(venv / "bin" / "tap-ayrshare-report"), "postgresql://host/db"], capture_output=True, text=True, check=False
    )
    assert report.returncode == 1
    assert report.stderr == "tap-ayrshare-report: psycopg is not installed: pip install 'tap-ayrshare[report]'\n"
    found = subprocess.run([tap, "--discover"], capture_output=True, text=True, check=True, cwd=tmp_path, env=env)
    assert len(json.loads(found.stdout)["streams"]) == len(STREAMS)
    run = subprocess.run([tap, "--config", "ENV"], capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    assert run.returncode == 0, run.stderr[-2000:]
    kinds = [json.loads(line)["type"] for line in run.stdout.splitlines()]
    assert kinds.count("SCHEMA") == sum(stream_contract(stream.name).selected_by_default for stream in STREAMS)
    assert kinds.count("RECORD") > 100
    check = subprocess.run(
        [str(venv / "bin" / "tap-ayrshare-contract")], input=run.stdout, capture_output=True, text=True, check=False,
        cwd=tmp_path, env=env,
    )  # fmt: skip
    assert check.returncode == 0, check.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["venv"]
