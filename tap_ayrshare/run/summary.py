"""The summary of a run as a file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import tap_version
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.errors import SettingsError
from tap_ayrshare.run.closing import Closing

if TYPE_CHECKING:
    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.run.outcome import Outcome


def prepare_summary(path: str | None) -> None:
    """Remove the summary of an earlier run, so that none can be taken for this one's.

    Raises:
        SettingsError: no file can be written there.
    """
    if path is None:
        return
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"setting 'summary_file': can't replace {path}: {error.strerror}") from None
    if not os.access(Path(path).absolute().parent, os.W_OK):
        raise SettingsError(
            f"setting 'summary_file': takes a path in a directory that can be written to (got {path!r})"
        )


def write_summary(extraction: Extraction, outcome: Outcome) -> None:
    """Write the summary file, if the settings name one.

    Raises:
        SettingsError: it can't be written.
    """
    path = extraction.settings.summary_file
    if path is None:
        return
    text = json.dumps(document(extraction, outcome), indent=1, ensure_ascii=False) + "\n"
    partial = Path(f"{path}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise SettingsError(f"setting 'summary_file': can't write {path}: {error.strerror}") from None


def document(extraction: Extraction, outcome: Outcome) -> dict[str, Any]:
    """Return the summary as an object of JSON: counts by stream and profile, verdict, exit code and cause."""
    closing = Closing(extraction, outcome)
    snapshot = extraction.snapshot
    streams = {}
    for name in sorted(snapshot.selected):
        records, requests, errors = closing.counts(name)
        streams[name] = {"records": records, "requests": requests, "errors": dict(sorted(errors.items()))}
    return {
        "run_id": snapshot.run_id,
        "tap_version": tap_version(),
        "snapshot_date": snapshot.date,
        "started_at": snapshot.extracted_at,
        "ended_at": singer_time(snapshot.at(monotonic())),
        "shard": str(extraction.settings.shard) if extraction.settings.shard else None,
        "verdict": outcome.verdict,
        "exit_code": outcome.error.exit_code if outcome.error else 0,
        "cause": str(outcome.error) if outcome.error else None,
        "requests": closing.requests,
        "waited_seconds": round(closing.waited, 3),
        "records": sum(stream["records"] for stream in streams.values()),
        "streams": streams,
        "profiles": {source.label: _of_profile(extraction, source.label) for source in extraction.readers},
    }


def _of_profile(extraction: Extraction, label: str) -> dict[str, Any]:
    ends = {stream: ended for (who, stream), ended in extraction.sync.ended.items() if who == label}
    refusal = extraction.sync.refused.get(label)
    return {
        "refused": str(refusal) if refusal else None,
        "streams": {stream: ended.status.value for stream, ended in sorted(ends.items())},
    }
