"""How a run went: the exit code and its cause, what became of each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_ayrshare.engine.errors import NEEDS_PERSON, TapError
from tap_ayrshare.engine.messages import Status
from tap_ayrshare.engine.retry import UNREACHABLE
from tap_ayrshare.run.missing import missing, unfinished
from tap_ayrshare.run.words import named

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

    from tap_ayrshare.engine.errors import Refusal
    from tap_ayrshare.engine.messages import Ended
    from tap_ayrshare.run.extraction import Extraction

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
            rest = (
                "see the lines above for what else is missing"
                if [*missing(self._extraction)]
                else "everything else was read"
            )
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
        if "budget" in fail_on and self._sync.is_spent and (left := unfinished(self._extraction)):
            yield f"the request budget is spent; unfinished: {', '.join(left)}"

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


def not_the_api(url: str, cause: object) -> TapError:
    """Return the error for an address where something else than the API answers."""
    return TapError(f"{url} is not the Ayrshare API ({cause}): check api_url", NEEDS_PERSON)
