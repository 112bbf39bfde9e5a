"""`python -m benchmarks.latency [PROFILES SECONDS]`: this tap with its default settings, by profiles and latency."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import measure, this_tap
from sandbox.process import running

POSTS = 60
LIMIT, WINDOW = 300, 300.0
LISTING = 3
"""Requests one after another before the posts: the first goes alone."""
AT_ONCE = 8
SIZES = tuple((profiles, seconds) for profiles in (1, 10, 100, 1_000) for seconds in (0.1, 1.0, 3.0, 8.0))
TITLE = f"Default settings, {POSTS} posts per profile, by latency; {LIMIT} requests per {WINDOW:g} s and profile"
HEADER = ["profiles", "seconds per response", "seconds", "floor", "ratio", "429 responses", "CPU s", "peak MiB",
          "exit code"]  # fmt: skip
NOTE = (
    f"The floor is the critical path: {LISTING} requests one after another, then {POSTS} posts at {AT_ONCE} in flight. "
    "The limit itself has none, as a night's requests fit into one window. Seconds include start-up (half a second "
    "alone). Tap and sandbox share the machine: with 1,000 profiles and short responses, CPU is the limit."
)


def row(profiles: int, seconds: float) -> list[str]:
    """Measure one size; return its row."""
    options = ("--plain", "--native-every", "0", "--days", "300", "--linked", "threads,bluesky",
               "--networks-per-post", "1", "--posts", str(POSTS), "--profiles", str(profiles),
               "--latency", str(seconds), "--limit", str(LIMIT), "--window", str(WINDOW))  # fmt: skip
    with tempfile.TemporaryDirectory() as name, running(*options) as box:
        found = measure(box, this_tap(Path(name), box.config), timeout=600)
    floor = (LISTING + math.ceil(POSTS / AT_ONCE)) * seconds
    return [
        f"{profiles:,}", f"{seconds:g}", f"{found.seconds:.1f}", f"{floor:.1f}", f"{found.seconds / floor:.2f}",
        str(found.refused), f"{found.cpu:.1f}", f"{found.memory:.0f}", str(found.exit_code),
    ]  # fmt: skip


if __name__ == "__main__":
    print(" | ".join(HEADER))
    for profiles, seconds in SIZES if len(sys.argv) < 3 else [(int(sys.argv[1]), float(sys.argv[2]))]:
        print(" | ".join(row(profiles, seconds)), flush=True)
