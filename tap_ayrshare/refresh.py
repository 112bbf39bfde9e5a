"""A pass over posts whose numbers are due: asked side by side, recorded in order, newest first."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Refusal, Refused, Rule, Scope
from tap_ayrshare.posts.cursor import UNDATED, Cycle, Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.profile_run import ProfileRun
    from tap_ayrshare.settings import PostId
    from tap_ayrshare.streams.base import AyrshareStream

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 10
"""Posts in a row without an answer of their own, after all retries: then others are probed."""
PROBES = 3
LONGEST_WAIT = 2.0
"""Seconds to wait for a STATE before asking for more than it should leave uncovered."""
MOST_UNCOVERED = 80
"""Requests that no STATE covers which is out: more of them would be repeated after a kill."""
STOPPED = Rule(Scope.STREAM, failure=True, action="stream stopped for this profile: its posts stay due")
BAD_PARAMETERS = "101"
UNREAD_ANYWHERE = Rule(Scope.RESOURCE, failure=False, action="skipped: no profile of the settings has it")
NOT_FOUND = 404


@dataclass(frozen=True, eq=False, slots=True)
class PostToRead:
    """A post whose numbers are to be read.

    networks: those to ask; none: the API decides.
    cycle: the pass that it belongs to; None where the settings name the post.
    apart: passes of single networks that have fallen behind the others, by network.
    profile: the profile that the settings name for it.
    platform: its network, where it is a native post.
    """

    post_id: str
    networks: tuple[str, ...]
    published: datetime | None = None
    cycle: Cycle | None = None
    apart: Mapping[str, Cycle] = field(default_factory=dict)
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
        return self.cycle is None and not self.apart and self.profile is None

    @property
    def has_failed(self) -> bool:
        """Whether an earlier run could not read it: it comes last, so that nothing waits behind it.

        Only if all of its passes know that; another one would count it as read once older posts have been.
        """
        return bool(self.cycles) and all(cycle.is_known_failure(self.place) for cycle in self.cycles)

    @property
    def cycles(self) -> list[Cycle]:
        """All passes that it belongs to."""
        return [*([self.cycle] if self.cycle else []), *self.apart.values()]

    def defer(self) -> bool:
        """Leave it for the end of its passes; return whether there is room for it."""
        return all(cycle.defer(self.place) for cycle in self.cycles)

    @property
    def is_deferred(self) -> bool:
        """Whether it is left for the end of a pass."""
        return any(cycle.is_deferred(self.place) for cycle in self.cycles)

    def resolve(self) -> None:
        """Count it as read where it was deferred."""
        for cycle in self.cycles:
            cycle.resolved(self.place)

    @property
    def place(self) -> Place:
        """Where it stands in the pass."""
        return self.published or UNDATED, self.post_id


@dataclass
class PostAnswer:
    """What became of asking for a post: the blocks that came, the last answer, and what was refused.

    unasked: networks that allow no more requests now; is_unfinished: the budget ended before an answer came.
    """

    blocks: dict[str, Any] = field(default_factory=dict)
    answer: Answer | None = None
    refusals: list[Refusal] = field(default_factory=list)
    unasked: set[str] = field(default_factory=set)
    requests: int = 0
    is_unfinished: bool = False

    @property
    def is_unsettled(self) -> bool:
        """Return whether nothing came that speaks of this post: what refused it may refuse all of them.

        An outage that outlasts its retries, a 4xx without a code as a gateway answers it, or code 101.
        """
        if self.answer is None or self.answer.body is not None or self.blocks:
            return False
        return all(
            refusal.temporary or refusal.code == BAD_PARAMETERS or refusal.code.startswith("http_4")
            for refusal in self.refusals
            if refusal.scope is Scope.RESOURCE
        ) and any(refusal.scope is Scope.RESOURCE for refusal in self.refusals)


def newest_first(posts: Iterable[PostToRead]) -> list[PostToRead]:
    """Return posts in the order in which they are read."""
    return sorted(posts, key=lambda post: (not post.has_failed, post.place), reverse=True)


class Refresh:
    """Reads posts for a stream: `request` makes the request for a post, `rows` the records of its blocks.

    unread: the posts that the request budget left over, the newest first.
    """

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
        self._tally = run.run.tally.streams[stream.name]
        self._is_proven = False
        self._is_spent = False
        self._is_stuck = False
        self._held: list[tuple[PostToRead, PostAnswer]] = []
        self._deferred: list[PostToRead] = []
        self._probed: dict[PostToRead, PostAnswer] = {}
        self._sent_before, self._covered_before = run.client.sent, run.covered
        self._passes = 0
        self._seen: dict[str, set[str]] | None = None
        self.unread: list[PostToRead] = []

    async def read(
        self, posts: list[PostToRead], cycles: Sequence[Cycle] = (), *, seen: dict[str, set[str]] | None = None
    ) -> None:
        """Read posts, the newest first, what failed once more at the end, and complete their cycles.

        What is done goes into `seen`: the networks on which each post was read, by its id.

        Posts that fail one after another are held until the endpoint has answered for another post: only then is
        it known that they failed and not the API. Without such an answer they stay due.

        Raises:
            Refused: the API refuses the stream, the profile or the run, or answers for no post any more.
            BudgetSpent: the request budget is spent.
        """
        posts = newest_first(posts)
        self._held, self._deferred, self._passes = [], [], 0
        self._seen = seen
        self._run.run.tally.plan(self._stream.name, len(posts))
        waiting = iter(enumerate(posts, 1))
        launched = 0

        def jobs() -> Iterator[Coroutine[None, None, tuple[PostToRead, PostAnswer]]]:
            nonlocal launched
            for number, post in waiting:
                if self._is_spent:
                    return
                launched = number
                yield self._ask_in_turn(post)

        async for post, found in in_order(jobs(), self._run.ahead):
            await self._take(post, found)
            if len(self._held) >= FAILURES_IN_A_ROW and not self._is_spent:
                await self._probe(posts[launched:])
        await self._end(posts, cycles)

    async def _end(self, posts: Sequence[PostToRead], cycles: Sequence[Cycle]) -> None:
        while self._held and self._held[-1][1].is_unfinished:
            # Nothing behind it has been read: the next run begins here.
            self._held.pop()
        if self._held and self._is_proven:
            await self._release()
        elif self._held:
            await self._keep_due()
        await self._retry()
        if self._is_spent:
            self.unread = list(posts[self._passes :])
            if self._save:
                await self._save()
            raise BudgetSpent
        if self._held:
            return
        for cycle in cycles:
            cycle.complete()
        if self._save:
            await self._save()

    async def _retry(self) -> None:
        """Ask once more for the posts that failed."""
        while self._deferred and not self._is_spent:
            post = self._deferred.pop(0)
            logger.info(
                "profile %s, %s: retrying %s, which failed before", self._run.label, self._stream.name, post.post_id
            )
            found = (await self._ask(post))[1]
            if found.is_unfinished:
                # The state holds it for the next run.
                self._is_spent = True
                return
            await self._record(post, found)
            post.resolve()
            self._see(post, found)

    def _see(self, post: PostToRead, found: PostAnswer) -> None:
        if self._seen is not None:
            self._seen.setdefault(post.post_id, set()).update(set(post.networks) - found.unasked)

    async def _checkpoint(self) -> None:
        if self._save and self._is_proven:
            await self._save()

    async def _take(self, post: PostToRead, found: PostAnswer) -> None:
        """Decide about a post: recorded, held until it is known why it failed, or left for the next run."""
        if found.is_unfinished:
            self._is_spent = True
            self._held.append((post, found))
        elif found.is_unsettled:
            self._held.append((post, found))
        else:
            if found.answer is not None:
                self._is_proven = True
                await self._release()
                post.resolve()
            await self._record(post, found)
            if self._held:
                self._held.append((post, PostAnswer(unasked=found.unasked)))
            else:
                await self._passed(post, found)
                await self._checkpoint()

    async def _release(self) -> None:
        """Defer the posts that are held, or record them: the endpoint has answered for others."""
        for post, found in self._held:
            may_defer = found.is_unfinished or not post.has_failed
            if may_defer and post.defer():
                self._run.covered += found.requests
                if not found.is_unfinished:
                    self._deferred.append(post)
            elif found.is_unfinished:
                # There is no room to remember it: what lies behind it is written, but can't count as read.
                self._is_stuck = True
            else:
                await self._record(post, found)
                post.resolve()
            await self._passed(post, found)
        self._held = []

    async def _keep_due(self) -> None:
        """Leave the posts that are held due: nothing says whether they failed, or the API for all of them."""
        outlasted = []
        for post, found in self._held:
            if found.is_unfinished:
                continue
            if post.cycles and all(cycle.has_failed_before_today(post.place) for cycle in post.cycles):
                outlasted.append(post)
                post.resolve()
            else:
                post.defer()
            await self._record(post, found)
        failed = [(post, found) for post, found in self._held if not found.is_unfinished]
        if failed and self._save:
            await self._save()
        if len(outlasted) == len(self._held):
            # They have failed on two dates, and nothing else is due.
            for post in outlasted:
                await self._passed(post, PostAnswer())
            self._held, self._is_proven = [], True

    async def _probe(self, behind: list[PostToRead]) -> None:
        """Find out whether the API answers for any post behind those that are held.

        Raises:
            Refused: it does not.
        """
        if not behind:
            return
        picked = {behind[-1], behind[len(behind) // 2], behind[len(behind) // 4]}
        for post in sorted(picked, key=lambda post: post.place)[:PROBES]:
            if post not in self._probed:
                found = (await self._ask(post))[1]
                if found.is_unfinished:
                    self._is_spent = True
                    return
                self._probed[post] = found
            if not self._probed[post].is_unsettled:
                self._is_proven = True
                await self._release()
                return
        last = self._held[0][1].refusals[0]
        await self._keep_due()
        self._held = []
        raise Refused(Refusal(STOPPED, last.code, last.message, last.http_status))

    async def _passed(self, post: PostToRead, found: PostAnswer) -> None:
        self._tally.done += 1
        self._passes += 1
        if not post.is_deferred:
            self._see(post, found)
        for network in found.unasked:
            if network in post.apart:
                post.apart[network].is_cut_short = True
            elif post.cycle:
                post.cycle.is_cut_short = True
        if self._is_stuck:
            return
        if post.cycle and not (found.unasked - post.apart.keys()):
            post.cycle.passed(post.place)
        for network, cycle in post.apart.items():
            if network not in found.unasked and not cycle.is_cut_short:
                cycle.passed(post.place)

    async def _ask_in_turn(self, post: PostToRead) -> tuple[PostToRead, PostAnswer]:
        """Ask for a post once there is room for a request that no STATE covers."""
        while self._save and self._run.run.is_writing and self._uncovered >= MOST_UNCOVERED:
            if not await self._run.wait_for_room(LONGEST_WAIT):
                # What is on its way may need the answer to this very request.
                break
        return await self._ask(post)

    @property
    def _uncovered(self) -> int:
        sent = self._run.client.sent - self._sent_before
        return sent - max(0, self._run.flushed - self._covered_before)

    async def _ask(self, post: PostToRead) -> tuple[PostToRead, PostAnswer]:
        """Ask for a post, and again for what a refused network cost the others."""
        if post in self._probed:
            return post, self._probed[post]
        found = PostAnswer()
        try:
            await self._ask_networks(post, post.networks, found)
        except BudgetSpent:
            found.is_unfinished = not found.blocks
        return post, found

    async def _ask_networks(self, post: PostToRead, asked: tuple[str, ...], found: PostAnswer) -> None:
        """Ask for a post on some networks: all at once, then without those that are refused, at worst one by one."""
        while True:
            networks = tuple(await self._run.open_networks(self._stream, asked))
            found.unasked |= self._run.limited & set(asked)
            if asked and not networks:
                return
            answer = found.answer = await self._run.ask(self._request(post, networks))
            found.requests += answer.sent
            found.blocks.update(good_blocks(answer.body))
            of_networks = [refusal for refusal in answer.refusals if refusal.scope is Scope.NETWORK]
            if any(refusal.platform is None for refusal in of_networks) and len(networks) > 1:
                # The answer doesn't say which network it is about: each is asked by itself.
                for network in networks:
                    await self._ask_networks(post, (network,), found)
                return
            found.refusals += answer.refusals
            refused = {refusal.platform for refusal in of_networks if refusal.platform}
            if not post.anywhere:
                for refusal in of_networks:
                    if refusal.platform:
                        self._run.leave_out(refusal.platform, refusal.rule)
                        found.unasked |= {refusal.platform} if refusal.rule.stays_due else set()
            if answer.refusal is None or not refused & set(networks) or len(networks) == 1 or post.anywhere:
                return
            logger.info(
                "profile %s, %s: asking for %s again without %s, which cost the other networks their answer",
                self._run.label,
                self._stream.name,
                post.post_id,
                ", ".join(sorted(refused)),
            )

    async def _record(self, post: PostToRead, found: PostAnswer) -> None:
        """Send the records of a post and the errors beside them on their way."""
        if found.answer is None:
            return
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
