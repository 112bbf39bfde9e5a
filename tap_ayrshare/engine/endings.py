"""How a stream of a source has ended, by what was counted of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.engine.messages import Status

if TYPE_CHECKING:
    from tap_ayrshare.engine.tally import Stats

IN_FUTURE = "its bookmark is in the future"


def ending(stats: Stats) -> tuple[Status, str]:
    """Return the status of a stream that was read to its end, and why it isn't complete."""
    if stats.in_future:
        return Status.PARTIAL if stats.records else Status.FAILED, IN_FUTURE
    if stats.skipped:
        return Status.SKIPPED, stats.skipped
    if stats.failed and not stats.answered:
        return Status.FAILED, stats.cause
    failures = [f"{code}: {count}" for code, count in sorted(stats.failures.items())]
    missing = [*sorted(stats.stays_due), *([f"failed: {', '.join(failures)}"] if failures else [])]
    return (Status.PARTIAL, "; ".join(missing)) if missing else (Status.COMPLETE, "")


def cut_off(stats: Stats, *, is_failure: bool) -> Status:
    """Return the status of a stream that wasn't read to its end; is_failure: whether a failure is the cause."""
    return Status.FAILED if is_failure and not stats.records else Status.PARTIAL
