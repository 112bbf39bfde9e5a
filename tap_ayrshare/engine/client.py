"""The one place that speaks HTTP: connections, pacing and retries.

What a body means is decided by the judge that a profile's client is given. Facts about the transport come from
docs/api.md sections 1 to 3.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from tap_ayrshare.engine.bodies import ENCODINGS, BodyBroken, BodyTooLong, read_body
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.errors import UNREAD, Refusal, Refused, Rule, Scope
from tap_ayrshare.engine.pacing import Pacer
from tap_ayrshare.engine.redaction import Redactor
from tap_ayrshare.engine.values import parse_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

logger = logging.getLogger(__name__)

TRIES = 5
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
MOST_429 = 20
"""Answers of 429 in a run that stop a profile: 1,000 in a day suspend it (docs/api.md section 2)."""
MOST_DIGITS = 9
"""Digits of a number in a header; a longer one is as if it were absent."""
LONGEST_RETRY_AFTER = 3600.0
UNREACHABLE = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API can't be reached")
LIMITED = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API keeps answering 429")


@dataclass(frozen=True)
class Options:
    """How requests are made; times in seconds.

    request_budget: how many requests a run may make, None for any number.
    """

    api_url: str
    api_key: str
    user_agent: str
    request_timeout: float
    request_budget: int | None
    max_concurrency: int
    max_concurrency_total: int
    rate_limit_requests: int
    rate_limit_window: float
    rate_limit_reserve: float


class BudgetSpent(Exception):
    """The request budget is spent; raised before the first request over it."""


@dataclass(frozen=True)
class Request:
    """A request to the API.

    stream: the stream that it is for.
    networks: the networks that it is about, for reading which of them an error means.
    usable: returns whether a body holds what was asked for; None: it is the judge's to know.
    needs_success: whether a body is usable only with a status of success, as any object would do.
    may_be_refused: whether a refusal without a code concerns this request alone, not the profile or the key.
    tries: how often it is sent if it gets no answer, None for as often as any.
    rules: codes that mean something else to it than to other requests.
    kind: the kind of request that it is, which a refusal may close for the profile; "" for none.
    """

    method: str
    path: str
    stream: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    networks: tuple[str, ...] = ()
    usable: Callable[[Any], bool] | None = None
    needs_success: bool = False
    may_be_refused: bool = False
    tries: int | None = None
    kind: str = ""
    rules: Mapping[int, Rule] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer that is as good as it gets.

    body: the parsed body, None where there is none that can be used.
    refusals: what it refuses; beside a usable body they concern parts of it.
    sent: how many requests it took.
    """

    status: int | None
    body: Any
    refusals: list[Refusal]
    sent: int = 1

    @property
    def refusal(self) -> Refusal | None:
        """What refused the whole request; None if the body is usable."""
        return self.refusals[0] if self.body is None and self.refusals else None


class Client:
    """HTTP for all profiles of a run: the connections, the places in flight, the request budget.

    has_answered: whether any answer came at all; has_made_sense: whether any had a usable body or a code of the API's.
    """

    def __init__(self, options: Options, secrets: Iterable[str], tries: int = TRIES) -> None:
        """Make a client.

        Args:
            options: how requests are made.
            secrets: what is taken out of every answer.
            tries: how often a request is sent that gets no answer.
        """
        self.options = options
        self.tries = tries
        self.redactor = Redactor(secrets)
        self.everyone = asyncio.Semaphore(options.max_concurrency_total)
        self.sent = 0
        self.has_answered = self.has_made_sense = False
        self._proxy = _proxy(options.api_url)
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Client]:
        """Hold the connections open."""
        options = self.options
        timeout = aiohttp.ClientTimeout(total=options.request_timeout)
        connector = aiohttp.TCPConnector(limit=0)
        headers = {
            "Authorization": f"Bearer {options.api_key}",
            "User-Agent": options.user_agent,
            "Accept-Encoding": ENCODINGS,
        }
        async with aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Bodies are inflated by read_body, with a bound.
            auto_decompress=False,
        ) as session:
            self._session = session
            yield self

    def spend(self) -> None:
        """Take one request from the budget.

        Raises:
            BudgetSpent: nothing is left.
        """
        if self.is_spent:
            raise BudgetSpent
        self.sent += 1

    @property
    def is_spent(self) -> bool:
        """Whether the request budget is spent."""
        return self.options.request_budget is not None and self.sent >= self.options.request_budget

    def unspend(self) -> None:
        """Give back a request that was not sent."""
        self.sent -= 1

    async def send(self, request: Request, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        """Send one request; return status, headers and the body as bytes.

        Raises:
            aiohttp.ClientError, asyncio.TimeoutError, OSError: no whole answer came.
            BodyTooLong, BodyBroken: the body can't be read.
        """
        if self._session is None:
            raise RuntimeError("the client is not open")
        async with self._session.request(
            request.method,
            self.options.api_url + request.path,
            params=request.query,
            json=request.body,
            headers=headers,
            proxy=self._proxy,
            # A redirect would carry the keys to another host.
            allow_redirects=False,
        ) as response:
            return response.status, response.headers, await read_body(response)


Judge = Callable[[Request, int, Any], Answer]
"""Returns what an answer means: of a request, its HTTP status and the parsed body, None if it isn't JSON."""


class ProfileClient:
    """HTTP for one profile: its headers, its pace, its share of the requests in flight."""

    def __init__(
        self, client: Client, label: str, judge: Judge, headers: Callable[[Request], dict[str, str]] = lambda _: {}
    ) -> None:
        """Make a client for a profile; headers: returns those that its requests carry beside the account's."""
        options = client.options
        self._client = client
        self._label = label
        self._judge = judge
        self._headers = headers
        self._lanes = asyncio.Semaphore(options.max_concurrency)
        self._refused_429 = 0
        self._ended: Refusal | None = None
        self._closed: dict[str, Refusal] = {}
        self.pacer = Pacer(options.rate_limit_requests, options.rate_limit_window, options.rate_limit_reserve, label)
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
        async with self._lanes:
            return await self._ask(request)

    async def _ask(self, request: Request) -> Answer:
        tries = sent = 0
        most = request.tries or self._client.tries
        while True:
            answer = await self._try(request)
            sent += 1
            if answer is None:
                continue
            answer = replace(answer, sent=sent)
            for refusal in answer.refusals:
                if refusal.scope in (Scope.PROFILE, Scope.RUN):
                    self._end(refusal)
                if refusal.rule.closes_kind and request.kind:
                    self._closed[request.kind] = refusal
                if refusal.scope is Scope.STREAM and answer.body is None:
                    raise Refused(refusal)
            tries += 1
            transient = answer.body is None and all(refusal.transient for refusal in answer.refusals)
            if transient and tries >= most and not self._client.has_answered:
                last = answer.refusals[0]
                self._end(Refusal(UNREACHABLE, last.code, last.message))
            if not transient or tries >= most or self._client.is_spent:
                return answer
            pause = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (tries - 1)) * random.uniform(0.5, 1)  # noqa: S311
            self.asked_again[answer.refusals[0].code] += 1
            logger.debug(
                "profile %s: retrying %s %s in %.1f s (%s)",
                self._label,
                request.method,
                request.path,
                pause,
                answer.refusals[0],
            )
            await asyncio.sleep(pause)

    def _end(self, refusal: Refusal) -> None:
        self._ended = refusal
        raise Refused(refusal)

    def _check_open(self, request: Request) -> None:
        if ended := self._ended or self._closed.get(request.kind):
            raise Refused(ended)

    async def _try(self, request: Request) -> Answer | None:
        """Send once; None after a 429 of the profile, which is no failed try."""
        self._check_open(request)
        # Before the wait for the limit: a spent budget says so at once.
        self._client.spend()
        is_sent = False
        try:
            async with self.pacer.flight(self._client.everyone) as count_before:
                self._check_open(request)
                self.requests[request.stream] += 1
                is_sent = True
                began = monotonic()
                found = await self._send(request)
                self.seconds[request.stream] += monotonic() - began
                if isinstance(found, Refusal):
                    self.pacer.unanswered()
                    return Answer(None, None, [found])
                status, headers, raw = found
                self._client.has_answered = True
                maximum, count = _count(headers, "x-ratelimit-max"), _count(headers, "x-ratelimit-count")
                answer = self._read(request, status, raw)
                codes = [refusal.code for refusal in answer.refusals]
                self._client.has_made_sense |= answer.body is not None or any(map(str.isdigit, codes))
                if status == HTTPStatus.TOO_MANY_REQUESTS and self._is_profile_limit(request, answer, maximum, count):
                    self._slow_down(headers.get("Retry-After"), answer)
                    return None
                if status == HTTPStatus.TOO_MANY_REQUESTS:
                    self.pacer.unanswered()
                else:
                    self.pacer.heard(maximum, count, count_before)
        finally:
            if not is_sent:
                self._client.unspend()
        return answer

    async def _send(self, request: Request) -> tuple[int, Any, bytes] | Refusal:
        """Send once; return status, headers and body, or why no whole answer came."""
        code, message = "", ""
        try:
            return await self._client.send(request, self._headers(request))
        except asyncio.TimeoutError:
            code, message = "timeout", f"no answer within {self._client.options.request_timeout:g} s"
        except BodyTooLong:
            code, message = "invalid_body", "the body is too long"
        except BodyBroken as error:
            code, message = "invalid_body", str(error)
        except aiohttp.ClientPayloadError:
            code, message = "invalid_body", "the body was cut off"
        except aiohttp.ClientSSLError as error:
            code, message = "tls", f"the TLS certificate of {error.host} can't be verified; check api_url and any proxy"
        except aiohttp.ClientConnectorError as error:
            code, message = "connection", f"can't connect to {error.host}:{error.port}; check api_url and the network"
        except aiohttp.ClientConnectionError:
            code, message = "reset", "the connection was reset"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            code, message = "transport", f"the answer could not be read ({type(error).__name__})"
        return Refusal(UNREAD, code, message, transient=True)

    @staticmethod
    def _is_profile_limit(request: Request, answer: Answer, maximum: int | None, count: int | None) -> bool:
        """Return whether a 429 is the profile's limit: a network's own limits come as 429 too."""
        if any(
            refusal.rule.closes_kind or (refusal.scope is Scope.NETWORK and refusal.platform)
            for refusal in answer.refusals
        ):
            return False
        return not (request.networks and maximum and count is not None and count < maximum)

    def _slow_down(self, retry_after: str | None, answer: Answer) -> None:
        self._refused_429 += 1
        wait = _seconds(retry_after)
        for refusal in answer.refusals:
            wait = _retry_after_in(refusal.details) if wait is None else wait
        message = f"HTTP 429, {self._refused_429} times in this run"
        if wait is not None and wait > LONGEST_RETRY_AFTER:
            message = f"HTTP 429 with Retry-After of {wait:.0f} s"
        if self._refused_429 >= MOST_429 or (wait or 0) > LONGEST_RETRY_AFTER:
            self._end(Refusal(LIMITED, "http_429", message, HTTPStatus.TOO_MANY_REQUESTS))
        self.pacer.refused(wait)
        logger.warning(
            "profile %s: the API answered 429, waiting %s",
            self._label,
            "for the window" if wait is None else f"{wait:.0f} s as it asks",
        )

    def _read(self, request: Request, status: int, raw: bytes) -> Answer:
        try:
            try:
                body = self._client.redactor.body(raw, parse_json(raw))
            except (ValueError, RecursionError):
                body = None
            return self._judge(request, status, body)
        except Exception as error:
            # An unreadable answer affects its own request, never the run.
            logger.exception(
                "profile %s: %s %s: the answer could not be read; please report it",
                self._label,
                request.method,
                request.path,
            )
            message = f"the answer could not be read ({type(error).__name__})"
            return Answer(status, None, [Refusal(UNREAD, "invalid_body", message, status, transient=True)])


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL.

    aiohttp's `trust_env` would look for it in a thread for every request, and take keys out of a .netrc.
    """
    parts = urlsplit(url)
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)


def _count(headers: Any, name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else None


def _retry_after_in(details: dict[str, Any] | None) -> float | None:
    """Return Retry-After from an error object, where Ayrshare passes on that of a network (docs/api.md section 3)."""
    inner = (details or {}).get("details")
    for place in (details or {}, inner if isinstance(inner, dict) else {}):
        for name, value in place.items():
            if name.lower().replace("_", "-") in ("retry-after", "retryafter"):
                return _seconds(str(value)[:40])
    return None


def _seconds(retry_after: str | None) -> float | None:
    """Return Retry-After in seconds: it comes as a number or as an HTTP date; None for what can't be read."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - read_clock()).total_seconds())
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
