"""One profile as streams see it: a way to ask, what it has listed, and where what can't be read is noted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tap_ayrshare.ayrshare.codes import LIMITS, OWN_KEYS, X_LIMIT, judge
from tap_ayrshare.ayrshare.contract import NETWORKS, X
from tap_ayrshare.ayrshare.drift import Drift
from tap_ayrshare.ayrshare.endpoints import ITEMS, USER
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.client import ProfileClient
from tap_ayrshare.engine.coverage import Coverage
from tap_ayrshare.engine.errors import Refusal, Refused, Rule, Scope
from tap_ayrshare.engine.lanes import USUAL
from tap_ayrshare.engine.messages import ALL, Issue
from tap_ayrshare.engine.values import text
from tap_ayrshare.posts.due import Terms
from tap_ayrshare.posts.native import READERS, NativeLists
from tap_ayrshare.posts.sent import History
from tap_ayrshare.streams.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.config.settings import Profile, Settings
    from tap_ayrshare.engine.client import Answer, Client, Request
    from tap_ayrshare.engine.tally import Stats, Tally

logger = logging.getLogger(__name__)

MOST_AHEAD = 64
MEMORY = "accounts"
"""The stream in whose bookmark a profile's memory stands."""
COMMENTS = ("comments", "social_post_comments")
X_ALLOWANCE = "x_daily_requests"
NO_ID = Rule(Scope.RESOURCE, failure=False, action="skipped: without an id it can't be kept")


@dataclass
class Snapshot:
    """What the profiles of a run share.

    now: the instant of the run, read once; the snapshot's date and `extracted_at` come from it.
    run_id: names the run in `sync_runs`.
    selected: the names of the streams whose records are wanted.
    bookmarks: returns the bookmark of a stream and profile as it came in, empty if there is none.
    """

    settings: Settings
    now: datetime
    selected: Collection[str]
    bookmarks: Callable[[str, str], Mapping[str, Any]]
    tally: Tally
    drift: Drift = field(default_factory=Drift)
    run_id: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        self.date = self.now.date().isoformat()
        self.extracted_at = singer_time(self.now)

    def terms(self, stream: str) -> Terms:
        """Return what decides which posts are due for a stream: comments have a schedule of their own."""
        schedule = self.settings.comments_schedule if stream in COMMENTS else self.settings.refresh_schedule
        return Terms(self.now, schedule, self.settings.start_date)

    def at(self, ticks: float) -> datetime:
        """Return the instant of a moment of `monotonic`; the calendar clock is read once in a run."""
        return self.now + timedelta(seconds=ticks - self.tally.began)


class Source:
    """A profile in a run.

    label: the profile's label in records and state.
    history, native: the posts that Ayrshare sent and the native ones, as far as they have been listed.
    left_out: networks that are left out for the rest of the run; limited: those of them that only have to wait.
    notes: what couldn't be read since the last message of a stream, for `Sync`.
    coverage: how many requests would be repeated after a kill.
    unbatched: networks whose posts are asked for singly; proven_batches: those whose batches are right.
    """

    def __init__(self, snapshot: Snapshot, profile: Profile, client: Client) -> None:
        """Make a source; nothing is asked yet."""
        self.snapshot = snapshot
        self.settings = settings = snapshot.settings
        self.now = snapshot.now
        self.today = snapshot.now.date()
        self.label = profile.label
        self.ahead = min(4 * (settings.max_concurrency or USUAL), MOST_AHEAD)
        self.client = client_of(settings, profile, client)
        self.coverage = Coverage()
        self.notes: list[Issue] = []
        self.history = History(
            self,
            keeps_native_ids=any(name in snapshot.selected for name in READERS),
            keeps_rows=settings.request_budget is not None,
            keeps_social_ids=settings.uses_batches,
        )
        # A metric that a list has brought must go out with it.
        with_metrics = settings.native_metrics_from_list and "social_posts" in snapshot.selected
        self.native = NativeLists(self, self.ahead, settings.start_date, with_metrics=with_metrics)
        self.left_out: set[str] = set()
        self.limited: set[str] = set()
        self.unbatched: set[str] = set()
        self.proven_batches: set[str] = set()
        self.memory = Memory(snapshot.bookmarks(MEMORY, self.label), snapshot.now)
        self._x_allowed = settings.x_daily_requests or NETWORKS[X].daily_requests["user" if profile.key else "primary"]
        self._user: dict[str, Any] | Refusal | None = None
        self._once: dict[str, Answer | Refusal] = {}
        self._bookmarks: dict[str, Mapping[str, Any]] = {}
        self._networks_noted: set[str] = set()

    # Asking

    async def ask(self, request: Request) -> Answer:
        """Ask the API for this profile; see `ProfileClient.ask`."""
        asks_x = X in request.parts
        if asks_x:
            self.memory.count_x(1)
        answer = await self.client.ask(request)
        if asks_x:
            self.memory.count_x(answer.sent - 1)
        for position, refusal in enumerate(answer.unread, 1):
            self.note(Issue(request.stream, refusal, f"{request.path} item {position}"))
        if answer.refusal is None and isinstance(answer.body, dict) and request.path != USER.path:
            around = {key: value for key, value in answer.body.items() if key not in NETWORKS and key not in ITEMS}
            self.snapshot.drift.look_at(request.stream, "answer", None, around, is_kept=False)
        return answer

    async def ask_once(self, request: Request) -> Answer:
        """Ask for what several streams need; the first answer from a path serves the whole run.

        Raises:
            Refused: the API refuses the stream, the profile or the run.
            BudgetSpent: the request budget is spent.
        """
        if request.path not in self._once:
            try:
                self._once[request.path] = answer = await self.ask(request)
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
            self._user = answer.refusal or answer.body
            if self.settings.request_budget is not None and answer.refusal is None:
                self.memory.keep_networks(linked_networks(answer.body))
        if isinstance(self._user, Refusal):
            raise Refused(self._user)
        return self._user or {}

    async def networks(self, what: str, stream: str, *, with_limited: bool = False) -> list[str]:
        """Return the networks of which a stream can read `what`: those of the setting, else those linked.

        Without those that are left out; `with_limited`, with those of them that only have to wait.
        """
        chosen: Sequence[str] | None = self.settings.platforms
        if chosen is None and self._user is None:
            chosen = self.memory.networks_now(self.settings.request_budget)
        if chosen is None:
            chosen = linked_networks(await self.user(stream))
        able = _able(chosen, what)
        for name in able:
            self.check_keys(name)
        can_be_asked = self.open_networks(stream, able)
        for name in self.limited.intersection(able):
            self.stats(stream).stays_due.add(f"{NETWORKS[name].label} allows no more requests now")
        return [name for name in able if name in can_be_asked or (with_limited and name in self.limited)]

    def known_networks(self, what: str) -> list[str] | None:
        """Return the networks of which `what` can be asked; None as long as those linked aren't known."""
        chosen: Sequence[str] | None = self.settings.platforms
        if chosen is None and isinstance(self._user, dict):
            chosen = linked_networks(self._user)
        if chosen is None:
            return None
        return [name for name in _able(chosen, what) if name not in self.left_out]

    def open_networks(self, stream: str, networks: Sequence[str]) -> list[str]:
        """Return the networks that are not left out; X is once its allowance of the day is used up."""
        if X in networks and X not in self.left_out and self.memory.x_requests >= self._x_allowed:
            message = f"{self._x_allowed} requests to X in 24 hours are used up (x_daily_requests)"
            self._leave_out(stream, Refusal(X_LIMIT, X_ALLOWANCE, message, platform=X))
        return [name for name in networks if name not in self.left_out]

    def check_keys(self, network: str) -> bool:
        """Leave a network out if keys of its own are missing; return whether it can be asked."""
        missing = self.settings.missing_keys(network) if network in NETWORKS else []
        if missing and network not in self.left_out:
            label = NETWORKS[network].label
            message = f"{label} is left out: it needs {' and '.join(missing)} of an app of your own"
            self._leave_out(ALL, Refusal(OWN_KEYS, "419", message, platform=network))
        return network not in self.left_out

    def _leave_out(self, stream: str, refusal: Refusal) -> None:
        self.leave_out(str(refusal.platform), refusal.rule)
        self.note(Issue(stream, refusal, of_settings=True))

    def leave_out(self, network: str, rule: Rule) -> None:
        """Leave a network out for the rest of the run."""
        self.left_out.add(network)
        if rule.stays_due:
            self.limited.add(network)

    # Bookmarks

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

    # How requests ended

    def cover(self, requests: int) -> None:
        """Count requests whose records have been yielded."""
        self.coverage.covered += requests

    def stats(self, stream: str) -> Stats:
        """Return what is counted of a stream of this profile."""
        return self.snapshot.tally.of(self.label, stream)

    def settle(self, stream: str, answer: Answer, requests: int | None = None) -> None:
        """Count how a request of a stream ended: it decides whether the stream failed as a whole."""
        self.cover(answer.sent if requests is None else requests)
        self.stats(stream).count(answer.refusal)

    def settle_list(self, stream: str, answer: Answer, owner: str) -> None:
        """Count an answer of the endpoint that is `owner`'s: a stream is judged by its own endpoint alone."""
        if stream == owner or (answer.refusal and answer.refusal.rule.failure):
            self.settle(stream, answer)
        else:
            self.cover(answer.sent)

    def remark(self, text: str) -> None:
        """Note something that is worth a line at the end of the run."""
        self.snapshot.tally.remark(self.label, text)

    def note(self, issue: Issue) -> None:
        """Note something that couldn't be read; it goes out with the next message of the stream."""
        self.notes.append(issue)

    def note_no_id(self, stream: str, position: int, item: Mapping[str, Any], platform: str | None = None) -> None:
        """Note an item of an answer that has no id (code 187 in /history/:platform, docs/api.md section 3)."""
        code = text(item.get("code")) or "invalid_body"
        message = text(item.get("message")) or "the item has no id"
        refusal = Refusal(NO_ID, code, message, 200, details=dict(item))
        self.note(Issue(stream, refusal, f"item-{position}", platform))

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
        self.leave_out(platform, issue.refusal.rule)
        if platform in self._networks_noted:
            return None
        self._networks_noted.add(platform)
        return replace(issue, resource=ALL, platform=platform)


def client_of(settings: Settings, profile: Profile, client: Client) -> ProfileClient:
    """Return the client of a profile: its headers, and what the API's answers mean to it."""
    judged = partial(judge, profile_key=profile.key is not None)
    return ProfileClient(client, profile.label, judged, partial(_headers, settings, profile), LIMITS)


def _headers(settings: Settings, profile: Profile, request: Request) -> dict[str, str]:
    """Return the headers of a request beside the account's: the profile's key and those of the networks."""
    headers = {"Profile-Key": profile.key} if profile.key else {}
    may_be_any = request.body is not None and not request.parts
    for network in NETWORKS if may_be_any else request.parts:
        if network in NETWORKS and not settings.missing_keys(network):
            headers |= {header: settings.network_keys[key] for header, key in NETWORKS[network].key_headers.items()}
    return headers


def _able(networks: Iterable[str], what: str) -> list[str]:
    """Return the networks of which `what` can be read."""
    return [name for name in networks if name in NETWORKS and what in NETWORKS[name].reads]


def linked_networks(user: Mapping[str, Any]) -> list[str]:
    """Return the networks linked to a profile; `activeSocialAccounts` is absent where there is none."""
    linked = user.get("activeSocialAccounts")
    names = [name.strip().lower() for name in linked if isinstance(name, str)] if isinstance(linked, list) else []
    return list(dict.fromkeys(filter(None, names)))
