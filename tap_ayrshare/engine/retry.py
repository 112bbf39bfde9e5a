"""What follows from an answer: it is final, it is asked for again, or it ends something.

Decisions alone: no clock, no event loop, nothing is sent.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from tap_ayrshare.engine.errors import UNREAD, Refusal, Rule, Scope
from tap_ayrshare.engine.quota import NOTHING_SAID

if TYPE_CHECKING:
    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.engine.quota import Quota

TRIES = 5
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
MOST_429 = 20
"""Answers of 429 in a run that stop a profile, if they came over a window or longer."""
LONGEST_RETRY_AFTER = 3600.0
LEAST_SECONDS = 2.0
"""Seconds over which they have to come where a window is shorter."""
WINDOW_SHARE = 1 / 180
"""Share of that time that each further 429 waits longer, so that twenty of them never take less."""
LONGEST_STEP = 0.25
MOST_STRAYS = 20
STRAY_SECONDS = 30.0
"""So many stray answers in a row, over so many seconds, end a profile."""
UNREACHABLE = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API can't be reached")
LIMITED = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API keeps answering 429")
STRAYED = Rule(
    Scope.PROFILE, failure=True, action="profile stopped: something in between keeps answering in place of the API"
)


class Act(Enum):
    """What is done about an answer."""

    DELIVER = "deliver"
    RETRY = "retry"
    WAIT = "wait"
    """Nothing of the source is asked until its limit allows it; no failed try."""
    GIVE_UP = "give up"
    END_STREAM = "end the stream"
    END_PROFILE = "end the profile"
    END_RUN = "end the run"


ENDS = {Scope.PROFILE: Act.END_PROFILE, Scope.RUN: Act.END_RUN}


class Past(NamedTuple):
    """What went before an answer, the answer itself counted.

    tries, most: how often the request has been sent for this answer, and how often it may be.
    can_ask: whether the budget allows another request.
    is_reached: whether the API has answered in this run; is_known: whether in a way that only the API would.
    limited, limited_seconds: the 429s of the source, and how long ago the first one came.
    strays, stray_seconds: the stray answers in a row, and how long ago the first of these came.
    window: seconds of a window of the rate limit.
    """

    tries: int = 1
    most: int = TRIES
    can_ask: bool = True
    is_reached: bool = True
    is_known: bool = True
    limited: int = 0
    limited_seconds: float = 0.0
    strays: int = 0
    stray_seconds: float = 0.0
    window: float = 300.0


class Decision(NamedTuple):
    """What is done about an answer.

    answer: the answer as it counts.
    seconds: for RETRY and WAIT, how long; None for as long as a window.
    refusal: for the ends, what ends it.
    """

    act: Act
    answer: Answer
    seconds: float | None = None
    refusal: Refusal | None = None


def decide(answer: Answer, past: Past, quota: Quota = NOTHING_SAID) -> Decision:
    """Return what is done about an answer; quota: what it says of the rate limit."""
    if is_limit(answer, quota):
        return _after_limit(answer, past, quota)
    if past.is_known:
        if past.strays >= MOST_STRAYS and past.stray_seconds >= STRAY_SECONDS:
            message = f"{past.strays} answers in a row were not the API's own, the last one HTTP {answer.status}"
            refusal = Refusal(STRAYED, f"http_{answer.status}", message, answer.status)
            return Decision(Act.END_PROFILE, answer, refusal=refusal)
        answer = _without_strays(answer)
    for refusal in answer.refusals:
        if refusal.scope in ENDS:
            return Decision(ENDS[refusal.scope], answer, refusal=refusal)
        if refusal.scope is Scope.STREAM and answer.body is None:
            return Decision(Act.END_STREAM, answer, refusal=refusal)
    return _after_try(answer, past)


def is_limit(answer: Answer, quota: Quota) -> bool:
    """Return whether an answer is the rate limit's: a 429, unless its body refuses something else."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
        return False
    meant = [refusal.scope for refusal in answer.refusals if refusal.rule is not UNREAD]
    # A part's own limit is believed only while there is something left of the source's.
    return not meant or (quota.is_used_up and set(meant) == {Scope.PART})


def is_stray(answer: Answer) -> bool:
    """Return whether an answer would end something and isn't the API's own."""
    return answer.body is None and any(refusal.is_stray for refusal in answer.refusals)


def _after_limit(answer: Answer, past: Past, quota: Quota) -> Decision:
    asked, window = quota.retry_after, max(past.window, LEAST_SECONDS)
    message = ""
    if asked is not None and asked > LONGEST_RETRY_AFTER:
        message = f"HTTP 429 with Retry-After of {asked:.0f} s"
    elif past.limited >= MOST_429 and past.limited_seconds >= window:
        message = f"HTTP 429, {past.limited} times in this run"
    if message:
        refusal = Refusal(LIMITED, "http_429", message, HTTPStatus.TOO_MANY_REQUESTS)
        return Decision(Act.END_PROFILE, answer, refusal=refusal)
    if asked is None:
        return Decision(Act.WAIT, answer)
    step = min(window * WINDOW_SHARE, LONGEST_STEP)
    return Decision(Act.WAIT, answer, max(asked, min(past.limited * step, window)))


def _without_strays(answer: Answer) -> Answer:
    if not is_stray(answer):
        return answer
    return replace(answer, refusals=[replace(one, rule=UNREAD, transient=True) for one in answer.refusals])


def _after_try(answer: Answer, past: Past) -> Decision:
    is_transient = answer.body is None and all(refusal.transient for refusal in answer.refusals)
    if not is_transient:
        return Decision(Act.DELIVER, answer)
    if past.tries >= past.most and not past.is_reached:
        last = answer.refusals[0]
        return Decision(Act.END_PROFILE, answer, refusal=Refusal(UNREACHABLE, last.code, last.message))
    if past.tries >= past.most or not past.can_ask:
        return Decision(Act.GIVE_UP, answer)
    return Decision(Act.RETRY, answer, min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (past.tries - 1)))


class Streaks:
    """The 429s and the stray answers of a source, as `Past` has them."""

    def __init__(self) -> None:
        self.limited = self.strays = 0
        self._limited_since = self._strays_since = 0.0

    def note(self, answer: Answer, quota: Quota, now: float) -> None:
        """Count an answer; now: seconds of a clock that never goes back."""
        if is_limit(answer, quota):
            self._limited_since = self._limited_since if self.limited else now
            self.limited += 1
        elif is_stray(answer):
            self._strays_since = self._strays_since if self.strays else now
            self.strays += 1
        else:
            self.strays = 0

    def limited_seconds(self, now: float) -> float:
        """Return how long ago the first 429 came, 0 without any."""
        return now - self._limited_since if self.limited else 0.0

    def stray_seconds(self, now: float) -> float:
        """Return how long ago the first of the stray answers in a row came, 0 without any."""
        return now - self._strays_since if self.strays else 0.0
