"""A run over many sources: all read side by side, each one's streams one after another, messages in order."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.clock import singer_time
from tap_ayrshare.engine.errors import Refusal, Refused, Scope, TapError
from tap_ayrshare.engine.messages import ALL, Checkpoint, Ended, Issue, Record, Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from tap_ayrshare.engine.client import Client, ProfileClient
    from tap_ayrshare.engine.coverage import Coverage
    from tap_ayrshare.engine.messages import Batch, Message
    from tap_ayrshare.engine.tally import Tally

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 500
SPENT = "the request budget is spent"
IN_FUTURE = "its bookmark lies in the future"
NEVER, LAST = "", "~"
"""When a stream had its turn that never had one, and where one sorts that takes no turns."""


class Source(Protocol):
    """What is read: one partition of every stream.

    notes: issues that go out with the next message.
    """

    label: str
    client: ProfileClient
    coverage: Coverage
    notes: list[Issue]

    def bookmark(self, stream: str) -> Mapping[str, Any]:
        """Return the bookmark of a stream as it came in, empty if there is none."""

    def resolve(self, issue: Issue) -> Issue | None:
        """Return an issue as far as it reaches, None if it is nothing new."""

    def warn_of_future(self, stream: str, value: object) -> None:
        """Warn that nothing of a stream is read, since its bookmark lies in the future."""


S = TypeVar("S", bound=Source)
S_contra = TypeVar("S_contra", bound=Source, contravariant=True)


class Stream(Protocol[S_contra]):
    """A stream that can be read from a source."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def takes_turns(self) -> bool:
        """Whether it needs its turn under a request budget."""

    @property
    def leader(self) -> str:
        """The name of the stream that reads it too, "" if there is none; it has its turn behind that one."""

    def expected(self, source: S_contra) -> int | None:
        """Return how many requests reading it takes; None as long as that isn't known."""

    def in_future(self, source: S_contra, bookmark: Mapping[str, Any]) -> bool:
        """Return whether a bookmark lies in the future."""

    def read(self, source: S_contra, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the stream from one source."""


@dataclass(frozen=True)
class Item(Generic[S]):
    """A message on its way out; covered: how many requests of the source the messages up to it are answers to."""

    source: S
    message: Message
    covered: int


@dataclass(frozen=True)
class Options:
    """How a run goes.

    has_budget: whether it has a request budget, so that streams take turns from run to run.
    """

    now: datetime
    has_budget: bool
    fail_on_error: bool


class Sync(Generic[S]):
    """A run over sources.

    fatal: what ended the run, None while it goes on.
    refused: what ended a source, by label.
    refused_parts: what refused a part of a source for the whole run, by label and part.
    ended: how the streams ended, by label and stream.
    is_spent: whether the request budget is spent.
    active: the labels of the sources that are being read.
    """

    def __init__(
        self, client: Client, work: Sequence[tuple[S, Sequence[Stream[S]]]], tally: Tally, options: Options
    ) -> None:
        """Make a run.

        Args:
            client: the connections of all sources.
            work: the sources, each with the streams that are read from it, in their order.
            tally: where it is counted how requests ended.
            options: how the run goes.
        """
        self._client = client
        self._tally = tally
        self._options = options
        self._queue: asyncio.Queue[Item[S] | None] = asyncio.Queue(QUEUE_LENGTH)
        self._tasks: list[asyncio.Task[None]] = []
        self._saved: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._turns: dict[tuple[str, str], str] = {}
        self._issues: set[tuple[str, str, str, str | None]] = set()
        self._why_cancelled = ""
        if options.has_budget:
            # The stream that has waited longest for its turn comes first, so that none waits for ever.
            in_turn = [(one, _in_turn(one, streams)) for one, streams in work]
            work = sorted(in_turn, key=lambda job: min((_turn(job[0], stream) for stream in job[1]), default=NEVER))
        self.work = work
        self.fatal: TapError | None = None
        self.is_spent = False
        self.refused: dict[str, Refusal] = {}
        self.refused_parts: dict[tuple[str, str], Refusal] = {}
        self.ended: dict[tuple[str, str], Ended] = {}
        self.active: set[str] = set()

    async def items(self) -> AsyncGenerator[Item[S], None]:
        """Read all sources and yield their messages, those of one source in order."""
        async with self._client.opened():
            self._tasks = [asyncio.create_task(self._read(source, streams)) for source, streams in self.work]
            end = asyncio.create_task(self._end())
            try:
                while (item := await self._queue.get()) is not None:
                    yield item
            finally:
                self.cancel("its messages are no longer read")
                end.cancel()
                await asyncio.gather(*self._tasks, end, return_exceptions=True)

    @property
    def is_cancelled(self) -> bool:
        """Whether the run was ended before its own end."""
        return bool(self._why_cancelled)

    def cancel(self, why: str) -> None:
        """End the run at a safe point; why: what the streams that aren't complete say of it."""
        self._why_cancelled = self._why_cancelled or why
        for task in self._tasks:
            task.cancel()

    async def _end(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for task in self._tasks:
            if not task.cancelled() and (error := task.exception()):
                logger.error("unexpected error: please report it", exc_info=error)
                self.fatal = TapError(f"unexpected error ({type(error).__name__}), see above")
        for source, streams in self.work:
            for stream in streams:
                if (source.label, stream.name) not in self.ended:
                    await self._pass_end(source, stream, *self._cut_off(source, stream), is_cut_off=True)
        await self._queue.put(None)

    def _cut_off(self, source: S, stream: Stream[S]) -> tuple[Status, str]:
        """Return the status and the reason of a stream that wasn't read to its end."""
        refusal = self.refused.get(source.label)
        why = str(refusal or self._why_cancelled or SPENT)
        is_failure = refusal is not None or self.fatal is not None
        has_records = self._tally.of(source.label, stream.name).records > 0
        return Status.FAILED if is_failure and not has_records else Status.PARTIAL, why

    async def _pass_end(
        self, source: S, stream: Stream[S], status: Status, reason: str, *, is_cut_off: bool = False
    ) -> None:
        if not stream.takes_turns:
            return
        stats = self._tally.of(source.label, stream.name)
        stats.requests = source.client.requests[stream.name]
        ended = Ended(stream.name, status, reason, stats, is_cut_off)
        self.ended[source.label, stream.name] = ended
        await self._queue.put(Item(source, ended, source.coverage.covered))

    async def _read(self, source: S, streams: Sequence[Stream[S]]) -> None:
        """Read the streams of one source."""
        self.active.add(source.label)
        try:
            for stream in streams:
                await self._give_turn(source, stream)
        except Refused as refused:
            await self._refuse(source, refused.refusal)
        except BudgetSpent:
            self.is_spent = True
        except TapError as error:
            self._fail(error)
        finally:
            self.active.discard(source.label)

    async def _refuse(self, source: S, refusal: Refusal) -> None:
        self.refused[source.label] = refusal
        try:
            await self._pass(source, Issue(ALL, refusal))
            if refusal.scope is Scope.RUN:
                raise TapError(f"{refusal.rule.action} ({refusal})", refusal.exit_code)
        except TapError as error:
            self._fail(error)

    def _fail(self, error: TapError) -> None:
        self.fatal = self.fatal or error
        self.cancel(str(error))

    async def _give_turn(self, source: S, stream: Stream[S]) -> None:
        """Read a stream of a source; under a budget its bookmark remembers that it had its turn."""
        sent = source.client.sent
        try:
            await self._read_stream(source, stream)
        except BudgetSpent:
            if source.client.sent > sent:
                # Next time before those that were read to the end.
                await self._take_turn(source, stream, self._options.now - timedelta(milliseconds=1))
            raise
        if self._options.has_budget and stream.takes_turns:
            await self._take_turn(source, stream, self._options.now)
        await self._pass_end(source, stream, *self._ending(source, stream))

    def _ending(self, source: S, stream: Stream[S]) -> tuple[Status, str]:
        """Return the status and the reason of a stream that was read to its end."""
        stats = self._tally.of(source.label, stream.name)
        if stats.in_future:
            return Status.FAILED, IN_FUTURE
        if stats.skipped:
            return Status.SKIPPED, stats.skipped
        if stats.failed and not stats.answered:
            return Status.FAILED, stats.cause
        failures = [f"{code}: {count}" for code, count in sorted(stats.failures.items())]
        missing = [*sorted(stats.stays_due), *([f"failed: {', '.join(failures)}"] if failures else [])]
        return (Status.PARTIAL, "; ".join(missing)) if missing else (Status.COMPLETE, "")

    async def _take_turn(self, source: S, stream: Stream[S], moment: datetime) -> None:
        self._turns[source.label, stream.name] = singer_time(moment)
        known = self._saved.get((source.label, stream.name), source.bookmark(stream.name))
        kept = {name: value for name, value in known.items() if name not in ("context", "replication_key", "turn")}
        await self._pass(source, Checkpoint(stream.name, kept))

    async def _read_stream(self, source: S, stream: Stream[S]) -> None:
        bookmark, stats = source.bookmark(stream.name), self._tally.of(source.label, stream.name)
        stats.began, waited = monotonic(), source.client.pacer.waited
        try:
            if stream.takes_turns and stream.in_future(source, bookmark):
                source.warn_of_future(stream.name, bookmark["replication_key_value"])
                stats.in_future = True
                return
            async with aclosing(stream.read(source, bookmark)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    for message in batch:
                        await self._pass_notes(source)
                        await self._pass(source, message)
            await self._pass_notes(source)
        except BudgetSpent:
            await self._pass_notes(source)
            raise
        except Refused as refused:
            await self._pass_notes(source)
            if refused.refusal.scope in (Scope.PROFILE, Scope.RUN):
                raise
            stats.stop(refused.refusal)
            await self._pass(source, Issue(stream.name, refused.refusal))
        finally:
            stats.ended, stats.waited = monotonic(), source.client.pacer.waited - waited

    async def _pass_notes(self, source: S) -> None:
        while source.notes:
            await self._pass(source, source.notes.pop(0))

    async def _pass(self, source: S, message: Message) -> None:
        """Send a message on its way.

        Raises:
            TapError: it is an issue, and the run is to end at the first.
        """
        if isinstance(message, Checkpoint):
            key = source.label, message.stream
            bookmark = dict(message.bookmark)
            if turn := self._turns.get(key) or source.bookmark(message.stream).get("turn"):
                bookmark["turn"] = turn
            self._saved[key] = bookmark
            message = Checkpoint(message.stream, bookmark)
        if isinstance(message, Record):
            self._tally.of(source.label, message.stream).count_record(message.values.get("published_at"))
        if isinstance(message, Issue):
            await self._pass_issue(source, message)
        else:
            await self._queue.put(Item(source, message, source.coverage.covered))

    async def _pass_issue(self, source: S, issue: Issue) -> None:
        found = source.resolve(issue)
        if found is None:
            return
        refusal, stream, platform = found.refusal, found.stream, found.platform
        self._tally.refused(found.label or source.label, stream, refusal)
        if refusal.scope is Scope.NETWORK and not found.of_settings:
            self.refused_parts[source.label, str(platform)] = refusal
        if self._tally.met(source.label, stream, str(platform), refusal.code):
            what = "all streams" if stream == ALL else stream
            where = "all networks" if platform == ALL else platform
            logger.warning("profile %s, %s, %s: %s (%s)", source.label, what, where, refusal, refusal.rule.action)
        row = (found.label or source.label, stream, found.resource, platform)
        if row not in self._issues:
            self._issues.add(row)
            await self._queue.put(Item(source, found, source.coverage.covered))
        if self._options.fail_on_error and refusal.scope is not Scope.STREAM and not found.of_settings:
            what = f"profile {source.label}, {stream}, {found.resource}"
            raise TapError(f"on_error is fail: {what}: {refusal}", refusal.exit_code)


def _in_turn(source: S, streams: Sequence[Stream[S]]) -> list[Stream[S]]:
    """Return the streams of a source in the order of their turns, those that another one reads behind that one."""
    turns = {stream.name: _turn(source, stream) for stream in streams}
    return sorted(streams, key=lambda stream: turns.get(stream.leader, turns[stream.name]))


def _turn(source: Source, stream: Stream[Any]) -> str:
    """Return when a stream of a source last had its turn under a budget."""
    return str(source.bookmark(stream.name).get("turn", NEVER)) if stream.takes_turns else LAST
