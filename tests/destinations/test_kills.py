"""`meltano run`, killed at random moments while it loads into PostgreSQL: nothing is lost, little is repeated.

Five minutes last SCALED seconds here: the window of the rate limit, and the age at which target-postgres lets out its
state, which is no setting of it. KILLS_SEED=<the seed that was printed> repeats the same moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from demo.pipeline import Pipeline
from demo.postgres import running_postgres
from sandbox.process import SandboxProcess, running
from tap_ayrshare.ayrshare.contract import declared_streams
from tests.destinations.conftest import PIPELINE, QUICK, plugin
from tests.support import NOW, ROOT, TapProcess

if TYPE_CHECKING:
    from pathlib import Path

SEED = int(os.environ.get("KILLS_SEED") or random.randrange(10**6))
LANES = 5
LATEST = 400
"""Requests of a run after which it is killed at the latest: a machine that is busy takes longer for them."""
SCALED, LIMIT, PROFILES, POSTS = 3, 40, 2, 500
MOST_REPEATED = 3 * PROFILES * LIMIT
"""Three windows: one is lost, and on this scale the target takes about as long again to load it."""
FEW, IN_FLIGHT = 12, 8
PATIENCE = 30
KEYS = {
    name: stream["key_properties"]
    for name, stream in declared_streams().items()
    if name != "sync_runs" and stream.get("selected_by_default", True)
}
"""Of the streams whose rows don't depend on how many runs there were."""
AGE = """\
import os
if "TEST_RECORD_AGE" in os.environ:
    from singer_sdk.target_base import Target
    Target._MAX_RECORD_AGE_IN_MINUTES = float(os.environ["TEST_RECORD_AGE"])
"""
HOW = {
    "SIGTERM to Meltano": (os.kill, signal.SIGTERM),
    "SIGKILL to Meltano": (os.kill, signal.SIGKILL),
    "SIGTERM to all": (os.killpg, signal.SIGTERM),
    "SIGKILL to all": (os.killpg, signal.SIGKILL),
}
"""As a container's end, the out-of-memory killer, a service manager and a power failure do."""
STOP_TAP_FIRST = ROOT / "docs" / "recipes" / "stop-tap-first.sh"


@dataclass
class Project:
    """A directory of Meltano's own; only the plugins are shared. asked: the posts that each run asked for."""

    directory: Path
    box: SandboxProcess
    uri: str
    asked: list[list[tuple[str, str]]] = field(default_factory=list)

    def __post_init__(self):
        self.pipeline = Pipeline(self.directory)
        self.pipeline.plugins.mkdir(parents=True)
        for kind in ("extractors", "loaders"):
            (self.pipeline.plugins / kind).symlink_to(PIPELINE.plugins / kind)

    def start(self, *arguments: str, through: Path | None = None) -> subprocess.Popen:
        with psycopg.connect(self.uri) as database:
            info = database.info
            target = {"HOST": info.host, "PORT": info.port, "USER": info.user, "PASSWORD": info.password,
                      "DATABASE": info.dbname}  # fmt: skip
        tap = {**self.box.config, "include_primary_profile": True, "rate_limit_requests": LIMIT,
               "rate_limit_window_seconds": SCALED}  # fmt: skip
        settings = {f"TAP_AYRSHARE_{name.upper()}": value for name, value in tap.items()}
        settings |= {f"TARGET_POSTGRES_{name}": value for name, value in target.items()}
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
        env = self.pipeline.environment(TAP_DEMO_NOW=NOW, TEST_RECORD_AGE=str(SCALED / 60), **texts)
        with (self.directory / "meltano.log").open("a") as log:
            command = [*([str(through)] if through else []), *self.pipeline.command(*arguments)]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=env, start_new_session=True)

    def run(self, *options: str, end=lambda run: None, through: Path | None = None, patience: float = 120) -> int:
        """`meltano run`, ended as `end` does; return the exit code, once nothing that it started is left."""
        before = len(self.box.requests("/analytics/post"))
        run = self.start("run", *options, "tap-ayrshare", "target-postgres", through=through)
        try:
            end(run)
            with suppress(subprocess.TimeoutExpired):
                run.wait(patience)
            assert run.poll() is not None, f"it has not ended within {patience} s\n{self.tail()}"
            assert wait_for(lambda: not has_processes(run)), f"tap or target outlived Meltano\n{self.tail()}"
        finally:
            if has_processes(run):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        requests = self.box.requests("/analytics/post")[before:]
        self.asked.append([(request["profile"], request["body"]["id"]) for request in requests])
        return run.returncode

    def repeated(self) -> list[int]:
        """For each run but the first: how many of its posts a run before it had asked for."""
        known = [set().union(*self.asked[:number]) for number in range(1, len(self.asked))]
        return [sum(post in before for post in run) for run, before in zip(self.asked[1:], known, strict=True)]

    def rows(self) -> dict[str, list[tuple]]:
        """The keys of all rows in the database."""
        found = {}
        with psycopg.connect(self.uri) as database:
            for table, names in KEYS.items():
                query = f"SELECT {', '.join(f'{name}::text' for name in names)} FROM ayrshare.{table}"
                found[table] = sorted(database.execute(query.encode()).fetchall())
        return found

    def tail(self) -> str:
        return (self.directory / "meltano.log").read_text()[-3000:]


def has_processes(run: subprocess.Popen) -> bool:
    run.poll()
    with suppress(ProcessLookupError):
        os.killpg(run.pid, 0)
        return True
    return False


def wait_for(condition, patience: float = PATIENCE) -> bool:
    deadline = time.monotonic() + patience
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def killed(project: Project, how: str, requests: int):
    """Kill Meltano, or it and all that it started, after some requests; what does not end then is killed for good.

    After few requests it is killed before the first of them, while Meltano and the tap start.
    """
    kill, signum = HOW[how]
    before = len(project.box.requests())

    def end(run: subprocess.Popen) -> None:
        if requests < FEW:
            time.sleep(requests / 2)
        else:
            wait_for(lambda: run.poll() is not None or len(project.box.requests()) - before >= requests, 100)
        assert run.poll() is None, f"it ended by itself\n{project.tail()}"
        kill(run.pid, signum)
        if not wait_for(lambda: not has_processes(run)):
            os.killpg(run.pid, signal.SIGKILL)

    return end


@pytest.fixture(scope="module", autouse=True)
def _scaled_target():
    """Let a variable set the age at which the loader lets out its state, in the environment of these tests."""
    python = plugin("loaders", "target-postgres", "python")
    (packages,) = python.parent.parent.glob("lib/python3.*/site-packages")
    for name, text in {"test_record_age.py": AGE, "test_record_age.pth": "import test_record_age\n"}.items():
        mine = packages / f"{name}.{os.getpid()}"
        mine.write_text(text)
        mine.replace(packages / name)
    ask = "from singer_sdk.target_base import Target; print(Target._MAX_RECORD_AGE_IN_MINUTES)"
    age = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert float(age) == 5, "docs/scheduling.md says five minutes"


@pytest.fixture
def project(tmp_path, request):
    posts = getattr(request, "param", POSTS)
    options = ("--now", NOW, "--limit", "0", "--plain", "--native-every", "0", "--linked", "facebook,instagram",
               "--profiles", str(PROFILES - 1), "--posts", str(posts), "--days", "120")  # fmt: skip
    with running(*options) as box, running_postgres(tmp_path / "postgres") as uri:
        yield Project(tmp_path / "project", box, uri)


def assert_all_rows(project: Project, directory: Path) -> None:
    """The rows are those of a run that nothing disturbed."""
    undisturbed = TapProcess(directory).run({**project.box.config, "include_primary_profile": True, **QUICK})
    expected = {
        table: sorted(tuple(str(row[name]) for name in names) for row in undisturbed.records(table))
        for table, names in KEYS.items()
    }
    assert project.rows() == expected


@pytest.mark.parametrize("lane", range(LANES))
def test_kills_lose_nothing_and_repeat_little(lane, project, tmp_path):
    draw = random.Random(SEED)
    part = LATEST // (LANES * len(HOW))
    moments = [part * number + draw.randrange(part) for number in range(LANES * len(HOW))][lane::LANES]
    draw = random.Random(SEED + lane)
    kills = list(zip(draw.sample([*HOW], len(HOW)), draw.sample(moments, len(HOW)), strict=True))
    print(f"KILLS_SEED={SEED}", *(f"{how} after {requests} requests" for how, requests in kills), sep="\n  ")  # noqa: T201 - repeats a failure

    for how, requests in kills:
        project.run("--force", end=killed(project, how, requests))
    assert project.run("--force") == 0, project.tail()

    print("posts asked for:", [len(run) for run in project.asked], "of them again:", project.repeated())  # noqa: T201
    assert max(project.repeated()) <= MOST_REPEATED
    assert_all_rows(project, tmp_path)


def test_stopping_the_tap_first_repeats_only_what_was_in_flight(project, tmp_path):
    def stop(run: subprocess.Popen) -> None:
        assert wait_for(lambda: len(project.box.requests("/analytics/post")) > LIMIT), project.tail()
        os.kill(run.pid, signal.SIGTERM)

    assert project.run(end=stop, through=STOP_TAP_FIRST) == 1
    assert project.run() == 0, project.tail()
    assert len(project.asked[0]) > LIMIT
    assert project.repeated()[0] <= PROFILES * IN_FLIGHT
    assert_all_rows(project, tmp_path)


@pytest.mark.parametrize("project", [3], indirect=True)
def test_after_sigkill_meltano_wants_force_or_five_minutes(project):
    project.run(end=killed(project, "SIGKILL to Meltano", FEW))
    assert project.run() == 1
    assert "pipeline is already running" in project.tail()
    with sqlite3.connect(project.directory / "meltano.db") as database:
        database.execute("UPDATE runs SET last_heartbeat_at = datetime(last_heartbeat_at, '-5 minutes')")
    assert project.run() == 0, project.tail()
