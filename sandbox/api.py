"""The endpoints: what the API answers to a request when nothing is made to go wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.account import (
    ACCOUNT_NETWORKS,
    COMMENT_NETWORKS,
    CURSOR_NETWORKS,
    DAILY_NETWORKS,
    NATIVE_NETWORKS,
    POST_NETWORKS,
    Account,
    Profile,
)
from sandbox.declared import answer as declared_answer
from sandbox.declared import declared
from sandbox.faults import NO_ANALYTICS, POST_QUOTA, error
from sandbox.moments import TIMELINE, iso, last_updated, read_time, stamps
from sandbox.networks import (
    account_block,
    ad_accounts,
    ad_history,
    ads,
    auto_schedules,
    comments,
    daily_block,
    guessed_playlists,
    legacy_link,
    links,
    messages,
    native_item,
    playlists,
    post_block,
    reviews,
    unowned_video,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.posts import Post

LINK_PATHS = {"legacy": "/analytics/links", "short": "/analytics/links-short", "current": "/links"}
NOT_IN_SHORT = ("id", "status", "utmSource", "socialClicks")
OF_POSTS = ("/analytics/post", "/comments/")
"""What a used up post quota refuses."""
NOT_FOUND = "<html><body>Not found</body></html>"
REVIEW_NETWORKS, MESSAGE_NETWORKS = ("facebook", "gmb"), ("facebook", "instagram", "twitter")
LONGEST_AD_RANGE = 90
BATCH = 100
STORIES, STORY = 3, timedelta(days=1)
"""One of so many Instagram posts is a story, which expires."""
KEPT_TEXTS = 2000
LINKED_NAMES = {"gmb": "Google Business Profile", "twitter": "X", "tiktok": "TikTok", "youtube": "YouTube",
                "linkedin": "LinkedIn"}  # fmt: skip
Answer = tuple[int, Any]


@dataclass
class Call:
    """A request to the API, as the endpoints see it; lists: the query's parameters that may come more than once."""

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

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number out of the query; refuse one that is out of bounds."""
        text = self.query.get(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise bad(f"{name} must be from {least} to {most}.")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Return a moment out of the query."""
        try:
            return read_time(self.query.get(name))
        except ValueError:
            raise bad(f"{name} is no ISO 8601 date.") from None


class Refuse(Exception):
    """An answer that refuses the request."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def bad(message: str = "Missing or incorrect parameters.") -> Refuse:
    """Return the refusal of a request with bad parameters."""
    return Refuse(400, error(101, message))


class Api:
    """The API of one account; options decide its vintage and plan, and may change at any time."""

    def __init__(self, account: Account, options: dict[str, Any]) -> None:
        self.account = account
        self.options = options
        self._texts: dict[tuple[Any, ...], str] = {}
        self._routes: dict[tuple[str, str], Callable[[Call], Answer]] = {
            ("GET", "/user"): self.user,
            ("GET", "/profiles"): self.profiles,
            ("GET", "/history"): self.history,
            ("POST", "/analytics/post"): self.post_analytics,
            ("POST", "/analytics/social"): self.social_analytics,
            ("GET", "/analytics/youTubePlaylists"): self.playlists,
            ("GET", "/reviews"): self.reviews,
            ("GET", "/auto-schedule/list"): self.auto_schedules,
            ("GET", "/ads/facebook/accounts"): self.ad_accounts,
            ("GET", "/ads/facebook/ads"): self.ads,
            ("GET", "/ads/facebook/history"): self.ad_history,
        }

    def answer(self, call: Call) -> Answer:
        """Return status and body: an object, or its JSON text.

        Raises:
            Refuse: the request is refused.
        """
        route = self._routes.get((call.method, call.path)) or self._other_route(call)
        if self.options.get("quota_used") and call.path.startswith(OF_POSTS):
            raise Refuse(429, POST_QUOTA)
        plan = self.options.get("plan", "business")
        if (plan == "basic" and call.path.startswith(("/analytics", "/links"))) or (
            plan != "business" and call.path == "/profiles"
        ):
            raise Refuse(403, error(169, "A paid plan is required.", "Paid Plan Required"))
        return route(call)

    def _other_route(self, call: Call) -> Callable[[Call], Answer]:
        link_path = LINK_PATHS.get(self.options.get("links", "legacy"))
        _, first, *rest = [*call.path.split("/"), ""]
        has_part = any(rest)
        if call.method == "GET":
            if call.path == link_path:
                return self.links
            if link_path == "/links" and first == "links" and has_part:
                return self.link
            if first in ("comments", "messages") and has_part:
                return self.comments if first == "comments" else self.messages
            if call.path in declared():
                return lambda one: (200, declared_answer(one.path))
            if first == "history" and has_part:
                return self.native_history if rest[0] in NATIVE_NETWORKS else self.history_by_id
        known = {path for _, path in self._routes} | {link_path}
        if call.path in known or (first == "history" and has_part):
            raise Refuse(405, error(None, f"{call.method} is not allowed here."))
        raise Refuse(404, NOT_FOUND)

    def _errors(self, call: Call, networks: list[str], able: tuple[str, ...]) -> dict[str, Any]:
        """Return the errors of networks that can't be read; refuse if none can."""
        errors = {}
        for network in networks:
            name = LINKED_NAMES.get(network, network.capitalize())
            if network not in able:
                errors[network] = error(101, f"{name} is not supported.", "analytics", platform=network)
            elif network not in call.profile.linked:
                message = f"{name} is not linked. Please confirm the linkage on the social accounts page."
                errors[network] = error(156, message, "analytics", platform=network)
            elif network == "twitter" and not call.has_x_keys and self.options.get("x_keys", "required") == "required":
                errors[network] = error(419, "X requires your own API keys.", "analytics", platform=network)
        if errors and len(errors) == len(networks):
            raise Refuse(400, {"status": "error", "errors": list(errors.values())})
        return errors

    def forget(self) -> None:
        """Forget the bodies that are kept: an option has changed."""
        self._texts.clear()

    def _kept(self, now: datetime, key: tuple[Any, ...], body: Callable[[], Any]) -> str:
        """Return the JSON text of a body that stays the same for as long as its numbers do."""
        key = (last_updated(now), *key)
        if key not in self._texts:
            if len(self._texts) >= KEPT_TEXTS:
                self._texts.clear()
            self._texts[key] = json.dumps(body())
        return self._texts[key]

    # The account

    def user(self, call: Call) -> Answer:
        """GET /user."""
        profile, now = call.profile, call.now
        user = self._kept(now, (profile.label, "user"), lambda: profile.user(now))
        if not self.options.get("quota_used"):
            return 200, user
        body = json.loads(user)
        return 200, {**body, "monthlyPostCount": body.get("monthlyPostQuota")}

    def profiles(self, call: Call) -> Answer:
        """GET /profiles: page by page."""
        if call.profile.key:
            raise Refuse(403, error(None, "Not allowed with a Profile-Key."))
        limit = call.number("limit", int(self.options.get("profile_page", 5000)), 1, 5000)
        cursor = call.query.get("cursor", "c0")
        if not cursor[1:].isdigit():
            raise bad("cursor is not valid.")
        users = [user for user in self.account.profiles[1:] if self._is_wanted(user, call.query)]
        at = int(cursor[1:])
        rows = [user.listed() for user in users[at : at + limit]]
        more = at + limit < len(users)
        pagination = {"hasMore": more, "nextCursor": f"c{at + limit}" if more else None, "limit": limit}
        return 200, {"profiles": rows, "count": len(rows), **stamps(call.now), "pagination": pagination}

    @staticmethod
    def _is_wanted(user: Profile, query: dict[str, str]) -> bool:
        wants_linked = query.get("hasActiveSocialAccounts")
        return (
            query.get("title", user.label) == user.label
            and query.get("refId", user.ref_id) == user.ref_id
            and (wants_linked is None or (wants_linked == "true") == bool(user.linked))
        )

    def playlists(self, call: Call) -> Answer:
        """GET /analytics/youTubePlaylists, in the form of the option: the official page's, or an older guess."""
        self._errors(call, ["youtube"], ("youtube",))
        envelope = self.options.get("playlists", "official")
        if envelope == "official":
            channel = f"channel-{call.profile.label}"
            rows = playlists(call.profile, call.now)
            return 200, {"status": "success", "channelId": channel, "playLists": rows, **stamps(call.now)}
        rows = guessed_playlists(call.profile)
        if envelope == "array":
            return 200, rows
        return 200, {"playlists": rows, **({"status": "success"} if envelope == "status" else {})}

    # Posts

    def history(self, call: Call) -> Answer:
        """GET /history: newest first, windows of time, no cursor."""
        limit = call.number("limit", 25, 1, 1000)
        start, end = call.moment("startDate"), call.moment("endDate")
        days = call.number("lastDays", 30, 0, 100_000)
        if not (start and end):
            start, end = (max(TIMELINE, call.now - timedelta(days=days)) if days else None), None
        by_created = self.options.get("history_dates") == "created"
        rows: list[dict[str, Any]] = []
        for post in reversed(call.profile.between(start, end, call.now, by_created=by_created)):
            if len(rows) == limit:
                break
            row = self._row(call, post)
            if row:
                rows.append(row)
        if rows and self.options.get("history_envelope") == "bare":
            return 200, {"history": rows}
        if rows:
            return 200, {"history": rows, "refId": call.profile.ref_id, "count": len(rows), **stamps(call.now)}
        if self.options.get("empty_history") == "flat":
            return 400, error(221, "History not found.", "history")
        # As a public client recorded it in August 2026.
        return 400, {"history": {"code": 221, "action": "get", "status": "error"}, "count": 0}

    @staticmethod
    def _row(call: Call, post: Post) -> dict[str, Any] | None:
        """Return the post's row if it is one of those asked for; deleted ones are only when asked for."""
        status, networks = call.query.get("status"), call.lists.get("platforms")
        if (post.shape == "deleted") != (status == "deleted"):
            return None
        if networks and not set(networks) & set(post.networks):
            return None
        row = post.row(call.profile.label, call.profile.ref_id, call.now)
        kind = "scheduled" if row["type"] == "scheduled" else "immediate"
        is_wanted = call.query.get("type", kind) == kind and (status is None or row["status"] == status)
        return row if is_wanted else None

    def history_by_id(self, call: Call) -> Answer:
        """GET /history/:id: one row, bare."""
        post_id = call.path.split("/", 2)[2]
        post = call.profile.by_id.get(post_id)
        if call.query.get("searchPlatformId") == "true":
            post = call.profile.by_native_id.get(post_id)
        if post is None or post.created > call.now:
            raise Refuse(404, error(186, "Post ID not found.", "history", id=post_id))
        return 200, post.row(call.profile.label, call.profile.ref_id, call.now)

    def native_history(self, call: Call) -> Answer:
        """GET /history/:platform: sent by Ayrshare or not, newest first; X and Threads with a cursor."""
        network, profile = call.path.rsplit("/", 1)[-1], call.profile
        self._errors(call, [network], NATIVE_NETWORKS)
        limit = call.number("limit", 10, 1, 500)
        cursor = call.query.get("next", "n0") if network in CURSOR_NETWORKS else "n0"
        if not cursor[1:].isdigit():
            raise bad("next is not valid.")
        posts = [post for post in profile.on(network) if post.is_sent(call.now)]
        if network == "facebook" and self.options.get("native_windows", "exact") == "exact":
            since, until = call.moment("since") or TIMELINE, call.moment("until") or call.now
            posts = [post for post in posts if since <= post.published <= until]
        at = int(cursor[1:])
        page = posts[at : at + limit]
        if call.query.get("skipAnalytics") == "true":
            items = [json.dumps({"id": post.native_id(network)}) for post in page]
        else:
            items = [native_item(profile, post, network, call.now) for post in page]
        status = "success"
        if network == "facebook" and items:
            items.insert(1, json.dumps(error(187, "Error getting analytics for the post.", "history")))
            status = "partial"
        rest: dict[str, Any] = stamps(call.now)
        if network in CURSOR_NETWORKS:
            more = at + limit < len(posts)
            rest["meta"] = {"pagination": {"hasMore": more, "next": f"n{at + limit}" if more else None}}
        return 200, f'{{"status": "{status}", "posts": [{", ".join(items)}], {json.dumps(rest)[1:]}'

    # Numbers of posts

    def post_analytics(self, call: Call) -> Answer:
        """POST /analytics/post, by Ayrshare id, by social post id, or by up to 100 of those."""
        body, networks = call.body, call.body.get("platforms")
        by_native = body.get("searchPlatformId") is True
        if networks is not None and not _is_list_of_text(networks):
            raise bad("platforms must be an array of networks.")
        if by_native and len(networks or []) != 1:
            raise bad("searchPlatformId takes exactly one platform.")
        if "postIds" in body:
            return self._batch(call, by_native=by_native)
        post_id = body.get("id")
        if not isinstance(post_id, str) or not post_id:
            raise bad("id is missing.")
        return self._by_native_id(call, post_id) if by_native else self._by_id(call, post_id)

    def _by_id(self, call: Call, post_id: str) -> Answer:
        profile, now = call.profile, call.now
        post = profile.by_id.get(post_id)
        if post is None or post.published > now or post.shape == "gone":
            raise Refuse(404, error(186, "Post ID not found.", "analytics", id=post_id))
        networks = list(call.body.get("platforms") or [name for name in post.networks if name in POST_NETWORKS])
        if not networks:
            message = "No network of the post has analytics."
            raise Refuse(400, {"status": "error", "errors": [error(101, message, "analytics")], "id": post_id})
        self._refuse_without_numbers(call, post)
        errors = self._errors(call, networks, POST_NETWORKS)
        for network in networks:
            if network not in post.networks and network not in errors:
                errors[network] = error(186, "The post was not sent there.", "analytics", platform=network)
        if post.shape in ("partial", "partial_list") and len(networks) > 1:
            errors[networks[0]] = error(254, "The network did not answer.", "analytics", platform=networks[0])
        blocks = [f'"{name}": {post_block(profile, post, name, now)}' for name in networks if name not in errors]
        if post.shape != "partial_list":
            blocks += [f'"{name}": {json.dumps(block)}' for name, block in errors.items()]
        rest: dict[str, Any] = {"status": "success", "code": 200, "id": post_id}
        if errors:
            rest = {"status": "partial", "errors": list(errors.values()), "id": post_id}
        return 200, f"{{{', '.join([*blocks, json.dumps(rest)[1:]])}"

    def _refuse_without_numbers(self, call: Call, post: Post) -> None:
        """Answer as since 2026-04-09 of a post that has no numbers yet, or with the empty success of before."""
        if call.now - post.published >= timedelta(seconds=float(self.options.get("numbers_after", 0))):
            return
        if self.options.get("no_numbers") == "success":
            raise Refuse(200, {"status": "success"})
        raise Refuse(400, NO_ANALYTICS)

    def _by_native_id(self, call: Call, native_id: str) -> Answer:
        network = call.body["platforms"][0]
        self._errors(call, [network], POST_NETWORKS)
        block = self._native_block(call, native_id, network)
        if block is None:
            raise Refuse(404, error(186, "Post ID not found.", "analytics", id=native_id))
        if post := call.profile.by_native_id.get(native_id):
            self._refuse_without_numbers(call, post)
        rest = json.dumps({"status": "success", "code": 200, "id": native_id})[1:]
        return 200, f'{{"{network}": {block}, {rest}'

    @staticmethod
    def _native_block(call: Call, native_id: str, network: str) -> str | None:
        post = call.profile.by_native_id.get(native_id)
        if post and network in post.networks and post.is_sent(call.now):
            return post_block(call.profile, post, network, call.now)
        return json.dumps(unowned_video(native_id, call.now)) if network == "youtube" else None

    def _batch(self, call: Call, *, by_native: bool) -> Answer:
        ids = call.body["postIds"]
        if not by_native or not _is_list_of_text(ids) or not 1 <= len(ids) <= BATCH:
            raise bad(f"postIds must be 1 to {BATCH} social post ids, with searchPlatformId.")
        network = call.body["platforms"][0]
        self._errors(call, [network], POST_NETWORKS)
        found = [self._native_block(call, native_id, network) for native_id in ids]
        missing = [
            error(186, "Post ID not found.", "analytics", id=native_id, platform=network)
            for native_id, block in zip(ids, found, strict=True)
            if block is None
        ]
        if len(missing) == len(ids):
            raise Refuse(404, {"status": "error", "errors": missing})
        rest = {"status": "partial", "errors": missing} if missing else {"status": "success"}
        return 200, f'{{"{network}": [{", ".join(filter(None, found))}], {json.dumps(rest)[1:]}'

    # Comments

    def comments(self, call: Call) -> Answer:
        """GET /comments/:id, by Ayrshare id on all networks, or by social post id on one."""
        post_id, profile = call.path.split("/", 2)[2], call.profile
        by_native = call.query.get("searchPlatformId") == "true"
        if by_native and "platform" not in call.query:
            raise bad("searchPlatformId takes a platform.")
        post = (profile.by_native_id if by_native else profile.by_id).get(post_id)
        if post is None or not post.is_sent(call.now) or post.shape == "gone":
            raise Refuse(404, error(186, "Post ID not found.", "comments", id=post_id))
        networks = [call.query["platform"]] if by_native else [n for n in post.networks if n in COMMENT_NETWORKS]
        errors = self._errors(call, networks, COMMENT_NETWORKS)
        if post.k % STORIES == STORIES - 1 and call.now - post.published > STORY and "instagram" in networks:
            errors["instagram"] = error(485, "The story has expired.", "comments", platform="instagram")
        if errors and len(errors) == len(networks):
            raise Refuse(400, {"status": "error", "errors": list(errors.values()), "id": post_id})
        found = {name: comments(profile, post, name, call.now) for name in networks if name not in errors}
        return 200, {
            **found, **errors, "status": "partial" if errors else "success", "id": post_id, **stamps(call.now),
        }  # fmt: skip

    # Reviews, messages, schedules

    def reviews(self, call: Call) -> Answer:
        """GET /reviews of one network."""
        network = call.query.get("platform", "")
        self._errors(call, [network], REVIEW_NETWORKS)
        if call.profile.label == "globex":
            raise Refuse(400, error(350, "No reviews found.", "reviews"))
        return 200, {**reviews(call.profile, network, call.now), **stamps(call.now)}

    def messages(self, call: Call) -> Answer:
        """GET /messages/:platform; X with a cursor where a limit is given, else all at once."""
        network = call.path.rsplit("/", 1)[-1]
        self._errors(call, [network], MESSAGE_NETWORKS)
        if call.profile.label == "globex":
            raise Refuse(400, error(361, "Messaging is not enabled.", "messages"))
        rows, rest = messages(call.profile, network, call.now), dict[str, Any]()
        if network == "twitter" and "limit" in call.query:
            limit, at = min(3, call.number("limit", 100, 1, 100)), int(call.query.get("next", "n0")[1:])
            more = at + limit < len(rows)
            rest = {"meta": {"pagination": {"hasMore": more, "next": f"n{at + limit}" if more else None}}}
            rows = rows[at : at + limit]
        return 200, {"status": "success", "messages": rows, "messagesCount": len(rows), **stamps(call.now), **rest}

    @staticmethod
    def auto_schedules(call: Call) -> Answer:
        """GET /auto-schedule/list: by title."""
        return 200, {"status": "success", "schedules": auto_schedules(call.profile)}

    # Ads

    def ad_accounts(self, call: Call) -> Answer:
        """GET /ads/facebook/accounts."""
        self._refuse_ads(call)
        rows = ad_accounts(call.profile, call.now)
        return 200, {"status": "success", "adAccounts": rows, "count": len(rows), **stamps(call.now)}

    def ads(self, call: Call) -> Answer:
        """GET /ads/facebook/ads of an ad account."""
        self._refuse_ads(call)
        return 200, {"status": "success", "ads": ads(self._ad_account(call)), **stamps(call.now)}

    def ad_history(self, call: Call) -> Answer:
        """GET /ads/facebook/history of an ad account: the last 30 days, or a range of at most 90."""
        self._refuse_ads(call)
        last = call.moment("endDate") or call.now
        first = call.moment("startDate") or last - timedelta(days=30)
        first = max(first, last - timedelta(days=LONGEST_AD_RANGE))
        rows = ad_history(call.profile, self._ad_account(call), first, last, call.now)
        return 200, {
            "status": "success", "history": rows, "dateRange": {"start": iso(first), "end": iso(last)},
            "metrics": {"totalSpend": round(sum(row["spend"] for row in rows), 2)},
        }  # fmt: skip

    def _refuse_ads(self, call: Call) -> None:
        self._errors(call, ["facebook"], ("facebook",))
        if call.profile.label == "globex":
            raise Refuse(403, error(399, "The Ads add-on is not enabled.", "ads"))

    @staticmethod
    def _ad_account(call: Call) -> str:
        account_id = call.query.get("accountId")
        if account_id not in {account["accountId"] for account in ad_accounts(call.profile, call.now)}:
            raise bad("accountId is missing or not known.")
        return str(account_id)

    # Numbers of accounts

    def social_analytics(self, call: Call) -> Answer:
        """POST /analytics/social, totals or daily."""
        body, profile = call.body, call.profile
        networks, quarters = body.get("platforms"), body.get("quarters", 0)
        wants_daily, wants_60_days = body.get("daily") is True, body.get("period60Days") is True
        if not _is_list_of_text(networks) or not networks:
            raise bad("platforms is missing.")
        if isinstance(quarters, bool) or not isinstance(quarters, int) or not 0 <= quarters <= 4:
            raise bad("quarters must be from 0 to 4.")
        if wants_60_days and (quarters or wants_daily or networks != ["tiktok"]):
            raise bad("period60Days is for tiktok alone, without quarters and daily.")
        if ("userId" in body or "userName" in body) and (profile.key or networks != ["twitter"]):
            raise bad("userId and userName are for X, with the API key alone.")
        errors = self._errors(call, networks, ACCOUNT_NETWORKS)
        blocks = []
        for network in networks:
            if network in errors:
                block = json.dumps(errors[network])
            elif wants_daily and network in DAILY_NETWORKS:
                block = self._daily_text(profile, network, quarters or 4, call.now)
            else:
                block = account_block(profile, network, call.now, body.get("youtube"))
            if wants_60_days:
                block = _of_60_days(block)
            blocks.append(f'"{network}": {block}')
        return 200, f'{{{", ".join(blocks)}, "status": "{"partial" if errors else "success"}"}}'

    def _daily_text(self, profile: Profile, network: str, quarters: int, now: datetime) -> str:
        key = (profile.label, network, quarters)
        return self._kept(now, key, lambda: daily_block(profile, network, quarters, now))

    # Links

    def links(self, call: Call) -> Answer:
        """GET the link endpoint, in the vintage of the option."""
        if call.path == LINK_PATHS["legacy"]:
            days = call.number("lastDays", 1, 1, 30)
            shown = links(call.profile, call.now - timedelta(days=days - 1), call.now)
            return 200, [legacy_link(link) for link in shown]
        shown = self._modern_links(call)
        if call.path == LINK_PATHS["short"]:
            shown = [{key: value for key, value in link.items() if key not in NOT_IN_SHORT} for link in shown]
        return 200, {"status": "success", "analytics": shown}

    def link(self, call: Call) -> Answer:
        """GET /links/:id: one of them, as an object."""
        link_id = call.path.rsplit("/", 1)[-1]
        found = next((link for link in self._modern_links(call) if link["id"] == link_id), None)
        if found is None:
            raise Refuse(404, error(None, "Link not found.", "links", id=link_id))
        return 200, {"status": "success", "analytics": found}

    @staticmethod
    def _modern_links(call: Call) -> list[dict[str, Any]]:
        made_from, made_to = call.moment("fromCreatedDate"), call.moment("toCreatedDate")
        made = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
        if (made_from and made < made_from) or (made_to and made > made_to):
            return []
        first, last = call.moment("fromClickDate") or made, call.moment("toClickDate") or call.now
        return links(call.profile, max(first, TIMELINE), min(last, call.now))


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _of_60_days(block: str) -> str:
    body = json.loads(block)
    kept = ("commentCountTotal", "shareCountTotal", "viewCountTotal")
    return json.dumps({**body, "analytics": {key: body["analytics"][key] for key in kept}})
