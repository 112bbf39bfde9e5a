# ruff: noqa: E501 - a mistake is a line
"""Small mistakes that the quick tests must notice.

`python -m tools.mutants` puts each into a copy of the project, runs the tests that should catch it, and names those that
survive, with exit code 1. `python -m tools.mutants passes` tries those of files whose path has that word in it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
COPIED = ("tap_ayrshare", "sandbox", "schemas", "tests", "pyproject.toml")
PASSES = "tests/unit/test_passes.py"
ATTEMPTS = "tests/unit/test_attempts.py"
SCHEDULE = "tests/unit/test_schedule.py"
WORLDS = "tests/unit/test_worlds.py"


class Mutant(NamedTuple):
    """A mistake: text of a file and what takes its place, and the tests that should notice it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    # A known failure on one of its networks is none on all of them.
    Mutant(
        "posts/failures.py",
        "len(_of(self._known.get(post.position), networks)) == len(networks)",
        "len(_of(self._known.get(post.position), networks)) > 0",
        (PASSES,),
    ),
    # A deferred post counts as read on a network that couldn't be asked for it.
    Mutant("streams/refresh.py", "failures.resolve(post, found.unasked)", "failures.resolve(post)", (f"{WORLDS}::test_an_x_limit_leaves_its_posts_due_until_all_are_read",)),
    Mutant("posts/failures.py", "unasked if EVERY_NETWORK in deferred else", "() if EVERY_NETWORK in deferred else", (PASSES,)),
    Mutant("posts/failures.py", "deferred.intersection(unasked)", "deferred.difference(unasked)", (PASSES,)),
    Mutant("posts/failures.py", "self._known[post.position][0] < self._today", "self._known[post.position][0] <= self._today", (PASSES,)),
    Mutant("posts/failures.py", "named.difference(networks, [EVERY_NETWORK])", "named.difference(networks)", (PASSES,)),
    Mutant("posts/failures.py", "self._known[post.position] = self._deferred[post.position] = (on,", "self._deferred[post.position] = (on,", (PASSES,)),
    # The ends of a tier.
    Mutant("posts/cursor.py", ".days <= self._terms.schedule.last_age", ".days < self._terms.schedule.last_age", (PASSES,)),
    Mutant("posts/schedule.py", "min(oldest, tier.max_age_days)", "min(oldest, tier.max_age_days - 1)", (PASSES,)),
    Mutant("posts/schedule.py", "if low <= high and", "if low < high and", (PASSES,)),
    Mutant("posts/schedule.py", "(after - published).days + 1)", "(after - published).days)", (PASSES,)),
    # The day before a change of schedule.
    Mutant("posts/cursor.py", "part.on - timedelta(days=1)", "part.on - timedelta(days=2)", (PASSES,)),
    Mutant("posts/cursor.py", "part.on - timedelta(days=1)", "part.on", (PASSES,)),
    Mutant("posts/cursor.py", "        if is_same or part", "        if part", (PASSES,)),
    Mutant("posts/cursor.py", "            return part.on\n        return self.bookmark", "            return part.on\n        return part.on", (PASSES,)),
    # What was never read.
    Mutant("posts/cursor.py", "if self._as_of is None or (self._since and published < self._since):", "if self._as_of is None:", (PASSES,)),
    Mutant("posts/cursor.py", "if last is None or (self._since and (start is None or start < self._since)):", "if last is None:", (PASSES,)),
    Mutant("posts/cursor.py", "self._as_of, self._since = self._terms.now, self._terms.start", "self._as_of = self._terms.now", (PASSES,)),
    Mutant("posts/cursor.py", "if position[0] == UNDATED and self._terms.start:", "if position[0] == UNDATED and not self._terms:", (PASSES,)),
    Mutant("posts/cursor.py", "if self.in_future or self.is_cut_short or self.gaps:", "if self.in_future or self.is_cut_short:", (PASSES,)),
    Mutant("posts/passes.py", "own = self._by_network[network] = copy(cursor)", "own = cursor", (PASSES,)),
    Mutant("posts/passes.py", "if not cursor.is_cut_short:\n                cursor.passed", "if cursor:\n                cursor.passed", (PASSES,)),
    Mutant("posts/passes.py", "{**dict.fromkeys(networks, main), **found}", "{**dict.fromkeys(networks, main)}", (PASSES,)),
    Mutant("posts/passes.py", "found if is_native and older else", "found if older else", (PASSES,)),
    Mutant("posts/passes.py", "networks.pop(Progress(), None)", "networks.pop(None, None)", (PASSES,)),
    # Another basis, another list.
    Mutant("posts/left_over.py", "terms.schedule, sorted(networks), terms.start", "terms.schedule, sorted(networks)", (PASSES,)),
    Mutant("posts/left_over.py", "terms.schedule, sorted(networks), terms.start", "sorted(networks), terms.start", (PASSES,)),
    Mutant("posts/left_over.py", "if names and not passes.failures.has_failed(p)", "if names", (PASSES,)),
    # What becomes of posts that fail.
    Mutant("posts/attempts.py", "if tried.ending is Ending.UNASKED:\n            return Fate.READ", "if tried.ending is None:\n            return Fate.READ", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "(is_unfinished or not tried.has_failed) and", "not tried.has_failed and", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "not is_unfinished and all(", "all(", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "not is_unfinished and all(", "not is_unfinished and any(", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "self.release() if self.is_proven else self.give_in()", "self.release()", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "len(self.held) >= FAILURES_IN_A_ROW and not self.is_spent", "len(self.held) >= FAILURES_IN_A_ROW", (ATTEMPTS,)),
    Mutant("posts/attempts.py", "len(self.held) >= FAILURES_IN_A_ROW", "len(self.held) > FAILURES_IN_A_ROW", (ATTEMPTS,)),
    # A failure isn't what stays due, though records came before it.
    Mutant("engine/sync.py", "if not refusal.rule.failure and stats.records:", "if stats.records:", (f"{WORLDS}::test_an_outage_half_way_leaves_the_rest_due",)),
)  # fmt: skip


def survives(place: Path, mutant: Mutant) -> bool:
    """Return whether the tests pass with a mistake in the copy of the project.

    Raises:
        SystemExit: the project doesn't have the text any more.
    """
    path = place / "tap_ayrshare" / mutant.file
    right = path.read_text(encoding="utf-8")
    if mutant.old not in right:
        raise SystemExit(f"{mutant.file} has no {mutant.old!r}: bring tools/mutants.py up to date")
    path.write_text(right.replace(mutant.old, mutant.new, 1), encoding="utf-8")
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *mutant.tests]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    finally:
        path.write_text(right, encoding="utf-8")
    if done.returncode not in (0, 1, 2):
        raise SystemExit(f"the tests of {mutant.file} can't be run:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def main() -> int:
    """Try the mistakes; return the exit code."""
    words = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.file for word in words)]
    survivors = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for copied in COPIED:
            source = ROOT / copied
            if source.is_dir():
                shutil.copytree(source, place / copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place / copied)
        survivors = [mutant for mutant in chosen if survives(place, mutant)]
    for mutant in survivors:
        print(f"survived: {mutant.file}: {mutant.old!r} -> {mutant.new!r} ({', '.join(mutant.tests)})")
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mistakes were noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
