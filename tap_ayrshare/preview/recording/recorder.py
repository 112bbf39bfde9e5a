"""Asks each endpoint, network and variant once, and writes the answers without anything of the account in them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp

from tap_ayrshare.ayrshare.check_command import Comparison, UnusableInput, take
from tap_ayrshare.ayrshare.envelopes import is_error
from tap_ayrshare.ayrshare.judge import refusals
from tap_ayrshare.ayrshare.linked import linked_networks
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.exchange import Request
from tap_ayrshare.engine.transport import Client
from tap_ayrshare.engine.values import parse_json
from tap_ayrshare.preview.recording.masks import Masks
from tap_ayrshare.preview.recording.plan import FIRST, Ask, by_ids, rest
from tap_ayrshare.streams.clients import request_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tap_ayrshare.ayrshare.check_command import Finding
    from tap_ayrshare.config.settings import Profile, Settings

PAUSE = 0.5
"""Seconds between two requests, so that a recording takes little of the rate limit."""
MOST_FAILURES = 3
HEADERS = ("content-type", "content-encoding", "retry-after", "x-ratelimit-max", "x-ratelimit-count")
ENDS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
NOT_COMPARED = "not in the contract"
API = "https://api.ayrshare.com/api"


@dataclass(frozen=True)
class Taken:
    """An answer of a recording.

    status: None if none came; code: the API's own; verdict: whether it is as the contract says; findings: where it
    isn't.
    """

    ask: Ask
    status: int | None
    code: str
    verdict: str
    findings: tuple[Finding, ...] = ()


class Recorder:
    """Makes a recording of one profile.

    ended: why it ended before all was asked, empty if it didn't.
    """

    def __init__(
        self, settings: Settings, profile: Profile, directory: Path, limit: int, masks: Masks | None = None
    ) -> None:
        """Make a recorder; it asks no more than `limit` requests."""
        self._settings, self._profile, self._directory = settings, profile, directory
        self._client = Client(settings, settings.secrets)
        self._masks = masks or Masks()
        self._left = limit
        self._answers: dict[str, Any] = {}
        self._failures = 0
        self.ended = ""

    async def run(self) -> list[Taken]:
        """Ask, write a file for each answer, and return what came.

        Raises:
            OSError: a file can't be written.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        async with self._client.opened():
            taken = await self._all(FIRST)
            networks = linked_networks(self._body("user") or {}).networks
            taken += await self._all(rest(networks, self._body("history")))
            taken += await self._all(by_ids(networks, self._answers))
        moved = read_clock() + self._masks.shift
        about = {"now": moved.isoformat(), "networks": list(networks)}
        (self._directory / "recording.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        return taken

    def _body(self, name: str) -> Any:
        found = self._answers.get(name)
        return found if isinstance(found, dict) else None

    async def _all(self, asks: Iterable[Ask]) -> list[Taken]:
        taken = []
        for ask in asks:
            if self.ended or self._left <= 0:
                self.ended = self.ended or "the limit of requests is reached (--limit)"
                break
            self._left -= 1
            taken.append(await self._take(ask))
            await asyncio.sleep(PAUSE)
        return taken

    async def _take(self, ask: Ask) -> Taken:
        profile = self._profile if ask.with_profile else replace(self._profile, key=None)
        path = ask.path.format(id=quote(ask.post_id, safe=""), network=ask.network)
        networks = (ask.network,) if ask.network else ()
        request = Request(ask.method, path, ask.name, ask.query, ask.body, networks)
        try:
            status, headers, raw = await self._client.send(request, request_headers(self._settings, profile, request))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            self._failures += 1
            self.ended = f"no answer {MOST_FAILURES} times" if self._failures == MOST_FAILURES else ""
            return Taken(ask, None, "", f"no answer ({type(error).__name__})")
        if status in ENDS:
            self.ended = f"{ask.method} {ask.path}: HTTP {status}"
        try:
            body = self._answers[ask.name] = parse_json(raw)
        except (ValueError, RecursionError):
            self._write(ask, status, headers, None, f"not JSON, {len(raw)} bytes")
            return Taken(ask, status, "", "not JSON")
        masked = self._write(ask, status, headers, self._masks.body(body))
        codes = (one.code for one in refusals(status, body, profile_key=False) if one.code.isdigit())
        code = ", ".join(dict.fromkeys(codes))
        return _judged(Taken(ask, status, code, ""), masked)

    def _write(self, ask: Ask, status: int, headers: Any, body: Any, note: str = "") -> Any:
        """Write the file of an answer; return the body as it stands there."""
        ids = {name: self._masks.body(value, name) for name, value in (ask.body or {}).items() if name == "id"}
        query = {name: self._masks.text(value) if name == "accountId" else value for name, value in ask.query.items()}
        document = {
            "request": {
                "method": ask.method,
                "url": API + ask.path.format(id=quote(self._masks.text(ask.post_id), safe=""), network=ask.network),
                "query": query,
                **({"body": {**ask.body, **ids}} if ask.body else {}),
            },
            "status": status,
            "headers": {name: headers[name] for name in HEADERS if name in headers},
            "response": body,
            **({"note": note} if note else {}),
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, default=_plain)
        (self._directory / f"{ask.name}.json").write_text(text + "\n", encoding="utf-8")
        return body


def _without_errors(body: Any) -> Any:
    """Return a body without the errors in it, which say nothing of its fields."""
    if isinstance(body, dict):
        return {} if is_error(body) else {key: _without_errors(value) for key, value in body.items()}
    return [_without_errors(item) for item in body if not is_error(item)] if isinstance(body, list) else body


def _plain(value: object) -> float:
    """Return a number as JSON takes it."""
    if not isinstance(value, Decimal):
        raise TypeError
    return float(value)


def _judged(taken: Taken, masked: Any) -> Taken:
    """Return an answer with what the contract says of its masked body."""
    comparison = Comparison()
    data = _without_errors(masked)
    if taken.ask.name.startswith("history_by_id"):
        data = {"history": [data] if data else []}
    try:
        take(comparison, taken.ask.name, json.dumps(data, default=_plain).encode(), taken.ask.network or None)
    except UnusableInput:
        is_error_only = taken.code or taken.status != HTTPStatus.OK
        return replace(taken, verdict="an error" if is_error_only else NOT_COMPARED)
    if not comparison.compared:
        return replace(taken, verdict="an error" if taken.code else "nothing in it")
    found = tuple(one for one in comparison.findings() if one.finding != "gone")
    return replace(taken, verdict="differs" if found else "matches", findings=found)


def table(taken: Iterable[Taken]) -> Iterator[str]:
    """Yield the lines of what came: what was asked, HTTP status, code, whether it matches, which fields are unknown."""
    yield f"{'asked':<38}{'HTTP':<6}{'code':<8}contract"
    for one in taken:
        status = "-" if one.status is None else str(one.status)
        yield f"{one.ask.name:<38}{status:<6}{one.code or '-':<8}{one.verdict}"
        for finding in one.findings:
            says = f"; the contract says {finding.known}" if finding.known else ""
            yield f"    {finding.finding} {finding.stream} {finding.field} ({finding.seen}{says})"
