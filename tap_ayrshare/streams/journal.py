"""What the tap says of its own runs: what couldn't be read, and how each stream ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import contract_version, tap_version
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.messages import Record
from tap_ayrshare.engine.values import storable
from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch, Ended, Issue
    from tap_ayrshare.streams.source import Source

LONGEST = 1000
"""Characters of a message or reason."""


class JournalStream(AyrshareStream):
    """A stream that the run itself fills."""

    takes_turns = False

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Bookmark the day; there is no endpoint to read."""
        yield [self.checkpoint(source.snapshot.date)]


class ExtractionErrorsStream(JournalStream):
    """Its records are the issues of the other streams."""

    name = "extraction_errors"

    def of(self, source: Source, issue: Issue) -> Record:
        """Return the record of an issue."""
        refusal = issue.refusal
        record = {
            "profile": issue.label or source.label,
            "stream": issue.stream,
            "resource_id": issue.resource,
            "platform": issue.platform,
            "snapshot_date": source.snapshot.date,
            "code": refusal.code,
            "http_status": refusal.http_status,
            "message": refusal.message[:LONGEST],
            "action": refusal.rule.action,
            "details": refusal.details,
            "extracted_at": source.snapshot.extracted_at,
        }
        # Ids and labels of the settings are in it too, which may hold anything.
        return Record(self.name, self._lengths.fit(storable(record)))


class SyncRunsStream(JournalStream):
    """Its records say how the other streams ended."""

    name = "sync_runs"

    def of(self, source: Source, ended: Ended) -> Record:
        """Return the record of a stream that has ended."""
        snapshot, stats = source.snapshot, ended.stats

        def moment(ticks: float) -> str | None:
            return singer_time(snapshot.at(ticks)) if ticks else None

        has_plan = stats.planned is not None
        record = {
            "run_id": snapshot.run_id,
            "profile": source.label,
            "stream": ended.stream,
            "started_at": moment(stats.began),
            "ended_at": moment(stats.ended),
            "tap_version": tap_version(),
            "contract_version": contract_version(),
            "snapshot_date": snapshot.date,
            "status": ended.status.value,
            "reason": ended.reason[:LONGEST] or None,
            "requests": stats.requests,
            "records": stats.records,
            "errors": sum(stats.errors.values()),
            "waited_seconds": round(stats.waited, 3),
            "due": stats.planned,
            "read": stats.done if has_plan else None,
            "left": stats.left if has_plan else None,
            "oldest_covered": stats.oldest,
            "newest_covered": stats.newest,
            "extracted_at": snapshot.extracted_at,
        }
        return Record(self.name, self._lengths.fit(storable(record)))
