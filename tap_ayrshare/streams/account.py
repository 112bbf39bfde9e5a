"""The networks that are linked to a profile (GET /user)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.columns import read_columns
from tap_ayrshare.ayrshare.contract import network_name
from tap_ayrshare.engine.values import objects
from tap_ayrshare.posts.cursor import UNDATED
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.bookmarks import AccountsBookmark
from tap_ayrshare.streams.memory import Memory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class AccountsStream(AyrshareStream):
    """The networks linked to a profile."""

    name = "accounts"
    bookmark = AccountsBookmark

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`; the memory of the profile stands in this bookmark."""
        super().check(bookmark)
        Memory(bookmark, UNDATED)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read GET /user: one row for each network in `activeSocialAccounts`."""
        user = await source.user(self.name)
        details = {network_name(entry.get("platform")): entry for entry in objects(user.get("displayNames"))}
        of_profile = {key: value for key, value in user.items() if key != "displayNames"}
        chosen = source.settings.platforms
        for platform in source.networks.linked:
            if chosen is None or platform in chosen:
                entry = details.get(platform)
                row = read_columns(self.name, platform, entry or {}, user)
                yield [self.record(source, {**row, "platform": platform, "details": entry, "user": of_profile})]
        source.stats(self.name).count()
