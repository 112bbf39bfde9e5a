"""YouTube playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.endpoints import PLAYLISTS
from tap_ayrshare.ayrshare.rows import freshness, usable_id
from tap_ayrshare.engine.values import dig, integer, number, text, timestamp
from tap_ayrshare.streams.by_network import NetworkSnapshotStream

if TYPE_CHECKING:
    from tap_ayrshare.engine.client import Answer, Request
    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class YouTubePlaylistsStream(NetworkSnapshotStream):
    """The playlists of a profile's YouTube channel, a snapshot a day."""

    name = "youtube_playlists"
    reads = "playlists"

    def request(self, network: str) -> Request:
        """See `NetworkSnapshotStream.request`."""
        return PLAYLISTS.request(self.name, networks=(network,))

    def messages(self, source: Source, network: str, answer: Answer) -> Batch:
        """Yield the playlists, each id once; one without an id is noted."""
        around = answer.body if isinstance(answer.body, dict) else {}
        seen: set[str] = set()
        for position, entry in enumerate(PLAYLISTS.listed(answer.body)):
            playlist_id = usable_id(entry.get("id"))
            if playlist_id is None:
                source.note_no_id(self.name, position, entry, network)
            elif playlist_id not in seen:
                seen.add(playlist_id)
                yield self.record(source, {"playlist_id": playlist_id, **_playlist(entry, around)})


def _playlist(entry: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": text(entry.get("title")),
        "description": text(entry.get("description")),
        "url": text(entry.get("url")),
        "thumbnail_url": text(dig(entry, ("thumbNail", "url"))),
        "channel_id": text(entry.get("channelId")) or text(around.get("channelId")),
        "published_at": timestamp(entry.get("publishedAt")),
        "views": integer(entry.get("views")),
        "playlist_starts": integer(entry.get("playlistStarts")),
        "views_per_playlist_start": number(entry.get("viewsPerPlaylistStart")),
        "average_time_in_playlist": number(entry.get("averageTimeInPlaylist")),
        "average_view_duration": number(entry.get("averageViewDuration")),
        "estimated_minutes_watched": number(entry.get("estimatedMinutesWatched")),
        "details": entry,
        **freshness(around),
    }
