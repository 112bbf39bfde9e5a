"""The account itself: its linked networks (GET /user) and its user profiles (GET /profiles)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import is_error
from tap_ayrshare.engine.client import BudgetSpent, Request
from tap_ayrshare.memory import Memory
from tap_ayrshare.posts.cursor import UNDATED
from tap_ayrshare.profile_run import linked_networks
from tap_ayrshare.rows import usable_id
from tap_ayrshare.streams.base import AyrshareStream
from tap_ayrshare.values import objects, text, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.profile_run import ProfileRun


class AccountsStream(AyrshareStream):
    """The networks linked to a profile."""

    name = "accounts"
    bodies = (("details", "display_name"), ("user", "user"))

    def check_state(self, values: Mapping[str, Any]) -> None:
        """See `AyrshareStream.check_state`; the memory of the profile stands in this bookmark."""
        super().check_state(values)
        Memory(values, UNDATED)

    async def read(self, run: ProfileRun) -> None:
        """Read GET /user: one row for each network in `activeSocialAccounts`."""
        user = await run.user(self)
        details = {str(entry.get("platform")).lower(): entry for entry in objects(user.get("displayNames"))}
        chosen = run.settings.platforms
        for platform in linked_networks(user):
            if chosen is None or platform in chosen:
                await run.emit(self, _account(platform, user, details.get(platform)))
        run.run.tally.streams[self.name].answered += 1


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
    bodies = (("details", "profile"),)

    async def read(self, run: ProfileRun) -> None:
        """Read GET /profiles, page by page."""
        # Where the request budget of an earlier run ended.
        cursor = begin = text(run.state(self).get("cursor"))
        cursors: set[str] = set()
        seen: set[str] = set()
        position = 0
        while True:
            query = {"cursor": cursor} if cursor else {}
            request = Request("GET", "/profiles", self.name, query, usable=has_profiles, may_be_refused=True)
            try:
                answer = await run.ask(request)
            except BudgetSpent:
                await run.bookmark(self, None, cursor=cursor)
                raise
            run.settle(self.name, answer)
            if answer.refusal and cursor == begin is not None:
                cursor = begin = None
                continue
            if answer.refusal:
                await run.report(self.name, answer.refusal)
                return
            for entry in objects(answer.body["profiles"]):
                ref_id = usable_id(entry.get("refId"))
                if ref_id is None:
                    await run.report_no_id(self.name, position, entry)
                elif ref_id not in seen:
                    seen.add(ref_id)
                    await run.emit(self, _profile(ref_id, entry))
                position += 1
            given = answer.body.get("pagination")
            pagination = given if isinstance(given, dict) else {}
            cursor = text(pagination.get("nextCursor")) if pagination.get("hasMore") is not False else None
            if cursor is None or cursor in cursors:
                break
            cursors.add(cursor)
        if begin:
            await run.bookmark(self, None)


def has_profiles(body: object) -> bool:
    """Tell whether an answer of GET /profiles holds profiles."""
    return isinstance(body, dict) and isinstance(body.get("profiles"), list) and not is_error(body)


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
        "platforms": [str(p) for p in platforms] if isinstance(platforms, list) else None,
        "details": entry,
    }
