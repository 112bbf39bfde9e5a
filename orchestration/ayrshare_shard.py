"""Run one shard of the profiles with Meltano, and say what it loaded or why it failed.

The Airflow DAG, the Dagster assets and the Kubernetes CronJob share this file. It needs only Python and `meltano` on
PATH. As a command: `python ayrshare_shard.py shard-1-of-4`, with the tap's exit codes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(os.environ.get("AYRSHARE_PROJECT", "/projects/ayrshare"))
"""The Meltano project, with its plugins installed."""
WORK = Path(os.environ.get("AYRSHARE_WORK", PROJECT / ".meltano"))
"""Where each shard's run gets a directory to write to."""
SHARDS = int(os.environ.get("AYRSHARE_SHARDS", "4"))
"""In how many parts the profiles are split. Before changing it, see docs/scheduling.md."""
STEPS = tuple(os.environ.get("AYRSHARE_STEPS", "tap-ayrshare target-postgres").split())
"""What `meltano run` runs."""
STREAMS = (
    "account_demographics", "accounts", "ad_accounts", "ad_spend_daily", "ads", "auto_schedules", "comments",
    "extraction_errors", "link_analytics", "messages", "post_analytics", "posts", "profiles", "review_totals",
    "reviews", "social_analytics", "social_analytics_daily", "social_post_analytics", "social_post_comments",
    "social_posts", "sync_runs", "youtube_playlists",
)  # fmt: skip
"""All streams of the tap."""

MAY_PASS, ONLY_A_PERSON = 1, 2
"""The tap's exit codes for what a retry may mend, and for what none does: a key, a setting, the state."""
PLUGINS = ("extractors", "loaders", "mappers", "utilities")
SECONDS_TO_END = 45


class ShardFailed(Exception):
    """The shard failed, and may pass when it is run again."""


class ShardNeedsPerson(ShardFailed):
    """The shard failed, and fails again until a person has mended something."""


def names(shards: int = SHARDS) -> list[str]:
    """Return the name of each shard: state id suffix, task name and partition key."""
    return [f"shard-{k}-of-{shards}" for k in range(1, shards + 1)]


def run(shard: str) -> dict[str, int]:
    """Run a shard to its end and return the number of records by selected stream. Meltano's log is printed.

    Raises:
        ShardNeedsPerson: The tap exited with code 2, or Meltano or its project isn't there.
        ShardFailed: The run failed for another reason.
    """
    k, n = _numbers(shard)
    directory = _own_directory(shard)
    summary = directory / "summary.json"
    summary.unlink(missing_ok=True)
    env = {
        **os.environ,
        "MELTANO_AUTO_INSTALL": "false",
        "MELTANO_SYS_DIR_ROOT": str(directory),
        "TAP_AYRSHARE_SHARD": f"{k}/{n}",
        "TAP_AYRSHARE_SUMMARY_FILE": str(summary),
    }
    command = ["meltano", "--log-format", "json", "run", "--state-id-suffix", shard, *STEPS]
    try:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except FileNotFoundError:
        raise ShardNeedsPerson(f"{shard}: there is no `meltano` on PATH") from None
    log = Log()
    try:
        for line in process.stdout or ():
            log.print(line)
        code = process.wait()
    finally:
        _end(process, log)
    if code:
        kind = ShardNeedsPerson if log.exit_codes.get("extractors") == ONLY_A_PERSON else ShardFailed
        raise kind(f"{shard}: {log.last_error or f'meltano exited with code {code}'}")
    # Steps without the tap write none.
    streams = json.loads(summary.read_text(encoding="utf-8"))["streams"] if summary.exists() else {}
    return {stream: counts["records"] for stream, counts in streams.items()}


@dataclass
class Log:
    """What Meltano's JSON log says.

    exit_codes: by type of plugin, if one has failed. last_error: a plugin's, else Meltano's.
    """

    exit_codes: dict[str, int] = field(default_factory=dict)
    last_error: str = ""
    _is_of_plugin: bool = False

    def print(self, line: str) -> None:
        """Take in a line, and print it as text."""
        print(self.read(line), flush=True)

    def read(self, line: str) -> str:
        """Take in a line; return it as text."""
        try:
            entry = json.loads(line)
        except ValueError:
            return line.rstrip()
        if not isinstance(entry, dict):
            return line.rstrip()
        level, plugin, event = (str(entry.get(name, "")) for name in ("level", "string_id", "event"))
        self.exit_codes.update(entry.get("exit_codes") or {})
        self._note_error(level, plugin, event)
        return " ".join(filter(None, [level, plugin or "meltano", event.rstrip(), str(entry.get("exception", ""))]))

    def _note_error(self, level: str, plugin: str, event: str) -> None:
        # A plugin without levels in its log ends with the last line of a traceback.
        is_error = level in ("error", "critical") or re.match(r"[\w.]+(Error|Exception): ", event)
        if is_error and event.strip() and (plugin or not self._is_of_plugin):
            self.last_error = f"{plugin}: {event}" if plugin else event
            self._is_of_plugin = bool(plugin)


def _numbers(shard: str) -> tuple[str, str]:
    found = re.fullmatch(r"shard-(\d+)-of-(\d+)", shard)
    if not found:
        raise ShardNeedsPerson(f"{shard!r} isn't a shard's name, such as shard-1-of-4")
    return found[1], found[2]


def _own_directory(shard: str) -> Path:
    """Return a directory for what Meltano writes, with links to its plugins.

    Meltano keeps one state.json for each tap, which shards that run side by side would overwrite.

    Raises:
        ShardNeedsPerson: There is no Meltano project.
    """
    installed = PROJECT / ".meltano"
    if not (installed / "extractors").is_dir():
        raise ShardNeedsPerson(f"{shard}: {PROJECT} isn't a Meltano project after `meltano install`")
    own = WORK / shard
    own.mkdir(parents=True, exist_ok=True)
    for kind in PLUGINS:
        if (installed / kind).is_dir() and not (own / kind).exists():
            (own / kind).symlink_to(installed / kind)
    return own


def _end(process: subprocess.Popen[str], log: Log) -> None:
    """End a run that is still under way, since the orchestrator has called it off.

    The tap is ended first: the target then loads what was read, and Meltano saves the state that covers it.
    """
    if process.poll() is not None:
        return
    taps = _taps(process.pid)
    for tap in taps:
        with suppress(ProcessLookupError):
            os.kill(tap, signal.SIGTERM)
    if not taps:
        process.terminate()
    try:
        rest, _ = process.communicate(timeout=SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return
    for line in rest.splitlines():
        log.print(line)


def _taps(meltano: int) -> list[int]:
    """Return the ids of the tap's processes that a Meltano has started; none where there is no /proc."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = status.read_text().rpartition(")")[2].split()[1]
            if parent == str(meltano) and b"bin/tap-ayrshare" in status.with_name("cmdline").read_bytes():
                found.append(int(status.parent.name))
    return found


def main(arguments: list[str]) -> int:
    """Run the shard that is named, else the one of this pod in an Indexed Job of Kubernetes; return the exit code."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        shard = arguments[0] if arguments else names()[int(os.environ["JOB_COMPLETION_INDEX"])]
        records = run(shard)
    except (KeyError, IndexError):
        print(f"Name a shard: {', '.join(names())}", file=sys.stderr)
        return ONLY_A_PERSON
    except ShardFailed as error:
        print(error, file=sys.stderr)
        return ONLY_A_PERSON if isinstance(error, ShardNeedsPerson) else MAY_PASS
    print(json.dumps({"shard": shard, "records": records}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
