"""docs/plain-pipe.md: its script between the tap and the released target-postgres, and its crontab."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from demo.postgres import running_postgres
from tests.e2e.test_postgres import TARGET
from tests.support import BIN, ROOT, loader_settings

PIPE = ROOT / "docs" / "recipes" / "pipe.sh"
QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}


@pytest.fixture
def place(tmp_path):
    """The directory of the page, with environments that are there already, and a database."""
    assert TARGET, "TARGET_POSTGRES names no target-postgres: `make test` sets it"
    place = tmp_path / "srv"
    for name, program in {"tap": BIN / "tap-ayrshare", "target": Path(TARGET)}.items():
        (place / name / "bin").mkdir(parents=True)
        (place / name / "bin" / program.name).symlink_to(program)
    (place / "pipe.sh").symlink_to(PIPE)
    with running_postgres(tmp_path / "postgres") as uri:
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        settings = {"sqlalchemy_url": url, **loader_settings("target-postgres")}
        (place / "target.json").write_text(json.dumps(settings))
        yield place


def crontab(page: str) -> str:
    """The command of the page's only crontab line, without its schedule."""
    [block] = re.findall(r"```crontab\n(.*?)```", (ROOT / "docs" / page).read_text(), flags=re.DOTALL)
    [line] = [line for line in block.splitlines() if re.match(r"[\d*]", line)]
    assert "%" not in line, "cron takes it for the end of the line"
    return line.split(maxsplit=5)[5]


def as_cron(command: str, home: Path) -> subprocess.CompletedProcess:
    """Run a command with what cron gives it: next to nothing."""
    bare = ["env", "-i", f"HOME={home}", "LOGNAME=loader", "PATH=/usr/bin:/bin", "SHELL=/bin/sh", "sh", "-c", command]
    return subprocess.run(bare, capture_output=True, text=True, check=False, cwd=home, timeout=100)


def posts(place: Path) -> int:
    uri = json.loads((place / "target.json").read_text())["sqlalchemy_url"].replace("+psycopg", "")
    with psycopg.connect(uri) as database:
        return database.execute("SELECT count(DISTINCT post_id) FROM ayrshare.post_analytics").fetchone()[0]


def test_from_cron(api, place):
    tap = place / "tap.json"
    tap.write_text(json.dumps({**api.config, **QUICK}))
    line = crontab("plain-pipe.md").replace("/srv/ayrshare", str(place))
    first = as_cron(line, place)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", ""), (place / "run.log").read_text()
    state = json.loads((place / "state.json").read_text())
    assert "post_analytics" in state["bookmarks"]
    assert (place / "state.json").stat().st_mode & 0o077 == 0
    rows = posts(place)
    assert rows > 0

    api.clear()
    assert as_cron(line, place).returncode == 0
    assert not api.requests("/analytics/post"), "the state of the first run was not given to the second"
    assert posts(place) == rows

    kept = (place / "state.json").read_text()
    tap.write_text(json.dumps({**api.config, **QUICK, "api_key": "wrong"}))
    failed = as_cron(line, place)
    assert "api_key" in failed.stdout, "nothing that cron could mail"
    assert as_cron(f"{place}/pipe.sh {place}", place).returncode == 1
    assert (place / "state.json").read_text() == kept


def test_stopped_and_killed(sandbox, place):
    box = sandbox("--plain", "--posts", "120", "--native-every", "0", "--profiles", "0", "--latency", "0.05")
    pace = {"rate_limit_requests": 10**6, "rate_limit_window_seconds": 1, "max_concurrency": 2}
    (place / "tap.json").write_text(json.dumps({**box.config, **pace}))

    def start() -> subprocess.Popen:
        run = subprocess.Popen([PIPE, str(place)], stderr=subprocess.DEVNULL)
        before = len(box.requests("/analytics/post"))
        deadline = time.monotonic() + 60
        while len(box.requests("/analytics/post")) < before + 20 and time.monotonic() < deadline:
            time.sleep(0.05)
        return run

    run = start()
    again = subprocess.run([PIPE, str(place)], capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (1, f"pipe.sh: another run is at work in {place}\n")
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 128 + signal.SIGTERM
    stopped_at = len(box.requests("/analytics/post"))
    assert 20 <= stopped_at < 120

    run = start()
    run.kill()
    run.wait()
    deadline = time.monotonic() + 60
    while subprocess.run(["flock", "-n", place / "lock", "true"], check=False).returncode:
        assert time.monotonic() < deadline, "tap and target went on after the script"
        time.sleep(0.1)
    box.set_latency(0)
    assert subprocess.run([PIPE, str(place)], stderr=subprocess.DEVNULL, check=False).returncode == 0
    asked = [request["body"]["id"] for request in box.requests("/analytics/post")]
    assert posts(place) == len(set(asked)) > 100
    assert len(asked) - len(set(asked)) <= pace["max_concurrency"], "more than what was in flight when it was stopped"


def test_a_state_message_is_a_state(tap, api):
    config = {**api.config, **QUICK}
    first = tap.run(config)
    [*_, last] = [line for line in first.raw.splitlines() if '"STATE"' in line]
    api.clear()
    assert tap.run(config, state=last).code == 0
    assert not api.requests("/analytics/post")
