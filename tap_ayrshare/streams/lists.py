"""Streams that are data: one GET, one list. `schemas/<stream>.json` declares them, in `x-stream`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import Declaration, declarations
from tap_ayrshare.ayrshare.endpoints import DECLARED
from tap_ayrshare.ayrshare.paging import Cursor, paging_of
from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.values import text
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import ListBookmark

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.ayrshare.paging import OnePage
    from tap_ayrshare.engine.exchange import Answer
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class ListStream(AyrshareStream):
    """A stream that its declaration says all of: where its list is, whose it is, how its pages go on.

    Under a request budget the bookmark keeps the page that comes next; a snapshot of today isn't asked for again.
    """

    declared: ClassVar[Declaration]
    bookmark = ListBookmark

    def expected(self, source: Source) -> int | None:
        """Return a request for the first page; none where the list's network isn't linked."""
        network = self.declared.network
        if not network:
            return 1
        networks = source.networks.known(self.declared.reads)
        return None if networks is None else int(network in networks)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read the list, page by page."""
        network = self.declared.network
        if source.is_read_today(self.name):
            return
        if network and network not in await source.networks.able(self.declared.reads, self.name):
            return
        paging = paging_of(self.declared.cursor, text(bookmark.get("cursor")) or "")
        seen: set[Any] = set()
        position, is_resumed = 0, bool(paging.query())
        while True:
            try:
                answer = await self._ask(source, paging, is_resumed=is_resumed)
            except BudgetSpent:
                if isinstance(paging, Cursor):
                    yield [self.checkpoint(bookmark.get("replication_key_value"), cursor=paging.cursor or None)]
                raise
            if answer.refusal and is_resumed:
                paging, is_resumed = paging_of(self.declared.cursor), False
                continue
            items = DECLARED[self.name].all_items(answer.body)
            yield self.records(source, items, network=network or None, around=answer.body, seen=seen, first=position)
            position, is_resumed = position + len(items), False
            if answer.refusal or not paging.turn(answer.body, items):
                break
            if not items:
                self.note_missing(source, DECLARED[self.name], answer, position, network=network)
        if not answer.refusal:
            self.note_missing(source, DECLARED[self.name], answer, position, paging.cut_short, network)
            yield self._read_whole(source, bookmark)

    async def _ask(self, source: Source, paging: OnePage | Cursor, *, is_resumed: bool) -> Answer:
        network = self.declared.network
        request = DECLARED[self.name].request(self.name, paging.query(), networks=(network,) if network else ())
        answer = await source.attempt(request)
        if answer.refusal and is_resumed:
            # What a page was called may not last: the list is read from its beginning.
            source.cover(answer.sent)
        else:
            source.take(request, answer, platform=network or None)
        return answer

    def _read_whole(self, source: Source, bookmark: Mapping[str, Any]) -> Batch:
        if self.contract.replication_key == "snapshot_date":
            return [self.checkpoint(source.snapshot.date)]
        # A page of an earlier run is done with.
        return [self.checkpoint(None)] if bookmark.get("cursor") else []


def _stream_of(declared: Declaration) -> type[ListStream]:
    name = "".join(map(str.capitalize, declared.name.split("_"))) + "Stream"
    return type(name, (ListStream,), {"__doc__": declared.description, "name": declared.name, "declared": declared})


LISTS: tuple[type[ListStream], ...] = tuple(map(_stream_of, declarations()))
"""The streams that are declared in their schemas alone, in the order of their names."""
