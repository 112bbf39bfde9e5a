"""`python -m demo`: sixty nights of a sandbox account in PostgreSQL, models, answers to questions, and a report."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from demo.pipeline import ROOT, Pipeline
from demo.postgres import binaries_of_postgres, running_postgres, stop_kept
from demo.processes import ProcessFailedError, run, started
from demo.questions import PAGE, questions
from demo.tables import table
from sandbox.process import SandboxProcess
from tap_ayrshare_report.command import URL_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from demo.questions import Question

PLUGINS = ("tap-ayrshare", "target-postgres", "dbt-postgres")
STEPS = ("tap-ayrshare", "target-postgres", "dbt-postgres:build")
WORK = ROOT / ".demo"
PIPELINE = Pipeline(WORK)
SERVER = WORK / "postgres"
REPORT = WORK / "report.html"

SCHEMAS = ("ayrshare", "ayrshare_models")
NIGHTS = [datetime(2026, 3, day, 6, 0, tzinfo=timezone.utc) for day in (5, 6)]
HISTORY = [NIGHTS[0] - timedelta(days=days) for days in range(63, 0, -1)]
STORY = ("--now", NIGHTS[0].isoformat(), "--story", "--days", "80")
SHOWN = 3
"""How many of the questions are shown."""
CLOSING = """\
To do the same with your own account:
  1. cp .env.example .env      and fill in your API key and PostgreSQL connection
  2. .venvs/meltano/bin/meltano install tap-ayrshare target-postgres dbt-postgres
  3. .venvs/meltano/bin/meltano run tap-ayrshare target-postgres dbt-postgres:build"""


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave PostgreSQL running at the end")
    parser.add_argument("--stop", action="store_true", help="stop the PostgreSQL that was left running")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if args.stop:
            print("Stopped." if stop_kept(SERVER) else "No PostgreSQL of the demo is running.")
        else:
            demonstrate(keep=args.keep)
    except ProcessFailedError as error:
        print(excerpt(error.log), file=sys.stderr)
        print(f"The demo failed: {error}. Full log: {error.log.relative_to(ROOT)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print("\nStopped, along with everything the demo had started.", file=sys.stderr)
        return 128 + int(interrupt.args[0])
    return 0


def demonstrate(*, keep: bool) -> None:
    """Load sixty nights of the sandbox account, the last two with Meltano; answer questions and write the report."""
    WORK.mkdir(exist_ok=True)
    PIPELINE.forget_state()
    if not PIPELINE.is_installed(*PLUGINS):
        say(f"Installing {', '.join(PLUGINS)} with Meltano (about a minute)")
        PIPELINE.install(*PLUGINS)
    say("Starting the sandbox and an empty PostgreSQL")
    with running_sandbox() as sandbox, running_postgres(SERVER, keep=keep) as uri:
        say(f"{len(HISTORY)} nights from {HISTORY[0]:%d %B %Y} on, the tap alone")
        load_history(sandbox, uri)
        counts = [count_rows(uri)]
        for night, steps in zip(NIGHTS, (STEPS[:2], STEPS), strict=True):
            load(night, steps, sandbox, uri)
            counts.append(count_rows(uri))
        print(f"\nRows in each table after each night\n\n{growth(counts)}")
        with psycopg.connect(uri) as database:
            for question in questions()[:SHOWN]:
                print(f"\n{ask(database, question)}")
        print(f"\nSeven more questions, and their queries: {PAGE.relative_to(ROOT)}")
        say("Writing the report")
        write_report(uri)
    print(f"\nThe report, to be opened in a browser: {REPORT}")
    if keep:
        psql = shutil.which("psql") or binaries_of_postgres() / "psql"
        print(f"\nPostgreSQL runs on, with the tables in {' and '.join(SCHEMAS)}:\n  {psql} {shlex.quote(uri)}")
        print("To stop it and delete its data: make demo-stop")
    print(f"\n{CLOSING}")


def load_history(sandbox: SandboxProcess, uri: str) -> None:
    """Load the nights before those that Meltano runs: the tap's output of each, in one go into the target."""
    sandbox.set_limit(0, 1)
    config = {**sandbox.config, "rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
    given = {"nights": [night.isoformat() for night in HISTORY], "config": config, "control": sandbox.config}
    asked, messages = WORK / "history.json", WORK / "history.jsonl"
    asked.write_text(json.dumps(given))
    log = PIPELINE.fresh_log("history")
    with asked.open() as stdin, messages.open("w") as stdout:
        run([sys.executable, "-m", "demo.history"], what="The tap", log=log, stdin=stdin, stdout=stdout, cwd=ROOT)
    PIPELINE.load(messages, "target-postgres", log=PIPELINE.fresh_log("load"), **target(uri))


def load(night: datetime, steps: Sequence[str], sandbox: SandboxProcess, uri: str) -> None:
    """Run steps of the pipeline with the sandbox's and the tap's clocks set to one night."""
    say(f"{night:%A, %d %B %Y}: meltano run {' '.join(steps)}")
    sandbox.set_clock(night.isoformat())
    # Requests counted toward the rate limit the night before no longer matter.
    sandbox.set_limit(300, 300)
    settings = {
        "TAP_AYRSHARE_API_URL": sandbox.config["api_url"],
        "TAP_AYRSHARE_API_KEY": sandbox.config["api_key"],
        "TAP_AYRSHARE_PROFILES": json.dumps(sandbox.config["profiles"]),
        "TAP_DEMO_NOW": night.isoformat(),
    }
    PIPELINE.meltano("run", *steps, log=PIPELINE.fresh_log(f"run-{night:%Y-%m-%d}"), **settings, **target(uri))


def target(uri: str) -> dict[str, str]:
    """Return the target's settings for a database, as environment variables."""
    url = urlsplit(uri)
    return {
        "TARGET_POSTGRES_HOST": url.hostname or "",
        "TARGET_POSTGRES_PORT": str(url.port),
        "TARGET_POSTGRES_USER": url.username or "",
        "TARGET_POSTGRES_PASSWORD": url.password or "",
        "TARGET_POSTGRES_DATABASE": url.path[1:],
    }


def write_report(uri: str) -> None:
    """Write the report of the models."""
    command = [sys.executable, "-m", "tap_ayrshare_report", "--output", str(REPORT)]
    run(command, what="The report", log=PIPELINE.fresh_log("report"), cwd=ROOT, env={**os.environ, URL_VARIABLE: uri})


@contextmanager
def running_sandbox() -> Iterator[SandboxProcess]:
    """Run the mock of the Ayrshare API."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *STORY]
    log = PIPELINE.fresh_log("sandbox")
    with started(command, log=log, stdout=subprocess.PIPE, cwd=ROOT) as process:
        first_line = process.stdout.readline() if process.stdout else ""
        if not first_line:
            raise ProcessFailedError("the sandbox did not start", log)
        yield SandboxProcess(json.loads(first_line))


def count_rows(uri: str) -> dict[str, int]:
    """Return the number of rows in each table, those that the models only work with left out."""
    tables = (
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) AND NOT starts_with(tablename, 'int_') "
        "ORDER BY schemaname, tablename"
    )
    with psycopg.connect(uri) as database:
        found = database.execute(tables, [list(SCHEMAS)]).fetchall()
        return {f"{schema}.{name}": _count(database, schema, name) for schema, name in found}


def _count(database: psycopg.Connection, schema: str, name: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
    return sum(count for (count,) in database.execute(query))


def growth(counts: list[dict[str, int]]) -> str:
    """Return a table of row counts, with one column per night."""
    rows = [[name, *(count.get(name) for count in counts)] for name in counts[-1]]
    nights = [HISTORY[-1], *NIGHTS]
    return table(["table", *(f"{night:%a %d %b}" for night in nights)], rows)


def ask(database: psycopg.Connection, question: Question) -> str:
    """Run a question's query and return its answer under its title."""
    answer = database.execute(question.query.encode())
    columns = [column.name for column in answer.description or []]
    return f"{question.title}\n\n{table(columns, answer.fetchall())}"


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
