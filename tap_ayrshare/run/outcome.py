"""How a run went: the exit code and its cause, the closing lines, the summary file."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import tap_version
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.errors import NEEDS_PERSON, SettingsError, TapError
from tap_ayrshare.engine.messages import ALL, Status
from tap_ayrshare.engine.retry import UNREACHABLE

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable, Iterator, Sequence

    from tap_ayrshare.engine.errors import Refusal
    from tap_ayrshare.engine.messages import Ended
    from tap_ayrshare.run.extraction import Extraction

NAMED_AT_MOST = 10
NOT_THE_API = ("http_404", "http_405", "invalid_body")
"""Codes of answers that the API doesn't give to everything that is asked; a server error it may."""


class Interrupted(TapError):
    """A signal ended the run."""

    def __init__(self, signum: signal.Signals) -> None:
        super().__init__(
            f"interrupted by {signum.name}; the last STATE written covers every record written",
            128 + signum,
        )


class Outcome:
    """What became of a run that has ended.

    error: what its exit code and its last line come from, None if it succeeded.
    verdict: `complete`, `partial` (something that was due is left), `failed` or `interrupted`.
    """

    def __init__(self, extraction: Extraction, signum: signal.Signals | None = None) -> None:
        """Judge a run; signum: the signal that ended it."""
        self._extraction = extraction
        self._sync = extraction.sync
        self._settings = extraction.settings
        self.error = Interrupted(signum) if signum else self._sync.fatal or self._failure()
        self.verdict = "interrupted" if signum else "failed" if self.error else self._completeness()

    def _completeness(self) -> str:
        statuses = {ended.status for ended in self._sync.ended.values()}
        return "partial" if statuses & {Status.PARTIAL, Status.FAILED} or self._sync.refused else "complete"

    # The cause

    @property
    def _refused(self) -> dict[str, Refusal]:
        """What refused profiles of the settings, by label."""
        labels = {source.label for source in self._extraction.readers}
        return {label: refusal for label, refusal in self._sync.refused.items() if label in labels}

    def _failure(self) -> TapError | None:
        return self._in_future() or self._nothing_read() or self._fail_on()

    def _in_future(self) -> TapError | None:
        """Return which bookmarks are in the future: no later run would read what they are of."""
        found = self._extraction.tally.in_future()
        which = "this bookmark is" if len(found) == 1 else "these bookmarks are"
        why = f"{which} in the future: {named(found)}; check the clock, or correct the state"
        return TapError(why, NEEDS_PERSON) if found else None

    def _nothing_read(self) -> TapError | None:
        """Return why every profile, or a whole stream, could not be read; None if none was."""
        refused, readers = self._refused, self._extraction.readers
        if refused and len(refused) == len(readers):
            label, first = next(iter(refused.items()))
            exit_code = min(refusal.exit_code for refusal in refused.values())
            if all(refusal.rule is UNREACHABLE for refusal in refused.values()):
                return TapError(f"the API can't be reached ({first})", exit_code)
            which = "the profile" if len(readers) == 1 else "every profile"
            return TapError(f"{which} was refused ({label}: {first}; {first.rule.action})", exit_code)
        failed = self._extraction.tally.failed_streams()
        if not failed:
            return None
        cause = next(iter(failed.values()))
        if not self._extraction.client.has_made_sense and cause.startswith(NOT_THE_API):
            return not_the_api(self._settings.api_url, cause)
        listed = ", ".join(f"{name} ({cause})" for name, cause in failed.items())
        return TapError(f"no data could be extracted for: {listed}")

    def _fail_on(self) -> TapError | None:
        """Return what of `fail_on` came about."""
        found = [*self._failures()]
        return TapError("; ".join(found)) if found else None

    def _failures(self) -> Iterator[str]:
        fail_on = self._settings.fail_on
        if "profile" in fail_on and (refused := self._refused):
            which = named(f"{label} ({refusal}; {refusal.rule.action})" for label, refusal in refused.items())
            count = f"{len(refused)} of {len(self._extraction.readers)} profiles"
            rest = "what else is missing stands above" if [*self._missing()] else "everything else was read"
            yield f"{count} could not be read: {which}; {rest}"
        if "stream" in fail_on:
            lost = [
                f"{ended.stream} of {label} ({ended.reason})"
                for (label, _), ended in self._sync.ended.items()
                if ended.status in (Status.FAILED, Status.SKIPPED) and label not in self._sync.refused
            ]
            if lost:
                yield f"streams could not be read: {named(lost)}"
        if "network" in fail_on and (parts := self._sync.refused_parts):
            yield f"networks were left out: {named(f'{part} of {who} ({why})' for (who, part), why in parts.items())}"
        if "budget" in fail_on and self._sync.is_spent and (unfinished := self._unfinished()):
            yield f"the request budget is spent; unfinished: {', '.join(unfinished)}"

    # One stream

    def is_cut_off(self, stream: str) -> bool:
        """Return whether a stream wasn't read to its end."""
        return any(ended.is_cut_off for _, ended in self._ends(stream))

    def failure_of(self, stream: str) -> TapError | None:
        """Return what of a stream that has ended makes the run fail, None if nothing does."""
        ends = self._ends(stream)
        is_lost = all(ended.status is Status.FAILED for _, ended in ends)
        label, ended = next((end for end in ends if is_lost or self._fails(*end)), ("", None))
        if ended is None:
            return None
        cause = self._sync.fatal or self._sync.refused.get(label)
        return TapError(f"{stream} of profile {label}: {ended.reason}", cause.exit_code if cause else None)

    def _fails(self, label: str, ended: Ended) -> bool:
        """Return whether a stream that has ended for one profile makes the run fail."""
        fail_on = self._settings.fail_on
        if not ended.is_cut_off:
            return ended.status in (Status.FAILED, Status.SKIPPED) and "stream" in fail_on
        return self._sync.is_cancelled or ("profile" if label in self._sync.refused else "budget") in fail_on

    def _ends(self, stream: str) -> list[tuple[str, Ended]]:
        """Return how a stream ended, with the labels of the profiles."""
        return [(label, ended) for (label, name), ended in self._sync.ended.items() if name == stream]

    # The closing lines

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the summary, each line with its level: the streams, what is missing, what many met, the verdict."""
        yield from ((logging.INFO, line) for line in self._table())
        yield from ((logging.INFO, line) for line in self._in_common())
        yield from ((logging.WARNING, line) for line in self._missing())
        if line := self._extraction.snapshot.drift.summary():
            yield logging.WARNING, line
        sent, seconds = counted(self._requests, "request"), monotonic() - self._extraction.tally.began
        yield logging.INFO, f"{sent} in {seconds:.0f} s, of which {self._waited:.0f} s waiting for the rate limit"
        if self.error is None:
            yield logging.INFO if self.verdict == "complete" else logging.WARNING, self._verdict_line()

    @property
    def _requests(self) -> int:
        """Requests of the whole run."""
        return sum(source.client.sent for source in self._extraction.sources)

    @property
    def _waited(self) -> float:
        """Seconds for which the profile that waited longest for its limit did so."""
        return max((source.client.pacer.waited for source in self._extraction.sources), default=0.0)

    def _table(self) -> Iterator[str]:
        yield f"{'stream':<24}{'records':>9}{'requests':>10}{'skipped':>9}  errors by code"
        for name in sorted(self._extraction.snapshot.selected):
            records, requests, errors = self._counts(name)
            codes = ", ".join(f"{code}: {count}" for code, count in sorted(errors.items())) or "-"
            yield f"{name:<24}{records:>9}{requests:>10}{sum(errors.values()):>9}  {codes}"

    def _in_common(self) -> Iterator[str]:
        """Yield what many profiles met, a line for all of them."""
        tally = self._extraction.tally
        for stream, part, code, labels in tally.met_by_many():
            place = " of ".join(name for name in (part, stream) if name != ALL) or "the whole profile"
            yield f"{code} ({place}) in {len(labels)} profiles: {named(labels)}"
        for remark, labels in tally.remarks():
            yield f"{remark} ({_profiles(labels)})"
        asked_again = sum((source.client.asked_again for source in self._extraction.sources), Counter[str]())
        if asked_again:
            listed = ", ".join(f"{code}: {count}" for code, count in sorted(asked_again.items()))
            yield f"requests sent again after {listed}"

    def _counts(self, stream: str) -> tuple[int, int, Counter[str]]:
        """Return records, requests and errors by code of a stream."""
        counted = self._extraction.tally.of_stream(stream)
        requests = sum(source.client.requests[stream] for source in self._extraction.sources)
        errors = sum((stats.errors for stats in counted.values()), Counter[str]())
        return sum(stats.records for stats in counted.values()), requests, errors

    def _missing(self) -> Iterator[str]:
        """Yield what isn't complete, a line for each stream and reason."""
        by_reason: dict[tuple[str, Status, str], list[str]] = {}
        for (label, stream), ended in self._sync.ended.items():
            # What ended the run is its last line.
            if self._sync.fatal and ended.reason == str(self._sync.fatal):
                continue
            if ended.status in (Status.PARTIAL, Status.FAILED) and label not in self._sync.refused:
                by_reason.setdefault((stream, ended.status, ended.reason), []).append(label)
        for (stream, status, reason), labels in sorted(by_reason.items()):
            yield f"{stream} {'failed' if status is Status.FAILED else 'is partial'}: {reason} ({_profiles(labels)})"

    def _verdict_line(self) -> str:
        date, profiles = self._extraction.snapshot.date, profile_count(len(self._extraction.readers))
        if self._sync.is_spent:
            left = ", ".join(self._unfinished()) or "nothing"
            budget = self._settings.request_budget
            return f"the request budget of {budget} is spent; unfinished: {left}; the next run continues from here"
        if self.verdict == "partial":
            return (
                f"the snapshot of {date} (UTC) is not complete; what is missing stands above and in extraction_errors"
            )
        return f"the snapshot of {date} (UTC) is complete: {profiles}"

    def _unfinished(self) -> list[str]:
        """Return the streams that the request budget cut off, with the posts that are left."""
        found = []
        for stream in self._extraction.streams:
            ends = [end for (_, name), end in self._sync.ended.items() if name == stream.name and stream.takes_turns]
            if any(end.is_cut_off for end in ends):
                left = sum(end.stats.left for end in ends)
                found.append(f"{stream.name} ({left} left)" if left else stream.name)
        return found

    # The summary file

    def write_summary(self) -> None:
        """Write the summary file, if the settings name one.

        Raises:
            SettingsError: it can't be written.
        """
        path = self._settings.summary_file
        if path is None:
            return
        text = json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n"
        partial = Path(f"{path}.partial")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise SettingsError(f"setting 'summary_file': can't write {path}: {error.strerror}") from None

    def document(self) -> dict[str, Any]:
        """Return the summary as an object of JSON: counts by stream and profile, verdict, exit code and cause."""
        extraction = self._extraction
        snapshot = extraction.snapshot
        streams = {}
        for name in sorted(snapshot.selected):
            records, requests, errors = self._counts(name)
            streams[name] = {"records": records, "requests": requests, "errors": dict(sorted(errors.items()))}
        return {
            "run_id": snapshot.run_id,
            "tap_version": tap_version(),
            "snapshot_date": snapshot.date,
            "started_at": snapshot.extracted_at,
            "ended_at": singer_time(snapshot.at(monotonic())),
            "shard": str(self._settings.shard) if self._settings.shard else None,
            "verdict": self.verdict,
            "exit_code": self.error.exit_code if self.error else 0,
            "cause": str(self.error) if self.error else None,
            "requests": self._requests,
            "waited_seconds": round(self._waited, 3),
            "records": sum(stream["records"] for stream in streams.values()),
            "streams": streams,
            "profiles": {source.label: self._of_profile(source.label) for source in extraction.readers},
        }

    def _of_profile(self, label: str) -> dict[str, Any]:
        ends = {stream: ended for (who, stream), ended in self._sync.ended.items() if who == label}
        refusal = self._sync.refused.get(label)
        return {
            "refused": str(refusal) if refusal else None,
            "streams": {stream: ended.status.value for stream, ended in sorted(ends.items())},
        }


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


def not_the_api(url: str, cause: object) -> TapError:
    """Return the error for an address where something else than the API answers."""
    return TapError(f"{url} is not the Ayrshare API ({cause}): check api_url", NEEDS_PERSON)


def named(names: Iterable[str]) -> str:
    """Return names as a list, the first few of many."""
    listed = [*names]
    more = f" and {len(listed) - NAMED_AT_MOST} more" if len(listed) > NAMED_AT_MOST else ""
    return ", ".join(listed[:NAMED_AT_MOST]) + more


def _profiles(labels: Sequence[str]) -> str:
    return f"profile {labels[0]}" if len(labels) == 1 else f"{len(labels)} profiles: {named(labels)}"


def profile_count(profiles: int) -> str:
    """Return a number of profiles, in words."""
    return counted(profiles, "profile")


def counted(number: int, noun: str) -> str:
    """Return a number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
