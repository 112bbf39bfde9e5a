"""Requests of one source at the API's pace, asked again where that may help.

What a body means is decided by the judge that a source's client is given, what follows from it by `retry`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter, defaultdict
from dataclasses import replace
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.errors import UNREAD, Refusal, Refused
from tap_ayrshare.engine.exchange import Answer, Judge, Request
from tap_ayrshare.engine.lanes import Lanes
from tap_ayrshare.engine.pacing import Pacer
from tap_ayrshare.engine.quota import NONE_TOLD, NOTHING_SAID, Limits, Quota
from tap_ayrshare.engine.retry import Act, Decision, Past, Streaks, decide
from tap_ayrshare.engine.transport import NO_ANSWER, Client
from tap_ayrshare.engine.values import parse_damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_ayrshare.engine.redaction import Redactor

logger = logging.getLogger(__name__)


class ProfileClient:
    """HTTP for one profile: its headers, its pace, its share of the requests in flight."""

    def __init__(
        self,
        client: Client,
        label: str,
        judge: Judge,
        headers: Callable[[Request], dict[str, str]] = lambda _: {},
        limits: Limits = NONE_TOLD,
    ) -> None:
        """Make a client for a profile.

        Args:
            client: the connections of the run.
            label: the profile's name in the log.
            judge: returns what an answer means.
            headers: returns the headers that a request carries beside the account's.
            limits: the headers in which the API tells its rate limit.
        """
        options = client.options
        self._client = client
        self._label = label
        self._judge = judge
        self._headers = headers
        self._limits = limits
        self._streaks = Streaks()
        self._ended: Refusal | None = None
        self._closed: dict[str, Refusal] = {}
        self.pacer = Pacer(
            options.rate_limit_requests, options.rate_limit_window, options.rate_limit_reserve, label, limits
        )
        self.lanes = Lanes(lambda: self.pacer.rate, options.max_concurrency)
        self.requests: Counter[str] = Counter()
        self.seconds: dict[str, float] = defaultdict(float)
        self.asked_again: Counter[str] = Counter()

    @property
    def sent(self) -> int:
        """Requests sent so far, every try counted."""
        return sum(self.requests.values())

    async def ask(self, request: Request) -> Answer:
        """Ask the API, again for what is transient, and return what it answers in the end.

        Raises:
            Refused: the answer ends the stream, the profile or the run.
            BudgetSpent: the request budget is spent before there is any answer.
        """
        async with self.lanes:
            sent, tries = 0, 1
            while True:
                decision = await self._try(request, tries)
                sent += 1
                if decision.act is Act.RETRY:
                    tries += 1
                    await self._back_off(request, decision)
                elif decision.act in (Act.DELIVER, Act.GIVE_UP):
                    return replace(decision.answer, sent=sent) if sent > 1 else decision.answer
                elif decision.refusal:
                    raise Refused(decision.refusal)

    async def _back_off(self, request: Request, decision: Decision) -> None:
        pause = (decision.seconds or 0.0) * random.uniform(0.5, 1)  # noqa: S311
        why = decision.answer.refusals[0]
        self.asked_again[why.code] += 1
        logger.debug("profile %s: retrying %s %s in %.1f s (%s)", self._label, request.method, request.path, pause, why)
        await asyncio.sleep(pause)

    def _check_open(self, request: Request) -> None:
        if ended := self._ended or self._closed.get(request.kind):
            raise Refused(ended)

    async def _try(self, request: Request, tries: int) -> Decision:
        """Send once, and return what is done about the answer."""
        self._check_open(request)
        # Before the wait for the limit: a spent budget says so at once.
        self._client.budget.spend()
        is_sent = False
        try:
            async with self.pacer.flight(self._client.everyone) as count_before:
                self._check_open(request)
                self.requests[request.stream] += 1
                is_sent = True
                answer, quota = await self._send(request)
                decision = decide(answer, self._past(request, tries, answer, quota), quota)
                self._learn(request, decision, quota, count_before)
        finally:
            if not is_sent:
                self._client.budget.give_back()
        return decision

    async def _send(self, request: Request) -> tuple[Answer, Quota]:
        """Send once; return the answer, and what it says of the rate limit."""
        client, began, status = self._client, monotonic(), 0
        try:
            status, headers, raw = await client.send(request, self._headers(request))
        except NO_ANSWER as error:
            return Answer(None, None, [client.failure(error)]), NOTHING_SAID
        finally:
            took = monotonic() - began
            self.seconds[request.stream] += took
            self.lanes.heard(request.stream, took, is_failure=not 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR)
        answer = self._read(request, status, raw)
        client.has_answered = True
        client.has_made_sense |= answer.body is not None or any(one.code.isdigit() for one in answer.refusals)
        return answer, self._limits.read(headers, answer.retry_after)

    def _past(self, request: Request, tries: int, answer: Answer, quota: Quota) -> Past:
        client, now, streaks = self._client, monotonic(), self._streaks
        if answer.status is not None:
            streaks.note(answer, quota, now)
        return Past(
            tries=tries,
            most=request.tries or client.tries,
            can_ask=not client.budget.is_spent,
            is_reached=client.has_answered,
            is_known=client.has_made_sense,
            limited=streaks.limited,
            limited_seconds=streaks.limited_seconds(now),
            strays=streaks.strays,
            stray_seconds=streaks.stray_seconds(now),
            window=client.options.rate_limit_window,
        )

    def _learn(self, request: Request, decision: Decision, quota: Quota, count_before: int | None) -> None:
        """Let the pacer and the requests to come know of an answer, while no other goes."""
        for refusal in decision.answer.refusals:
            if refusal.rule.closes_kind and request.kind:
                self._closed[request.kind] = refusal
        if decision.act in (Act.END_PROFILE, Act.END_RUN):
            self._ended = decision.refusal
        if decision.act is Act.WAIT:
            self.pacer.refused(decision.seconds)
            wait = "for the window" if decision.seconds is None else f"{decision.seconds:.1f} s"
            logger.warning("profile %s: the API answered 429, waiting %s", self._label, wait)
        elif decision.answer.status in (None, HTTPStatus.TOO_MANY_REQUESTS):
            self.pacer.unanswered()
        else:
            self.pacer.heard(quota.maximum, quota.count, count_before)

    def _read(self, request: Request, status: int, raw: bytes) -> Answer:
        try:
            body, broken = _parsed(self._client.redactor, raw)
            answer = self._judge(request, status, body)
        except Exception as error:
            # An unreadable answer affects its own request, never the run.
            where = (self._label, request.method, request.path)
            logger.exception("profile %s: %s %s: the answer could not be read; please report it", *where)
            message = f"the answer could not be read ({type(error).__name__})"
            return Answer(status, None, [Refusal(UNREAD, "invalid_body", message, status, transient=True)])
        if not broken:
            return answer
        unread = [Refusal(UNREAD, "invalid_body", f"an item can't be read: {why}", status) for why in broken]
        return replace(answer, unread=tuple(unread))


def _parsed(redactor: Redactor, raw: bytes) -> tuple[Any, list[str]]:
    """Return a body without secrets, None if it isn't JSON, and why items of its lists can't be read."""
    try:
        parsed, broken = parse_damaged(raw)
        return redactor.body(raw, parsed), broken
    except (ValueError, RecursionError):
        return None, []
