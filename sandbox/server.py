"""The sandbox over HTTP: keys, rate limit, faults, the log of requests, and the controls under /sandbox."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import hostile
from sandbox.api import Api, Call, Refuse
from sandbox.faults import Faults, changed, error, refusal, text_of
from sandbox.limits import Limit
from sandbox.moments import Clock, read_time

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.account import Account, Profile
    from sandbox.replay import Replay

KEPT_REQUESTS = 200_000
SUSPENDED_AFTER = 1000
"""So many answers of 429 suspend a profile."""
GZIP_FROM = 1024
REPEATABLE = ("platforms",)
TOO_MANY = error(None, "Too many requests.")
WAITING = {"slow": 1.0, "timeout": 3600.0}


class Sandbox:
    """The API of one account, with a clock, a rate limit and faults that tests can change."""

    def __init__(self, account: Account, now: datetime, options: dict[str, Any], api: Replay | None = None) -> None:
        self.account = account
        self.options = options
        self.api = api or Api(account, options)
        account.facebook = options.get("facebook", "after")
        self.clock = Clock(now)
        self.faults = Faults()
        self.latency = float(options.get("latency", 0))
        self.keys = {profile.key: profile for profile in account.profiles}
        self.limits: dict[str, Limit] = {}
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.received = 0
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight: Counter[str] = Counter()

    # One request

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the API, and keep it in the log."""
        profile = self.keys.get(request.headers.get("Profile-Key"))
        self.received += 1
        entry: dict[str, Any] = {
            "number": self.received, "time": time.monotonic(), "wall": time.time(), "method": request.method,
            "path": request.path.removeprefix("/api").rstrip("/"), "query": dict(request.query),
            "body": await _body(request), "profile": profile.label if profile else None, "status": None, "fault": None,
            "user_agent": request.headers.get("User-Agent"),
            "x_keys": all(f"X-Twitter-OAuth1-Api-{name}" in request.headers for name in ("Key", "Secret")),
        }  # fmt: skip
        self.log.append(entry)
        who = (entry["profile"] or "?", "*")
        self.in_flight.update(who)
        for name in who:
            self.most_in_flight[name] = max(self.most_in_flight[name], self.in_flight[name])
        try:
            return await self._respond(request, entry, profile)
        finally:
            self.in_flight.subtract(who)

    async def _respond(
        self, request: web.Request, entry: dict[str, Any], profile: Profile | None
    ) -> web.StreamResponse:
        body = entry["body"] if isinstance(entry["body"], dict) else {}
        call = Call(
            request.method, entry["path"], entry["query"], body, profile or self.account.profiles[0], self.clock.now,
            entry["x_keys"], {name: request.query.getall(name) for name in REPEATABLE if name in request.query},
        )  # fmt: skip
        rule = self._rule(call, entry)
        fault = entry["fault"] = rule.get("fault")
        headers, within = self._count(call)
        wait = self.latency + float(rule.get("seconds", WAITING[fault]) if fault in WAITING else 0)
        if wait:
            await asyncio.sleep(wait)
        if fault in ("reset", "close"):
            entry["status"] = 0
            return _hang_up(request, reset=fault == "reset")
        answer: Any
        if fault == "rate_limited":
            headers = {} if rule.get("headers") is False else headers
            retry = {"Retry-After": str(rule["retry_after"])} if "retry_after" in rule else {}
            status, answer = 429, TOO_MANY
            headers = {**headers, **retry}
        elif fault == "redirect":
            status, answer = rule.get("status", 302), ""
            headers["Location"] = rule.get("location", "https://example.com/")
        elif not within and not rule:
            status, answer = 429, TOO_MANY
        else:
            status, answer = self._answer(request, call, profile, rule)
        entry["status"] = status
        if fault == "headers":
            headers = {name: str(value) for name, value in rule["headers"].items()}
        if fault in hostile.PIECES:
            await hostile.misbehave(request, rule, text_of(answer).encode())
            return web.Response(status=500)
        if fault == "cut":
            return await _cut(request, status, text_of(answer), headers, chunked=rule.get("chunked") is True)
        return self._response(request, status, text_of(answer), headers)

    def _rule(self, call: Call, entry: dict[str, Any]) -> dict[str, Any]:
        """Return the fault rule that acts on a request, an empty one if none does."""
        if not self.faults.rules:
            return {}
        ids = call.body.get("postIds")
        return self.faults.of({
            "ids": len(ids) if isinstance(ids, list) else 0,
            "endpoint": call.path, "method": call.method, "profile": entry["profile"], "platforms": call.platforms,
            "id": call.body.get("id") or call.path.rsplit("/", 1)[-1],
        }) or {}  # fmt: skip

    def _answer(
        self, request: web.Request, call: Call, profile: Profile | None, rule: dict[str, Any]
    ) -> tuple[int, Any]:
        if rule and (refused := refusal(rule)):
            return refused
        try:
            if request.headers.get("Authorization") != f"Bearer {self.account.api_key}":
                raise Refuse(401, error(102, "API Key not valid.", "authorization"))
            if profile is None:
                raise Refuse(403, error(None, "Profile Key not found.", "authorization"))
            if profile.label in self.limits and self.limits[profile.label].refused >= SUSPENDED_AFTER:
                raise Refuse(403, error(None, "User Profile suspended."))
            status, answer = self.api.answer(call)
        except Refuse as refused:
            return refused.status, refused.body
        if rule:
            answer = changed(rule, json.loads(answer) if isinstance(answer, str) else answer)
            status = rule.get("status", 400) if rule["fault"] == "usable_400" else status
        return status, answer

    def _count(self, call: Call) -> tuple[dict[str, str], bool]:
        """Count the request against the profile's limit; return headers, and whether it is within."""
        profile = call.profile
        limit = self.limits.get(profile.label)
        if limit is None:
            options = self.options
            limit = Limit(options.get("limit", 300), options.get("window", 300.0), options.get("counting", "fixed"))
            self.limits[profile.label] = limit
        if not limit.limit:
            return {}, True
        ids = call.body.get("postIds")
        cost = len(ids) if isinstance(ids, list) and self.options.get("batch_cost") == "ids" else 1
        for _ in range(max(1, cost)):
            count, within = limit.count(time.monotonic())
        # A suspended profile is refused with 403, not with more of 429.
        is_suspended = limit.refused > SUSPENDED_AFTER
        return {"x-ratelimit-max": str(limit.limit), "x-ratelimit-count": str(count)}, within or is_suspended

    def _response(self, request: web.Request, status: int, text: str, headers: dict[str, str]) -> web.Response:
        raw = text.encode()
        kind = "text/html" if text.startswith("<") else "application/json"
        if self.options.get("gzip") and len(raw) > GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            raw, headers = gzip.compress(raw, compresslevel=1), {**headers, "Content-Encoding": "gzip"}
        return web.Response(status=status, body=raw, content_type=kind, headers=headers)

    # Control

    async def control(self, request: web.Request) -> web.Response:
        """Answer /sandbox/...: the log of requests, and changes of faults, clock, latency, limit and options."""
        what = request.match_info["what"]
        if request.method == "PUT":
            try:
                self._change(what, json.loads(await request.read()))
            except (KeyError, TypeError, ValueError) as wrong:
                return web.json_response({"error": f"{type(wrong).__name__}: {wrong}"}, status=400)
            return web.json_response({})
        if what != "requests":
            return web.json_response({"error": "not found"}, status=404)
        if request.method == "DELETE":
            self.log.clear()
            self.most_in_flight.clear()
            return web.json_response({})
        since = int(request.query.get("since", 0))
        return web.json_response({
            "requests": [entry for entry in self.log if entry["number"] > since],
            "received": self.received,
            "most_in_flight": dict(self.most_in_flight),
            "refused": {label: limit.refused for label, limit in self.limits.items()},
        })  # fmt: skip

    def _change(self, what: str, given: Any) -> None:
        if what == "faults":
            self.faults.replace(given)
        elif what == "clock":
            self.clock.set(read_time(given["now"]) or self.clock.now)
        elif what == "latency":
            self.latency = float(given["latency"])
        elif what == "limit":
            self.options.update({"limit": int(given["limit"]), "window": float(given["window"])})
            self.options["counting"] = given.get("counting", "sliding")
            self.limits.clear()
        elif what == "options":
            self.options.update(given)
            self.account.facebook = self.options.get("facebook", "after")
            self.api.forget()
        else:
            raise ValueError(f"there is no /sandbox/{what}")


async def _body(request: web.Request) -> Any:
    """Return the parsed body: an empty object for none, null for one that is no JSON."""
    if not request.can_read_body:
        return {}
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError:
        return None


def _hang_up(request: web.Request, *, reset: bool) -> web.Response:
    """End the connection without an answer."""
    if request.transport:
        if reset:
            # Without lingering, closing sends RST instead of FIN.
            sock = request.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        else:
            request.transport.close()
    return web.Response(status=500)


async def _cut(
    request: web.Request, status: int, text: str, headers: dict[str, str], *, chunked: bool
) -> web.StreamResponse:
    """Send half of a body and end the connection."""
    raw = text.encode()
    response = web.StreamResponse(status=status, headers={**headers, "Content-Type": "application/json"})
    if chunked:
        response.enable_chunked_encoding()
    else:
        response.content_length = len(raw)
    await response.prepare(request)
    await response.write(raw[: len(raw) // 2])
    if request.transport:
        request.transport.close()
    return response


def application(sandbox: Sandbox) -> web.Application:
    """Return the web application of a sandbox."""
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/api/{tail:.*}", sandbox.serve)
    app.router.add_route("*", "/sandbox/{what}", sandbox.control)
    return app
