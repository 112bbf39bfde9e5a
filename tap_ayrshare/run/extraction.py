"""One run, whoever its messages are for: what is read from which profile, and in which order."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import OF_ACCOUNT
from tap_ayrshare.config.settings import PRIMARY, Profile
from tap_ayrshare.engine.clock import read_clock
from tap_ayrshare.engine.messages import Checkpoint, Ended, Issue, Record
from tap_ayrshare.engine.sync import Options, Sync
from tap_ayrshare.engine.tally import Tally
from tap_ayrshare.engine.transport import Client
from tap_ayrshare.streams import STREAMS
from tap_ayrshare.streams.by_network import relate
from tap_ayrshare.streams.journal import ExtractionErrorsStream, SyncRunsStream
from tap_ayrshare.streams.snapshot import Snapshot
from tap_ayrshare.streams.source import Source

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping

    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.engine.messages import Message
    from tap_ayrshare.engine.sync import Item
    from tap_ayrshare.streams.base import AyrshareStream

OF_A_PROFILE = tuple(kind.name for kind in STREAMS if kind.takes_turns and kind.name not in OF_ACCOUNT)
"""The streams that are read from a profile."""


class Extraction:
    """One run.

    streams: those that are selected, in the order in which they are read.
    readers: the profiles that the settings name; sources: those too that are asked for the list of profiles alone.
    """

    def __init__(
        self, settings: Settings, selected: Collection[str], bookmarks: Callable[[str, str], Mapping[str, Any]]
    ) -> None:
        """Make a run; nothing is asked yet.

        Args:
            settings: the settings.
            selected: the names of the streams that are wanted.
            bookmarks: returns the bookmark of a stream and profile as it came in, empty if there is none.
        """
        self.settings = settings
        self.tally = Tally()
        now = read_clock()
        self.snapshot = Snapshot(settings, now, selected, bookmarks, self.tally)
        self.streams: list[AyrshareStream] = [kind() for kind in STREAMS if kind.name in selected]
        relate(self.streams)
        self._errors, self._runs = ExtractionErrorsStream(), SyncRunsStream()
        self.client = client = Client(settings, settings.secrets)
        self.readers = [Source(self.snapshot, profile, client) for profile in settings.profiles]
        self._account = self._account_source(client)
        extra = [self._account] if self._account and self._account not in self.readers else []
        self.sources = [*extra, *self.readers]
        options = Options(now, settings.request_budget is not None, settings.fail_on_error, "published_at", "networks")
        work = [(source, self._streams_of(source)) for source in self.sources]
        self.sync = Sync(client, work, self.tally, options)

    def _account_source(self, client: Client) -> Source | None:
        """Return the source that is asked for the list of profiles."""
        if OF_ACCOUNT.isdisjoint(self.snapshot.selected) or not self.settings.reads_profile_list:
            return None
        primary = next((source for source in self.readers if source.label == PRIMARY), None)
        return primary or Source(self.snapshot, Profile(PRIMARY, None), client)

    def _streams_of(self, source: Source) -> list[AyrshareStream]:
        """Return the streams that are read from a source, in order."""
        if source is not self._account:
            return [stream for stream in self.streams if stream.name not in OF_ACCOUNT]
        if source in self.readers:
            return self.streams
        return [stream for stream in self.streams if stream.name in OF_ACCOUNT or not stream.takes_turns]

    async def items(self) -> AsyncGenerator[Item[Source], None]:
        """Read everything that is selected and yield its records, bookmarks and ends; those of a profile in order."""
        async with aclosing(self.sync.items()) as items:
            async for item in items:
                message = self._as_written(item.source, item.message)
                if message is not None:
                    yield item if message is item.message else replace(item, message=message)
                if isinstance(item.message, Ended):
                    yield item

    def _as_written(self, source: Source, message: Message) -> Record | Checkpoint | None:
        """Return a message as it is written: issues and ends as records; None if its stream isn't selected."""
        if isinstance(message, Issue):
            message = self._errors.of(source, message)
        elif isinstance(message, Ended):
            message = self._runs.of(source, message)
        else:
            return message
        self.tally.of(source.label, message.stream).count_record()
        return message if message.stream in self.snapshot.selected else None
