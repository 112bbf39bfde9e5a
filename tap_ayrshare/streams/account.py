"""The account itself: its linked networks (GET /user) and its user profiles (GET /profiles)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import network_name
from tap_ayrshare.ayrshare.endpoints import PROFILES
from tap_ayrshare.ayrshare.rows import usable_id
from tap_ayrshare.engine.client import BudgetSpent
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import objects, text, texts, timestamp
from tap_ayrshare.posts.cursor import UNDATED
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.streams.memory import Memory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tap_ayrshare.engine.messages import Batch
    from tap_ayrshare.streams.source import Source


class AccountsStream(AyrshareStream):
    """The networks linked to a profile."""

    name = "accounts"

    def check(self, bookmark: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check`; the memory of the profile stands in this bookmark."""
        super().check(bookmark)
        Memory(bookmark, UNDATED)

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Read GET /user: one row for each network in `activeSocialAccounts`."""
        user = await source.user(self.name)
        details = {network_name(entry.get("platform")): entry for entry in objects(user.get("displayNames"))}
        chosen = source.settings.platforms
        for platform in source.linked:
            if chosen is None or platform in chosen:
                yield [self.record(source, _account(platform, user, details.get(platform)))]
        source.stats(self.name).count()


def _account(platform: str, user: dict[str, Any], entry: dict[str, Any] | None) -> dict[str, Any]:
    known = entry or {}
    return {
        "platform": platform,
        "ref_id": text(user.get("refId")),
        "profile_title": text(user.get("title")),
        "account_id": text(known.get("id")),
        "username": text(known.get("username")),
        "display_name": text(known.get("displayName")),
        "profile_url": text(known.get("profileUrl")),
        "image_url": text(known.get("userImage")),
        "account_type": text(known.get("type")),
        "linked_at": timestamp(known.get("created")),
        "details": entry,
        "user": {key: value for key, value in user.items() if key != "displayNames"},
    }


class ProfilesStream(AyrshareStream):
    """The user profiles of the account; asked with the API key alone."""

    name = "profiles"

    async def read(self, source: Source, bookmark: Mapping[str, Any]) -> AsyncIterator[Batch]:
        """Read GET /profiles, page by page."""
        # Where the request budget of an earlier run ended.
        cursor = begin = text(bookmark.get("cursor"))
        cursors: set[str] = set()
        seen: set[str] = set()
        position = 0
        while True:
            request = PROFILES.request(self.name, {"cursor": cursor} if cursor else {})
            try:
                answer = await source.ask(request)
            except BudgetSpent:
                yield [self.checkpoint(None, cursor=cursor)]
                raise
            source.settle(self.name, answer)
            if answer.refusal and cursor == begin is not None:
                cursor = begin = None
                continue
            if answer.refusal:
                yield [Issue(self.name, answer.refusal)]
                return
            for entry in PROFILES.listed(answer.body):
                ref_id = usable_id(entry.get("refId"))
                if ref_id is None:
                    source.note_no_id(self.name, position, entry)
                elif ref_id not in seen:
                    seen.add(ref_id)
                    yield [self.record(source, _profile(ref_id, entry))]
                position += 1
            given = answer.body.get("pagination")
            pagination = given if isinstance(given, dict) else {}
            cursor = text(pagination.get("nextCursor")) if pagination.get("hasMore") is not False else None
            if cursor is None or cursor in cursors:
                break
            cursors.add(cursor)
        if begin:
            yield [self.checkpoint(None)]


def _profile(ref_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    platforms = entry.get("activeSocialAccounts")
    suspended = entry.get("suspended")
    return {
        "ref_id": ref_id,
        "title": text(entry.get("title")),
        "display_title": text(entry.get("displayTitle")),
        "status": text(entry.get("status")),
        "suspended": suspended if isinstance(suspended, bool) else None,
        "created_at": timestamp(entry.get("createdUTC")) or timestamp(entry.get("created")),
        "platforms": texts(platforms) if isinstance(platforms, list) else None,
        "details": entry,
    }
