"""Comments on posts (GET /comments/:id): on those that Ayrshare sent by its id, on native ones by the network's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tap_ayrshare.ayrshare.contract import first, reported
from tap_ayrshare.ayrshare.endpoints import COMMENTS, CUT_SHORT
from tap_ayrshare.ayrshare.envelopes import as_elements, is_error
from tap_ayrshare.ayrshare.lists import plain
from tap_ayrshare.ayrshare.rows import freshness, usable_id
from tap_ayrshare.ayrshare.times import singer_time
from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.engine.values import dig, integer, text, timestamp
from tap_ayrshare.streams.issues import NO_ID
from tap_ayrshare.streams.native_posts import NativePostsStream
from tap_ayrshare.streams.refresh import RefreshedStream
from tap_ayrshare.streams.sent_posts import SentPostsStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.engine.messages import Message
    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.streams.asking import Found
    from tap_ayrshare.streams.source import Source

MOST = 1000
"""The most comments of a post that the API returns, the newest (docs/api.md section 10)."""
CUT = Rule(Scope.RESOURCE, failure=False, action="the newest comments are kept; the API returns no more")


class OfCommentsStream(RefreshedStream):
    """A stream of comments, a row for each, replies too.

    Read as often as `comments_schedule` says; the API asks not to be polled more than every ten minutes for a post
    (docs/api.md section 2), and a run asks for a post once a day at the most.

    post_key: the column that the id of a post is in.
    """

    post_key: ClassVar[str]

    def social_id(self, source: Source, post: DuePost, network: str) -> str | None:  # noqa: ARG002
        """Return None: comments don't come in batches."""
        return None

    def networks_of(self, source: Source, post: DuePost, found: Found) -> tuple[str, ...]:  # noqa: ARG002
        """Return the networks whose comments are wanted of those that came."""
        return post.networks

    def rows(self, post: DuePost, blocks: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a post's comments; one without an id has None in its place."""
        for network in post.networks:
            for parent_id, comment in _flat(blocks.get(network)):
                yield {**_comment(network, parent_id, comment), "platform": network, self.post_key: post.post_id}

    def messages(self, source: Source, post: DuePost, found: Found) -> Iterator[Message]:
        """Yield the comments of a post as records, each id once, and what is missing as issues."""
        around = freshness(found.answer.body) if found.answer and isinstance(found.answer.body, dict) else {}
        around["published_at"] = singer_time(post.published) if post.published else None
        networks = self.networks_of(source, post, found)
        rows = list(self.rows(replace(post, networks=networks), found.blocks))
        # A reply may come by itself too; only the one among the replies says whose it is.
        seen = {(row["platform"], row["comment_id"]): row for row in sorted(rows, key=_is_reply)}
        for position, row in enumerate(rows):
            if row["comment_id"] is None:
                refusal = Refusal(NO_ID, "invalid_body", "the comment has no id", 200, details=row["comment"])
                yield Issue(self.name, refusal, f"item-{position}:{post.post_id}", row["platform"])
            elif seen[row["platform"], row["comment_id"]] is row:
                yield self.record(source, {**row, **around})
        counted = integer(dig(found.answer.body, ("commentsCount",))) if found.answer else None
        if counted and not rows:
            message = f"the answer counts {counted} comments and none came"
            yield Issue(self.name, Refusal(CUT_SHORT, "list_cut", message, 200), post.post_id)
        for network in networks:
            block = found.blocks.get(network)
            if isinstance(block, list) and len(block) >= MOST:
                message = f"{len(block)} comments came, and the API returns no more than the newest {MOST}"
                yield Issue(self.name, Refusal(CUT, "list_full", message, 200), post.post_id, network)


class CommentsStream(OfCommentsStream, SentPostsStream):
    """The comments on posts sent through Ayrshare."""

    name = "comments"
    reads = "comments"
    post_key = "post_id"

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[tuple[str, str], set[str]] = {}

    def networks_of(self, source: Source, post: DuePost, found: Found) -> tuple[str, ...]:
        """Return all that came: a request can't choose, and on some of them it may have been refused before."""
        chosen = source.settings.platforms
        came = {network for network in found.blocks if chosen is None or network in chosen}
        if source.settings.request_budget is not None:
            # Under a budget a post may be read again in a run, for the rest of its networks.
            read = self._read.setdefault((source.label, post.post_id), set())
            came -= read
            read |= came
        return tuple(network for network in found.blocks if network in came)

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post: it is answered for all of its networks at once."""
        return COMMENTS.request(self.name, networks=networks, id=post.post_id)


class SocialPostCommentsStream(OfCommentsStream, NativePostsStream):
    """The comments on native posts that Ayrshare did not send."""

    name = "social_post_comments"
    post_key = "social_post_id"

    def request(self, post: DuePost, networks: tuple[str, ...]) -> Request:
        """Return the request for a post, by the network's own id."""
        query = {"searchPlatformId": "true", "platform": ",".join(networks)}
        return COMMENTS.request(self.name, query, networks=networks, id=post.post_id)


def _is_reply(row: Mapping[str, Any]) -> bool:
    return row["parent_comment_id"] is not None


def _flat(block: object, parent_id: str | None = None) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Yield comments, behind each of them its replies with its id; what the API says of an error is no comment."""
    for comment in as_elements(block):
        if not isinstance(comment, dict):
            # It has no id, and is an issue for that.
            yield parent_id, {"value": comment}
        elif not is_error(comment):
            yield parent_id, comment
            own_id = usable_id(first("comment_fields", "default", "comment_id", comment))
            replies = next((value for name, value in comment.items() if plain(name) == "replies"), None)
            yield from _flat(replies, own_id or parent_id)


def _comment(network: str, parent_id: str | None, comment: dict[str, Any]) -> dict[str, Any]:
    def value(column: str) -> Any:
        return first("comment_fields", network, column, comment)

    hidden = value("hidden")
    return {
        "comment_id": usable_id(value("comment_id")),
        "parent_comment_id": parent_id,
        "social_post_id": text(value("social_post_id")),
        "created_at": timestamp(value("created_at")),
        "text": text(value("text")),
        "author_id": text(value("author_id")),
        "author_name": text(value("author_name")),
        "likes": reported(network, integer(value("likes"))),
        "hidden": hidden if isinstance(hidden, bool) else None,
        "comment": comment,
    }
