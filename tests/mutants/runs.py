"""A whole run in memory, without Singer's messages: what it wrote, and what it said about the rest."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_ayrshare.config.settings import Settings
from tap_ayrshare.engine import quota, retry, transport
from tap_ayrshare.engine.messages import Ended, Record, Status
from tap_ayrshare.run import extraction
from tap_ayrshare.run.extraction import Extraction
from tap_ayrshare.run.outcome import Outcome
from tests.mutants.api import Api
from tests.world import CONFIG

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.mutants.samples import Case

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)


@dataclass
class Run:
    """What a run wrote and said.

    rows: stream and columns; issues: rows of extraction_errors; departures: what the contract doesn't know;
    ends: how each stream ended, with the reason.
    """

    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    departures: set[tuple[str, ...]] = field(default_factory=set)
    ends: dict[str, tuple[Status, str]] = field(default_factory=dict)
    error: str = ""


@cache
def _settings(more: str) -> Settings:
    return Settings.read({**CONFIG, **json.loads(more)})


class Runner:
    """Runs cases one after another in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.api: Api | None = None

    def run(self, case: Case, body: Any) -> Run:
        """Read the streams of a case from an API that answers this body."""
        self.api = Api(case, body)
        return self._loop.run_until_complete(self._run(case))

    async def _run(self, case: Case) -> Run:
        settings = _settings(json.dumps(case.settings))
        reading = Extraction(settings, {*case.streams, "extraction_errors"}, lambda _stream, _profile: {})
        run = Run()
        async for item in reading.items():
            message = item.message
            if isinstance(message, Record) and message.stream == "extraction_errors":
                run.issues.append(message.values)
            elif isinstance(message, Record):
                run.rows.append((message.stream, message.values))
            elif isinstance(message, Ended):
                run.ends[message.stream] = message.status, message.reason
        run.departures = {key[:4] for key in reading.snapshot.drift._met}
        error = Outcome(reading).error
        run.error = str(error) if error else ""
        return run


@asynccontextmanager
async def _no_connections(**_options: Any) -> AsyncIterator[None]:
    """In place of the connections that `Client.opened` holds: nothing is sent."""
    yield


@contextmanager
def runner() -> Iterator[Runner]:
    """Yield what runs cases in this process."""
    loop = asyncio.new_event_loop()
    found = Runner(loop)

    async def send(_client: object, request: Any, _headers: object) -> tuple[int, dict[str, str], bytes]:
        assert found.api is not None
        given = request.body if request.body is not None else request.query
        status, raw = found.api.answer(request.path, given)
        return status, {}, raw

    with (
        mock.patch.object(transport.Client, "send", send),
        mock.patch.object(retry, "FIRST_BACKOFF", 0),
        mock.patch.object(retry, "LEAST_SECONDS", 0),
        mock.patch.object(quota, "read_clock", return_value=NOW),
        mock.patch.object(extraction, "read_clock", return_value=NOW),
        # Reading the system's certificates takes longer than all the rest.
        mock.patch.object(transport, "trusted", return_value=(None, "")),
        mock.patch.object(transport.aiohttp, "ClientSession", _no_connections),
        mock.patch.object(transport.aiohttp, "TCPConnector"),
    ):
        try:
            yield found
        finally:
            loop.close()
