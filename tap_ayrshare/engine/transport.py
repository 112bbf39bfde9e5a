"""HTTP for all sources of a run: the connections, and what became of a request that got no whole answer."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

from tap_ayrshare.engine.bodies import ENCODINGS, BodyBroken, BodyTooLong, read_body
from tap_ayrshare.engine.budget import Budget
from tap_ayrshare.engine.errors import UNREAD, Refusal
from tap_ayrshare.engine.lanes import Places
from tap_ayrshare.engine.redaction import Redactor
from tap_ayrshare.engine.retry import TRIES
from tap_ayrshare.engine.route import CERTIFICATES, proxy_for, trusted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from tap_ayrshare.engine.exchange import Options, Request

LONGEST_HEADER = 1 << 16
LONGEST_WORDS = 200


class ProxyRefused(Exception):
    """A proxy answered in place of the API; the text is its HTTP status."""


NO_ANSWER = (asyncio.TimeoutError, aiohttp.ClientError, BodyTooLong, BodyBroken, ProxyRefused, OSError, ValueError)
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

        Raises:
            SettingsError: the environment names a proxy or certificates that can't be used.
        """
        self.options = options
        self.tries = tries
        self._proxy = proxy_for(options.api_url, os.environ)
        self._certificates, self._named_certificates = trusted(os.environ)
        self.redactor = Redactor([*secrets, *([self._proxy.password] if self._proxy else [])])
        self.everyone = Places(options.max_concurrency_total)
        self.budget = Budget(options.request_budget)
        self.has_answered = self.has_made_sense = False
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Client]:
        """Hold the connections open."""
        options = self.options
        timeout = aiohttp.ClientTimeout(total=options.request_timeout)
        connector = aiohttp.TCPConnector(limit=0, ssl=self._certificates or True)
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
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
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
            proxy=self._proxy.url if self._proxy else None,
            # A redirect would carry the keys to another host.
            allow_redirects=False,
        ) as response:
            if self._proxy and response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                raise ProxyRefused(f"{response.status} {response.reason}")
            return response.status, response.headers, await read_body(response)

    def failure(self, error: BaseException) -> Refusal:
        """Return why no whole answer came; error: what `send` raised, one of `NO_ANSWER`."""
        code, message = self._why(error)
        return Refusal(UNREAD, code, self.redactor.text(message), transient=True)

    def _why(self, error: BaseException) -> tuple[str, str]:
        words = _words(error)
        if isinstance(error, asyncio.TimeoutError):
            return "timeout", f"no answer within {self.options.request_timeout:g} s"
        if isinstance(error, BodyTooLong):
            return "invalid_body", "the body is too long"
        if isinstance(error, BodyBroken):
            return "invalid_body", words
        if isinstance(error, aiohttp.ClientPayloadError):
            return "invalid_body", f"the body was cut off ({words})"
        if self._proxy and isinstance(error, (aiohttp.ClientHttpProxyError, ProxyRefused)):
            hint = "it wants a user and a password: http://USER:PASSWORD@HOST:PORT"
            hint = f"; {hint}" if words.startswith("407") else ""
            return "proxy", f"the proxy {self._proxy.address} that {self._proxy.variable} names answers {words}{hint}"
        if isinstance(error, aiohttp.ClientSSLError):
            named = f" (now {self._named_certificates})" if self._named_certificates else ""
            hint = f"check api_url and any proxy; certificates of your own: {', '.join(CERTIFICATES)}{named}"
            return "tls", f"the TLS certificate of {error.host} can't be verified ({words}); {hint}"
        if self._proxy and isinstance(error, aiohttp.ClientConnectorError):
            return "connection", f"can't connect to the proxy {self._proxy.address} of {self._proxy.variable} ({words})"
        if isinstance(error, aiohttp.ClientConnectorError):
            return "connection", f"can't connect to {error.host}:{error.port}; check api_url and the network ({words})"
        if isinstance(error, aiohttp.ClientConnectionError):
            return "reset", f"the connection was reset ({words})"
        return "transport", f"the answer could not be read ({words})"


def _words(error: BaseException) -> str:
    """Return what a library says of an error, without the URL that it may repeat."""
    if isinstance(error, aiohttp.ClientResponseError):
        return _short(f"{error.status} {error.message}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        certificate_error = error.certificate_error
        return _short(getattr(certificate_error, "verify_message", "") or str(certificate_error))
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        # asyncio's own text is the address once more.
        return os.strerror(cause.errno or 0)
    return _short(str(getattr(cause, "strerror", None) or cause)) or type(error).__name__


def _short(text: str) -> str:
    return " ".join(text.split())[:LONGEST_WORDS]
