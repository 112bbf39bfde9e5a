"""What the tap is known to lose without a word: a list that may only get shorter.

A cause whose example is said again fails its own test, so that it is taken off the list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.mutants.legitimate import shape
from tests.mutants.mutations import RENAMED, REPLACEMENTS

if TYPE_CHECKING:
    from tests.mutants.mutations import Mutant
    from tests.mutants.samples import Case


@dataclass(frozen=True)
class Cause:
    """Mutants of one cause.

    what: what goes unsaid; sample, path: regular expressions of the body's name and of the node's `shape`;
    changes: what is done to the node; example: case, path and change of one of them.
    """

    what: str
    sample: str
    path: str
    changes: frozenset[str] | set[str]
    example: tuple[str, str, str]

    def covers(self, case: Case, mutant: Mutant) -> bool:
        """Return whether a mutant is one of these."""
        name, path = case.sample.name, shape(mutant.path)
        return bool(re.fullmatch(self.sample, name) and re.fullmatch(self.path, path)) and mutant.change in self.changes


KNOWN: tuple[Cause, ...] = (
    Cause("where a post was sent to, in another form", "history.*", r"history\.N\.postIds(\.N(\.(platform|status))?)?",
          {*REPLACEMENTS, RENAMED},
          ("history:posts+post_analytics+comments", "history.0.postIds", "list of one")),
)  # fmt: skip


def cause_of(case: Case, mutant: Mutant) -> Cause | None:
    """Return the first cause that covers a mutant."""
    return next((cause for cause in KNOWN if cause.covers(case, mutant)), None)
