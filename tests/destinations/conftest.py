"""The destinations: how each is loaded and asked, with the plugins that Meltano has installed."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest

from demo.pipeline import Pipeline
from demo.postgres import running_postgres
from sandbox.process import running
from tap_ayrshare.streams import STREAMS as EVERY_STREAM
from tests.e2e.test_incremental import later
from tests.support import EVERYONE, NOW, ROOT, Output, TapProcess, environment, loader_settings, messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
database = duckdb.connect(sys.argv[1], read_only=True)
print(json.dumps([database.execute(query).fetchall() for query in json.load(sys.stdin)], default=str))
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
    schema: str = "ayrshare"
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
        output = tap.run({**config, **QUICK}, now=now, state=self.state)
        assert output.code == 0, output.log
        self.write(output.raw)
        return output

    def ask(self, query: str) -> list[list]:
        """The rows of a query; what isn't in JSON comes as text."""
        return self.ask_all([query])[0]

    def ask_all(self, queries: list[str]) -> list[list[list]]:
        """The rows of several queries, at once where a process has to start for it."""
        raise NotImplementedError

    def quoted(self, column: str) -> str:
        return f'"{column}"'

    def as_text(self, column: str) -> str:
        """A time as text, which needs no opinion of the client's on time zones."""
        return f"CAST({column} AS VARCHAR)"

    def counts(self) -> dict[str, int]:
        return {stream: self.ask(f"SELECT count(*) FROM ayrshare.{stream}")[0][0] for stream in STREAMS}

    def types(self, table: str) -> dict[str, str]:
        found = self.ask(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_schema = 'ayrshare' AND table_name = '{table}'"
        )
        return dict(found)


class Postgres(Destination):
    def ask_all(self, queries: list[str]) -> list[list[list]]:
        with psycopg.connect(self.settings["sqlalchemy_url"].replace("+psycopg", "")) as connection:
            return [[list(row) for row in connection.execute(query.encode()).fetchall()] for query in queries]


class DuckDB(Destination):
    def ask_all(self, queries: list[str]) -> list[list[list]]:
        return asked(plugin("loaders", "target-duckdb", "python"), ASK_DUCKDB, self.settings["filepath"], queries)


def asked(python: Path, script: str, place: str, given: Any, env: dict[str, str] | None = None) -> Any:
    """What a script prints as JSON, in a loader's environment; what it is given comes as JSON from stdin."""
    command = [str(python), "-c", script, place]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=False, env=environment(None, env)
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@contextmanager
def target_postgres(directory: Path) -> Iterator[Destination]:
    with running_postgres(directory / "postgres") as uri:
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        settings = {"sqlalchemy_url": url, **loader_settings("target-postgres")}
        yield Postgres("target-postgres", settings, directory)


@contextmanager
def target_duckdb(directory: Path) -> Iterator[Destination]:
    settings = {**loader_settings("target-duckdb"), "filepath": str(directory / "social.duckdb")}
    yield DuckDB("target-duckdb", settings, directory)


@pytest.fixture
def postgres(tmp_path):
    with target_postgres(tmp_path) as destination:
        yield destination


@pytest.fixture
def duckdb(tmp_path):
    with target_duckdb(tmp_path) as destination:
        yield destination


@pytest.fixture(params=["postgres", "duckdb"])
def warehouse(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def box(sandbox):
    return sandbox("--posts", "30", "--days", "60", "--profiles", "1")


def config(box) -> dict:
    return {**box.config, **EVERYONE}


TEXT = "Ünï \"quotes\" 'single' \\ back\\slash\nnew line\ttab 🎉 新製品"
LARGEST, HUGE, FRACTION = 2**63 - 1, 10**30, 0.1
FLAT = {"flattening_enabled": True, "flattening_max_depth": 1}


class Nights(NamedTuple):
    """What the tap says of all streams: on a day, on the same day without a state, and on the next day."""

    first: Output
    again: Output
    second: Output


@pytest.fixture(scope="session")
def nights(tmp_path_factory) -> Callable[[bool], Nights]:
    """Run the tap three times, against an account with unusual values; once for each setting."""

    @cache
    def run(is_flat: bool) -> Nights:
        tap = TapProcess(tmp_path_factory.mktemp("nights"))
        with running("--now", NOW, "--limit", "0", "--posts", "12", "--days", "30", "--profiles", "1") as box:
            numbers = {"followersCount": LARGEST, "name": TEXT, "username": TEXT, "huge": HUGE,
                       "engagement": {"n": FRACTION}}  # fmt: skip
            box.set_faults({"fault": "patch", "endpoint": "/analytics/social", "platform": "facebook",
                            "body": {"facebook": {"analytics": numbers}}})  # fmt: skip
            settings = {**config(box), **QUICK, **(FLAT if is_flat else {})}
            streams = [stream.name for stream in EVERY_STREAM]
            first = tap.run(settings, now=NOW, select=streams)
            again = tap.run(settings, now=later(0.01), select=streams)
            box.set_clock(later(1))
            second = tap.run(settings, now=later(1), state=first.state, select=streams)
        outputs = Nights(first, again, second)
        assert [output.code for output in outputs] == [0, 0, 0]
        assert first.streams.keys() == set(streams)
        (odd,) = [
            record for record in first.records("social_analytics")
            if (record["profile"], record["platform"]) == ("primary", "facebook")
        ]  # fmt: skip
        assert (odd["followers"], odd["account_name"]) == (LARGEST, TEXT)
        return outputs

    return run


def edited(output: Output, edit: Callable[[dict], dict | None]) -> Output:
    """A run as if the tap had said it with some messages edited; None drops a message."""
    kept = [message for message in map(edit, messages(output.raw)) if message]
    return Output(output.code, kept, output.log, "".join(json.dumps(message) + "\n" for message in kept))


def of(*names: str):
    """An edit that keeps only these streams."""
    return lambda message: message if message.get("stream") in names else None


AGE = 2
"""Seconds after which a loader that is killed lets out its state, instead of five minutes."""


def killed_after_a_state(destination: Destination, output: Output, sign: str = "") -> list[str]:
    """Load a run until its first state is out, and kill the loader; return the lines up to that state.

    sign: what the loader logs once more before it is killed, such as that it loads another batch.
    """
    lines = output.raw.splitlines(keepends=True)
    end = [message["type"] for message in output.messages].index("STATE") + 1
    state, later = output.messages[end - 1]["value"], iter(lines[end:])
    out, log = destination.directory / "states", destination.directory / "loader.log"
    env = environment(None, {**destination.env, "TEST_RECORD_AGE": str(AGE / 60)})
    with (
        out.open("w") as states,
        log.open("w") as said,
        subprocess.Popen(
            destination.command(), stdin=subprocess.PIPE, stdout=states, stderr=said, text=True, env=env
        ) as loader,
    ):

        def load_until(condition: Callable[[], bool]) -> None:
            while not condition():
                line = next(later)
                assert json.loads(line)["type"] == "RECORD", "there are too few records behind the first state"
                loader.stdin.write(line)
                loader.stdin.flush()
                time.sleep(0.05)

        loader.stdin.writelines(lines[:end])
        load_until(lambda: state in map(json.loads, out.read_text().splitlines()))
        before = log.read_text().count(sign)
        load_until(lambda: not sign or log.read_text().count(sign) > before)
        loader.kill()
    destination.state = out.read_text().strip().splitlines()[-1]
    return lines[:end]
