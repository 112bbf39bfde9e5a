"""A run over many sources: all read side by side, each one's streams one after another, messages in order."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Generic

from tap_ayrshare.engine.budget import SPENT, BudgetSpent, Turns
from tap_ayrshare.engine.endings import cut_off, ending
from tap_ayrshare.engine.errors import Refusal, Refused, Scope, TapError
from tap_ayrshare.engine.messages import ALL, Ended, Issue, Status
from tap_ayrshare.engine.outbox import Outbox
from tap_ayrshare.engine.sources import Item, Options, S, Source, Stream, Work

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from tap_ayrshare.engine.tally import Tally
    from tap_ayrshare.engine.transport import Client

__all__ = ["Item", "Options", "Source", "Stream", "Sync"]

logger = logging.getLogger(__name__)


class Sync(Generic[S]):
    """A run over sources.

    fatal: what ended the run, None while it goes on.
    refused: what ended a source, by label.
    ended: how the streams ended, by label and stream.
    is_spent: whether the request budget is spent.
    active: the labels of the sources that are being read.
    """

    def __init__(self, client: Client, work: Sequence[Work[S]], tally: Tally, options: Options) -> None:
        """Make a run.

        Args:
            client: the connections of all sources.
            work: the sources, each with the streams that are read from it, in their order.
            tally: where it is counted how requests ended.
            options: how the run goes.
        """
        self._client = client
        self._turns = Turns(options.now)
        self._outbox = Outbox[S](tally, self._turns, options)
        self._reader = _Reader(self._outbox, tally)
        self._tally = tally
        self._has_budget = options.has_budget
        self._tasks: list[asyncio.Task[None]] = []
        self._why_cancelled = ""
        self._crashed: dict[str, str] = {}
        self.work = self._turns.in_order(work) if options.has_budget else work
        self.fatal: TapError | None = None
        self.is_spent = False
        self.refused: dict[str, Refusal] = {}
        self.ended: dict[tuple[str, str], Ended] = {}
        self.active: set[str] = set()

    async def items(self) -> AsyncGenerator[Item[S], None]:
        """Read all sources and yield their messages, those of one source in order."""
        async with self._client.opened():
            self._tasks = [asyncio.create_task(self._read(source, streams)) for source, streams in self.work]
            end = asyncio.create_task(self._end())
            try:
                while (item := await self._outbox.queue.get()) is not None:
                    yield item
            finally:
                self.cancel("its messages are no longer read")
                end.cancel()
                await asyncio.gather(*self._tasks, end, return_exceptions=True)

    @property
    def refused_parts(self) -> dict[tuple[str, str], Refusal]:
        """What refused a part of a source for the whole run, by label and part."""
        return self._outbox.refused_parts

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
        for source, streams in self.work:
            for stream in streams:
                if (source.label, stream.name) not in self.ended:
                    await self._put_end(source, stream, *self._cut_off(source, stream), is_cut_off=True)
        await self._outbox.queue.put(None)

    def _cut_off(self, source: S, stream: Stream[S]) -> tuple[Status, str]:
        """Return the status and the reason of a stream that wasn't read to its end."""
        refusal, crash = self.refused.get(source.label), self._crashed.get(source.label)
        is_failure = refusal is not None or self.fatal is not None
        status = cut_off(self._tally.of(source.label, stream.name), is_failure=is_failure)
        return status, str(refusal or crash or self._why_cancelled or SPENT)

    async def _put_end(
        self, source: S, stream: Stream[S], status: Status, reason: str, *, is_cut_off: bool = False
    ) -> None:
        if not stream.takes_turns:
            return
        stats = self._tally.of(source.label, stream.name)
        stats.requests = source.client.requests[stream.name]
        ended = Ended(stream.name, status, reason, stats, is_cut_off)
        self.ended[source.label, stream.name] = ended
        await self._outbox.queue.put(Item(source, ended, source.coverage.covered))

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
        except Exception as error:
            logger.exception("profile %s: unexpected error: please report it", source.label)
            self._crashed[source.label] = f"unexpected error ({type(error).__name__})"
            self.fatal = self.fatal or TapError(f"{self._crashed[source.label]}, see above")
        finally:
            self.active.discard(source.label)

    async def _refuse(self, source: S, refusal: Refusal) -> None:
        self.refused[source.label] = refusal
        try:
            await self._outbox.put(source, Issue(ALL, refusal))
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
            await self._reader.read(source, stream)
        except BudgetSpent:
            if source.client.sent > sent:
                await self._outbox.put(source, self._turns.take(source, stream.name, is_cut_off=True))
            raise
        if self._has_budget and stream.takes_turns:
            await self._outbox.put(source, self._turns.take(source, stream.name, is_cut_off=False))
        await self._put_end(source, stream, *ending(self._tally.of(source.label, stream.name)))


class _Reader(Generic[S]):
    """Reads one stream of one source: what it yields goes out, and what ends it is counted."""

    def __init__(self, outbox: Outbox[S], tally: Tally) -> None:
        self._outbox = outbox
        self._tally = tally

    async def read(self, source: S, stream: Stream[S]) -> None:
        """Read a stream.

        Raises:
            Refused: the source or the run is refused.
            BudgetSpent: the request budget is spent.
        """
        bookmark, stats = source.bookmark(stream.name), self._tally.of(source.label, stream.name)
        stats.began, waited = monotonic(), source.client.pacer.waited
        try:
            if stream.takes_turns and stream.in_future(source, bookmark):
                source.warn_of_future(stream.name)
                return
            async with aclosing(stream.read(source, bookmark)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    for message in batch:
                        await self._outbox.put(source, message)
            await self._outbox.put_notes(source)
        except BudgetSpent:
            await self._outbox.put_notes(source)
            raise
        except Refused as refused:
            await self._outbox.put_notes(source)
            if refused.refusal.scope in (Scope.PROFILE, Scope.RUN):
                raise
            stats.stop(refused.refusal)
            await self._outbox.put(source, Issue(stream.name, refused.refusal))
        finally:
            stats.ended, stats.waited = monotonic(), source.client.pacer.waited - waited
