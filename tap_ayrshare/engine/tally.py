"""What happened in a run, counted by source and stream."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare.engine.errors import Refusal


@dataclass
class Stats:
    """What happened to a stream of a source.

    planned, done: posts that are due, and those of them that have been asked for; None where it has no such plan.
    asked: posts that have been asked for, in whatever order; taken: the requests that they took.
    answered, failed: how its requests ended; cause: of the last one that failed.
    errors: what couldn't be read, by code; failures: those of them that a later run could have read.
    stays_due: why something of it is left for a later run; skipped: why nothing of it is to be had, "" if it is.
    in_future: its bookmarks that are in the future, so that what they are of isn't read.
    began, ended: when its turn began and ended, by `monotonic`, 0 before; waited: seconds for the limit in between.
    oldest, newest: the first and the last publication among its records, None without any.
    """

    records: int = 0
    requests: int = 0
    planned: int | None = None
    done: int = 0
    asked: int = 0
    taken: int = 0
    answered: int = 0
    failed: int = 0
    cause: str = ""
    errors: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    stays_due: set[str] = field(default_factory=set)
    skipped: str = ""
    in_future: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    waited: float = 0.0
    oldest: str | None = None
    newest: str | None = None

    @property
    def left(self) -> int:
        """Posts that are due and haven't been asked for."""
        return max(0, (self.planned or 0) - self.done)

    def count(self, refusal: Refusal | None = None) -> None:
        """Count a request that has ended; refusal: what refused the whole request."""
        if refusal and refusal.rule.failure:
            self.failed += 1
            self.cause = str(refusal)
        else:
            self.answered += 1

    def stop(self, refusal: Refusal) -> None:
        """Count what stopped the stream before its end."""
        self.count(refusal)
        if refusal.rule.stays_due or (self.records and not refusal.rule.failure):
            self.stays_due.add(str(refusal))
        elif not refusal.rule.failure:
            self.skipped = str(refusal)

    def count_record(self, published: str | None = None) -> None:
        """Count a record; published: when its post was, as records have it."""
        self.records += 1
        if published:
            self.oldest = min(self.oldest or published, published)
            self.newest = max(self.newest or published, published)


class Tally:
    """Counts of a run.

    began: when the run did, by `monotonic`.
    """

    def __init__(self) -> None:
        self._stats: dict[tuple[str, str], Stats] = {}
        self._met: defaultdict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
        self._remarks: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self.began = monotonic()

    def of(self, label: str, stream: str) -> Stats:
        """Return the counts of a stream of a source."""
        key = label, stream
        if key not in self._stats:
            self._stats[key] = Stats()
        return self._stats[key]

    def of_stream(self, name: str) -> dict[str, Stats]:
        """Return the counts of a stream, by source."""
        return {label: stats for (label, stream), stats in self._stats.items() if stream == name}

    def refused(self, label: str, stream: str, refusal: Refusal) -> None:
        """Count what couldn't be read of a stream."""
        stats = self.of(label, stream)
        stats.errors[refusal.code] += 1
        if refusal.rule.stays_due:
            stats.stays_due.add(str(refusal))
        elif refusal.rule.failure and not refusal.is_lasting:
            stats.failures[refusal.code] += 1

    def met(self, label: str, stream: str, part: str, code: str) -> bool:
        """Note that a source met a code; return whether it is the first to do so, and this its first time."""
        labels = self._met[stream, part, code]
        if label in labels:
            return False
        labels[label] = None
        return len(labels) == 1

    def met_by_many(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """Yield what more than one source met: stream, part, code, and the sources' labels."""
        for (stream, part, code), labels in sorted(self._met.items()):
            if len(labels) > 1:
                yield stream, part, code, list(labels)

    def remark(self, label: str, text: str) -> None:
        """Note something of a source that is worth a line at the end, one for all sources of which it is true."""
        self._remarks[text][label] = None

    def remarks(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the remarks, each with the labels of the sources of which it is true."""
        for text, labels in sorted(self._remarks.items()):
            yield text, list(labels)

    def in_future(self) -> list[str]:
        """Return all bookmarks that are in the future."""
        return [bookmark for stats in self._stats.values() for bookmark in stats.in_future]

    def failed_streams(self) -> dict[str, str]:
        """Return the streams whose requests all failed, each with the cause of the last one."""
        found = {}
        for name in sorted({stream for _, stream in self._stats}):
            counted = self.of_stream(name).values()
            causes = [stats.cause for stats in counted if stats.failed]
            if causes and not any(stats.answered for stats in counted):
                found[name] = causes[-1]
        return found
