"""Posts that are due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_ayrshare.posts.cursor import UNDATED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_ayrshare.posts.cursor import Position


@dataclass(frozen=True)
class PostId:
    """A post requested by id; platform: None for an Ayrshare id; profile: None to try every profile."""

    post_id: str
    platform: str | None
    profile: str | None


@dataclass(frozen=True, eq=False, slots=True)
class DuePost:
    """A post to be read.

    networks: those to ask; none: the API decides.
    out_at: when it went out, where that was later than its date says.
    profile: the profile that the settings name for it.
    platform: its network, where it is a native post.
    is_named: whether the settings name it.
    """

    post_id: str
    networks: tuple[str, ...]
    published: datetime | None = None
    profile: str | None = None
    platform: str | None = None
    is_named: bool = False
    out_at: datetime | None = None

    @classmethod
    def named(cls, post: PostId, networks: Sequence[str]) -> DuePost:
        """Return a post that the settings name."""
        return cls(post.post_id, tuple(networks), profile=post.profile, platform=post.platform, is_named=True)

    def is_of(self, label: str) -> bool:
        """Return whether a profile is asked for it."""
        return self.profile in (None, label)

    @property
    def anywhere(self) -> bool:
        """Return whether every profile is tried: only not found by all of them is an error."""
        return self.is_named and self.profile is None

    @property
    def position(self) -> Position:
        """Where it stands in its passes."""
        return self.out_at or self.published or UNDATED, self.post_id
