"""The closing lines of a run."""

from __future__ import annotations

import logging
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING

from tap_ayrshare.engine.messages import ALL
from tap_ayrshare.run.missing import missing, unfinished
from tap_ayrshare.run.words import counted, named, profile_count, profiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare.run.extraction import Extraction
    from tap_ayrshare.run.outcome import Outcome


class Closing:
    """What a run logs at its end, and the counts in it."""

    def __init__(self, extraction: Extraction, outcome: Outcome) -> None:
        self._extraction = extraction
        self._outcome = outcome

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the summary, each line with its level: the streams, what is missing, what many met, the verdict."""
        yield from ((logging.INFO, line) for line in self._table())
        yield from ((logging.INFO, line) for line in self._in_common())
        yield from ((logging.WARNING, line) for line in missing(self._extraction))
        if line := self._extraction.snapshot.drift.summary():
            yield logging.WARNING, line
        sent, seconds = counted(self.requests, "request"), monotonic() - self._extraction.tally.began
        yield logging.INFO, f"{sent} in {seconds:.0f} s, of which {self.waited:.0f} s waiting for the rate limit"
        if self._outcome.error is None:
            yield logging.INFO if self._outcome.verdict == "complete" else logging.WARNING, self._verdict_line()

    @property
    def requests(self) -> int:
        """Requests of the whole run."""
        return sum(source.client.sent for source in self._extraction.sources)

    @property
    def waited(self) -> float:
        """Seconds for which the profile that waited longest for its limit did so."""
        return max((source.client.pacer.waited for source in self._extraction.sources), default=0.0)

    def _table(self) -> Iterator[str]:
        yield f"{'stream':<24}{'records':>9}{'requests':>10}{'skipped':>9}  errors by code"
        for name in sorted(self._extraction.snapshot.selected):
            records, requests, errors = self.counts(name)
            codes = ", ".join(f"{code}: {count}" for code, count in sorted(errors.items())) or "-"
            yield f"{name:<24}{records:>9}{requests:>10}{sum(errors.values()):>9}  {codes}"

    def _in_common(self) -> Iterator[str]:
        """Yield what many profiles met, a line for all of them."""
        tally = self._extraction.tally
        for stream, part, code, labels in tally.met_by_many():
            place = " of ".join(name for name in (part, stream) if name != ALL) or "the whole profile"
            yield f"{code} ({place}) in {len(labels)} profiles: {named(labels)}"
        for remark, labels in tally.remarks():
            yield f"{remark} ({profiles_of(labels)})"
        asked_again = sum((source.client.asked_again for source in self._extraction.sources), Counter[str]())
        if asked_again:
            listed = ", ".join(f"{code}: {count}" for code, count in sorted(asked_again.items()))
            yield f"requests sent again after {listed}"

    def counts(self, stream: str) -> tuple[int, int, Counter[str]]:
        """Return records, requests and errors by code of a stream."""
        counted = self._extraction.tally.of_stream(stream)
        requests = sum(source.client.requests[stream] for source in self._extraction.sources)
        errors = sum((stats.errors for stats in counted.values()), Counter[str]())
        return sum(stats.records for stats in counted.values()), requests, errors

    def _verdict_line(self) -> str:
        date, profiles = self._extraction.snapshot.date, profile_count(len(self._extraction.readers))
        if self._extraction.sync.is_spent:
            left = ", ".join(unfinished(self._extraction)) or "nothing"
            budget = self._extraction.settings.request_budget
            return f"the request budget of {budget} is spent; unfinished: {left}; the next run continues from here"
        if self._outcome.verdict == "partial":
            return f"the snapshot of {date} (UTC) is not complete; see the lines above and extraction_errors"
        return f"the snapshot of {date} (UTC) is complete: {profiles}"
