"""What could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from tap_ayrshare.profile_run import ProfileRun


class ExtractionErrorsStream(AyrshareStream):
    """Its rows come from the other streams, when they meet an error (`ProfileRun.report`)."""

    name = "extraction_errors"

    async def read(self, run: ProfileRun) -> None:
        """Bookmark the day; there is no endpoint to read."""
        await run.bookmark(self, run.run.snapshot_date)
