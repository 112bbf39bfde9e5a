"""A pass over posts that are due: asked side by side, recorded in order, newest first."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.concurrency import in_order
from tap_ayrshare.engine.errors import Refused, Rule, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.posts.attempts import Attempts, Decision, Ending, Fate
from tap_ayrshare.posts.bookmarks import RefreshBookmark
from tap_ayrshare.posts.cursor import UNDATED
from tap_ayrshare.posts.passes import Passes
from tap_ayrshare.posts.schedule import RefreshSchedule, Terms
from tap_ayrshare.streams.asking import Asker, Found
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.batches import Batches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping

    from tap_ayrshare.engine.errors import Refusal
    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.engine.messages import Batch, Checkpoint, Message
    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.source import Source

STOPPED = Rule(Scope.STREAM, failure=True, action="stream stopped for this profile: its posts stay due")
UNREAD_ANYWHERE = Rule(Scope.RESOURCE, failure=False, action="skipped: no profile of the settings has it")


class RefreshedStream(AyrshareStream):
    """A stream that reads posts one by one, on the days on which they are due.

    bookmark: what its bookmark may hold.
    missing: how many profiles don't have a post that the settings name without a profile.
    """

    bookmark = RefreshBookmark

    def __init__(self) -> None:
        super().__init__()
        self.missing: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`."""
        super().check(bookmark)
        Passes(Terms(UNDATED, RefreshSchedule(()), None), RefreshBookmark.from_state(bookmark), ())

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

    def outcome(self, source: Source, post: DuePost, found: Found) -> Iterator[Message]:
        """Yield the records of a post and the issues beside them."""
        if found.answer is None:
            return
        source.settle(self.name, found.answer, found.requests)
        refusal = found.answer.refusal
        if post.anywhere and refusal and (not refusal.rule.failure or refusal.http_status == HTTPStatus.NOT_FOUND):
            yield from self._not_here(source, post, refusal)
            return
        yield from self.messages(source, post, found)
        for refusal in found.refusals:
            yield Issue(self.name, refusal, post.post_id, post.platform)

    def _not_here(self, source: Source, post: DuePost, refusal: Refusal) -> Iterator[Message]:
        """Count that a profile doesn't have a post; an issue only once no profile has it."""
        key = post.post_id, post.networks
        self.missing[key] += 1
        if self.missing[key] == len(source.settings.profiles):
            unread = replace(refusal, rule=UNREAD_ANYWHERE, transient=False)
            first = source.settings.profiles[0].label
            yield Issue(self.name, unread, post.post_id, post.platform, label=first)

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
            passes = Passes(source.snapshot.terms(self.name), RefreshBookmark(), ())
            batches = Refresh(source, self, passes).read([post for post in named if post.is_of(source.label)])
        async for batch in batches:
            yield batch


@dataclass(frozen=True)
class TriedPost:
    """A post that has been asked for, for `Attempts`."""

    post: DuePost
    found: Found
    passes: Passes

    @property
    def ending(self) -> Ending:
        """How that ended."""
        return self.found.ending

    @property
    def has_failed(self) -> bool:
        """Whether an earlier run couldn't read it."""
        return self.passes.failures.has_failed(self.post)

    @property
    def has_failed_before_today(self) -> bool:
        """Whether that was on an earlier date."""
        return self.passes.failures.has_failed_before_today(self.post)

    def can_be_deferred(self) -> bool:
        """Remember it; return whether there was room for it."""
        return self.passes.failures.defer(self.post)


class Refresh:
    """Reads posts for a stream.

    unread: the posts that the request budget left over, the newest first.
    """

    def __init__(
        self, source: Source, stream: RefreshedStream, passes: Passes, saved: Callable[[], Checkpoint] | None = None
    ) -> None:
        """Make a pass; `saved` returns the bookmark, None where none is kept."""
        self._source = source
        self._stream = stream
        self._passes = passes
        self._saved = saved
        self._stats = source.stats(stream.name)
        self._asker = Asker(source, stream, waits_for_state=saved is not None)
        self._attempts = Attempts[TriedPost]()
        self._retries: list[DuePost] = []
        self._is_stuck = False
        self._passed_by = 0
        self._seen: dict[str, set[str]] | None = None
        self.unread: list[DuePost] = []

    async def read(
        self, posts: list[DuePost], *, is_whole: bool = False, seen: dict[str, set[str]] | None = None
    ) -> AsyncIterator[Batch]:
        """Read posts in their order, what failed once more at the end.

        Args:
            posts: the posts, in the order in which they are read.
            is_whole: whether they are all that are due, so that the passes are complete then.
            seen: takes the networks on which each post was read, by its id.

        Raises:
            Refused: the API refuses the stream, the profile or the run, or answers for no post any more.
            BudgetSpent: the request budget is spent.
        """
        self._attempts.held, self._retries, self._passed_by, self._seen = [], [], 0, seen
        self._stats.planned = (self._stats.planned or 0) + len(posts)
        self._asker.batches = self._batches_of(posts)
        launched = 0

        def jobs() -> Iterator[Coroutine[None, None, tuple[DuePost, Found]]]:
            nonlocal launched
            for number, post in enumerate(posts, 1):
                if self._attempts.is_spent:
                    return
                launched = number
                yield self._asker.ask_in_turn(post, in_batches=not self._passes.failures.is_deferred(post))

        async with aclosing(in_order(jobs(), self._source.ahead)) as answers:
            async for post, found in answers:
                yield self._carry_out(self._attempts.take(TriedPost(post, found, self._passes)))
                if self._attempts.wants_probes:
                    yield await self._after_probing(posts[launched:])
        yield self._carry_out(self._attempts.end())
        while self._retries and not self._attempts.is_spent:
            yield await self._retry(self._retries.pop(0))
        yield self._end(posts, is_whole=is_whole)
        if self._attempts.is_spent:
            raise BudgetSpent

    def _batches_of(self, posts: list[DuePost]) -> Batches | None:
        is_on = self._saved is not None and self._source.settings.uses_batches
        return Batches(self._source, self._stream, posts) if is_on else None

    def _end(self, posts: list[DuePost], *, is_whole: bool) -> list[Checkpoint]:
        """Complete the passes; return the bookmark, none if the API answered for no post."""
        if self._attempts.is_spent:
            self.unread = posts[self._passed_by :]
            return self._checkpoint()
        is_held = bool(self._attempts.held)
        if is_held or (is_whole and not self._passes.complete()):
            self._stats.stays_due.add("posts stay due that could not be asked for")
        return [] if is_held else self._checkpoint()

    def _checkpoint(self) -> list[Checkpoint]:
        return [self._saved()] if self._saved else []

    def _carry_out(self, decisions: Iterable[Decision[TriedPost]]) -> Iterator[Message]:
        """Do what has been decided about posts."""
        fate = None
        for decision in decisions:
            fate, post, found = decision.fate, decision.tried.post, decision.tried.found
            if fate is Fate.DEFERRED:
                self._source.cover(found.requests)
                self._retries += [] if found.is_unfinished else [post]
            elif fate is Fate.STUCK:
                self._is_stuck = True
            else:
                yield from self._settle(post, found, fate)
            if fate is not Fate.LEFT_DUE:
                self._pass(post, found)
        if fate is not None and (self._attempts.is_proven or fate is Fate.LEFT_DUE):
            yield from self._checkpoint()

    def _settle(self, post: DuePost, found: Found, fate: Fate) -> Iterator[Message]:
        """Yield what was found of a post, which counts as read unless it is left due."""
        if found.answer is not None and fate is not Fate.LEFT_DUE:
            self._passes.failures.resolve(post, found.unasked)
            self._passes.failures.remember(post, failed=fate is Fate.GIVEN_UP)
        yield from self._stream.outcome(self._source, post, found)

    async def _retry(self, post: DuePost) -> Batch:
        """Ask once more for a post that failed; return what comes of it."""
        self._source.remark(f"{self._stream.name}: posts that had failed were requested once more")
        found = await self._asker.ask(post, in_batches=False)
        if found.is_unfinished:
            # The state holds it for the next run.
            self._attempts.is_spent = True
            return []
        messages = list(self._settle(post, found, Fate.GIVEN_UP if found.ending is Ending.SILENT else Fate.READ))
        self._cut_short(found)
        self._see(post, found)
        return messages

    def _see(self, post: DuePost, found: Found) -> None:
        """Note the networks on which a post has been read, where its pass doesn't say so."""
        if self._seen is not None:
            due = {*found.unasked, *self._passes.failures.networks_due(post.position, post.networks)}
            self._seen.setdefault(post.post_id, set()).update(set(post.networks) - due)

    def _cut_short(self, found: Found) -> None:
        refused = found.unasked & self._source.networks.left_out - self._source.networks.limited
        self._passes.cut_short(refused, is_refused=True)
        self._passes.cut_short(found.unasked - refused)

    def _pass(self, post: DuePost, found: Found) -> None:
        self._stats.done += 1
        # The next run begins with the first post that it can't remember.
        self._passed_by += not self._is_stuck
        self._see(post, found)
        self._cut_short(found)
        if not self._is_stuck:
            self._passes.passed(post)

    async def _after_probing(self, behind: list[DuePost]) -> Batch:
        """Return what becomes of the posts that are held, once others behind them have been asked for."""
        picked = {behind[-1], behind[len(behind) // 2], behind[len(behind) // 4]} if behind else set()
        is_answering = await self._asker.probe(sorted(picked, key=lambda post: post.position))
        if is_answering:
            self._attempts.is_proven = True
            return self._carry_out(self._attempts.release())
        self._attempts.is_spent = self._attempts.is_spent or is_answering is None
        return () if self._attempts.is_spent or not behind else self._stop()

    def _stop(self) -> Iterator[Message]:
        last = self._attempts.held[0].found.refusals[0]
        yield from self._carry_out(self._attempts.give_in())
        raise Refused(replace(last, rule=STOPPED, platform=None, details=None, transient=False))
