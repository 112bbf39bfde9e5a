"""The one place that speaks HTTP: headers, pacing, retries, and what an answer refuses.

Facts about the transport come from docs/api.md sections 1 to 3.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from tap_ayrshare.ayrshare.codes import (
    HTTP_OK,
    HTTP_REDIRECT,
    HTTP_SERVER_ERROR,
    NO_BLOCK,
    UNREAD,
    good_blocks,
    refusals,
)
from tap_ayrshare.clock import read_clock
from tap_ayrshare.engine.errors import Refusal, Refused, Rule, Scope
from tap_ayrshare.engine.pacing import Pacer
from tap_ayrshare.settings import is_loopback
from tap_ayrshare.values import parse_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tap_ayrshare.settings import Profile, Settings

logger = logging.getLogger(__name__)

TRIES = 5
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
REFUSALS_IN_A_ROW = 20
"""Answers of 429 in a row that stop a profile: 1,000 in a day suspend it."""
LONGEST_RETRY_AFTER = 3600.0
HTTP_TOO_MANY = 429
SHORTEST_SECRET = 8
UNREACHABLE = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API can't be reached")
LIMITED = Rule(Scope.PROFILE, failure=True, action="profile stopped: the API keeps answering 429")


class BudgetSpent(Exception):
    """The request budget is spent; raised before the first request over it."""


@dataclass(frozen=True)
class Request:
    """A request to the API.

    stream: the stream that it is for.
    networks: the networks that it is about, for reading which of them an error means.
    usable: tells whether a body holds what was asked for.
    """

    method: str
    path: str
    stream: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    networks: tuple[str, ...] = ()
    usable: Callable[[Any], bool] = lambda body: bool(good_blocks(body))

    @property
    def concerns_x(self) -> bool:
        """Tell whether X is asked, or may be since no network is named: then the X keys go along."""
        return "twitter" in self.networks or (self.body is not None and not self.networks)


@dataclass(frozen=True)
class Answer:
    """An answer that is as good as it gets.

    body: the parsed body, None where there is none that can be used.
    refusals: what it refuses; beside a usable body they concern parts of it.
    """

    status: int | None
    body: Any
    refusals: list[Refusal]

    @property
    def refusal(self) -> Refusal | None:
        """What refused the whole request; None if the body is usable."""
        return self.refusals[0] if self.body is None and self.refusals else None


class Client:
    """HTTP for all profiles of a run: the connections, the places in flight, the request budget."""

    def __init__(self, settings: Settings, tries: int = TRIES) -> None:
        """Make a client; tries: how often a request is sent that finds no answer."""
        self.settings = settings
        self.tries = tries
        self.everyone = asyncio.Semaphore(settings.max_concurrency_total)
        self.sent = 0
        self.has_answered = False
        self._proxy = _proxy(settings.api_url)
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Client]:
        """Hold the connections open."""
        settings = self.settings
        timeout = aiohttp.ClientTimeout(total=settings.request_timeout)
        connector = aiohttp.TCPConnector(limit=0)
        headers = {"Authorization": f"Bearer {settings.api_key}", "User-Agent": settings.user_agent}
        async with aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            self._session = session
            yield self

    def spend(self) -> None:
        """Take one request from the budget.

        Raises:
            BudgetSpent: nothing is left.
        """
        if self.settings.request_budget is not None and self.sent >= self.settings.request_budget:
            raise BudgetSpent
        self.sent += 1

    async def send(self, request: Request, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        """Send one request; return status, headers and the body as bytes.

        Raises:
            aiohttp.ClientError, asyncio.TimeoutError, OSError: no whole answer came.
        """
        if self._session is None:
            raise RuntimeError("the client is not open")
        async with self._session.request(
            request.method,
            self.settings.api_url + request.path,
            params=request.query,
            json=request.body,
            headers=headers,
            proxy=self._proxy,
            # A redirect would carry the keys to another host.
            allow_redirects=False,
        ) as response:
            return response.status, response.headers, await response.read()


class ProfileClient:
    """HTTP for one profile: its key, its pace, its share of the requests in flight."""

    def __init__(self, client: Client, profile: Profile) -> None:
        settings = client.settings
        self._client = client
        self._profile = profile
        self._lanes = asyncio.Semaphore(settings.max_concurrency)
        # A shorter one would be found in innocent text, and the body would be spoilt.
        self._secrets = [key.encode() for key in settings.secrets if len(key) >= SHORTEST_SECRET]
        self._refused_in_a_row = 0
        self._ended: Refusal | None = None
        self.pacer = Pacer(
            settings.rate_limit_requests, settings.rate_limit_window, settings.rate_limit_reserve, profile.label
        )
        self.requests: Counter[str] = Counter()

    @property
    def sent(self) -> int:
        """Requests sent so far, every try counted."""
        return sum(self.requests.values())

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {}
        if self._profile.key:
            headers["Profile-Key"] = self._profile.key
        if self._client.settings.x_keys and request.concerns_x:
            headers["X-Twitter-OAuth1-Api-Key"], headers["X-Twitter-OAuth1-Api-Secret"] = self._client.settings.x_keys
        return headers

    async def ask(self, request: Request) -> Answer:
        """Ask the API, again for what is transient, and return what it answers in the end.

        Raises:
            Refused: the answer ends the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """
        async with self._lanes:
            return await self._ask(request)

    async def _ask(self, request: Request) -> Answer:
        tries = 0
        while True:
            answer = await self._try(request)
            if answer is None:
                continue
            for refusal in answer.refusals:
                if refusal.scope in (Scope.PROFILE, Scope.RUN):
                    self._end(refusal)
                if refusal.scope is Scope.STREAM and answer.body is None:
                    raise Refused(refusal)
            tries += 1
            transient = answer.body is None and all(refusal.temporary for refusal in answer.refusals)
            if transient and tries >= self._client.tries and not self._client.has_answered:
                last = answer.refusals[0]
                self._end(Refusal(UNREACHABLE, last.code, last.message))
            if not transient or tries >= self._client.tries:
                return answer
            pause = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (tries - 1)) * random.uniform(0.5, 1)  # noqa: S311
            logger.info(
                "profile %s: %s %s is asked again in %.1f s (%s)",
                self._profile.label,
                request.method,
                request.path,
                pause,
                answer.refusals[0],
            )
            await asyncio.sleep(pause)

    def _end(self, refusal: Refusal) -> None:
        self._ended = refusal
        raise Refused(refusal)

    async def _try(self, request: Request) -> Answer | None:
        """Send once; None after an answer of 429, which is no try."""
        async with self.pacer.flight(self._client.everyone):
            if self._ended:
                raise Refused(self._ended)
            self._client.spend()
            self.requests[request.stream] += 1
            try:
                status, headers, raw = await self._client.send(request, self._headers(request))
            except asyncio.TimeoutError:
                return self._broken("timeout", f"no answer within {self._client.settings.request_timeout:g} s")
            except aiohttp.ClientPayloadError:
                return self._broken("invalid_body", "the body was cut off")
            except aiohttp.ClientConnectorError as error:
                return self._broken("connection", f"can't connect to {error.host}; check api_url and the network")
            except aiohttp.ClientConnectionError:
                return self._broken("reset", "the connection was reset")
            except (aiohttp.ClientError, OSError) as error:
                return self._broken("transport", f"the answer could not be read ({type(error).__name__})")
            self._client.has_answered = True
            if status == HTTP_TOO_MANY:
                self._slow_down(headers.get("Retry-After"))
                return None
            self._refused_in_a_row = 0
            self.pacer.heard(_count(headers, "x-ratelimit-max"), _count(headers, "x-ratelimit-count"))
        return self._read(request, status, self._redacted(raw))

    def _broken(self, code: str, message: str) -> Answer:
        self.pacer.unanswered()
        return Answer(None, None, [Refusal(UNREAD, code, message, temporary=True)])

    def _slow_down(self, retry_after: str | None) -> None:
        self._refused_in_a_row += 1
        wait = _seconds(retry_after)
        message = f"HTTP 429 {self._refused_in_a_row} times in a row"
        if wait is not None and wait > LONGEST_RETRY_AFTER:
            message = f"HTTP 429 with Retry-After of {wait:.0f} s"
        if self._refused_in_a_row >= REFUSALS_IN_A_ROW or (wait or 0) > LONGEST_RETRY_AFTER:
            self._end(Refusal(LIMITED, "http_429", message, HTTP_TOO_MANY))
        self.pacer.refused(wait)
        logger.warning(
            "profile %s: the API answered 429, waiting %s",
            self._profile.label,
            "for the window" if wait is None else f"{wait:.0f} s as it asks",
        )

    def _redacted(self, raw: bytes) -> bytes:
        for secret in self._secrets:
            if secret in raw:
                raw = raw.replace(secret, b"***")
        return raw

    def _read(self, request: Request, status: int, raw: bytes) -> Answer:
        try:
            body = parse_json(raw)
        except (ValueError, RecursionError):
            body = None
        is_ok = HTTP_OK <= status < HTTP_REDIRECT.start
        refused = refusals(status, body, request.networks, profile_key=self._profile.key is not None)
        ends = any(refusal.scope in (Scope.PROFILE, Scope.RUN) for refusal in refused)
        if body is not None and request.usable(body) and not ends:
            # A status other than 2xx that says nothing beside usable blocks is no refusal of its own.
            return Answer(status, body, [refusal for refusal in refused if is_ok or refusal.details])
        if not refused and is_ok and isinstance(body, dict) and body.get("status") == "success":
            return Answer(status, None, [Refusal(NO_BLOCK, "no_data", "the answer is a success without data", status)])
        if not refused:
            what = "is no JSON" if body is None else "has not the expected form"
            refused = [Refusal(UNREAD, "invalid_body", f"the answer {what}", status, temporary=True)]
        if body is None and status >= HTTP_SERVER_ERROR:
            refused = [Refusal(UNREAD, f"http_{status}", "the API has an internal error", status, temporary=True)]
        elif status >= HTTP_SERVER_ERROR:
            refused = [_as_temporary(refusal) for refusal in refused]
        return Answer(status, None, refused)


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL.

    aiohttp's `trust_env` would look for it in a thread for every request, and take keys out of a .netrc.
    """
    parts = urlsplit(url)
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)


def _as_temporary(refusal: Refusal) -> Refusal:
    return Refusal(
        refusal.rule,
        refusal.code,
        refusal.message,
        refusal.http_status,
        refusal.platform,
        refusal.details,
        temporary=refusal.rule is UNREAD,
    )


def _count(headers: Any, name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isdigit() else None


def _seconds(retry_after: str | None) -> float | None:
    """Return Retry-After in seconds: it comes as a number or as an HTTP date."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - read_clock()).total_seconds())
