"""`python -m benchmarks.simulation PROFILES POSTS [COMMENTS]`: the tap against an API in its own process.

Prints its cost as JSON. With COMMENTS, so many of each post are read, and no analytics.

No HTTP, so that sizes can be tried which no local server answers in time, and the delay of the event loop can be seen.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import resource
import sys
from datetime import datetime, timedelta, timezone
from time import monotonic
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_ayrshare.engine import exchange, transport
from tap_ayrshare.run.garbage import collect_less
from tap_ayrshare.singer.tap import TapAyrshare

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime.now(timezone.utc).replace(microsecond=0)
STEP = timedelta(seconds=60)
STREAMS = ("posts", "post_analytics", "extraction_errors")


class Sink(io.TextIOBase):
    """Counts what is written and forgets it."""

    def __init__(self) -> None:
        self.records = self.states = self.state_bytes = 0

    def write(self, text: str) -> int:
        """Count the messages in a text."""
        for line in text.splitlines():
            self.records += line.startswith('{"type":"RECORD"')
            if line.startswith('{"type":"STATE"'):
                self.states += 1
                self.state_bytes += len(line)
        return len(text)


def api(posts: int, comments: int = 0) -> Callable[..., Any]:
    """Return the API: each profile has so many posts, one a minute, on one network."""

    async def send(_client: object, request: exchange.Request, _headers: object) -> tuple[int, dict[str, str], bytes]:
        await asyncio.sleep(0)
        return 200, {}, json.dumps(answer(request)).encode()

    def answer(request: exchange.Request) -> Any:
        if request.path == "/user":
            return {"activeSocialAccounts": ["threads"]}
        if request.path.startswith("/comments/"):
            return {"threads": [_comment(request.path, number) for number in range(comments)], "status": "success"}
        if request.path == "/analytics/post":
            return {"threads": {"id": "t", "analytics": {"likes": 1, "views": 2}}, "status": "success"}
        ends = [datetime.fromisoformat(request.query[name].replace("Z", "+00:00")) for name in ("endDate", "startDate")]
        newest, oldest = (min(max(0, -((at - NOW) // STEP)), posts) for at in ends)
        if request.query.get("status") == "deleted" or newest >= oldest:
            return {"history": []}
        listed = range(newest, min(oldest, newest + int(request.query["limit"])))
        return {"history": [_post(number) for number in listed]}

    return send


def _post(number: int) -> dict[str, Any]:
    sent = [{"id": f"t-{number}", "platform": "threads", "status": "success"}]
    return {"id": f"post-{number}", "created": (NOW - number * STEP).isoformat(), "type": "now", "postIds": sent}


def _comment(path: str, number: int) -> dict[str, Any]:
    who = {"id": f"user-{number}", "username": f"reader{number}"}
    return {"commentId": f"{path}-{number}", "comment": "Where can I get this one? " * 3, "from": who, "likeCount": 1,
            "created": "2026-11-01T08:00:00Z", "username": who["username"], "replies": []}  # fmt: skip


async def _watch(delays: list[float]) -> None:
    while True:
        began = monotonic()
        await asyncio.sleep(0.01)
        delays.append(monotonic() - began - 0.01)


def main(profiles: int, posts: int, comments: int = 0) -> None:
    """Run the tap once and print what it took."""
    named = [{"name": f"profile-{n}", "profile_key": f"key-of-profile-{n:05}"} for n in range(profiles)]
    config = {"api_key": "key-of-the-account", "profiles": named, "rate_limit_requests": 10**6,
              "rate_limit_window_seconds": 1, "max_concurrency": 8, "start_date": "2000-01-01"}  # fmt: skip
    sink, delays = Sink(), list[float]()
    opened = transport.Client.opened

    watchers = []

    def watched(self: transport.Client) -> Any:
        watchers.append(asyncio.get_running_loop().create_task(_watch(delays)))
        return opened(self)

    logging.disable(logging.WARNING)
    with (
        mock.patch.object(transport.Client, "send", api(posts, comments)),
        mock.patch.object(transport.Client, "opened", watched),
        mock.patch.object(sys, "stdout", sink),
    ):
        tap = TapAyrshare(
            config={**config, "personal_data_streams": ["comments"] if comments else []}, setup_mapper=False
        )
        for name, stream in tap.streams.items():
            stream.selected = name in (("comments",) if comments else STREAMS)
        tap.setup_mapper()
        collect_less()
        began = monotonic()
        tap.sync_all()
        seconds = monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    delays.sort()
    cost = {
        "seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024,
        "records": sink.records, "states": sink.states, "state_bytes": sink.state_bytes,
        "delay": delays[-1], "usual_delay": delays[len(delays) * 99 // 100],
    }  # fmt: skip
    print(json.dumps(cost))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
