"""`python -m benchmarks.target`: this tap into PostgreSQL end to end, with different settings of target-postgres."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from benchmarks.contenders import ROOT, this_tap
from demo.postgres import running_postgres
from sandbox.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = ROOT / ".venvs" / "target-postgres" / "bin" / "target-postgres"
UNPACED = {"rate_limit_requests": 10**6, "rate_limit_window_seconds": 1, "max_concurrency": 16}
SETTINGS: dict[str, dict[str, Any]] = {
    "the target's defaults": {},
    "`use_copy: true`": {"use_copy": True},
    "`validate_records: false`": {"validate_records": False},
    "both, as in meltano.yml": {"use_copy": True, "validate_records": False},
}
HEADER = ["", "rows", "seconds", "CPU s of the target", "CPU s of the tap", "rows per second"]
TITLE = "Into PostgreSQL: tap and target-postgres end to end, no rate limit"
NOTE = (
    "`load_method: upsert` in each; every run loads into a schema of its own, and the settings take turns. Seconds run "
    "from the start of both processes to the end of the target, startup included. Tap, target, PostgreSQL and sandbox "
    "share the machine."
)


def rows(posts: int, runs: int) -> Iterator[list[str]]:
    """Load an account with this many posts, `runs` times with each setting; yield the table's rows."""
    options = ("--plain", "--native-every", "0", "--days", "300", "--linked", "threads,bluesky", "--profiles", "0",
               "--networks-per-post", "2", "--limit", "0", "--posts", str(posts))  # fmt: skip
    found: dict[str, list[tuple[float, float, float, int]]] = {name: [] for name in SETTINGS}
    with tempfile.TemporaryDirectory() as name, running(*options) as box:
        directory = Path(name)
        command = this_tap(directory, box.config, **UNPACED)
        with running_postgres(directory / "postgres") as uri:
            for turn in range(runs):
                for number, (setting, values) in enumerate(SETTINGS.items()):
                    schema = f"run_{turn}_{number}"
                    found[setting].append(_load(command, directory, uri, schema, values))
    for setting, measures in found.items():
        seconds, target, tap, count = (median(column) for column in zip(*measures, strict=True))
        yield [setting, f"{count:,.0f}", f"{seconds:.1f}", f"{target:.1f}", f"{tap:.1f}", f"{count / seconds:,.0f}"]


def _load(
    command: list[str], directory: Path, uri: str, schema: str, values: dict[str, Any]
) -> tuple[float, float, float, int]:
    """Return seconds, CPU seconds of the target and of the tap, and the rows that are in the database."""
    url = uri.replace("postgresql://", "postgresql+psycopg://")
    settings = {"sqlalchemy_url": url, "load_method": "upsert", "default_target_schema": schema, **values}
    file = directory / "target.json"
    file.write_text(json.dumps(settings))
    began = time.monotonic()
    tap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
    target = subprocess.Popen(
        [TARGET, "--config", str(file)], stdin=tap.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if tap.stdout:
        tap.stdout.close()
    cpu = [_cpu(process) for process in (target, tap)]
    seconds = time.monotonic() - began
    with psycopg.connect(uri) as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        counts = [sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)) for (table,) in tables]
        count = sum(number for query in counts for (number,) in database.execute(query))
    return seconds, cpu[0], cpu[1], count


def _cpu(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process; return its CPU seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the tap or the target ended with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(" | ".join(HEADER))
    for row in rows(posts=20_000, runs=3):
        print(" | ".join(row), flush=True)
