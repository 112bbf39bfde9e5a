"""The errors that end a run, and the refusals that do not: how far each reaches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

MAY_PASS = 1
"""The exit code of a failure that another run may not have."""
NEEDS_PERSON = 2
"""The exit code of a failure that only a person can mend, as that of a command line that can't be understood."""


class TapError(Exception):
    """Ends a run; its text is the one line that a person reads.

    exit_code: what the process ends with: `MAY_PASS` or `NEEDS_PERSON`.
    """

    exit_code = MAY_PASS

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = self.exit_code if exit_code is None else exit_code


class SettingsError(TapError):
    """A setting that can't be used; the text names it and what it takes, never a secret's value."""

    exit_code = NEEDS_PERSON


class StateError(TapError):
    """A state that can't be used."""

    exit_code = NEEDS_PERSON


class Scope(Enum):
    """How far a refusal reaches."""

    NOTHING = "nothing"
    """Not a refusal at all: the API's way to say that there is nothing."""
    RESOURCE = "resource"
    """One thing that was asked for, or a part's share of one answer."""
    PART = "part"
    """A part of a source, for the rest of the run."""
    STREAM = "stream"
    """A stream, for this profile."""
    PROFILE = "profile"
    RUN = "run"


@dataclass(frozen=True)
class Rule:
    """What a code means: how far it reaches, whether it is a failure (else a refusal), what the tap does."""

    scope: Scope
    failure: bool
    action: str
    stays_due: bool = False
    """Whether what it refuses is asked for again in the next run."""
    needs_person: bool = False
    """Whether only a person can mend it: another run would be refused again."""
    closes_kind: bool = False
    """Whether it holds for every request of the same kind, for this profile: none is sent after the first."""


@dataclass(frozen=True)
class Refusal:
    """Something that could not be read, and what the tap does about it.

    code: the API's code as text, else `http_503`, `timeout`, `reset`, `invalid_body`.
    platform: the part of the source that it is about, None where the answer names none.
    details: the API's own error object, whole.
    transient: whether asking again may help.
    is_stray: whether nothing in the answer shows that the API itself has sent it, as a gateway's page.
    """

    rule: Rule
    code: str
    message: str
    http_status: int | None = None
    platform: str | None = None
    details: dict[str, Any] | None = None
    transient: bool = False
    is_stray: bool = False

    @property
    def scope(self) -> Scope:
        """How far it reaches."""
        return self.rule.scope

    @property
    def is_lasting(self) -> bool:
        """Whether it is the API's own word, by its code, on something that another run would hear again."""
        return self.code.isdigit() and not self.transient

    @property
    def exit_code(self) -> int:
        """The exit code of a run that it ends."""
        return NEEDS_PERSON if self.rule.needs_person else MAY_PASS

    def __str__(self) -> str:
        """One line for the log."""
        return f"{self.code}: {self.message.rstrip('.')}" if self.message else self.code


UNREAD = Rule(Scope.RESOURCE, failure=True, action="skipped")
"""What couldn't be read for no reason that is known to last."""


class Refused(Exception):
    """Raised where a refusal ends the reading of a stream, a profile or the run."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
