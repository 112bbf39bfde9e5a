"""An API in memory and the tap in this process: whole runs in milliseconds, for trying many worlds.

A world answers requests as plainly as the API is known to (docs/api.md); a test changes what it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import islice
from unittest import mock
from urllib.parse import unquote

from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.engine import quota, retry, transport
from tap_ayrshare.engine.errors import TapError
from tap_ayrshare.preview import check
from tap_ayrshare.run import extraction
from tap_ayrshare.singer.tap import TapAyrshare
from tests.support import Output, messages, opted_in

START = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
EMPTY_HISTORY = {"history": {"code": 221, "action": "get", "status": "error"}, "count": 0}
PLAIN = {
    "/analytics/links": [{"shortLink": "https://s/1", "linkEventStats": []}],
    "/analytics/youTubePlaylists": {"playlists": []},
    "/auto-schedule/list": {"schedules": {}},
}
CONFIG = {
    "api_key": "world-api-key-01", "rate_limit_requests": 10**6, "rate_limit_window_seconds": 0.01,
    "include_primary_profile": True, "x_api_key": "world-x-key-01", "x_api_secret": "world-x-secret",
}  # fmt: skip


@dataclass
class Post:
    """A post sent through Ayrshare."""

    post_id: str
    published: datetime
    networks: tuple[str, ...] = ("facebook",)
    created: object = None

    def row(self) -> dict:
        sent = [{"status": "success", "id": f"{n}-{self.post_id}", "platform": n} for n in self.networks]
        made = self.published.isoformat().replace("+00:00", "Z") if self.created is None else self.created
        return {"id": self.post_id, "created": made, "type": "now", "status": "success", "postIds": sent}


@dataclass
class World:
    """The API of an account with one profile.

    posts: those sent through Ayrshare; native: by network, (id, published) of native posts, newest first.
    fault: is asked before every answer with (path, body or query); what it returns is answered: status and body,
        an exception is raised. asked: what was asked of /analytics/post, with the run's date.
    requests: path and body or query of each; senders: their Profile-Keys; written: how much of stdout was out when
        each was sent, which is what a kill at that moment would leave. latency: seconds that an answer may take.
    """

    posts: list[Post] = field(default_factory=list)
    native: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    linked: tuple[str, ...] = ("facebook",)
    now: datetime = START
    fault: object = None
    by_day: bool = False
    latency: float = 0
    windows: str = "exact"
    measured: object = None
    requests: list[tuple[str, dict]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    async def send(self, request, headers):
        given = request.body if request.body is not None else request.query
        self.requests.append((request.path, given))
        self.senders.append(headers.get("Profile-Key", ""))
        self.written.append(sys.stdout.tell())
        if self.latency:
            await asyncio.sleep(random.uniform(0, self.latency))
        found = self.fault(request.path, given) if self.fault else None
        if isinstance(found, BaseException):
            raise found
        status, body, *headers = found or self.answer(request.path, given)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return status, headers[0] if headers else {}, raw

    def answer(self, path, given):
        if path == "/user":
            return 200, {"activeSocialAccounts": list(self.linked), "refId": "r"}
        if path == "/history":
            return self._history(given)
        if path.startswith("/history/"):
            return self._native(path.rsplit("/", 1)[1], given)
        if path == "/analytics/post" and "postIds" in given:
            return 200, {
                given["platforms"][0]: [{**self.block(i), "id": i} for i in given["postIds"]],
                "status": "success",
            }
        if path == "/analytics/post":
            return 200, {n: self.block(given["id"]) for n in given["platforms"]} | {
                "status": "success",
                "id": given["id"],
            }
        if path == "/analytics/social":
            return 200, {n: {"analytics": {"followersCount": 1}} for n in given["platforms"]} | {"status": "success"}
        if path.startswith("/comments/"):
            return self.comments_on(unquote(path.removeprefix("/comments/")), given)
        return 200, PLAIN.get(path, {"profiles": []})

    def block(self, post_id):
        return {"id": f"x-{post_id}", "analytics": {"likeCount": 1, "likes": 1, "publicMetrics": {"likeCount": 1}}}

    def comments_on(self, post_id, query):
        post = next((p for p in self.posts if p.post_id == post_id), None)
        networks = [query["platform"]] if "platform" in query else post.networks if post else ()
        found = {n: [self.comment(n, post_id)] for n in networks}
        return (
            (200, {**found, "status": "success", "id": post_id}) if found else (404, {"code": 186, "status": "error"})
        )

    def comment(self, network, post_id):
        reply = {"commentId": f"{network}-{post_id}-r", "comment": "thanks"}
        return {"commentId": f"{network}-{post_id}-c", "comment": "hello", "replies": [reply]}

    def _history(self, query):
        if query.get("status") == "deleted":
            return 400, EMPTY_HISTORY
        start, end = (datetime.fromisoformat(query[n].replace("Z", "+00:00")) for n in ("startDate", "endDate"))
        if self.by_day:
            start, end = start.replace(hour=0, minute=0, second=0), end.replace(hour=23, minute=59, second=59)
        listed = (p for p in sorted(self.posts, key=lambda p: p.published, reverse=True)
                  if start <= p.published <= end and p.published <= self.now)  # fmt: skip
        rows = [post.row() for post in islice(listed, int(query["limit"]))]
        return (200, {"history": rows}) if rows else (400, EMPTY_HISTORY)

    def _native(self, network, query):
        listed = self.native.get(network, [])
        at, limit = int(query.get("next", 0)), int(query["limit"])
        if "until" in query and self.windows != "ignored":
            if self.windows == "refused":
                return 400, {"status": "error", "code": 101, "message": "until is not valid."}
            since, until = (datetime.fromisoformat(query[n].replace("Z", "+00:00")) for n in ("since", "until"))
            if self.windows == "days":
                until = until.replace(hour=0, minute=0, second=0) - timedelta(seconds=1)
            listed = [(i, d) for i, d in listed if since <= d <= until and self.windows != "empty"]
        posts = [self._item(i, d) for i, d in listed[at : at + limit]]
        meta = {}
        if "native_cursor" in NETWORKS[network].reads:
            more = at + limit < len(listed)
            meta = {"meta": {"pagination": {"hasMore": more, "next": str(at + limit) if more else None}}}
        return 200, {"status": "success", "posts": posts, **meta}

    def _item(self, post_id, published):
        whole = {"replyCount": 1, "repostCount": 1} if self.measured and self.measured(post_id) else {}
        date = {"created": published.isoformat()} if published else {}
        return {"id": post_id, **date, "likeCount": 1, **whole}

    def asked(self, path="/analytics/post"):
        return [given for where, given in self.requests if where == path]

    def run(self, *select: str, state=None, now=None, **config) -> Output:
        """Run the tap once, the streams of a default run if none are named; return what it said, with its exit code."""

        def sync() -> int:
            given = json.loads(json.dumps(state)) if state else None
            # What is selected decides which columns a stream map sees.
            given_config = {**CONFIG, **opted_in(select), **config}
            tap = TapAyrshare(config=given_config, state=given, setup_mapper=False)
            for name, stream in tap.streams.items():
                stream.metadata.root.selected = name in select if select else stream.selected_by_default
            tap.setup_mapper()
            tap.sync_all()
            return 0

        return self._during(sync, now).check()

    def test(self, **config) -> Output:
        """Run `--test`; its log is the report."""

        def run() -> int:
            with contextlib.redirect_stderr(io.StringIO()) as report:
                try:
                    TapAyrshare(config={**CONFIG, **config}).run_connection_test()
                finally:
                    logging.getLogger("tap_ayrshare").info("%s", report.getvalue())
            return 0

        return self._during(run, None)

    def command(self, *args: str, **environment: str) -> Output:
        """Run the command line; its log has a level before each line."""

        def main() -> int:
            try:
                TapAyrshare.get_singer_command().main(args=list(args), prog_name="tap-ayrshare")
            except SystemExit as end:
                return int(end.code or 0)
            return 0

        kept = {name: value for name, value in os.environ.items() if not name.startswith("TAP_AYRSHARE")}
        with mock.patch.dict(os.environ, {**kept, **environment}, clear=True):
            return self._during(main, None, "%(levelname)s %(message)s")

    def _during(self, act, now, style: str | None = None) -> Output:
        self.now = now or self.now
        for log in (self.requests, self.senders, self.written):
            log.clear()
        out, log, code = io.StringIO(), io.StringIO(), 0
        handler = logging.StreamHandler(log)
        handler.setFormatter(logging.Formatter(style))
        root = logging.getLogger()
        world = self

        async def send(_client, request, headers):
            return await world.send(request, headers)

        with (
            mock.patch.object(transport.Client, "send", send),
            mock.patch.object(retry, "FIRST_BACKOFF", 0),
            mock.patch.object(quota, "read_clock", return_value=world.now),
            mock.patch.object(extraction, "read_clock", return_value=world.now),
            mock.patch.object(check, "read_clock", return_value=world.now),
            contextlib.redirect_stdout(out),
        ):
            root.addHandler(handler)
            logging.getLogger("tap_ayrshare").setLevel(logging.INFO)
            try:
                code = act()
            except TapError as error:
                log.write(f"{error}\n")
                code = error.exit_code
            finally:
                root.removeHandler(handler)
        return Output(code, messages(out.getvalue()), log.getvalue(), out.getvalue())


def posts(count: int, every: timedelta = timedelta(hours=6), end: datetime = START, **more) -> list[Post]:
    """Return posts, the newest first."""
    return [Post(f"p{n:04}", end - every * (n + 1), **more) for n in range(count)]


def read(output: Output, stream: str = "post_analytics", column: str = "post_id") -> Counter:
    return Counter(record[column] for record in output.records(stream))


def errors(output: Output) -> set[tuple]:
    return {(r["stream"], r["resource_id"], r["platform"], r["code"]) for r in output.records("extraction_errors")}
