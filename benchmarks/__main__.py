"""`python -m benchmarks`: run the comparison, print tables, and write them to benchmarks/RESULTS.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import time
from typing import TYPE_CHECKING

from benchmarks import airbyte, bodies, latency, load, refresh, target
from benchmarks.contenders import ROOT, Measure, low_code, measure, plain_sdk, this_source, this_tap, windows_for
from sandbox.moments import FRESH_SECONDS, iso
from sandbox.process import running

if TYPE_CHECKING:
    from typing import Any

    from sandbox.process import SandboxProcess

DAYS = 300
WITH_PROFILES = ("--plain", "--native-every", "0", "--days", str(DAYS), "--linked", "threads,bluesky")
LEAN = (*WITH_PROFILES, "--profiles", "0")
UNPACED = {"rate_limit_requests": 10**6, "rate_limit_window_seconds": 1, "max_concurrency": 16}
LIMIT, WINDOW, RESERVE = 60, 6.0, 0.05
BULK_LATENCY, BULK_WINDOW = 0.2, 12.0
ALLOWED = LIMIT * (1 - RESERVE)
OURS, OUR_SOURCE = "tap-ayrshare", "source-ayrshare"
PLAIN, LOW_CODE = "plain singer-sdk tap", "airbyte-cdk low-code"
MOST_PLAIN = 2000
STEPS = ((1_000, 2_000), (1_000, 4_000), (10_000, 13_000))
UNLIMITED = ("--networks-per-post", "2", "--limit", "0")


class Report:
    """The tables, printed and saved to the file."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        self.lines: list[str] = []

    def say(self, line: str = "") -> None:
        """Print a line and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def save(self) -> None:
        """Write the results so far, so that an interrupted run keeps them."""
        if self.file:
            self.file.write_text("\n".join(self.lines) + "\n", encoding="utf-8")

    def table(self, title: str, header: list[str], rows: list[list[str]], note: str = "") -> None:
        """Print a table with a note below it."""
        self.say(f"\n## {title}\n")
        self.say(f"| {' | '.join(header)} |")
        self.say(f"|{'---|' * len(header)}")
        for row in rows:
            self.say(f"| {' | '.join([*row, *[''] * (len(header) - len(row))])} |")
        if note:
            self.say(f"\n{note}")
        self.save()


@dataclass
class Bench:
    """State shared by all benchmarks; low_code: airbyte-cdk's command, None if it can't be installed."""

    report: Report
    directory: Path
    runs: int
    quick: bool
    low_code: Path | None
    missing: str

    def names(self, posts: int) -> list[str]:
        """Return the contenders to run for this number of posts."""
        return [OURS, OUR_SOURCE, *([LOW_CODE] if self.low_code else []), *([PLAIN] if posts <= MOST_PLAIN else [])]

    def run(self, name: str, box: SandboxProcess, posts: int) -> Measure:
        """Run a contender without pacing."""
        windows = windows_for(posts, DAYS)
        if name == OURS:
            return measure(box, this_tap(self.directory, box.config, **UNPACED))
        if name == OUR_SOURCE:
            return measure(box, this_source(self.directory, box.config, **UNPACED))
        if name == PLAIN:
            return measure(box, plain_sdk(self.directory, box.config, windows))
        return measure(box, low_code(self.directory, self.low_code or Path(), box.config, windows))

    def without_low_code(self) -> list[list[str]]:
        """Return the row stating that airbyte-cdk is missing, if it is."""
        return [] if self.low_code else [[LOW_CODE, self.missing]]


def spread(values: list[float], digits: int = 1) -> str:
    """Return the median, and the range if there are several values."""
    texts = [f"{value:,.{digits}f}" for value in (median(values), min(values), max(values))]
    return texts[0] if len(values) == 1 else f"{texts[0]} ({texts[1]}-{texts[2]})"


def paced(bench: Bench) -> None:
    """One profile against its limit."""
    posts, directory, rows = 60 if bench.quick else 240, bench.directory, []
    options = ("--posts", str(posts), "--networks-per-post", "2", "--latency", "0.8",
               "--limit", str(LIMIT), "--window", str(WINDOW))  # fmt: skip
    with running(*LEAN, *options) as box:
        config, windows = box.config, windows_for(posts, DAYS)
        limit = {"rate_limit_requests": LIMIT, "rate_limit_window_seconds": WINDOW, "max_concurrency": 16}
        contenders = [
            (f"{OURS}, 16 in flight", bench.runs, this_tap(directory, config, **limit)),
            (f"{PLAIN} (1 run)", 1, plain_sdk(directory, config, windows)),
        ]
        if bench.low_code:
            for name, budget in (
                ("", None),
                (f" with api_budget {ALLOWED:g} per {WINDOW:g} s", (int(ALLOWED), WINDOW)),
            ):
                place = directory / f"low-code{len(contenders)}"
                place.mkdir()
                command = low_code(place, bench.low_code, config, windows, budget)
                contenders.append((f"{LOW_CODE}{name}", bench.runs, command))
        for name, times, command in contenders:
            measures = []
            for _ in range(times):
                box.set_limit(LIMIT, WINDOW)
                measures.append(measure(box, command))
            rows.append([
                name, spread([m.seconds for m in measures]),
                spread([m.seconds / (m.requests / ALLOWED * WINDOW) for m in measures], 2),
                *(spread([getattr(m, name) for m in measures], 0) for name in ("requests", "refused", "posts")),
                codes(measures),
            ])  # fmt: skip
    bench.report.table(
        f"Against the rate limit: {posts} posts, 0.8 s per response, {LIMIT} requests per {WINDOW:g} s",
        ["", "seconds", "multiple of floor", "requests", "429 responses", "posts read", "exit code"],
        rows + bench.without_low_code(),
        f"Seconds are for the whole process, including startup. The floor is its own requests / "
        f"({LIMIT} x (1 - {RESERVE})) x {WINDOW:g} s. Rejected requests raise the floor, so compare seconds first.",
    )


def codes(measures: list[Measure]) -> str:
    """Return the distinct exit codes."""
    return ", ".join(sorted({str(m.exit_code) for m in measures}))


def share(log: list[dict[str, Any]]) -> list[float]:
    """Return, for each profile, the share of its allowed requests used in its full windows."""
    times: dict[str, list[float]] = {}
    for request in log:
        times.setdefault(request["profile"], []).append(request["time"])
    shares = []
    for moments in times.values():
        first, last = min(moments), max(moments)
        full = max(1, int((last - first) / WINDOW))
        shares.append(sum(moment < first + full * WINDOW for moment in moments) / (ALLOWED * full))
    return shares


def profiles(bench: Bench) -> None:
    """Many profiles at once, each against its own limit."""
    rows, posts = [], 60 if bench.quick else 180
    for count in (1, 5, 50):
        options = ("--posts", str(posts), "--networks-per-post", "1", "--latency", "0.1", "--limit", str(LIMIT),
                   "--window", str(WINDOW), "--profiles", str(count))  # fmt: skip
        with running(*WITH_PROFILES, *options) as box:
            settings = {"rate_limit_requests": LIMIT, "rate_limit_window_seconds": WINDOW}
            command, measures = this_tap(bench.directory, box.config, **settings), []
            for _ in range(bench.runs):
                box.set_limit(LIMIT, WINDOW)
                measures.append(measure(box, command))
        shares = [share(m.log) for m in measures]
        rows.append([
            str(count), spread([m.seconds for m in measures]),
            spread([m.requests / count for m in measures], 0), spread([m.refused for m in measures], 0),
            spread([100 * median(one) for one in shares], 0), spread([100 * min(one) for one in shares], 0),
            spread([m.cpu for m in measures]), spread([m.memory for m in measures], 0), codes(measures),
        ])  # fmt: skip
    bench.report.table(
        f"Concurrent profiles, this tap only: {posts} posts each, 0.1 s per response, "
        f"{LIMIT} requests per {WINDOW:g} s each",
        ["profiles", "seconds", "requests per profile", "429 responses", "% of limit, median profile",
         "% of limit, slowest profile", "CPU s", "peak MiB", "exit code"],
        rows,
        f"100% is {ALLOWED:g} requests per {WINDOW:g} s ({LIMIT} minus the reserve), counted in each profile's full "
        "windows from its first request. Default concurrency (8 per profile, 64 in total).",
    )  # fmt: skip


def cpu(bench: Bench) -> None:
    """CPU, memory and bytes without rate limit or latency."""
    steps = STEPS[:1] if bench.quick else STEPS
    found: dict[tuple[str, int], list[Measure]] = {}
    further: dict[tuple[str, tuple[int, int]], list[float]] = {}
    for step in steps:
        with (
            running(*LEAN, *UNLIMITED, "--posts", str(step[0])) as low,
            running(*LEAN, *UNLIMITED, "--posts", str(step[1])) as high,
        ):
            for turn in range(bench.runs):
                for name in bench.names(step[1]):
                    if turn and name == PLAIN:
                        continue
                    pair = [bench.run(name, box, posts) for box, posts in zip((low, high), step, strict=True)]
                    for measured, posts in zip(pair, step, strict=True):
                        found.setdefault((name, posts), []).append(measured)
                    thousands = (step[1] - step[0]) / 1000
                    further.setdefault((name, step), []).append((pair[1].cpu - pair[0].cpu) / thousands)
    names = [name for name in (OURS, OUR_SOURCE, PLAIN, LOW_CODE) if (name, steps[0]) in further]
    bench.report.table(
        "CPU seconds per additional 1,000 posts, two networks each, no latency, no rate limit",
        ["", *(f"{low:,} to {high:,} posts" for low, high in steps)],
        [
            [name, *(spread(further[name, step], 2) if (name, step) in further else "not measured" for step in steps)]
            for name in names
        ]
        + bench.without_low_code(),
        f"User and system time of the whole process; each round runs both sizes in sequence. {PLAIN}: one run, "
        f"not measured beyond {MOST_PLAIN:,} posts, where it takes too long.",
    )
    bench.report.table(
        "The same runs: CPU, memory and bytes",
        ["", "posts", "posts read", "requests", "seconds", "CPU s", "peak MiB", "KB of STATE", "KB of SCHEMA",
         "exit code"],
        [
            [
                name, f"{posts:,}", spread([m.posts for m in measures], 0), spread([m.requests for m in measures], 0),
                spread([m.seconds for m in measures]), spread([m.cpu for m in measures]),
                spread([m.memory for m in measures], 0),
                *(spread([m.bytes.get(kind, 0) / 1000 for m in measures]) for kind in ("STATE", "SCHEMA")),
                codes(measures),
            ]
            for name in names for posts in sorted({size for step in steps for size in step})
            if (measures := found.get((name, posts)))
        ],
        f"{OUR_SOURCE} and {LOW_CODE} write no SCHEMA during a read; `discover` outputs them. {LOW_CODE} "
        "writes one record per post, the others one per post and network.",
    )  # fmt: skip


def many(bench: Bench) -> None:
    """This tap only, with 100,000 posts."""
    with running(*LEAN, *UNLIMITED, "--posts", "100000") as box:
        found = measure(box, this_tap(bench.directory, box.config, **UNPACED))
    sizes = [f"{found.bytes.get(kind, 0) / 1000:.1f}" for kind in ("STATE", "SCHEMA")]
    bench.report.table(
        "100,000 posts, this tap only (1 run)",
        ["posts read", "records", "seconds", "CPU s", "peak MiB", "KB of STATE", "KB of SCHEMA", "exit code"],
        [[f"{found.posts:,}", f"{found.records:,}", f"{found.seconds:.0f}", f"{found.cpu:.0f}", f"{found.memory:.0f}",
          *sizes, str(found.exit_code)]],
    )  # fmt: skip


def simulated(bench: Bench) -> None:
    """This tap only, against an API in its own process: sizes beyond what a local server answers in time."""
    sizes = [(1, 10_000), (500, 30)]
    if not bench.quick:
        sizes += [(1, 100_000), (1, 1_000_000), (1_000, 30)]
    rows = []
    for profiles, posts in sizes:
        command = [sys.executable, "-m", "benchmarks.simulation", str(profiles), str(posts)]
        cost = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
        rows.append([
            f"{profiles:,}", f"{posts:,}", f"{cost['seconds']:.1f}", f"{cost['cpu']:.1f}",
            f"{1000 * cost['cpu'] / (profiles * posts):.2f}", f"{cost['memory']:.0f}", str(cost["states"]),
            f"{cost['state_bytes'] / 1000:.0f}", f"{1000 * cost['usual_delay']:.0f}",
        ])  # fmt: skip
    bench.report.table(
        "Without HTTP, in one process (1 run each)",
        ["profiles", "posts each", "seconds", "CPU s", "CPU s per 1,000 posts", "peak MiB", "STATE messages",
         "KB of STATE", "ms of delay"],
        rows,
        "The API is a function in the tap's process, so CPU and memory are those of both; CPU includes startup. "
        "The delay is that of the event loop, 99th percentile, while all requests are answered at once.",
    )  # fmt: skip


def comments(bench: Bench) -> None:
    """Comments of many posts, against an API in the tap's process: memory must not grow with them."""
    rows = []
    sizes = [(1_000, 100)] if bench.quick else [(1_000, 100), (20_000, 20), (400, 1_000), (20_000, 100)]
    for posts, each in sizes:
        command = [sys.executable, "-m", "benchmarks.simulation", "1", str(posts), str(each)]
        cost = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout)
        rows.append([
            f"{posts:,}", f"{cost['records']:,}", f"{cost['seconds']:.0f}", f"{cost['cpu']:.0f}",
            f"{1e6 * cost['cpu'] / cost['records']:.0f}", f"{cost['memory']:.0f}", str(cost["states"]),
            f"{cost['state_bytes'] / 1000:.0f}",
        ])  # fmt: skip
    bench.report.table(
        "Comments, without HTTP, in one process (1 run each)",
        ["posts", "comments", "seconds", "CPU s", "microseconds of CPU per comment", "peak MiB", "STATE messages",
         "KB of STATE"],
        rows,
        "The API is a function in the tap's process, so CPU and memory are those of both; CPU includes startup.",
    )  # fmt: skip


def loaded(bench: Bench) -> None:
    """Hundreds of profiles over HTTP, few open files."""
    sizes = load.SIZES[:1] if bench.quick else load.SIZES
    bench.report.table(load.TITLE, load.HEADER, [load.row(*size) for size in sizes], load.NOTE)


def slow(bench: Bench) -> None:
    """Default settings, by profiles and latency."""
    sizes = latency.SIZES[:4] if bench.quick else latency.SIZES
    bench.report.table(latency.TITLE, latency.HEADER, [latency.row(*size) for size in sizes], latency.NOTE)


def read(bench: Bench) -> None:
    """Reading bodies, in pairs with `json.loads`."""
    bench.report.table(bodies.TITLE, bodies.HEADER, [*bodies.rows()], bodies.NOTE)


def batches(bench: Bench) -> None:
    """Batches of posts on and off, each against the default limit with time scaled to a twenty-fifth."""
    posts, rows = 300 if bench.quick else 2_000, []
    # The metrics stay the same for twenty minutes.
    now = datetime.fromtimestamp(time() // FRESH_SECONDS * FRESH_SECONDS, tz=timezone.utc)
    options = ("--posts", str(posts), "--networks-per-post", "2", "--latency", str(BULK_LATENCY), "--now", iso(now),
               "--limit", "300", "--window", str(BULK_WINDOW))  # fmt: skip
    limit = {"rate_limit_requests": 300, "rate_limit_window_seconds": BULK_WINDOW}
    expected = set[int]()
    with running("--plain", "--native-every", "0", "--days", str(DAYS), "--linked", "facebook,instagram",
                 "--profiles", "0", *options) as box:  # fmt: skip
        for bulk in ("off", "auto"):
            command, measures = this_tap(bench.directory, box.config, **limit, bulk_analytics=bulk), []
            for _ in range(bench.runs):
                box.set_limit(300, BULK_WINDOW)
                measures.append(measure(box, command))
            found = {m.rows for m in measures}
            expected = expected or found
            rows.append([
                bulk, spread([m.seconds for m in measures]), spread([m.requests for m in measures], 0),
                spread([m.records for m in measures], 0), "yes" if found == expected and len(found) == 1 else "no",
                spread([m.cpu for m in measures]), codes(measures),
            ])  # fmt: skip
    bench.report.table(
        f"`bulk_analytics`: {posts:,} due posts on two networks, {BULK_LATENCY} s per response, 300 requests per "
        f"{BULK_WINDOW:g} s",
        ["bulk_analytics", "seconds", "requests", "records", "same records but for extracted_at", "CPU s", "exit code"],
        rows,
        "The default limit, 300 requests per 300 s, and responses of 5 s, with time scaled to a twenty-fifth; startup "
        "isn't scaled. Batches of the real API are unconfirmed.",
    )


def into_postgres(bench: Bench) -> None:
    """This tap and target-postgres, with different settings of the target."""
    posts = 1_000 if bench.quick else 20_000
    bench.report.table(target.TITLE, target.HEADER, [*target.rows(posts, bench.runs)], target.NOTE)


def schedules(bench: Bench) -> None:
    """Refresh schedules, simulated."""
    bench.report.table(refresh.TITLE, refresh.HEADER, refresh.rows(), refresh.NOTE)


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs per benchmark; the median is reported")
    parser.add_argument("--quick", action="store_true", help="one run each, fewer posts; results file unchanged")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error("--runs must be 1 or more")
    runs = 1 if args.quick else args.runs
    source, missing = airbyte.install(ROOT / ".venvs" / "low-code")
    report = Report(None if args.quick else ROOT / "benchmarks" / "RESULTS.md")
    report.say("# Benchmarks\n")
    report.say(
        f"Measured by `python -m benchmarks --runs {runs}` on {platform.python_implementation()} "
        f"{platform.python_version()}, {os.cpu_count()} cores, with the sandbox in a separate process on the same "
        f"machine. tap-ayrshare {version('tap-ayrshare')}; {PLAIN}: singer-sdk {version('singer-sdk')}; "
        f"{LOW_CODE}: {airbyte.VERSION}, concurrency {airbyte.WORKERS}. "
        f"Values are medians of {runs} runs (min-max) unless a row says otherwise. "
        "Machines are noisy, so compare only within a table."
    )
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(report, Path(name), runs, args.quick, source, missing)
        for cell in (
            paced,
            profiles,
            batches,
            schedules,
            cpu,
            simulated,
            comments,
            loaded,
            slow,
            into_postgres,
            read,
            *(() if args.quick else (many,)),
        ):
            print(f"\n({cell.__name__}: {cell.__doc__})", flush=True)
            cell(bench)


if __name__ == "__main__":
    main()
