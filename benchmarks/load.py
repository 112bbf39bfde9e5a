"""`python -m benchmarks.load`: this tap with hundreds of profiles over HTTP, with few open files allowed."""

from __future__ import annotations

import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import measure, this_tap
from sandbox.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN_FILES = 256
LATENCY = 0.1
LIMIT, WINDOW, RESERVE = 60, 6.0, 0.05
POSTS = 30
SIZES = ((500, 64), (500, 200), (1_000, 64), (1_000, 200))
SETTINGS = {"rate_limit_requests": LIMIT, "rate_limit_window_seconds": WINDOW, "rate_limit_reserve": RESERVE}
HEADER = ["profiles", "in flight at most", "seconds", "floor of the limit", "floor of the places in flight",
          "429 responses", "CPU s", "peak MiB", "open files", "KB of STATE", "bytes of STATE per request",
          "exit code"]  # fmt: skip
TITLE = f"Hundreds of profiles over HTTP, {POSTS} posts each, {LATENCY} s per response, `ulimit -n {OPEN_FILES}`"
NOTE = (
    f"{LIMIT} requests per {WINDOW:g} s and profile. Floors in seconds: of the limit, a profile's requests / "
    f"({LIMIT} x (1 - {RESERVE})) x {WINDOW:g} s; of the places in flight (`max_concurrency_total`), all requests x "
    f"{LATENCY} s / places. Tap and sandbox share the machine, and the sandbox alone takes more than a core at over "
    "about 700 requests per second, which bounds the runs with 200 places."
)


def _open_files(process: Path, mark: str) -> int:
    """Return how many files a process has open, 0 if it isn't the tap with `mark` in its command line."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        is_tap = words[1:3] == [b"-m", b"tap_ayrshare"] and mark.encode() in words
        return len(list((process / "fd").iterdir())) if is_tap else 0
    except OSError:
        return 0


@contextmanager
def most_open_files(mark: str) -> Iterator[list[int]]:
    """Count, by looking every 50 ms, the files that the process with `mark` in its command line has open at most."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            most[0] = max([most[0], *(_open_files(process, mark) for process in Path("/proc").glob("[0-9]*"))])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        ended.set()
        watcher.join()


def row(profiles: int, places: int) -> list[str]:
    """Measure one size; return its row."""
    options = ("--plain", "--native-every", "0", "--days", "300", "--linked", "threads,bluesky",
               "--networks-per-post", "1", "--posts", str(POSTS), "--profiles", str(profiles),
               "--latency", str(LATENCY), "--limit", str(LIMIT), "--window", str(WINDOW))  # fmt: skip
    with tempfile.TemporaryDirectory() as name, running(*options) as box:
        command = this_tap(Path(name), box.config, **SETTINGS, max_concurrency_total=places)
        limited = ["sh", "-c", f'ulimit -n {OPEN_FILES}; exec "$@"', "sh", *command]
        with most_open_files(f"{name}/config.json") as files:
            found = measure(box, limited, timeout=250)
    state = found.bytes.get("STATE", 0)
    floors = (found.requests / profiles / (LIMIT * (1 - RESERVE)) * WINDOW, found.requests * LATENCY / places)
    return [
        f"{profiles:,}", str(places), f"{found.seconds:.1f}", *(f"{floor:.1f}" for floor in floors),
        str(found.refused), f"{found.cpu:.1f}", f"{found.memory:.0f}", str(files[0]), f"{state / 1000:,.0f}",
        f"{state / found.requests:.0f}", str(found.exit_code),
    ]  # fmt: skip


if __name__ == "__main__":
    print(" | ".join(HEADER))
    for profiles, places in SIZES if len(sys.argv) < 3 else [(int(sys.argv[1]), int(sys.argv[2]))]:
        print(" | ".join(row(profiles, places)), flush=True)
