"""What of a run that has ended isn't complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.engine.messages import Status
from tap_ayrshare.run.words import profiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare.run.extraction import Extraction


def missing(extraction: Extraction) -> Iterator[str]:
    """Yield what isn't complete, a line for each stream and reason."""
    by_reason: dict[tuple[str, Status, str], list[str]] = {}
    for (label, stream), ended in extraction.sync.ended.items():
        # What ended the run is its last line.
        if extraction.sync.fatal and ended.reason == str(extraction.sync.fatal):
            continue
        if ended.status in (Status.PARTIAL, Status.FAILED) and label not in extraction.sync.refused:
            by_reason.setdefault((stream, ended.status, ended.reason), []).append(label)
    for (stream, status, reason), labels in sorted(by_reason.items()):
        yield f"{stream} {'failed' if status is Status.FAILED else 'is partial'}: {reason} ({profiles_of(labels)})"


def unfinished(extraction: Extraction) -> list[str]:
    """Return the streams that the request budget cut off, with the posts that are left."""
    found = []
    for stream in extraction.streams:
        ends = [end for (_, name), end in extraction.sync.ended.items() if name == stream.name and stream.takes_turns]
        if any(end.is_cut_off for end in ends):
            left = sum(end.stats.left for end in ends)
            found.append(f"{stream.name} ({left} left)" if left else stream.name)
    return found
