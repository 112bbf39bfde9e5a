"""HTTP for all sources of a run: the connections, and what became of a request that got no whole answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from tap_ayrshare.engine.bodies import ENCODINGS, BodyBroken, BodyTooLong, read_body
from tap_ayrshare.engine.budget import Budget
from tap_ayrshare.engine.errors import UNREAD, Refusal
from tap_ayrshare.engine.redaction import Redactor
from tap_ayrshare.engine.retry import TRIES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from tap_ayrshare.engine.exchange import Options, Request

NO_ANSWER = (asyncio.TimeoutError, aiohttp.ClientError, BodyTooLong, BodyBroken, OSError, ValueError)
"""What `Client.send` raises where no whole answer came."""


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
        self.budget = Budget(options.request_budget)
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

    async def send(self, request: Request, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        """Send one request; return status, headers and the body as bytes.

        Raises:
            NO_ANSWER: no whole answer came, or the body can't be read.
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

    def failure(self, error: BaseException) -> Refusal:
        """Return why no whole answer came; error: what `send` raised, one of `NO_ANSWER`."""
        code, message = _why(error, self.options.request_timeout)
        return Refusal(UNREAD, code, message, transient=True)


def _why(error: BaseException, timeout: float) -> tuple[str, str]:
    if isinstance(error, asyncio.TimeoutError):
        return "timeout", f"no answer within {timeout:g} s"
    if isinstance(error, BodyTooLong):
        return "invalid_body", "the body is too long"
    if isinstance(error, BodyBroken):
        return "invalid_body", str(error)
    if isinstance(error, aiohttp.ClientPayloadError):
        return "invalid_body", "the body was cut off"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls", f"the TLS certificate of {error.host} can't be verified; check api_url and any proxy"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connection", f"can't connect to {error.host}:{error.port}; check api_url and the network"
    if isinstance(error, aiohttp.ClientConnectionError):
        return "reset", "the connection was reset"
    return "transport", f"the answer could not be read ({type(error).__name__})"


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
