"""A night as an orchestrator sees it: a Meltano project, the API, a database and the files of orchestration/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from demo.pipeline import MELTANO, Pipeline
from demo.postgres import running_postgres
from tests.e2e.test_incremental import later
from tests.support import NOW, ROOT, environment

if TYPE_CHECKING:
    from sandbox.process import SandboxProcess

PIPELINE = Pipeline(ROOT / ".orchestration")
PLUGINS = ("tap-ayrshare", "target-postgres", "target-jsonl")
FILES = ROOT / "orchestration"
SHARDS = [f"shard-{k}-of-4" for k in range(1, 5)]
ACME, PRIMARY, EMPTY, GLOBEX = SHARDS
"""Who is in which shard: a profile, the list of profiles alone, nobody, another profile."""
HISTORY_OF_GLOBEX = {"fault": "not_found", "endpoint": "/history", "exact": True, "profile": "globex"}


@dataclass
class Night:
    """What the recipes run in; environment: of the orchestrator's process."""

    box: SandboxProcess
    uri: str
    directory: Path
    environment: dict[str, str]

    def on(self, day: int) -> dict[str, str]:
        """Return the environment on a day, counted from 0."""
        self.box.set_clock(later(day))
        return {**self.environment, "TAP_DEMO_NOW": later(day) if day else NOW}

    def drive(self, program: str, *arguments: Any, day: int = 0) -> Any:
        """Run a driver of this folder in an orchestrator's own environment; return what it reports."""
        python = ROOT / ".venvs" / program / "bin" / "python"
        driver = Path(__file__).with_name(f"in_{program}.py")
        report = self.directory / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [str(python), str(driver), str(report), *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd=self.directory, env=self.on(day), timeout=500,
        )  # fmt: skip
        assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
        return {**json.loads(report.read_text()), "log": done.stdout + done.stderr}

    def rows(self) -> dict[str, int]:
        """Return the number of rows by table."""
        with psycopg.connect(self.uri) as database:
            tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'ayrshare'").fetchall()
            return {
                name: database.execute(f"SELECT count(*) FROM ayrshare.{name}".encode()).fetchone()[0]
                for (name,) in tables
            }

    def profiles(self, table: str, snapshot: str) -> set[str]:
        """Return the profiles that have rows of a day."""
        query = f"SELECT DISTINCT profile FROM ayrshare.{table} WHERE snapshot_date = %s"
        with psycopg.connect(self.uri) as database:
            return {name for (name,) in database.execute(query.encode(), [snapshot]).fetchall()}


@pytest.fixture
def night(sandbox, tmp_path):
    """Make a project as `meltano install` leaves it, and copy the recipes beside it."""
    box = sandbox("--posts", "6", "--days", "40", "--profiles", "2")
    project, code = tmp_path / "project", tmp_path / "code"
    (project / ".meltano").mkdir(parents=True)
    shutil.copy(ROOT / "meltano.yml", project)
    for kind in ("extractors", "loaders"):
        (project / ".meltano" / kind).symlink_to(PIPELINE.plugins / kind)
    code.mkdir()
    for path in (FILES / "ayrshare_shard.py", *FILES.glob("*/*.py")):
        shutil.copy(path, code)
    with running_postgres(tmp_path / "postgres") as uri:
        yield Night(box, uri, tmp_path, {
            **{name: value for name, value in environment(None).items() if not name.startswith("PYTHON")},
            "PATH": os.pathsep.join([str(MELTANO.parent), "/usr/bin", "/bin"]),
            "PYTHONPATH": str(code),
            "AYRSHARE_PROJECT": str(project),
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "NO_COLOR": "1",
            "TAP_AYRSHARE_API_URL": box.config["api_url"],
            "TAP_AYRSHARE_API_KEY": box.config["api_key"],
            "TAP_AYRSHARE_PROFILES": json.dumps(box.config["profiles"]),
            "TAP_AYRSHARE_RATE_LIMIT_REQUESTS": "100000",
            "TAP_AYRSHARE_RATE_LIMIT_WINDOW_SECONDS": "1",
            "TARGET_POSTGRES_SQLALCHEMY_URL": uri.replace("postgresql://", "postgresql+psycopg://"),
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "ayrshare",
        })  # fmt: skip
