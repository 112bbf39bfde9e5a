"""How to run each contender, and what is measured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from benchmarks import airbyte

if TYPE_CHECKING:
    from sandbox.process import SandboxProcess

ROOT = Path(__file__).parent.parent
EXTRACTED_AT = re.compile(rb'"(extracted_at|time_extracted)":"[^"]*"')
KINDS = ("RECORD", "STATE", "SCHEMA")
STREAMS = ("posts", "post_analytics", "extraction_errors")
SOURCE = ROOT / ".venvs" / "airbyte" / "bin" / "source-ayrshare"


@dataclass(frozen=True)
class Measure:
    """One run: wall-clock seconds, CPU seconds, peak memory in MiB, bytes by message type, requests.

    posts: number of distinct posts whose analytics were returned.
    rows: a checksum of all records in any order, but for `extracted_at`.
    """

    seconds: float
    cpu: float
    memory: float
    exit_code: int
    bytes: dict[str, int]
    records: int
    requests: int
    refused: int
    posts: int
    rows: int
    log: list[dict[str, Any]] = field(repr=False)


def this_tap(directory: Path, config: dict[str, Any], **settings: Any) -> list[str]:
    """Return the command to run this tap."""
    command = [sys.executable, "-m", "tap_ayrshare"]
    catalog = json.loads(subprocess.run([*command, "--discover"], capture_output=True, check=True, cwd=ROOT).stdout)
    for stream in catalog["streams"]:
        root = next(entry["metadata"] for entry in stream["metadata"] if entry["breadcrumb"] == [])
        root["selected"] = stream["stream"] in STREAMS
    (directory / "catalog.json").write_text(json.dumps(catalog))
    (directory / "config.json").write_text(json.dumps({**config, **settings}))
    return [*command, "--config", str(directory / "config.json"), "--catalog", str(directory / "catalog.json")]


def this_source(directory: Path, config: dict[str, Any], **settings: Any) -> list[str]:
    """Return the command to run this project's Airbyte source; `make` has installed it."""
    streams = [
        {
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["incremental"]},
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
        }
        for name in STREAMS
    ]
    (directory / "source-catalog.json").write_text(json.dumps({"streams": streams}))
    (directory / "source.json").write_text(json.dumps({**config, **settings}))
    files = ["--config", str(directory / "source.json"), "--catalog", str(directory / "source-catalog.json")]
    return [str(SOURCE), "read", *files]


def plain_sdk(directory: Path, config: dict[str, Any], windows: list[tuple[str, str]]) -> list[str]:
    """Return the command to run a tap built from the SDK template."""
    plain = {"api_url": config["api_url"], "api_key": config["api_key"], "windows": windows}
    (directory / "plain.json").write_text(json.dumps(plain))
    return [sys.executable, "-m", "benchmarks.plain_sdk_tap", "--config", str(directory / "plain.json")]


def low_code(
    directory: Path,
    command: Path,
    config: dict[str, Any],
    windows: list[tuple[str, str]],
    budget: tuple[int, float] | None = None,
) -> list[str]:
    """Return the command to run airbyte-cdk's low-code source; budget: maximum requests, and the window in seconds."""
    return [str(command), *airbyte.files(directory, config, windows, budget)]


def windows_for(posts: int, days: float) -> list[tuple[str, str]]:
    """Return time windows with fewer than 1,000 posts each, for the other contenders."""
    now = datetime.now(timezone.utc) + timedelta(minutes=5)
    count = posts // 900 + 1
    length = timedelta(days=days + 1) / count
    stamps = [f"{now - length * number:%Y-%m-%dT%H:%M:%SZ}" for number in range(count + 1)]
    return list(zip(stamps[1:], stamps[:-1], strict=True))


def measure(box: SandboxProcess, command: list[str], timeout: float = 600) -> Measure:
    """Run a command to completion and measure the whole process."""
    box.clear()
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        launcher = [sys.executable, "-I", str(Path(__file__).parent / "launch.py"), str(out), str(timeout), *command]
        cost = json.loads(subprocess.run(launcher, capture_output=True, check=True, cwd=ROOT).stdout)
        sizes: Counter[str] = Counter()
        records = rows = 0
        with out.open("rb") as lines:
            for line in lines:
                kind = next((name for name in KINDS if f'"type":"{name}"'.encode() in line[:40]), "other")
                sizes[kind] += len(line)
                if kind == "RECORD":
                    records += 1
                    rows += crc32(EXTRACTED_AT.sub(b"", line))
    log = box.requests()
    return Measure(
        **cost,
        bytes=dict(sizes),
        records=records,
        requests=len(log),
        refused=sum(request["status"] == 429 for request in log),
        posts=len({r["body"].get("id") for r in log if r["path"] == "/analytics/post" and r["status"] == 200}),
        rows=rows,
        log=log,
    )
