"""YouTube playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.endpoints import PLAYLISTS
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import text, timestamp
from tap_ayrshare.streams.base import AyrshareStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class YouTubePlaylistsStream(AyrshareStream):
    """The playlists of a profile's YouTube channel."""

    name = "youtube_playlists"

    def expected(self, source: Source) -> int | None:
        """See `AyrshareStream.expected`."""
        networks = source.known_networks("account_analytics")
        return None if networks is None else int("youtube" in networks)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read GET /analytics/youTubePlaylists if YouTube is among the networks."""
        if "youtube" not in await source.networks("account_analytics", self.name):
            return
        answer = await source.ask(PLAYLISTS.request(self.name, networks=("youtube",)))
        source.settle(self.name, answer)
        if answer.refusal:
            yield [Issue(self.name, answer.refusal, platform="youtube")]
            return
        seen: set[str] = set()
        for position, entry in enumerate(PLAYLISTS.listed(answer.body)):
            playlist_id = usable_id(entry.get("id"))
            if playlist_id is None:
                source.note_no_id(self.name, position, entry, "youtube")
            elif playlist_id not in seen:
                seen.add(playlist_id)
                yield [self.record(source, _playlist(playlist_id, entry))]


def _playlist(playlist_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "playlist_id": playlist_id,
        "title": text(entry.get("title")),
        "description": text(entry.get("description")),
        "url": text(entry.get("url")),
        "channel_id": text(entry.get("channelId")),
        "published_at": timestamp(entry.get("publishedAt")),
        "details": entry,
    }
