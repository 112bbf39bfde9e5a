"""One profile as streams see it: a way to ask, its networks, and what it has listed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, X
from tap_ayrshare.ayrshare.endpoints import ITEMS, USER
from tap_ayrshare.ayrshare.linked import linked_networks
from tap_ayrshare.ayrshare.lists import plain
from tap_ayrshare.ayrshare.quota import quota_warning
from tap_ayrshare.engine.errors import UNREAD, Refusal, Refused, Scope
from tap_ayrshare.engine.lanes import USUAL
from tap_ayrshare.engine.messages import ALL, Issue
from tap_ayrshare.engine.values import objects, text
from tap_ayrshare.posts.native import READERS, NativeLists, NativePosts
from tap_ayrshare.posts.sent import OPEN_DAYS, History
from tap_ayrshare.streams.clients import client_of
from tap_ayrshare.streams.issues import NO_NAME, UNKNOWN_NETWORK, not_an_object
from tap_ayrshare.streams.ledger import Ledger
from tap_ayrshare.streams.memory import Memory
from tap_ayrshare.streams.networks import Networks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.config.settings import Profile
    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.transport import Client
    from tap_ayrshare.streams.snapshot import Snapshot

logger = logging.getLogger(__name__)

MOST_AHEAD = 64
LONGEST_REACH = 3650
MEMORY = "accounts"
"""The stream in whose bookmark a profile's memory is kept."""


class Source(Ledger):
    """A profile in a run.

    networks: which of its networks can be asked.
    history, native: the posts that Ayrshare sent and the native ones, as far as they have been listed.
    """

    def __init__(self, snapshot: Snapshot, profile: Profile, client: Client) -> None:
        """Nothing is asked yet."""
        super().__init__(profile.label, snapshot.tally)
        self.snapshot = snapshot
        self.settings = settings = snapshot.settings
        self.now = snapshot.now
        self.today = snapshot.now.date()
        self.ahead = min(4 * (settings.max_concurrency or USUAL), MOST_AHEAD)
        self.client = client_of(settings, profile, client)
        last_age = max(settings.refresh_schedule.last_age, settings.comments_schedule.last_age)
        reach = timedelta(days=min(last_age, LONGEST_REACH)) + OPEN_DAYS
        self.memory = Memory(snapshot.bookmarks(MEMORY, self.label), snapshot.now, reach)
        x_allowed = NETWORKS[X].daily_requests["user" if profile.key else "primary"]
        self.networks = Networks(self, settings.x_daily_requests or x_allowed)
        self.history = History(
            self,
            self.memory.open_posts,
            keeps_native_ids=any(name in snapshot.selected for name in READERS),
            keeps_rows=settings.request_budget is not None,
            keeps_social_ids=settings.uses_batches,
        )
        # A metric that a list has brought must go out with it.
        with_metrics = settings.native_metrics_from_list and "social_posts" in snapshot.selected
        self.native = NativeLists(self, self.ahead, NativePosts(settings.start_date, with_metrics=with_metrics))
        self._user: dict[str, Any] | Refusal | None = None
        self._once: dict[str, Answer | Refusal] = {}
        self._bookmarks: dict[str, Mapping[str, Any]] = {}
        self._networks_noted: set[str] = set()

    async def ask(self, request: Request, resource: str = ALL, platform: str | None = None) -> Answer:
        """Ask the API for this profile; whatever can't be read of the answer is noted, and counted for the stream.

        Args:
            request: what is asked.
            resource: the id of what it is about, `ALL` for more than one thing.
            platform: its network, where the answer names none.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """
        answer = await self.attempt(request)
        self.take(request, answer, resource, platform)
        return answer

    def take(
        self,
        request: Request,
        answer: Answer,
        resource: str = ALL,
        platform: str | None = None,
        requests: int | None = None,
    ) -> None:
        """Count how a request ended, and note what its answer refuses.

        requests: how many it took, where that isn't what the answer says: 0 if they were counted before.
        """
        self.settle(request.stream, answer, requests)
        for refusal in answer.refusals:
            self.note(Issue(request.stream, refusal, resource, platform))

    async def attempt(self, request: Request) -> Answer:
        """Ask the API, where the stream decides itself what a refusal means: it must settle and note it.

        Items that can't be read are noted all the same.
        """
        asks_x = X in request.parts
        if asks_x:
            self.memory.count_x(1)
        answer = await self.client.ask(request)
        if asks_x:
            self.memory.count_x(answer.sent - 1)
        for position, refusal in enumerate(answer.unread, 1):
            self.note(Issue(request.stream, refusal, f"{request.path} item {position}"))
        if answer.refusal is None and isinstance(answer.body, dict) and request.path != USER.path:
            around = {
                key: value for key, value in answer.body.items() if key not in NETWORKS and plain(key) not in ITEMS
            }
            self.snapshot.drift.look_at(request.stream, "answer", None, around, is_kept=False)
        if answer.refusal is None and request.endpoint is not None:
            platform = request.parts[0] if len(request.parts) == 1 else None
            for position, item in request.endpoint.odd_items(answer.body):
                self.note(not_an_object(request.stream, position, item, platform))
        return answer

    async def ask_once(self, request: Request) -> Answer:
        """Ask for what several streams need; the first answer from a path serves the whole run.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """
        if request.path not in self._once:
            try:
                self._once[request.path] = answer = await self.attempt(request)
                self.cover(answer.sent)
            except Refused as refused:
                self._once[request.path] = refused.refusal
        found = self._once[request.path]
        if isinstance(found, Refusal):
            raise Refused(found)
        return found

    async def user(self, stream: str) -> dict[str, Any]:
        """Return the body of GET /user, asked once in a run.

        Raises:
            Refused: it couldn't be read; then the stream can't.
        """
        if self._user is None:
            answer = await self.ask_once(USER.request(stream))
            self._user = answer.refusal or self._read_user(stream, answer)
        if isinstance(self._user, Refusal):
            raise Refused(self._user)
        return self._user or {}

    def _read_user(self, stream: str, answer: Answer) -> dict[str, Any] | Refusal:
        """Return the body of GET /user, and keep the networks that it names; what doesn't name any can't be used."""
        if warning := quota_warning(answer.body):
            logger.warning("profile %s: %s", self.label, warning)
        linked = linked_networks(answer.body)
        if linked.unknown:
            return Refusal(UNREAD, "invalid_body", linked.unknown, answer.status)
        for position, item in enumerate(linked.unreadable):
            refusal = Refusal(NO_NAME, "invalid_body", "it names no network", answer.status, details={"item": item})
            self.note(Issue(stream, refusal, f"activeSocialAccounts-{position}"))
        for name in set(linked.networks) - NETWORKS.keys():
            refusal = Refusal(UNKNOWN_NETWORK, "unknown_network", f"the network {name} isn't known", answer.status)
            self.note(Issue(stream, refusal, platform=name))
        self.networks.link(linked.networks)
        if self.settings.request_budget is not None:
            self.memory.keep_networks(linked.networks)
        return dict(answer.body)

    def linked_id(self, network: str) -> str | None:
        """Return the network's id of the linked account (docs/api.md section 9); None if no GET /user has said it."""
        entries = objects(self._user.get("displayNames")) if isinstance(self._user, dict) else ()
        return next((text(one.get("id")) for one in entries if str(one.get("platform")).lower() == network), None)

    def bookmark(self, stream: str) -> Mapping[str, Any]:
        """Return the bookmark of a stream for this profile, as it came in."""
        if stream not in self._bookmarks:
            found = self.snapshot.bookmarks(stream, self.label)
            self._bookmarks[stream] = {k: v for k, v in found.items() if k not in ("context", "replication_key")}
        return self._bookmarks[stream]

    def is_read_today(self, stream: str) -> bool:
        """Return whether a stream has today's snapshot: a run with a budget doesn't ask for it again."""
        today = self.bookmark(stream).get("replication_key_value") == self.snapshot.date
        return today and self.settings.request_budget is not None

    def warn_of_future(self, stream: str, value: object = None, network: str = "") -> None:
        """Warn that a bookmark is in the future, so that nothing is due; the run ends with that.

        Args:
            stream: the stream.
            value: the date, None for that of the stream's own bookmark.
            network: the network whose date it is, "" for the whole stream.
        """
        date = self.bookmark(stream).get("replication_key_value") if value is None else value
        what = f"{stream} on {network}" if network else stream
        self.stats(stream).in_future.append(f"{date} ({what} of profile {self.label})")
        logger.warning(
            "profile %s, %s: nothing is read because its bookmark %s is in the future", self.label, what, date
        )

    def resolve(self, issue: Issue) -> Issue | None:
        """Return an issue as far as it reaches, None if it is nothing new; a refused network is left out."""
        scope = issue.refusal.scope
        if scope is Scope.NOTHING:
            return None
        platform = issue.refusal.platform or issue.platform or ALL
        if scope in (Scope.PROFILE, Scope.RUN):
            return replace(issue, stream=ALL, resource=ALL, platform=ALL)
        if scope is not Scope.PART:
            return replace(issue, platform=platform)
        self.networks.leave_out(platform, issue.refusal.rule)
        if platform in self._networks_noted:
            return None
        self._networks_noted.add(platform)
        return replace(issue, resource=ALL, platform=platform)
