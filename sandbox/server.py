"""Routing and answers: what the API does with a request, good or bad."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.account import (
    ACCOUNT_NETWORKS,
    CURSOR_NETWORKS,
    NATIVE_NETWORKS,
    POST_NETWORKS,
    PRIMARY,
    Account,
    Post,
    Profile,
    fresh,
)
from sandbox.faults import Faults, changed, error, refusal, text_of
from sandbox.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_REQUESTS = 200_000
SUSPENDED_AFTER = 1000
LINK_PATHS = {"legacy": "/analytics/links", "short": "/analytics/links-short", "current": "/links"}
NOTHING: tuple[int, Any] = (400, error(221, "History not found.", "history"))


@dataclass
class Call:
    """A request to the API, as the answers see it."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    profile: Profile
    now: datetime
    has_x_keys: bool
    lists: dict[str, list[str]] = field(default_factory=dict)

    @property
    def platforms(self) -> list[str]:
        """The networks asked for."""
        named = self.body.get("platforms") or self.lists.get("platforms") or []
        last = self.path.rsplit("/", 1)[-1]
        return [*named] if named else [last] if last in NATIVE_NETWORKS else []


class Refuse(Exception):
    """An answer that refuses the request."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class Sandbox:
    """The API of one account, with a clock, a rate limit and faults that tests can change."""

    def __init__(self, account: Account, now: datetime | None, options: dict[str, Any]) -> None:
        self.account = account
        self.options = options
        self.faults = Faults()
        self.latency = float(options.get("latency", 0))
        self.set_clock(now or datetime.now(timezone.utc))
        self.keys = {profile.key: profile for profile in account.profiles}
        self.limits: dict[str, Limit] = {}
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight: Counter[str] = Counter()
        self.daily: dict[tuple[Any, ...], str] = {}
        self.routes: dict[tuple[str, str], Callable[[Call], tuple[int, Any]]] = {
            ("GET", "/user"): lambda call: (200, call.profile.user()),
            ("GET", "/profiles"): self.profiles,
            ("GET", "/history"): self.history,
            ("POST", "/analytics/post"): self.post_analytics,
            ("POST", "/analytics/social"): self.social_analytics,
            ("GET", "/analytics/youTubePlaylists"): self.playlists,
        }
        if options.get("links") in LINK_PATHS:
            self.routes["GET", LINK_PATHS[options["links"]]] = self.links

    # Clock

    def set_clock(self, now: datetime) -> None:
        """Set the clock; it runs on from there."""
        self._offset = now.timestamp() - time.time()

    @property
    def now(self) -> datetime:
        """The sandbox's present instant."""
        return datetime.fromtimestamp(time.time() + self._offset, tz=timezone.utc).replace(microsecond=0)

    # One request

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to the API."""
        path = request.path[len("/api") :].rstrip("/")
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = {}
        key = request.headers.get("Profile-Key")
        profile = self.keys.get(key)
        entry: dict[str, Any] = {
            "time": time.monotonic(), "method": request.method, "path": path, "query": dict(request.query),
            "body": body, "profile": profile.label if profile else None, "status": None, "fault": None,
            "user_agent": request.headers.get("User-Agent"),
            "x_keys": "X-Twitter-OAuth1-Api-Key" in request.headers,
        }  # fmt: skip
        self.log.append(entry)
        who = entry["profile"] or "?"
        for name in (who, "*"):
            self.in_flight[name] += 1
            self.most_in_flight[name] = max(self.most_in_flight[name], self.in_flight[name])
        try:
            return await self._answer(request, path, body, profile, entry)
        finally:
            for name in (who, "*"):
                self.in_flight[name] -= 1

    async def _answer(
        self, request: web.Request, path: str, body: Any, profile: Profile | None, entry: dict[str, Any]
    ) -> web.StreamResponse:
        call = Call(
            request.method, path, dict(request.query), body if isinstance(body, dict) else {},
            profile or self.account.profiles[0], self.now, bool(entry["x_keys"]),
            {name: request.query.getall(name) for name in ("platforms",) if name in request.query},
        )  # fmt: skip
        rule = self.faults.of({
            "endpoint": path, "method": call.method, "profile": entry["profile"], "platforms": call.platforms,
            "id": call.body.get("id") or path.rsplit("/", 1)[-1],
        })  # fmt: skip
        headers = self._count(call, rule)
        if rule:
            entry["fault"] = rule["fault"]
        await asyncio.sleep(self.latency + (rule.get("seconds", 0) if rule and rule["fault"] == "slow" else 0))
        fault = rule["fault"] if rule else None
        if fault in ("reset", "close") and request.transport:
            if fault == "reset":
                request.transport.abort()
            else:
                request.transport.close()
            entry["status"] = 0
            return web.Response(status=500)
        answer: Any
        if "429" in headers:
            del headers["429"]
            status, answer = 429, error(None, "Too many requests.")
        elif fault == "rate_limited":
            status, answer = 429, error(None, "Too many requests.")
            if rule and "retry_after" in rule:
                headers["Retry-After"] = str(rule["retry_after"])
        elif fault == "redirect" and rule:
            status, answer = 302, ""
            headers["Location"] = rule.get("location", "https://example.com/")
        else:
            status, answer = self._good_or_refused(request, call, profile, rule)
        entry["status"] = status
        return await self._send(request, status, text_of(answer), headers, cut=fault == "cut")

    def _good_or_refused(
        self, request: web.Request, call: Call, profile: Profile | None, rule: dict[str, Any] | None
    ) -> tuple[int, Any]:
        if rule and (refused := refusal(rule)):
            return refused
        try:
            if request.headers.get("Authorization") != f"Bearer {self.account.api_key}":
                raise Refuse(401, error(102, "API Key not valid.", "authorization"))
            if profile is None:
                raise Refuse(403, error(None, "Profile Key not found.", "authorization"))
            if self.limits.get(profile.label, Limit()).refused >= SUSPENDED_AFTER:
                raise Refuse(403, error(None, "User Profile suspended."))
            status, answer = self._route(call)
        except Refuse as refused:
            return refused.status, refused.body
        if rule:
            parsed = json.loads(answer) if isinstance(answer, str) else answer
            answer = changed(rule, parsed)
            if rule["fault"] == "usable_400":
                status = rule.get("status", 400)
        return status, answer

    def _count(self, call: Call, rule: dict[str, Any] | None) -> dict[str, str]:
        limit = self.limits.setdefault(
            call.profile.label,
            Limit(self.options["limit"], self.options["window"], self.options["counting"]),
        )
        count, within = limit.count(time.monotonic())
        if not limit.limit:
            return {}
        headers = {"x-ratelimit-max": str(limit.limit), "x-ratelimit-count": str(count)}
        return headers if within or rule else {**headers, "429": ""}

    async def _send(
        self, request: web.Request, status: int, text: str, headers: dict[str, str], *, cut: bool
    ) -> web.StreamResponse:
        raw = text.encode()
        kind = "text/html" if text.startswith("<") else "application/json"
        if cut:
            response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(raw))})
            await response.prepare(request)
            await response.write(raw[: len(raw) // 2])
            if request.transport:
                request.transport.close()
            return response
        if self.options.get("gzip") and len(raw) > 1024 and "gzip" in request.headers.get("Accept-Encoding", ""):
            raw, headers = gzip.compress(raw), {**headers, "Content-Encoding": "gzip"}
        return web.Response(status=status, body=raw, content_type=kind, headers=headers)

    # The endpoints

    def _route(self, call: Call) -> tuple[int, Any]:
        route = self.routes.get((call.method, call.path))
        parts = call.path.strip("/").split("/")
        if route is None and call.method == "GET" and parts[0] == "history" and len(parts) > 1:
            route = self.native_history if parts[1] in NATIVE_NETWORKS else self.history_by_id
        if route is None:
            known = any(path == call.path for _, path in self.routes)
            raise Refuse(405 if known else 404, "<html><body>Not found</body></html>")
        plan = self.options.get("plan", "business")
        if (plan == "basic" and "analytics" in call.path) or (plan != "business" and call.path == "/profiles"):
            raise Refuse(403, error(169, "A paid plan is required.", "Paid Plan Required"))
        return route(call)

    def _check_networks(self, call: Call, networks: list[str], able: tuple[str, ...]) -> dict[str, Any]:
        """Return the errors of networks that can't be read; refuse if none can."""
        errors = {}
        for network in networks:
            if network not in able:
                errors[network] = error(101, f"{network} is not supported.", "analytics", platform=network)
            elif network not in call.profile.linked:
                errors[network] = error(156, f"{network} is not linked.", "analytics", platform=network)
            elif network == "twitter" and not call.has_x_keys and self.options.get("x_keys") == "required":
                errors[network] = error(419, "X requires your own API keys.", "analytics", platform=network)
        if errors and len(errors) == len(networks):
            raise Refuse(400, {"status": "error", "errors": list(errors.values())})
        return errors

    def profiles(self, call: Call) -> tuple[int, Any]:
        """GET /profiles."""
        if call.profile.key:
            raise Refuse(403, error(None, "Not allowed with a Profile-Key."))
        limit = int(call.query.get("limit", self.options.get("profile_page", 5000)))
        first = int(call.query.get("cursor", "c0")[1:])
        users = self.account.profiles[1:]
        rows = [
            {"status": "active", "title": p.label, "created": {"_seconds": 1604094099, "_nanoseconds": 530000000},
             "createdUTC": "2022-03-02T16:11:00.839Z", "refId": p.ref_id,
             **({"activeSocialAccounts": list(p.linked)} if p.linked else {"status": "suspended", "suspended": True})}
            for p in users[first : first + limit]
        ]  # fmt: skip
        more = first + limit < len(users)
        pagination = {"hasMore": more, "nextCursor": f"c{first + limit}" if more else None, "limit": limit}
        return 200, {"profiles": rows, "count": len(rows), **stamps(call.now), "pagination": pagination}

    def history(self, call: Call) -> tuple[int, Any]:
        """GET /history: newest first, windows of time, no cursor."""
        query = call.query
        try:
            limit = int(query.get("limit", 25))
            start, end = read_time(query.get("startDate")), read_time(query.get("endDate"))
            days = int(query.get("lastDays", 30))
        except ValueError:
            raise Refuse(400, error(101, "Missing or incorrect parameters.", "history")) from None
        if not 1 <= limit <= 1000:
            raise Refuse(400, error(101, "limit must be from 1 to 1000.", "history"))
        if not (start and end):
            start, end = (call.now - timedelta(days=days) if days else None), None
        wanted = query.get("status")
        by_created = self.options.get("history_dates") == "created"
        rows = []
        for post in reversed(self._between(call, start, end, by_created=by_created)):
            date = post.created if by_created else post.published
            if (start and date < start) or (end and date > end):
                continue
            is_deleted = post.shape == "deleted"
            if is_deleted != (wanted == "deleted"):
                continue
            row = call.profile.row(post, call.now)
            if wanted and row["status"] != wanted:
                continue
            rows.append(row)
            if len(rows) == limit:
                break
        return (200, {"history": rows}) if rows else NOTHING

    @staticmethod
    def _between(call: Call, start: datetime | None, end: datetime | None, *, by_created: bool) -> list[Post]:
        posts = call.profile.published(call.now)
        if by_created:
            return sorted(posts, key=lambda post: post.created)
        low = bisect_left(posts, start, key=lambda post: post.published) if start else 0
        high = bisect_right(posts, end, key=lambda post: post.published) if end else len(posts)
        return posts[low:high]

    def history_by_id(self, call: Call) -> tuple[int, Any]:
        """GET /history/:id."""
        post = call.profile.by_id.get(call.path.split("/", 2)[2])
        if post is None:
            raise Refuse(404, error(186, "Post ID not found.", "history"))
        return 200, call.profile.row(post, call.now)

    def native_history(self, call: Call) -> tuple[int, Any]:
        """GET /history/:platform: sent by Ayrshare or not, newest first; X and Threads with a cursor."""
        network, profile = call.path.rsplit("/", 1)[-1], call.profile
        self._check_networks(call, [network], NATIVE_NETWORKS)
        limit = int(call.query.get("limit", 10))
        if not 1 <= limit <= 500:
            raise Refuse(400, error(101, "limit must be from 1 to 500.", "history"))
        unsent = ("failed", "paused", "awaiting", "deleted")
        own = [p for p in profile.posts if network in p.networks and p.shape not in unsent]
        posts = [p for p in own + profile.natives(network) if p.published <= call.now]
        posts.sort(key=lambda post: (post.published, post.post_id), reverse=True)
        first = int(call.query.get("next", "n0")[1:])
        page = posts[first : first + limit]
        items: list[dict[str, Any]] = [profile.item(post, network, call.now) for post in page]
        if call.query.get("skipAnalytics") == "true":
            items = [{"id": item["id"]} for item in items]
        status = "success"
        if network == "facebook" and items and not first:
            items.insert(1, error(187, "Error getting analytics for the post.", "history"))
            status = "partial"
        body: dict[str, Any] = {"status": status, "posts": items, **stamps(call.now)}
        if network in CURSOR_NETWORKS:
            more = first + limit < len(posts)
            body["meta"] = {"pagination": {"hasMore": more, "next": f"n{first + limit}" if more else None}}
        return 200, body

    def post_analytics(self, call: Call) -> tuple[int, Any]:
        """POST /analytics/post, by Ayrshare id or by social post id."""
        profile, body = call.profile, call.body
        post_id, platforms = body.get("id"), body.get("platforms")
        by_native = body.get("searchPlatformId") is True
        if not isinstance(post_id, str) or (by_native and len(platforms or []) != 1):
            raise Refuse(400, error(101, "Missing or incorrect parameters.", "analytics"))
        found = profile.by_native_id.get(post_id) if by_native else profile.by_id.get(post_id)
        if found is None and by_native and platforms == ["youtube"] and "youtube" in profile.linked:
            # A video that the profile does not own: descriptive fields, zeros for numbers.
            zeros = changed({"fault": "nulls"}, {"views": 0, "likes": 0, "comments": 0, "title": "not yours"})
            return 200, {"youtube": {"id": post_id, "analytics": {**zeros, "views": 0, "likes": 0, "comments": 0}},
                         "status": "success", "code": 200, "id": post_id}  # fmt: skip
        if found is None or found.published > call.now or found.shape == "gone":
            raise Refuse(404, error(186, "Post ID not found.", "analytics", id=post_id))
        networks = list(platforms or [name for name in found.networks if name in POST_NETWORKS])
        errors = self._check_networks(call, networks, POST_NETWORKS)
        for network in networks:
            if network not in found.networks and network not in errors:
                errors[network] = error(186, "The post was not sent there.", "analytics", platform=network)
        if found.shape == "partial" and len(networks) > 1:
            errors[networks[0]] = error(254, "The network did not answer.", "analytics", platform=networks[0])
        parts = [
            f'"{network}": {profile.block(found, network, call.now)}' for network in networks if network not in errors
        ]
        parts += [f'"{network}": {json.dumps(block)}' for network, block in errors.items()]
        listed = f', "errors": {json.dumps(list(errors.values()))}' if errors else ', "code": 200'
        status = "partial" if errors else "success"
        return 200, f'{{{", ".join(parts)}, "status": "{status}"{listed}, "id": "{post_id}"}}'

    def social_analytics(self, call: Call) -> tuple[int, Any]:
        """POST /analytics/social, totals or daily."""
        body, profile = call.body, call.profile
        networks = body.get("platforms")
        quarters = body.get("quarters", 0)
        if not isinstance(networks, list) or not networks or quarters not in range(5):
            raise Refuse(400, error(101, "Missing or incorrect parameters.", "analytics"))
        errors = self._check_networks(call, networks, ACCOUNT_NETWORKS)
        parts = []
        for network in networks:
            if network in errors:
                parts.append(f'"{network}": {json.dumps(errors[network])}')
            elif body.get("daily") is True and network in ("facebook", "youtube", "instagram", "tiktok", "snapchat"):
                key = (profile.label, network, quarters, call.now.date())
                if key not in self.daily:
                    self.daily[key] = json.dumps(profile.daily_block(network, quarters or 4, call.now))
                parts.append(f'"{network}": {self.daily[key]}')
            else:
                parts.append(f'"{network}": {profile.account_block(network, call.now)}')
        return 200, f'{{{", ".join(parts)}, "status": "{"partial" if errors else "success"}"}}'

    def links(self, call: Call) -> tuple[int, Any]:
        """The link endpoint, in the vintage of the option."""
        if call.path != LINK_PATHS["legacy"]:
            since = read_time(call.query.get("fromClickDate"))
            rows = call.profile.links((call.now - since).days + 1 if since else 30, call.now)
            drop = ("id", "status", "utmSource", "socialClicks") if call.path == LINK_PATHS["short"] else ()
            return 200, {
                "status": "success",
                "analytics": [{k: v for k, v in row.items() if k not in drop} for row in rows],
            }
        days = call.query.get("lastDays", "1")
        if not days.isdigit() or not 1 <= int(days) <= 30:
            raise Refuse(400, error(101, "lastDays must be from 1 to 30.", "links"))
        return 200, [
            {"link": row["originalUrl"], "shortLink": row["shortUrl"],
             "created": {"_seconds": 1601215211, "_nanoseconds": 413000000},
             "linkEventStats": [
                 {"count": str(row["totalClicks"] - 1), "event": "CLICK", "platform": "OTHER"},
                 {"count": "1", "event": "CLICK", "platform": "IOS"}]}
            for row in call.profile.links(int(days), call.now)
        ]  # fmt: skip

    def playlists(self, call: Call) -> tuple[int, Any]:
        """GET /analytics/youTubePlaylists, in the envelope of the option."""
        self._check_networks(call, ["youtube"], ("youtube",))
        rows = call.profile.playlists()
        envelope = self.options.get("playlists", "status")
        return 200, rows if envelope == "array" else {
            "playlists": rows, **({"status": "success"} if envelope == "status" else {})
        }  # fmt: skip

    # Control

    async def control(self, request: web.Request) -> web.Response:
        """Answer /sandbox/...: the log of requests, and changes of faults, clock, latency and limit."""
        what = request.match_info["what"]
        if request.method == "PUT":
            given = json.loads(await request.read())
            if what == "faults":
                self.faults.replace(given)
            elif what == "clock":
                self.set_clock(read_time(given["now"]) or self.now)
            elif what == "latency":
                self.latency = float(given["latency"])
            elif what == "limit":
                self.options.update(given)
                self.limits.clear()
            elif what == "options":
                self.options.update(given)
            return web.json_response({})
        if request.method == "DELETE":
            self.log.clear()
            self.most_in_flight.clear()
            return web.json_response({})
        refused = {label: limit.refused for label, limit in self.limits.items()}
        return web.json_response(
            {"requests": list(self.log), "most_in_flight": dict(self.most_in_flight), "refused": refused}
        )


def stamps(now: datetime) -> dict[str, str]:
    """Return `lastUpdated` and `nextUpdate`."""
    found: dict[str, str] = json.loads(f"{{{fresh(now)}}}")
    return found


def read_time(value: str | None) -> datetime | None:
    """Return a moment out of a query.

    Raises:
        ValueError: it is none.
    """
    if not value:
        return None
    moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def application(sandbox: Sandbox) -> web.Application:
    """Return the web application of a sandbox."""
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/api/{tail:.*}", sandbox.serve)
    app.router.add_route("*", "/sandbox/{what}", sandbox.control)
    return app


__all__ = ["PRIMARY", "Sandbox", "application", "read_time"]
