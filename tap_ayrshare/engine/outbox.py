"""Messages on their way out of a run, in their order."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic

from tap_ayrshare.engine.errors import Refusal, Scope, TapError
from tap_ayrshare.engine.messages import ALL, Checkpoint, Issue, Record
from tap_ayrshare.engine.sources import Item, Options, S

if TYPE_CHECKING:
    from tap_ayrshare.engine.budget import Turns
    from tap_ayrshare.engine.messages import Message
    from tap_ayrshare.engine.tally import Tally

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 500


class Outbox(Generic[S]):
    """Counts what streams yield, logs what couldn't be read, once, and puts it into a queue of a bounded length.

    queue: what is to be taken out, None behind the last message.
    refused_parts: what refused a part of a source for the whole run, by label and part.
    """

    def __init__(self, tally: Tally, turns: Turns, options: Options) -> None:
        self._tally = tally
        self._turns = turns
        self._options = options
        self._issues: set[tuple[str, str, str, str | None]] = set()
        self.queue: asyncio.Queue[Item[S] | None] = asyncio.Queue(QUEUE_LENGTH)
        self.refused_parts: dict[tuple[str, str], Refusal] = {}

    async def put(self, source: S, message: Message) -> None:
        """Send a message on its way, behind what its source has noted.

        Raises:
            TapError: it is an issue, and the run is to end at the first.
        """
        await self.put_notes(source)
        await self._put(source, message)

    async def put_notes(self, source: S) -> None:
        """Send what a source has noted on its way."""
        while source.notes:
            await self._put(source, source.notes.pop(0))

    async def _put(self, source: S, message: Message) -> None:
        if isinstance(message, Issue):
            await self._put_issue(source, message)
            return
        if isinstance(message, Checkpoint):
            message = self._turns.stamped(source, message)
        elif isinstance(message, Record):
            date = message.values.get(self._options.date_column)
            self._tally.of(source.label, message.stream).count_record(date)
        await self._out(source, message)

    async def _out(self, source: S, message: Message) -> None:
        item = Item(source, message, source.coverage.covered)
        if self.queue.full():
            await self.queue.put(item)
        else:
            self.queue.put_nowait(item)

    async def _put_issue(self, source: S, issue: Issue) -> None:
        found = source.resolve(issue)
        if found is None:
            return
        refusal, label, part = found.refusal, found.label or source.label, str(found.platform)
        self._tally.refused(label, found.stream, refusal)
        if refusal.scope is Scope.PART and not found.of_settings:
            self.refused_parts[source.label, part] = refusal
        self._log(source.label, found)
        row = (label, found.stream, found.resource, found.platform)
        if row not in self._issues:
            self._issues.add(row)
            await self._out(source, found)
        if self._options.fail_on_error and refusal.scope is not Scope.STREAM and not found.of_settings:
            what = f"profile {source.label}, {found.stream}, {found.resource}"
            raise TapError(f"on_error is fail: {what}: {refusal}", refusal.exit_code)

    def _log(self, label: str, issue: Issue) -> None:
        stream, part, refusal = issue.stream, issue.platform, issue.refusal
        if self._tally.met(label, stream, str(part), refusal.code):
            what = "all streams" if stream == ALL else stream
            where = f"all {self._options.parts}" if part == ALL else part
            logger.warning("profile %s, %s, %s: %s (%s)", label, what, where, refusal, refusal.rule.action)
