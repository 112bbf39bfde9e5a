"""`source-ayrshare` as a process, and its messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tap_ayrshare.airbyte.catalog import catalog
from tap_ayrshare.ayrshare.contract import declared_streams
from tests.support import NOW, ROOT, environment, opted_in

COMMAND = Path(sys.executable).parent / "source-ayrshare"
UNPACED = {"rate_limit_requests": 10**6, "rate_limit_window_seconds": 1}
BY_DEFAULT = [name for name, stream in declared_streams().items() if stream.get("selected_by_default", True)]
KEYS = {stream.name: [path[0] for path in stream.source_defined_primary_key] for stream in catalog().streams}


@dataclass
class Messages:
    """What a run of the source said."""

    code: int
    all: list[dict]
    raw: str
    error_output: str

    @classmethod
    def of(cls, process: subprocess.Popen, out: str) -> Messages:
        """Return what a process has said that ends by itself."""
        code = process.wait(60)
        return cls(code, messages(out), out, process.stderr.read())

    @property
    def records(self) -> dict[str, list[dict]]:
        found: dict[str, list[dict]] = {}
        for message in self.all:
            if message["type"] == "RECORD":
                found.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
        return found

    @property
    def state(self) -> list[dict]:
        """The last state of each stream, as a platform gives it to the next run."""
        last = {m["state"]["stream"]["stream_descriptor"]["name"]: m["state"] for m in self.all if m["type"] == "STATE"}
        return [{"type": state["type"], "stream": state["stream"]} for state in last.values()]

    @property
    def statuses(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for status in self._traces("stream_status"):
            found.setdefault(status["stream_descriptor"]["name"], []).append(status["status"])
        return found

    @property
    def reasons(self) -> list[tuple[str, list[dict] | None]]:
        return [(s["status"], s.get("reasons")) for s in self._traces("stream_status")]

    @property
    def errors(self) -> list[dict]:
        return self._traces("error")

    @property
    def connection(self) -> dict:
        (status,) = (m["connectionStatus"] for m in self.all if m["type"] == "CONNECTION_STATUS")
        return status

    @property
    def log(self) -> str:
        return "\n".join(m["log"]["message"] for m in self.all if m["type"] == "LOG")

    def _traces(self, kind: str) -> list[dict]:
        return [m["trace"][kind] for m in self.all if m["type"] == "TRACE" and kind in m["trace"]]

    def check(self) -> Messages:
        """Check what must be true of every run that ends by itself."""
        assert self.error_output == ""
        sent: Counter[str] = Counter()
        open_now: set[str] = set()
        ended: set[str] = set()
        for message in self.all:
            if message["type"] == "RECORD":
                stream = message["record"]["stream"]
                assert stream in open_now, f"a record of {stream} before STARTED or after its end"
                assert all(message["record"]["data"][key] not in (None, "") for key in KEYS[stream])
                sent[stream] += 1
            elif message["type"] == "STATE":
                state = message["state"]
                stream = state["stream"]["stream_descriptor"]["name"]
                assert stream in open_now, f"a state of {stream} before STARTED or after its end"
                assert stream not in ended, f"a state of {stream} after its end"
                assert state["sourceStats"]["recordCount"] == sent.pop(stream, 0)
            elif message["type"] == "TRACE" and "stream_status" in message["trace"]:
                status = message["trace"]["stream_status"]
                stream = status["stream_descriptor"]["name"]
                assert stream not in ended
                if status["status"] == "STARTED":
                    assert stream not in open_now
                    open_now.add(stream)
                assert stream in open_now or status["status"] == "INCOMPLETE"
                if status["status"] in ("COMPLETE", "INCOMPLETE"):
                    open_now.discard(stream)
                    ended.add(stream)
            else:
                assert message["type"] in ("LOG", "TRACE")
        assert not open_now, f"without an end: {open_now}"
        assert not sent, f"records that no state covers: {sent}"
        return self


@dataclass
class SourceProcess:
    """Runs the source as a process, each test in a directory of its own."""

    directory: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    def file(self, name: str, value: object) -> str:
        path = self.directory / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    def start(self, *arguments: str, now: str = NOW) -> subprocess.Popen:
        process = subprocess.Popen(
            [str(COMMAND), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            # Warnings of the CDK's dependencies are not this source's.
            env={**environment(now), "PYTHONWARNINGS": "ignore"},
        )
        self.processes.append(process)
        return process

    def run(self, *arguments: str, now: str = NOW) -> Messages:
        process = self.start(*arguments, now=now)
        return Messages.of(process, process.stdout.read())

    def arguments(self, config, *, select=None, state=None, mode="incremental", overwrite=False) -> list[str]:
        arguments = ["read", "--config", self.file("config.json", {**opted_in(select or ()), **config})]
        arguments += ["--catalog", self.file("catalog.json", configured(select, mode, overwrite=overwrite))]
        return arguments if state is None else [*arguments, "--state", self.file("state.json", state)]

    def read(self, config, *, now: str = NOW, check: bool = True, **more) -> Messages:
        found = self.run(*self.arguments(config, **more), now=now)
        return found.check() if check else found


def configured(select=None, mode="incremental", *, overwrite=False) -> dict:
    """Return a catalog as a platform configures it; None selects what the tap selects by default."""
    streams = []
    for stream in catalog().streams:
        if stream.name in (BY_DEFAULT if select is None else select):
            described = {
                "name": stream.name,
                "json_schema": {},
                "supported_sync_modes": ["full_refresh", "incremental"],
                "source_defined_primary_key": stream.source_defined_primary_key,
            }
            destination = "overwrite" if overwrite else "append_dedup"
            streams.append({"stream": described, "sync_mode": mode, "destination_sync_mode": destination})
    return {"streams": streams}


def messages(text: str) -> list[dict]:
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def rows(records: dict[str, list[dict]]) -> dict[str, dict[tuple, dict]]:
    """Return records by stream and key; of two copies the last one counts."""
    return {name: {tuple(row[key] for key in KEYS[name]): row for row in found} for name, found in records.items()}
