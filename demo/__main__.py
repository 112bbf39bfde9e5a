"""`python -m demo`: load three nights of a sandbox account into PostgreSQL with Meltano, and query the result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from demo.pipeline import ROOT, Pipeline
from demo.postgres import running_postgres
from demo.processes import ProcessFailedError, started
from demo.tables import table
from sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

QUESTIONS = sorted((ROOT / "demo" / "questions").glob("*.sql"))
PLUGINS = ("tap-ayrshare", "target-postgres", "dbt-postgres")
STEPS = ("tap-ayrshare", "target-postgres", "dbt-postgres:build")
WORK = ROOT / ".demo"
PIPELINE = Pipeline(WORK)

SCHEMAS = ("ayrshare", "ayrshare_models")
NIGHTS = [datetime(2026, 3, day, 6, 0, tzinfo=timezone.utc) for day in (4, 5, 6)]
CLOSING = """\
To do the same with your own account:
  1. cp .env.example .env      and fill in your API key and PostgreSQL connection
  2. .venvs/meltano/bin/meltano install tap-ayrshare target-postgres dbt-postgres
  3. .venvs/meltano/bin/meltano run tap-ayrshare target-postgres dbt-postgres:build"""


def main() -> int:
    """Run the demo and return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        demonstrate()
    except ProcessFailedError as error:
        print(excerpt(error.log), file=sys.stderr)
        print(f"The demo failed: {error}. Full log: {error.log.relative_to(ROOT)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print("\nStopped, along with everything the demo had started.", file=sys.stderr)
        return 128 + int(interrupt.args[0])
    return 0


def demonstrate() -> None:
    """Load three nights of the sandbox account, then run the sample queries."""
    WORK.mkdir(exist_ok=True)
    PIPELINE.forget_state()
    if not PIPELINE.is_installed(*PLUGINS):
        say(f"Installing {', '.join(PLUGINS)} with Meltano (about a minute)")
        PIPELINE.install(*PLUGINS)
    say("Starting the sandbox and an empty PostgreSQL")
    with running_sandbox() as sandbox, running_postgres(WORK / "postgres") as uri:
        counts = []
        for night in NIGHTS:
            load(night, sandbox, uri)
            counts.append(count_rows(uri))
        print(f"\nRows in each table after each night\n\n{growth(counts)}")
        with psycopg.connect(uri) as database:
            for question in QUESTIONS:
                print(f"\n{ask(database, question)}")
    print(f"\n{CLOSING}")


def load(night: datetime, sandbox: SandboxProcess, uri: str) -> None:
    """Run the pipeline with the sandbox's and the tap's clocks set to one night."""
    say(f"{night:%A, %d %B %Y}: meltano run {' '.join(STEPS)}")
    sandbox.set_clock(night.isoformat())
    # Requests counted toward the rate limit the night before no longer matter.
    sandbox.set_limit(300, 300)
    target = urlsplit(uri)
    settings = {
        "TAP_AYRSHARE_API_URL": sandbox.config["api_url"],
        "TAP_AYRSHARE_API_KEY": sandbox.config["api_key"],
        "TAP_AYRSHARE_PROFILES": json.dumps(sandbox.config["profiles"]),
        "TARGET_POSTGRES_HOST": target.hostname,
        "TARGET_POSTGRES_PORT": str(target.port),
        "TARGET_POSTGRES_USER": target.username,
        "TARGET_POSTGRES_PASSWORD": target.password,
        "TARGET_POSTGRES_DATABASE": target.path[1:],
        "TAP_DEMO_NOW": night.isoformat(),
    }
    PIPELINE.meltano("run", *STEPS, log=PIPELINE.fresh_log(f"run-{night:%Y-%m-%d}"), **settings)


@contextmanager
def running_sandbox() -> Iterator[SandboxProcess]:
    """Run the mock of the Ayrshare API."""
    data = ["--now", NIGHTS[0].isoformat(), "--posts", "60", "--days", "30"]
    command = [sys.executable, "-m", "sandbox", "--port", "0", *data]
    log = PIPELINE.fresh_log("sandbox")
    with started(command, log=log, stdout=subprocess.PIPE, cwd=ROOT) as process:
        first_line = process.stdout.readline() if process.stdout else ""
        if not first_line:
            raise ProcessFailedError("the sandbox did not start", log)
        yield SandboxProcess(json.loads(first_line))


def count_rows(uri: str) -> dict[str, int]:
    """Return the number of rows in each table."""
    tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY schemaname, tablename"
    with psycopg.connect(uri) as database:
        found = database.execute(tables, [list(SCHEMAS)]).fetchall()
        return {f"{schema}.{name}": _count(database, schema, name) for schema, name in found}


def _count(database: psycopg.Connection, schema: str, name: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
    return sum(count for (count,) in database.execute(query))


def growth(counts: list[dict[str, int]]) -> str:
    """Return a table of row counts, with one column per night."""
    rows = [[name, *(count.get(name) for count in counts)] for name in counts[-1]]
    return table(["table", *(f"{night:%a %d %b}" for night in NIGHTS)], rows)


def ask(database: psycopg.Connection, question: Path) -> str:
    """Run a query and return its question, the first comment in its file, with the result."""
    query = question.read_text()
    answer = database.execute(query.encode())
    title = query.splitlines()[0].removeprefix("-- ")
    columns = [column.name for column in answer.description or []]
    return f"{title}  [{question.relative_to(ROOT)}]\n\n{table(columns, answer.fetchall())}"


def excerpt(log: Path) -> str:
    """Return the last lines of a log, without those that the target always writes."""
    lines = log.read_text(errors="replace").splitlines()
    telling = [line[:400] for line in lines if "METRIC: " not in line and "Inserting with SQL" not in line]
    return "\n".join(telling[-20:])


def say(step: str) -> None:
    """Print a step and the seconds elapsed since the start."""
    print(f"{time.monotonic() - BEGUN:6.1f} s  {step}", flush=True)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


BEGUN = time.monotonic()

if __name__ == "__main__":
    sys.exit(main())
