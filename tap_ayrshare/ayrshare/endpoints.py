"""Every endpoint that is read, and what its answers hold (docs/api.md sections 4 to 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_ayrshare.ayrshare.codes import OF_ANALYTICS, OF_REVIEWS, good_blocks, is_error
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.engine.client import Request
from tap_ayrshare.engine.values import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_ayrshare.engine.errors import Rule


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the API.

    items: the name under which its answers hold a list; None: they hold the networks' blocks, or are the thing itself.
    may_be_bare: whether a list may come by itself, too; may_be_one: whether one object may stand for a list of one.
    is_object: whether the answer itself is the thing.
    has_lists: whether the networks' blocks are lists, so that an answer without any means that there is nothing.
    may_be_refused, kind, rules: see `Request`.
    """

    method: str
    path: str
    items: str | None = None
    may_be_bare: bool = False
    may_be_one: bool = False
    is_object: bool = False
    has_lists: bool = False
    may_be_refused: bool = False
    kind: str = ""
    rules: Mapping[int, Rule] = field(default_factory=dict)

    def request(
        self,
        stream: str,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        networks: tuple[str, ...] = (),
        **path: str,
    ) -> Request:
        """Return a request for a stream; `path` fills the names in the URL path."""
        has_blocks = self.items is None and not self.is_object and not self.has_lists
        return Request(
            self.method,
            # The ids of some networks have slashes in them.
            self.path.format(**{name: quote(value, safe="") for name, value in path.items()}),
            stream,
            query or {},
            body,
            networks,
            usable=None if has_blocks else self.holds,
            needs_success=self.is_object,
            may_be_refused=self.may_be_refused,
            kind=self.kind,
            rules=self.rules,
        )

    def holds(self, body: object) -> bool:
        """Return whether an answer is usable, an empty list too."""
        if self.is_object:
            return isinstance(body, dict) and not is_error(body)
        if self.has_lists:
            return bool(good_blocks(body)) or _has_nothing(body)
        return self._list(body) is not None

    def listed(self, body: object) -> list[dict[str, Any]]:
        """Return the items of an answer."""
        return objects(self._list(body))

    def count(self, body: object) -> int:
        """Return how many items an answer has, those too that are no objects."""
        return len(self._list(body) or [])

    def _list(self, body: object) -> list[Any] | None:
        if isinstance(body, list):
            return body if self.may_be_bare else None
        if not isinstance(body, dict) or is_error(body) or self.items is None:
            return None
        listed = _named(body, self.items)
        if isinstance(listed, dict) and self.may_be_one:
            return [listed]
        return listed if isinstance(listed, list) else None


def _named(body: dict[str, Any], name: str) -> Any:
    """Return what stands under a name, whatever its letter case and underscores."""
    if name in body:
        return body[name]
    return next((value for key, value in body.items() if folded(key) == folded(name)), None)


def folded(name: str) -> str:
    """Return a name of the API in the one form of its spellings: `playLists`, `playlists` and `play_lists`."""
    return name.replace("_", "").lower()


def _has_nothing(body: object) -> bool:
    """Return whether an answer says that there is nothing: a success, or a network's list without any element."""
    if not isinstance(body, dict) or is_error(body):
        return False
    return body.get("status") == "success" or any(body.get(network) == [] for network in NETWORKS)


OF_POSTS = "posts"
"""The kind of request that the month's post quota closes (docs/api.md section 3)."""
USER = Endpoint("GET", "/user", is_object=True)
PROFILES = Endpoint("GET", "/profiles", "profiles", may_be_refused=True)
HISTORY = Endpoint("GET", "/history", "history", may_be_bare=True)
NATIVE_HISTORY = Endpoint("GET", "/history/{network}", "posts")
POST_ANALYTICS = Endpoint("POST", "/analytics/post", kind=OF_POSTS, rules=OF_ANALYTICS)
COMMENTS = Endpoint("GET", "/comments/{id}", has_lists=True, kind=OF_POSTS)
REVIEWS = Endpoint("GET", "/reviews", has_lists=True, rules=OF_REVIEWS)
MESSAGES = Endpoint("GET", "/messages/{network}", "messages", may_be_refused=True)
AD_ACCOUNTS = Endpoint("GET", "/ads/facebook/accounts", "adAccounts", may_be_refused=True)
ADS = Endpoint("GET", "/ads/facebook/ads", "ads", may_be_bare=True, may_be_refused=True)
AD_HISTORY = Endpoint("GET", "/ads/facebook/history", "history", may_be_refused=True)
AUTO_SCHEDULES = Endpoint("GET", "/auto-schedule/list", is_object=True)
SOCIAL_ANALYTICS = Endpoint("POST", "/analytics/social", rules=OF_ANALYTICS)
PLAYLISTS = Endpoint("GET", "/analytics/youTubePlaylists", "playLists", may_be_bare=True, rules=OF_ANALYTICS)
LINKS = tuple(
    Endpoint("GET", path, "analytics", may_be_bare=True, may_be_one=True, rules=OF_ANALYTICS)
    for path in ("/analytics/links", "/analytics/links-short", "/links")
)
"""From the oldest to the present one (docs/api.md section 5); the first that answers serves the whole run."""
ITEMS = frozenset(
    folded(endpoint.items)
    for endpoint in (PROFILES, HISTORY, NATIVE_HISTORY, MESSAGES, AD_ACCOUNTS, ADS, PLAYLISTS, *LINKS)
    if endpoint.items is not None
)
"""The names under which answers hold their lists, as `folded` has them."""
