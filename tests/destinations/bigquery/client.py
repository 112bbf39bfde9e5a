"""z3-target-bigquery with a dataset in the stand-in."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from demo.processes import free_port, started
from tests.destinations.conftest import asked
from tests.destinations.loaders import Separate, program
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = ROOT / "tests" / "destinations" / "bigquery" / "here"
PATIENCE = 120
ASK = """\
import json, sys, warnings
warnings.simplefilter("ignore")
from google.cloud import bigquery
client = bigquery.Client.from_service_account_info({}, project="social")
rows = [[list(row.values()) for row in client.query(query).result(timeout=60)] for query in json.load(sys.stdin)]
print(json.dumps(rows, default=str))
"""


class BigQuery(Separate):
    def ask_all(self, queries: list[str]) -> list[list[list]]:
        return asked(program(self.loader, "python"), ASK, "", queries, self.env)

    def quoted(self, column: str) -> str:
        return f"`{column}`"

    def as_text(self, column: str) -> str:
        return f"CAST({column} AS STRING)"

    def types(self, table: str) -> dict[str, str]:
        query = f"SELECT column_name, data_type FROM ayrshare.INFORMATION_SCHEMA.COLUMNS WHERE table_name = '{table}'"
        return dict(self.ask(query))


@contextmanager
def target_bigquery(directory: Path) -> Iterator[BigQuery]:
    port, log = free_port(), directory / "bigquery.log"
    command = [str(program("bqemulator", "python")), "-m", "tests.destinations.bigquery", str(port)]
    with started(command, log=log, cwd=ROOT):
        deadline = time.monotonic() + PATIENCE
        while not _listens(port):
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)
        settings = {"credentials_json": "{}", "project": "social", "dataset": "ayrshare", "method": "batch_job",
                    "denormalized": True, "upsert": True}  # fmt: skip
        env = {"PYTHONPATH": str(HERE), "BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{port}"}
        yield BigQuery("z3-target-bigquery", settings, directory, env=env, executable="target-bigquery")


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
