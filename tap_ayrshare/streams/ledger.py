"""How the requests of a profile ended, and what couldn't be read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.coverage import Coverage
from tap_ayrshare.streams.issues import no_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.engine.messages import Issue
    from tap_ayrshare.engine.tally import Stats, Tally


class Ledger:
    """Counts and notes of a profile.

    label: the profile's label in records and state.
    notes: what couldn't be read since the last message of a stream.
    coverage: how many requests would be repeated after a kill.
    """

    def __init__(self, label: str, tally: Tally) -> None:
        self.label = label
        self.notes: list[Issue] = []
        self.coverage = Coverage()
        self._tally = tally

    def cover(self, requests: int) -> None:
        """Count requests whose records have been yielded."""
        self.coverage.covered += requests

    def stats(self, stream: str) -> Stats:
        """Return what is counted of a stream of this profile."""
        return self._tally.of(self.label, stream)

    def settle(self, stream: str, answer: Answer, requests: int | None = None) -> None:
        """Count how a request of a stream ended: it decides whether the stream failed as a whole."""
        self.cover(answer.sent if requests is None else requests)
        self.stats(stream).count(answer.refusal)

    def settle_list(self, stream: str, answer: Answer, owner: str) -> None:
        """Count an answer of the endpoint that is `owner`'s: a stream is judged by its own endpoint alone."""
        if stream == owner or (answer.refusal and answer.refusal.rule.failure):
            self.settle(stream, answer)
        else:
            self.cover(answer.sent)

    def remark(self, text: str) -> None:
        """Note something that is worth a line at the end of the run."""
        self._tally.remark(self.label, text)

    def note(self, issue: Issue) -> None:
        """Note something that couldn't be read; it goes out with the next message of the stream."""
        self.notes.append(issue)

    def note_no_id(self, stream: str, position: int, item: Mapping[str, Any], platform: str | None = None) -> None:
        """Note an item of an answer that has no id."""
        self.note(no_id(stream, position, item, platform))
