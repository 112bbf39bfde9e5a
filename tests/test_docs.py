"""README and docs: their commands have been run, their links lead somewhere, their settings and codes are the tap's."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from tap_ayrshare.ayrshare.codes import RULES
from tap_ayrshare.ayrshare.contract import declared_streams, stream_contract
from tap_ayrshare.config.settings import DEFINITION
from tap_ayrshare.engine.route import CERTIFICATES
from tests.support import BIN, OF_THE_SDK, ROOT, environment

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")])
ELSEWHERE = {
    "make demo": "tests/report/test_demo.py",
    "make test": "this",
    "make test-destinations": "CI",
    "make test-airbyte": ".ci/run",
    "source-ayrshare": "tests/airbyte",
    "make test-report": ".ci/run",
    "make test-thorough": ".ci/run",
    "tap-ayrshare-record": "tests/test_recordings.py",
    "tap-ayrshare-report": "tests/report",
    "export AYRSHARE_REPORT_URL": "tests/unit/test_html_report.py",
    "make setup": "make test begins with it",
    "make format": "changes files",
    "make bench": "takes a quarter of an hour",
    "make audit": ".ci/run",
    "make docs": "make test checks that it changes nothing",
    "meltano run": "tests/destinations/test_meltano.py",
    "meltano install": "tests/destinations",
    "meltano schedule run": "needs the user's own target",
    "meltano state": "needs the user's own state",
    "TAP_AYRSHARE__SELECT": "tests/destinations/test_meltano.py",
    "stop-tap-first.sh meltano run": "tests/destinations/test_kills.py",
    "./pipe.sh": "tests/e2e/test_pipe.py",
    "mkdir -p /srv": "tests/e2e/test_pipe.py, in another directory",
    "python3 -m venv": "tests/e2e/test_pipe.py has environments that are there already",
    "airflow pools set": "tests/orchestration/in_airflow.py",
    "cp orchestration/": "tests/orchestration/conftest.py",
    "dagster dev": "starts a server; tests/orchestration/in_dagster.py loads the same file",
    "docker": "tests/image, with buildah",
    "kubectl": "needs a cluster; tests/orchestration/test_kubernetes.py validates what it applies",
    "make dist": "the release workflow",
    "make image-test": ".ci/run",
    "make snowflake-check": "tests/destinations/test_snowflake_check.py, without an account",
    "make lock": "changes files; tests/test_locks.py checks them",
    "make test-orchestration": ".ci/run",
    "mkdir -p output": "tests/destinations/test_meltano.py, in another directory",
    "pip install": "tests/test_release.py",
    "python -m build": "tests/test_release.py",
    "pre-commit install": "changes the user's repository",
    "openssl": "makes keys for Snowflake",
    "TARGET_": "settings, not commands",
    "tap-ayrshare --config tap.json": "tests/destinations/test_loaders.py, the tap's output in a file",
    "export DESTINATION__": "tests/destinations/loaders.py",
    "python -m tools.gate --release": "tests/test_gate.py",
}
"""Commands that are not run here, by their beginning, and where they are or why not."""


def commands():
    """All command lines of the pages, in `sh` blocks and in indented ones."""
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
        blocks += re.findall(r"(?:^    \S.*\n)+", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
        for block in blocks:
            for line in block.splitlines():
                command = re.sub(r"\s{2,}#.*", "", line.strip())
                if command and not command.startswith(("#", "...")):
                    yield page.relative_to(ROOT), command


@pytest.fixture
def account(api, tmp_path):
    """What a reader has after `export TAP_AYRSHARE_API_KEY=...`: the sandbox plays the API."""
    env = {
        "TAP_AYRSHARE_API_KEY": api.config["api_key"], "TAP_AYRSHARE_API_URL": api.config["api_url"],
        "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000", "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps({"api_key": api.config["api_key"]}))
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.json").write_text('{"facebook": {"id": "1", "analytics": {"likeCount": 3}}}')
    (tmp_path / "native.json").write_text('{"posts": [{"id": "1", "likeCount": 3}]}')
    return environment(None, {**env, "PATH": f"{BIN}:/usr/bin:/bin"})


def test_every_command_runs_or_says_where(account, tmp_path):
    ran = []
    for page, command in commands():
        if command.startswith(tuple(ELSEWHERE)):
            continue
        name, *words = shlex.split(command)
        if name == "export":
            known = {f"TAP_AYRSHARE_{setting.upper()}" for setting in DEFINITION["properties"]}
            assert words[0].split("=")[0] in known | {"HTTPS_PROXY", *CERTIFICATES}
            continue
        assert name in ("tap-ayrshare", "tap-ayrshare-contract"), f"{page}: who runs {command!r}?"
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, check=False, cwd=tmp_path, env=account, timeout=120
        )
        assert done.returncode == 0, f"{page}: {command}\n{done.stderr[-2000:]}"
        ran.append(command)
    assert len(ran) >= 5


def test_every_link_leads_somewhere():
    for page in [*PAGES, *(ROOT / "docs" / "reference").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if not link.startswith("http"):
                target, _, anchor = link.partition("#")
                path = (page.parent / target) if target else page
                assert path.exists(), f"{page.name}: {link}"
                if anchor:
                    titles = re.findall(r"^#+ (.*)", path.read_text(), flags=re.MULTILINE)
                    anchors = {re.sub(r"[^\w\s-]", "", title.lower()).replace(" ", "-") for title in titles}
                    assert anchor in anchors, f"{page.name}: {link}"


def test_every_setting_that_is_named_is_there():
    names = set(DEFINITION["properties"])
    about = subprocess.run(
        [sys.executable, "-m", "tap_ayrshare", "--about", "--format=markdown"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    table = re.findall(r"^\| (\w+) +\|", about.split("## Settings")[1], flags=re.MULTILINE)
    assert {name for name in table if not name.startswith(("stream_map", "faker", "flattening"))} - {"Setting"} == names
    reference = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", reference, flags=re.MULTILINE)) == names
    meltano = yaml.safe_load((ROOT / "meltano.yml").read_text())
    descriptions = {s["name"]: s["description"] for s in meltano["plugins"]["extractors"][0]["settings"]}
    assert set(descriptions) == names | OF_THE_SDK
    for page in PAGES:
        for variable in re.findall(r"TAP_AYRSHARE_(?!_)(\w+)", page.read_text()):
            assert variable.lower() in names | OF_THE_SDK | {"loglevel"}, f"{page.name}: {variable}"


def test_defaults_that_meltano_names_are_the_taps():
    meltano = yaml.safe_load((ROOT / "meltano.yml").read_text())
    told = 0
    for setting in meltano["plugins"]["extractors"][0]["settings"]:
        found = re.search(r"\(default ([\w.:/-]+)\)", setting["description"])
        default = DEFINITION["properties"].get(setting["name"], {}).get("default")
        if found and default is not None:
            assert found[1] == (json.dumps(default) if not isinstance(default, str) else default), setting["name"]
            told += 1
    assert told > 8


def test_meltano_selects_what_the_tap_does_by_default():
    meltano = yaml.safe_load((ROOT / "meltano.yml").read_text())
    deselected = {name for name in declared_streams() if not stream_contract(name).selected_by_default}
    others = {name for name in deselected if stream_contract(name).opt_in is None}
    assert others
    assert set(meltano["plugins"]["extractors"][0]["select"]) == {"*.*", *(f"!{name}.*" for name in others)}


def test_every_code_is_explained():
    text = (ROOT / "docs" / "errors.md").read_text()
    assert {str(code) for code in RULES} <= set(re.findall(r"\d{3}", text))
    source = "".join(path.read_text() for path in (ROOT / "tap_ayrshare").rglob("*.py"))
    own = set(re.findall(r"\bRefusal\(\s*[\w.]+,\s*\"([a-z_]+)\"", source))
    assert "list_cut" in own
    assert {code for code in own if code not in text} == set()


def test_the_design_names_modules_that_exist():
    named = set(re.findall(r"\b((?:[a-z_]+/)+[a-z_]+\.py)", (ROOT / "docs" / "design.md").read_text()))
    assert len(named) > 20
    assert {name for name in named if not ((ROOT / "tap_ayrshare" / name).exists() or (ROOT / name).exists())} == set()


def test_every_stream_and_model_is_in_the_picture():
    text = (ROOT / "README.md").read_text()
    for name in [
        *declared_streams(),
        *(p.stem for p in (ROOT / "dbt" / "models" / "marts").glob("*.sql")),
    ]:
        assert name in text, name


def test_the_loaders_are_those_that_are_tested():
    rules = re.findall(r"^\t\$\(call environment,(.*)\)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    names = ("target-csv", "target-s3", "pipelinewise-target-postgres", "z3-target-bigquery", "dlt")
    pins = [re.findall(r"==([\d.]+)", rule)[0] for rule in rules if rule.startswith(names)]
    assert len(pins) == len(names)
    page = (ROOT / "docs" / "destinations.md").read_text()
    for pin in pins:
        assert f" {pin}" in page, pin


def test_the_readme_is_short_and_its_figures_are_measured():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 170
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text()
    for figure in ("28.3", "194.7", "37.3", "28.4", "0.40", "1.85", "0.47", "0.64", "78,448", "1.11"):
        assert figure in results, figure


def test_the_help_is_true():
    command = [sys.executable, "-m", "tap_ayrshare", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert text.count("    tap-ayrshare --config") + text.count("tap-ayrshare --config ENV --test") == 2
    for code in ("0 done", "1 failed", "2 only a person"):
        assert code in text
    schema = subprocess.run(
        [sys.executable, "-m", "tap_ayrshare", "--config", "ENV", "--test=schema"],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "TAP_AYRSHARE_API_KEY": "key-for-the-help"},
    ).stdout  # fmt: skip
    assert {json.loads(line)["type"] for line in schema.splitlines()} == {"SCHEMA"}
