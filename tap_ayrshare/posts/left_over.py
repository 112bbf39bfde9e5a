"""The posts that a request budget left over: the next run reads them before it lists any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zlib import crc32

from tap_ayrshare.posts.bookmarks import LeftOverBookmark
from tap_ayrshare.posts.sent import Listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_ayrshare.posts.due import DuePost
    from tap_ayrshare.posts.passes import Passes
    from tap_ayrshare.posts.schedule import Terms

MOST = 5
"""Posts that the state names for the next run, which need not list them again."""


class LeftOver:
    """The posts that an earlier run listed and left over.

    listed_at: when they were listed. On a later date what is read of them counts for the date of the list, since
        nothing is known of newer posts; `read` has their networks by id then, so that none is asked again on it.
    network: the last network that was listed, in the order in which they are.
    is_checked: whether the posts are known that Ayrshare sent and another stream reads.
    """

    def __init__(self, bookmark: LeftOverBookmark | None, terms: Terms, networks: Iterable[str]) -> None:
        """Take up what a bookmark says; a list on another basis is forgotten, since other posts are due now."""
        bookmark = bookmark or LeftOverBookmark()
        self._now = terms.now
        self._basis = basis_of(terms, networks)
        named = (Listed(published, post_id, tuple(names)) for published, post_id, *names in bookmark.posts)
        known = {post.post_id: post for post in named}
        self.posts = list(known.values()) if bookmark.basis == self._basis else []
        self.listed_at = bookmark.listed_at if bookmark.listed_at and self.posts else terms.now
        self.is_checked = not bookmark.unchecked
        self.network = bookmark.network
        is_of_today = bookmark.read_on == terms.now.date()
        self.read = {post_id: set(names) for post_id, *names in bookmark.read} if is_of_today else {}

    @property
    def is_of_today(self) -> bool:
        """Whether the posts were listed on today's date."""
        return self.listed_at.date() == self._now.date()

    def relist(self) -> None:
        """Forget the posts: from now on all are listed."""
        self.posts, self.listed_at = [], self._now

    def to_state(self, unread: Sequence[DuePost], passes: Passes) -> LeftOverBookmark | None:
        """Return what the next run needs: the first of the posts that are left, what failed only if all of them did."""
        open_posts = [(post, self._open_networks(post, passes)) for post in unread]
        named = [
            (p.published, p.post_id, *names) for p, names in open_posts if names and not passes.failures.has_failed(p)
        ]
        named = named or [(p.published, p.post_id, *names) for p, names in open_posts if names]
        left = LeftOverBookmark(network=self.network)
        if named:
            posts, is_unchecked = tuple(named[:MOST]), not self.is_checked
            left = replace(left, listed_at=self.listed_at, posts=posts, basis=self._basis, unchecked=is_unchecked)
        if self.read:
            read = tuple((post_id, *sorted(names)) for post_id, names in sorted(self.read.items()))
            left = replace(left, read_on=self._now.date(), read=read)
        return left if left != LeftOverBookmark() else None

    @staticmethod
    def _open_networks(post: DuePost, passes: Passes) -> list[str]:
        """Return a post's networks that are in step: any other has posts to be read before."""
        has_place = post.published is not None and post.out_at is None
        return [name for name in post.networks if has_place and not passes.is_cut_short(name)]


def basis_of(terms: Terms, networks: Iterable[str]) -> str:
    """Return a short text that changes with what decides which posts are due."""
    deciding = terms.schedule, sorted(networks), terms.start
    return f"{crc32(repr(deciding).encode()):08x}"
