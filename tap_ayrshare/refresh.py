"""A pass over posts whose numbers are due: asked side by side, recorded in order, newest first."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Refusal, Refused, Rule, Scope
from tap_ayrshare.posts.cursor import UNDATED, Cycle, Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.profile_run import ProfileRun
    from tap_ayrshare.settings import PostId
    from tap_ayrshare.streams.base import AyrshareStream

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 10
"""Posts in a row that can't be read for a passing reason, after all retries: then the stream stops."""
STOPPED = Rule(Scope.STREAM, failure=True, action="stream stopped for this profile: too many failures in a row")
UNREAD_ANYWHERE = Rule(Scope.RESOURCE, failure=False, action="skipped: no profile of the settings has it")
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class PostToRead:
    """A post whose numbers are to be read.

    networks: those to ask; none: the API decides.
    cycle: the pass that it belongs to; None where the settings name the post.
    profile: the profile that the settings name for it.
    platform: its network, where it is a native post.
    """

    post_id: str
    networks: tuple[str, ...]
    published: datetime | None = None
    cycle: Cycle | None = None
    profile: str | None = None
    platform: str | None = None

    @classmethod
    def named(cls, post: PostId, networks: Sequence[str]) -> PostToRead:
        """Return a post that the settings name."""
        return cls(post.post_id, tuple(networks), profile=post.profile, platform=post.platform)

    def is_of(self, label: str) -> bool:
        """Tell whether a profile is asked for it."""
        return self.profile in (None, label)

    @property
    def anywhere(self) -> bool:
        """Tell whether every profile is tried: only not found by all of them is an error."""
        return self.cycle is None and self.profile is None

    @property
    def place(self) -> Place:
        """Where it stands in the pass."""
        return self.published or UNDATED, self.post_id


@dataclass
class PostAnswer:
    """What became of asking for a post: the last answer, and what earlier ones refused."""

    answer: Answer | None = None
    refusals: list[Refusal] = field(default_factory=list)
    requests: int = 0

    @property
    def blocks(self) -> dict[str, Any]:
        """The networks' blocks that carry data."""
        return good_blocks(self.answer.body) if self.answer else {}

    @property
    def passing(self) -> bool:
        """Tell whether nothing came, for a reason that may pass."""
        return self.answer is not None and self.answer.body is None and all(r.temporary for r in self.refusals)


class Refresh:
    """Reads posts for a stream: `request` makes the request for a post, `rows` the records of its blocks."""

    def __init__(
        self,
        run: ProfileRun,
        stream: AyrshareStream,
        request: Callable[[PostToRead, tuple[str, ...]], Request],
        rows: Callable[[PostToRead, Mapping[str, Any]], Iterable[dict[str, Any]]],
        save: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Make a pass; `save` sends the bookmark on its way, None where none is kept."""
        self._run = run
        self._stream = stream
        self._request = request
        self._rows = rows
        self._save = save
        self._proven = False
        self._tally = run.run.tally.streams[stream.name]

    async def read(self, posts: list[PostToRead], cycles: Sequence[Cycle] = ()) -> None:
        """Read posts, the newest first, what failed once more at the end, and complete their cycles.

        Raises:
            Refused: the API refuses the stream, the profile or the run, or fails too often.
            BudgetSpent: the request budget is spent.
        """
        posts = sorted(posts, key=lambda post: post.place, reverse=True)
        self._run.run.tally.plan(self._stream.name, len(posts))
        deferred = []
        in_a_row = 0
        async for post, found in in_order(map(self._ask, posts), self._run.ahead):
            in_a_row = in_a_row + 1 if found.passing else 0
            if in_a_row >= FAILURES_IN_A_ROW:
                last = found.refusals[0]
                raise Refused(Refusal(STOPPED, last.code, last.message, last.http_status))
            if found.passing and (post.cycle is None or post.cycle.defer(post.place)):
                deferred.append(post)
                self._run.covered += found.requests
            else:
                await self._record(post, found)
            await self._passed(post)
        for post in deferred:
            logger.info(
                "profile %s, %s: %s is asked once more, it failed before",
                self._run.label,
                self._stream.name,
                post.post_id,
            )
            await self._record(*await self._ask(post))
            if post.cycle:
                post.cycle.resolved(post.place)
        if posts and not self._proven:
            # What a whole stream could not read stays due: nothing of it counts as read.
            return
        for cycle in cycles:
            cycle.complete()
        if self._save:
            await self._save()

    async def _passed(self, post: PostToRead) -> None:
        self._tally.done += 1
        if post.cycle:
            post.cycle.passed(post.place)
        if self._save and self._proven:
            await self._save()

    async def _ask(self, post: PostToRead) -> tuple[PostToRead, PostAnswer]:
        """Ask for a post; where refused networks cost the others their answer, ask again without them."""
        found = PostAnswer()
        while True:
            networks = tuple(network for network in post.networks if network not in self._run.left_out)
            if post.networks and not networks:
                return post, found
            found.answer = await self._run.ask(self._request(post, networks))
            found.requests += 1
            found.refusals += found.answer.refusals
            refused = {r.platform for r in found.answer.refusals if r.scope is Scope.NETWORK and r.platform}
            for network in refused if not post.anywhere else ():
                self._run.leave_out(network)
            if found.answer.refusal is None or not refused & set(networks) or len(networks) == 1 or post.anywhere:
                return post, found
            logger.info(
                "profile %s, %s: %s is asked again without %s, which cost the other networks their answer",
                self._run.label,
                self._stream.name,
                post.post_id,
                ", ".join(sorted(refused)),
            )

    async def _record(self, post: PostToRead, found: PostAnswer) -> None:
        """Send the records of a post and the errors beside them on their way."""
        if found.answer is None:
            self._proven = True
            return
        refused = found.answer.refusal
        self._proven = self._proven or refused is None or not refused.rule.failure
        self._run.settle(self._stream.name, found.answer, found.requests)
        refusal = found.answer.refusal
        if post.anywhere and refusal and (not refusal.rule.failure or refusal.http_status == NOT_FOUND):
            await self._not_here(post, refusal)
            return
        for row in self._rows(post, found.blocks):
            await self._run.emit(self._stream, row)
        for refusal in found.refusals:
            await self._run.report(self._stream.name, refusal, post.post_id, post.platform)

    async def _not_here(self, post: PostToRead, refusal: Refusal) -> None:
        """Take in that this profile has not got a post; an error only once no profile has it."""
        tried = self._run.run.shared(Counter)
        key = (self._stream.name, post.post_id, post.networks)
        tried[key] += 1
        if tried[key] == len(self._run.run.readers):
            first = self._run.run.readers[0]
            refusal = Refusal(
                UNREAD_ANYWHERE,
                refusal.code,
                refusal.message,
                refusal.http_status,
                refusal.platform,
                refusal.details,
            )
            await first.report(self._stream.name, refusal, post.post_id, post.platform)
