"""A pass over posts that are due: asked side by side, recorded in order, newest first."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import good_blocks
from tap_ayrshare.engine.client import Answer, BudgetSpent
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import UNREAD, Refusal, Refused, Rule, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.posts.due import newest_first
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.batches import Batches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence

    from tap_ayrshare.engine.client import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint, Message
    from tap_ayrshare.posts.cursor import RefreshCursor
    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.source import Source

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


class RefreshedStream(AyrshareStream):
    """A stream that reads posts one by one, on the days on which they are due.

    missing: how many profiles don't have a post that the settings name without a profile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.missing: Counter[tuple[str, tuple[str, ...]]] = Counter()

    @abstractmethod
    def named(self, source: Source) -> list[DuePost] | None:
        """Return the posts that the settings name, None if they name none."""

    @abstractmethod
    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post on some networks."""

    @abstractmethod
    def rows(self, post: DuePost, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a post's blocks, by network."""

    def messages(self, source: Source, post: DuePost, found: Found) -> Iterator[Message]:
        """Yield what was found of a post: its rows as records."""
        for row in self.rows(post, found.blocks):
            yield self.record(source, row)

    @abstractmethod
    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:
        """Return a post's own id on a network, None if it isn't known."""

    @abstractmethod
    def known_due(self, source: Source) -> list[DuePost] | None:
        """Return the posts that are due; None as long as they haven't been listed."""

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`: a request for each post."""
        named = self.named(source)
        due = self.known_due(source) if named is None else [post for post in named if post.is_of(source.label)]
        return None if due is None else len(due)

    @abstractmethod
    def read_due(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that are due."""

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the posts that are due, or exactly those that the settings name."""
        named = self.named(source)
        if named is None:
            batches = self.read_due(source, bookmark)
        else:
            batches = Refresh(source, self).read([post for post in named if post.is_of(source.label)])
        async for batch in batches:
            yield batch


@dataclass
class Found:
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
            refusal.transient or refusal.code == BAD_PARAMETERS or refusal.code.startswith("http_4")
            for refusal in self.refusals
            if refusal.scope is Scope.RESOURCE
        ) and any(refusal.scope is Scope.RESOURCE for refusal in self.refusals)


class Refresh:
    """Reads posts for a stream.

    unread: the posts that the request budget left over, the newest first.
    """

    def __init__(self, source: Source, stream: RefreshedStream, saved: Callable[[], Checkpoint] | None = None) -> None:
        """Make a pass; `saved` returns the bookmark, None where none is kept."""
        self._source = source
        self._stream = stream
        self._saved = saved
        self._stats = source.stats(stream.name)
        self._is_proven = False
        self._is_spent = False
        self._is_stuck = False
        self._held: list[tuple[DuePost, Found]] = []
        self._deferred: list[DuePost] = []
        self._probed: dict[DuePost, Found] = {}
        self._sent_before, self._covered_before = source.client.sent, source.coverage.covered
        self._passed_by = 0
        self._seen: dict[str, set[str]] | None = None
        self._batches: Batches | None = None
        self.unread: list[DuePost] = []

    async def read(
        self, posts: list[DuePost], cursors: Sequence[RefreshCursor] = (), *, seen: dict[str, set[str]] | None = None
    ) -> AsyncIterator[Batch]:
        """Read posts, the newest first, what failed once more at the end, and complete their passes.

        What is done goes into `seen`: the networks on which each post was read, by its id.

        Posts that fail one after another are held until the endpoint has answered for another post: only then is
        it known that they failed and not the API. Without such an answer they stay due.

        Raises:
            Refused: the API refuses the stream, the profile or the run, or answers for no post any more.
            BudgetSpent: the request budget is spent.
        """
        posts = newest_first(posts)
        self._held, self._deferred, self._passed_by = [], [], 0
        self._seen = seen
        self._stats.planned = (self._stats.planned or 0) + len(posts)
        launched = 0
        self._batches = self._batches_of(posts)

        def jobs() -> Iterator[Coroutine[None, None, tuple[DuePost, Found]]]:
            nonlocal launched
            for number, post in enumerate(posts, 1):
                if self._is_spent:
                    return
                launched = number
                yield self._ask_in_turn(post)

        async with aclosing(in_order(jobs(), self._source.ahead)) as answers:
            async for post, found in answers:
                yield self._take(post, found)
                if len(self._held) >= FAILURES_IN_A_ROW and not self._is_spent:
                    yield await self._after_probing(posts[launched:])
        yield self._end()
        while self._deferred and not self._is_spent:
            yield await self._retry(self._deferred.pop(0))
        if self._is_spent:
            self.unread = list(posts[self._passed_by :])
            yield self._checkpoint()
            raise BudgetSpent
        completed = [cursor.complete() for cursor in cursors if not self._held]
        if not self._held:
            yield self._checkpoint()
        if self._held or not all(completed):
            self._stats.stays_due.add("posts stay due that could not be asked for")

    def _batches_of(self, posts: list[DuePost]) -> Batches | None:
        is_on = self._saved is not None and self._source.settings.uses_batches
        return Batches(self._source, self._stream, posts) if is_on else None

    def _checkpoint(self) -> list[Checkpoint]:
        return [self._saved()] if self._saved else []

    def _end(self) -> Iterator[Message]:
        while self._held and self._held[-1][1].is_unfinished:
            # Nothing behind it has been read: the next run begins here.
            self._held.pop()
        if self._held:
            yield from self._release() if self._is_proven else self._keep_due()

    async def _retry(self, post: DuePost) -> Batch:
        """Ask once more for a post that failed; return what comes of it."""
        self._source.remark(f"{self._stream.name}: posts that had failed were requested once more")
        found = (await self._ask(post))[1]
        if found.is_unfinished:
            # The state holds it for the next run.
            self._is_spent = True
            return []
        messages = list(self._record(post, found))
        post.cut_short(found.unasked)
        post.resolve(found.unasked)
        self._see(post, found)
        return messages

    def _see(self, post: DuePost, found: Found) -> None:
        """Note the networks on which a post has been read, where its pass doesn't say so."""
        if self._seen is not None:
            read = {name for name in post.networks if name not in found.unasked and not post.is_deferred_on(name)}
            self._seen.setdefault(post.post_id, set()).update(read)

    def _take(self, post: DuePost, found: Found) -> Iterator[Message]:
        """Decide about a post: recorded, held until it is known why it failed, or left for the next run."""
        if found.is_unfinished:
            self._is_spent = True
            self._held.append((post, found))
        elif found.is_unsettled:
            self._held.append((post, found))
        else:
            if found.answer is not None:
                self._is_proven = True
                yield from self._release()
                post.resolve(found.unasked)
            yield from self._record(post, found)
            if self._held:
                self._held.append((post, Found(unasked=found.unasked)))
            else:
                self._pass(post, found)
                yield from self._checkpoint() if self._is_proven else ()

    def _release(self) -> Iterator[Message]:
        """Defer the posts that are held, or record them: the endpoint has answered for others."""
        held, self._held = self._held, []
        for post, found in held:
            may_defer = found.is_unfinished or not post.has_failed
            if may_defer and post.defer():
                self._source.cover(found.requests)
                if not found.is_unfinished:
                    self._deferred.append(post)
            elif found.is_unfinished:
                # There is no room to remember it: what lies behind it is written, but can't count as read.
                self._is_stuck = True
            else:
                yield from self._record(post, found)
                post.resolve(found.unasked)
            self._pass(post, found)

    def _keep_due(self) -> Iterator[Message]:
        """Leave the posts that are held due: nothing says whether they failed, or the API for all of them."""
        failed = [(post, found) for post, found in self._held if found.answer and not found.is_unfinished]
        outlasted = []
        for post, found in failed:
            if post.cursors and all(cursor.has_failed_before_today(post.position) for cursor in post.cursors):
                outlasted.append(post)
                post.resolve(found.unasked)
            else:
                post.defer()
            yield from self._record(post, found)
        if failed:
            yield from self._checkpoint()
        if len(outlasted) == len(failed) and not any(found.is_unfinished for _, found in self._held):
            # They have failed on two dates, and nothing else is due but what can't be asked for now.
            for post, found in self._held:
                self._pass(post, Found(unasked=found.unasked))
            self._held, self._is_proven = [], True

    async def _after_probing(self, behind: list[DuePost]) -> Batch:
        """Return what becomes of the posts that are held, once others behind them have been asked for."""
        if await self._is_answering(behind):
            self._is_proven = True
            return self._release()
        return () if self._is_spent or not behind else self._stop()

    def _stop(self) -> Iterator[Message]:
        last = self._held[0][1].refusals[0]
        yield from self._keep_due()
        raise Refused(replace(last, rule=STOPPED, platform=None, details=None, transient=False))

    async def _is_answering(self, behind: list[DuePost]) -> bool:
        """Return whether the API answers for any of the posts behind those that are held."""
        picked = {behind[-1], behind[len(behind) // 2], behind[len(behind) // 4]} if behind else set()
        for post in sorted(picked, key=lambda post: post.position)[:PROBES]:
            if post not in self._probed:
                found = (await self._ask(post))[1]
                if found.is_unfinished:
                    self._is_spent = True
                    return False
                self._probed[post] = found
            if not self._probed[post].is_unsettled:
                return True
        return False

    def _pass(self, post: DuePost, found: Found) -> None:
        self._stats.done += 1
        # The next run begins with the first post that it can't remember.
        self._passed_by += not self._is_stuck
        self._see(post, found)
        post.cut_short(found.unasked)
        if self._is_stuck:
            return
        if post.cursor and not (found.unasked - post.apart.keys()):
            post.cursor.passed(post.position)
        for network, cursor in post.apart.items():
            if network not in found.unasked and not cursor.is_cut_short:
                cursor.passed(post.position)

    async def _ask_in_turn(self, post: DuePost) -> tuple[DuePost, Found]:
        """Ask for a post once there is room for a request that no STATE covers."""
        coverage = self._source.coverage
        while self._saved and coverage.is_written and self._uncovered >= MOST_UNCOVERED:
            if not await coverage.wait(LONGEST_WAIT):
                # What is on its way may need the answer to this very request.
                break
        asked = await self._ask(post)
        self._stats.asked += 1
        self._stats.taken += asked[1].requests
        return asked

    @property
    def _uncovered(self) -> int:
        sent = self._source.client.sent - self._sent_before
        return sent - max(0, self._source.coverage.flushed - self._covered_before)

    async def _ask(self, post: DuePost) -> tuple[DuePost, Found]:
        """Ask for a post, and again without networks that are refused."""
        if post in self._probed:
            return post, self._probed[post]
        found = Found()
        try:
            rest = await self._ask_batches(post, found)
            if rest or not post.networks:
                await self._ask_networks(post, rest, found)
        except BudgetSpent:
            found.is_unfinished = not found.blocks
        return post, found

    async def _ask_batches(self, post: DuePost, found: Found) -> tuple[str, ...]:
        """Take a post's blocks from batches; return the networks that are left."""
        if self._batches is None or post.is_deferred:
            return post.networks
        open_networks = self._source.open_networks(self._stream.name, post.networks)
        blocks, requests = await self._batches.blocks(post, open_networks)
        found.requests += requests
        if blocks:
            found.blocks.update(blocks)
            found.answer = Answer(HTTPStatus.OK, blocks, [], 0)
        return tuple(network for network in post.networks if network not in blocks)

    async def _ask_networks(self, post: DuePost, asked: tuple[str, ...], found: Found) -> None:
        """Ask for a post on some networks: all at once, then without those that are refused, at worst one by one."""
        source = self._source
        while True:
            networks = tuple(source.open_networks(self._stream.name, asked))
            found.unasked |= source.limited & set(asked)
            if asked and not networks:
                return
            answer = found.answer = await source.ask(self._stream.request(post, networks))
            found.requests += answer.sent
            found.blocks.update(good_blocks(answer.body))
            of_networks = [refusal for refusal in answer.refusals if refusal.scope is Scope.PART]
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
                        source.leave_out(refusal.platform, refusal.rule)
                        found.unasked |= {refusal.platform} if refusal.rule.stays_due else set()
            if answer.refusal and refused and not refused & set(networks):
                self._refuse_for_others(found, networks, of_networks)
                return
            if answer.refusal is None or not refused or len(networks) == 1 or post.anywhere:
                return
            source.remark(
                f"{self._stream.name}: a post was requested again without {', '.join(sorted(refused))}, "
                "which had left its other networks without a response"
            )

    @staticmethod
    def _refuse_for_others(found: Found, networks: tuple[str, ...], refusals: list[Refusal]) -> None:
        """Note that networks which weren't asked for refuse a post: what those have that were isn't known."""
        if all(refusal.rule.stays_due for refusal in refusals):
            found.unasked |= set(networks)
        else:
            found.refusals.append(replace(refusals[0], rule=UNREAD, platform=None, transient=False))

    def _record(self, post: DuePost, found: Found) -> Iterator[Message]:
        """Yield the records of a post and the issues beside them."""
        if found.answer is None:
            return
        self._source.settle(self._stream.name, found.answer, found.requests)
        refusal = found.answer.refusal
        if post.anywhere and refusal and (not refusal.rule.failure or refusal.http_status == HTTPStatus.NOT_FOUND):
            yield from self._not_here(post, refusal)
            return
        yield from self._stream.messages(self._source, post, found)
        for refusal in found.refusals:
            yield Issue(self._stream.name, refusal, post.post_id, post.platform)

    def _not_here(self, post: DuePost, refusal: Refusal) -> Iterator[Message]:
        """Count that this profile doesn't have a post; an issue only once no profile has it."""
        missing, key = self._stream.missing, (post.post_id, post.networks)
        missing[key] += 1
        if missing[key] == len(self._source.settings.profiles):
            unread = replace(refusal, rule=UNREAD_ANYWHERE, transient=False)
            first = self._source.settings.profiles[0].label
            yield Issue(self._stream.name, unread, post.post_id, post.platform, label=first)
