"""YouTube playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.engine.client import Request
from tap_ayrshare.rows import usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import objects, text, timestamp

if TYPE_CHECKING:
    from tap_ayrshare.profile_run import ProfileRun


class YouTubePlaylistsStream(AyrshareStream):
    """The playlists of a profile's YouTube channel."""

    name = "youtube_playlists"
    bodies = (("details", "playlist"),)

    async def read(self, run: ProfileRun) -> None:
        """Read GET /analytics/youTubePlaylists, where YouTube is among the networks."""
        if "youtube" not in await run.networks("account_analytics", self):
            return
        request = Request(
            "GET",
            "/analytics/youTubePlaylists",
            self.name,
            networks=("youtube",),
            usable=lambda body: playlists(body) is not None,
        )
        answer = await run.ask(request)
        run.settle(self.name, answer)
        if answer.refusal:
            await run.report(self.name, answer.refusal, platform="youtube")
            return
        seen: set[str] = set()
        for position, entry in enumerate(objects(playlists(answer.body))):
            playlist_id = usable_id(entry.get("id"))
            if playlist_id is None:
                await run.report_no_id(self.name, position, entry, "youtube")
            elif playlist_id not in seen:
                seen.add(playlist_id)
                await run.emit(self, _playlist(playlist_id, entry))


def playlists(body: object) -> list[Any] | None:
    """Return the list of playlists: no source shows its envelope (docs/api.md section 7), so all are taken."""
    if isinstance(body, dict) and not is_error(body):
        body = body.get("playlists")
    return body if isinstance(body, list) else None


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
