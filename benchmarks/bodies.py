"""`python -m benchmarks.bodies`: the CPU of reading a body, in pairs with `json.loads`."""

from __future__ import annotations

import asyncio
import gzip
import json
from functools import partial
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any, cast

from tap_ayrshare.engine.bodies import read_body
from tap_ayrshare.engine.redaction import Redactor
from tap_ayrshare.engine.values import parse_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import aiohttp

TITLE = "Reading a body of 5 kB, microseconds (median of 15 rounds, min-max)"
HEADER = ["", "json.loads", "read_body", "parse_json", "Redactor.body", "all of the tap's", "multiple of json.loads"]
NOTE = (
    "CPU time; each round runs every column in sequence. `json.loads` reads plain floats; the tap reads exact "
    "decimals, bounds and inflates bytes, and looks for secrets. `read_body` gets its bytes from memory, not from "
    "a socket."
)
ROUNDS, TIMES = 15, 200
SECRETS = 4, 1_000


class _Response:
    """As much of a response as `read_body` needs."""

    def __init__(self, raw: bytes, encoding: str) -> None:
        self.headers = {"Content-Encoding": encoding}
        self.raw = raw
        self.content = self

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(self.raw), size):
            yield self.raw[start : start + size]


def body() -> bytes:
    """Return a body of about 5 kB, like an answer of /analytics/post."""
    days = [{"endTime": f"2026-11-{day:02}T08:00:00+0000", "value": day * 37.25} for day in range(1, 26)]
    networks = {
        name: {"id": f"{name}-178", "postUrl": f"https://www.{name}.com/p/178/?a=b%20c", "lastUpdated": "2026-11-24",
               "analytics": {"likeCount": 12, "commentsCount": 3, "caption": "H\u00e9llo \u2028 world", "values": days}}
        for name in ("facebook", "instagram", "pinterest")
    }  # fmt: skip
    return json.dumps({**networks, "status": "success", "id": "post-1"}).encode()


def _time(work: Callable[[], Any]) -> float:
    began = process_time()
    for _ in range(TIMES):
        work()
    return (process_time() - began) / TIMES * 1e6


def _read(loop: asyncio.AbstractEventLoop, response: aiohttp.ClientResponse) -> bytes:
    return loop.run_until_complete(read_body(response))


def rows() -> Iterator[list[str]]:
    """Measure plain and compressed bodies, with few secrets and with a thousand."""
    raw = body()
    loop = asyncio.new_event_loop()
    for encoding, sent in (("identity", raw), ("gzip", gzip.compress(raw, 1))):
        for secrets in SECRETS:
            response = cast("aiohttp.ClientResponse", _Response(sent, encoding))
            redactor = Redactor(f"key-of-profile-{number:05}" for number in range(secrets))
            parsed = parse_json(raw)

            works: list[Callable[[], Any]] = [
                partial(json.loads, raw), partial(_read, loop, response), partial(parse_json, raw),
                partial(redactor.body, raw, parsed),
            ]  # fmt: skip
            rounds = [[_time(work) for work in works] for _ in range(ROUNDS)]
            rounds = [[*times, sum(times[1:]), sum(times[1:]) / times[0]] for times in rounds]
            yield [
                f"{encoding}, {secrets:,} secrets",
                *(f"{median(c):.1f} ({min(c):.1f}-{max(c):.1f})" for c in zip(*rounds, strict=True)),
            ]
    loop.close()


if __name__ == "__main__":
    print(f"{len(body())} bytes\n" + " | ".join(HEADER))
    for found in rows():
        print(" | ".join(found))
