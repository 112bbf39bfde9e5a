"""What couldn't be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.values import storable
from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch, Issue, Record
    from tap_ayrshare.streams.source import Source

MESSAGE_LENGTH = 1000


class ExtractionErrorsStream(AyrshareStream):
    """Its records are the issues of the other streams."""

    name = "extraction_errors"
    takes_turns = False

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Bookmark the day; there is no endpoint to read."""
        yield [self.checkpoint(source.snapshot.date)]

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
            "message": refusal.message[:MESSAGE_LENGTH],
            "action": refusal.rule.action,
            "details": refusal.details,
            "extracted_at": source.snapshot.extracted_at,
        }
        # Ids and labels of the settings are in it too, which may hold anything.
        return self.fitting(storable(record))
