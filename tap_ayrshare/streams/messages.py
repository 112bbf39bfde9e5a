"""Direct messages on Facebook, Instagram and X (GET /messages/:platform)."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import X
from tap_ayrshare.ayrshare.endpoints import MESSAGES
from tap_ayrshare.ayrshare.paging import Cursor, paging_of
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.streams.bookmarks import MessagesBookmark
from tap_ayrshare.streams.by_network import ByNetworkStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.ayrshare.paging import OnePage
    from tap_ayrshare.engine.exchange import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source

PAGE = "100"
"""Messages of X to request at once, the most that the API allows (docs/api.md section 10)."""


class MessagesStream(ByNetworkStream):
    """The messages of a profile, a row for each."""

    name = "messages"
    bookmark = MessagesBookmark
    reads = "messages"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the messages of every network, X page by page; what a budget leaves over comes first next time."""
        if source.is_read_today(self.name):
            return
        networks = await source.networks.able(self.reads, self.name)
        read_on, begun = dict(bookmark.get("read_on", {})), dict(bookmark.get("pages", {}))
        pagings = {name: paging_of("next" if name == X else None, begun.get(name, "")) for name in networks}

        def request(network: str) -> Request:
            return _request(network, pagings[network])

        try:
            async with aclosing(self.answers(source, networks, read_on, request)) as answers:
                async for network, answer in answers:
                    async for batch in self._pages(source, network, answer, pagings):
                        yield batch
                    read_on[network] = source.snapshot.date
        except BudgetSpent:
            pages = {name: one.cursor for name, one in pagings.items() if isinstance(one, Cursor) and one.cursor}
            pages = {name: cursor for name, cursor in pages.items() if read_on.get(name) != source.snapshot.date}
            yield [self.checkpoint(bookmark.get("replication_key_value"), read_on=read_on, pages=pages)]
            raise
        yield [self.checkpoint(source.snapshot.date)]

    async def _pages(
        self, source: Source, network: str, answer: Answer, pagings: dict[str, OnePage | Cursor]
    ) -> AsyncIterator[Batch]:
        """Yield the messages of a network's page and of those behind it."""
        seen: set[Any] = set()
        position = 0
        if answer.refusal and pagings[network].query():
            # What a page was called may not last.
            pagings[network] = paging_of("next")
            answer = await source.ask(_request(network, pagings[network]), platform=network)
        while True:
            items = MESSAGES.all_items(answer.body)
            yield self.records(source, items, network=network, around=answer.body, seen=seen, first=position)
            position += len(items)
            if answer.refusal or not pagings[network].turn(answer.body, items):
                break
            answer = await source.ask(_request(network, pagings[network]), platform=network)
        if not answer.refusal:
            self.note_missing(source, MESSAGES, answer, position, pagings[network].cut_short, network)


def _request(network: str, paging: OnePage | Cursor) -> Request:
    query = {**({"limit": PAGE} if network == X else {}), **paging.query()}
    return MESSAGES.request(MessagesStream.name, query, networks=(network,), network=network)
