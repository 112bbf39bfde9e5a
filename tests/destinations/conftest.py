"""The destinations: how each is loaded and asked, with the plugins that Meltano has installed."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from demo.pipeline import Pipeline
from demo.postgres import running_postgres
from tests.support import EVERYONE, NOW, ROOT, environment, loader_settings

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = Pipeline(ROOT / ".destinations")
PLUGINS = (
    "tap-ayrshare", "target-postgres", "target-duckdb", "target-jsonl", "target-snowflake", "dbt-postgres",
    "dbt-duckdb", "dbt-snowflake",
)  # fmt: skip
STREAMS = (
    "accounts", "posts", "post_analytics", "social_posts", "social_post_analytics", "social_analytics",
    "social_analytics_daily", "link_analytics", "youtube_playlists", "profiles", "extraction_errors",
)  # fmt: skip
QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
ASK_DUCKDB = """\
import duckdb, json, sys
rows = duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall()
print(json.dumps(rows, default=str))
"""


def plugin(kind: str, name: str, executable: str | None = None) -> Path:
    """A program that Meltano has installed."""
    path = PIPELINE.plugins / kind / name / "venv" / "bin" / (executable or name)
    assert path.exists(), f"{name} is not installed: make test-destinations does it"
    return path


@dataclass
class Destination:
    """A loader with its settings; state: what it let out last."""

    loader: str
    settings: dict[str, Any]
    directory: Path
    state: str | None = None
    env: dict[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """The command line of the loader."""
        path = self.directory / f"{self.loader}.json"
        path.write_text(json.dumps(self.settings))
        return [str(self.program()), "--config", str(path)]

    def program(self) -> Path:
        return plugin("loaders", self.loader)

    def run(self, messages: str) -> subprocess.CompletedProcess[str]:
        """Hand Singer messages to the loader, whatever comes of it."""
        env = environment(None, self.env)
        return subprocess.run(
            self.command(), input=messages, capture_output=True, text=True, check=False, env=env, cwd=self.directory
        )

    def write(self, messages: str) -> None:
        """Hand Singer messages to the loader."""
        done = self.run(messages)
        assert done.returncode == 0, done.stderr[-3000:]
        if states := done.stdout.strip().splitlines():
            self.state = states[-1]

    def load(self, tap, config: dict, *, now: str = NOW):
        """Run the tap at a time and load what it says; return its output."""
        output = tap.run({**config, **QUICK}, now=now, state=self.state, timeout=200)
        assert output.code == 0, output.log
        self.write(output.raw)
        return output

    def ask(self, query: str) -> list[list]:
        raise NotImplementedError

    def counts(self) -> dict[str, int]:
        return {stream: self.ask(f"SELECT count(*) FROM ayrshare.{stream}")[0][0] for stream in STREAMS}

    def types(self, table: str) -> dict[str, str]:
        found = self.ask(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_schema = 'ayrshare' AND table_name = '{table}'"
        )
        return dict(found)


class Postgres(Destination):
    def ask(self, query: str) -> list[list]:
        with psycopg.connect(self.settings["sqlalchemy_url"].replace("+psycopg", "")) as connection:
            return [list(row) for row in connection.execute(query.encode()).fetchall()]


class DuckDB(Destination):
    def ask(self, query: str) -> list[list]:
        python = plugin("loaders", "target-duckdb", "python")
        command = [str(python), "-c", ASK_DUCKDB, self.settings["filepath"], query]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def postgres(tmp_path):
    with running_postgres(tmp_path / "postgres") as uri:
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        settings = {"sqlalchemy_url": url, **loader_settings("target-postgres")}
        yield Postgres("target-postgres", settings, tmp_path)


@pytest.fixture
def duckdb(tmp_path):
    settings = {**loader_settings("target-duckdb"), "filepath": str(tmp_path / "social.duckdb")}
    return DuckDB("target-duckdb", settings, tmp_path)


@pytest.fixture(params=["postgres", "duckdb"])
def warehouse(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def box(sandbox):
    return sandbox("--posts", "30", "--days", "60", "--profiles", "1")


def config(box) -> dict:
    return {**box.config, **EVERYONE}
