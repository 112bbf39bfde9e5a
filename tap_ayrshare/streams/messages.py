"""Direct messages on Facebook, Instagram and X (GET /messages/:platform)."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.ayrshare.contract import X, first
from tap_ayrshare.ayrshare.endpoints import MESSAGES
from tap_ayrshare.ayrshare.rows import freshness, usable_id
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import dig, text, timestamp
from tap_ayrshare.streams.bookmarks import MessagesBookmark
from tap_ayrshare.streams.by_network import ByNetworkStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

PAGE = "100"
"""Messages of X to request at once, the most that the API allows (docs/api.md section 10)."""
CURSORS = (("meta", "pagination", "next"), ("pagination", "next"), ("pagination", "nextCursor"), ("next",))
"""Where the cursor of X may stand: that there is one is documented, its place is not."""

TEXTS = (
    "message_id", "conversation_id", "action", "text", "sender_id", "sender_name", "recipient_id", "recipient_name",
)  # fmt: skip
MOMENTS = ("created_at", "updated_at")


class MessagesStream(ByNetworkStream):
    """The messages of a profile, a row for each."""

    name = "messages"
    bookmark = MessagesBookmark
    reads = "messages"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the messages of every network, X page by page; what a budget leaves over comes first next time."""
        if source.is_read_today(self.name):
            return
        networks = await source.networks(self.reads, self.name)
        read_on, pages = dict(bookmark.get("read_on", {})), dict(bookmark.get("pages", {}))

        def request(network: str) -> Request:
            return _request(network, pages.get(network))

        try:
            async with aclosing(self.answers(source, networks, read_on, request)) as answers:
                async for network, first_answer in answers:
                    answer = first_answer
                    if answer.refusal and pages.pop(network, None):
                        # What a page was called may not last.
                        answer = await source.ask(request(network))
                        source.settle(self.name, answer)
                    async for batch in self._pages(source, network, answer, pages):
                        yield batch
                    pages.pop(network, None)
                    read_on[network] = source.snapshot.date
        except BudgetSpent:
            yield [self.checkpoint(bookmark.get("replication_key_value"), read_on=read_on, pages=pages)]
            raise
        yield [self.checkpoint(source.snapshot.date)]

    async def _pages(self, source: Source, network: str, answer: Answer, pages: dict[str, str]) -> AsyncIterator[Batch]:
        """Yield the messages of a network's page and of those behind it; `pages` has the one that comes next."""
        seen: set[str] = set()
        cursors = {pages.get(network, "")}
        while True:
            yield self._messages(source, network, answer, seen)
            cursor = _cursor_after(network, answer)
            if cursor is None or cursor in cursors:
                return
            cursors.add(cursor)
            pages[network] = cursor
            answer = await source.ask(_request(network, cursor))
            source.settle(self.name, answer)
            for refusal in answer.refusals:
                yield [Issue(self.name, refusal, platform=network)]

    def _messages(self, source: Source, network: str, answer: Answer, seen: set[str]) -> Batch:
        """Yield the messages of a page, each id once; one without an id is noted."""
        for position, message in enumerate(MESSAGES.listed(answer.body)):
            message_id = usable_id(message.get("id"))
            if message_id is None or is_error(message):
                source.note_no_id(self.name, position, message, network)
            elif message_id not in seen:
                seen.add(message_id)
                yield self.record(source, {"platform": network, **_message(network, message), **freshness(answer.body)})


def _request(network: str, cursor: str | None) -> Request:
    query = {"limit": PAGE} if network == X else {}
    query |= {"next": cursor} if cursor else {}
    return MESSAGES.request(MessagesStream.name, query, networks=(network,), network=network)


def _cursor_after(network: str, answer: Answer) -> str | None:
    """Return the cursor of the next page, None if there is none; only X has pages."""
    if network != X or any(dig(answer.body, (*path[:-1], "hasMore")) is False for path in CURSORS):
        return None
    return next((cursor for path in CURSORS if (cursor := text(dig(answer.body, path)))), None)


def _message(network: str, message: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: text(first("message_fields", network, name, message)) for name in TEXTS}
    columns |= {name: timestamp(first("message_fields", network, name, message)) for name in MOMENTS}
    return {**columns, "message": message}
