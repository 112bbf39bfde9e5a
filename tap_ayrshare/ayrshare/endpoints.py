"""Every endpoint that is read, and what its answers hold (docs/api.md sections 4 to 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_ayrshare.ayrshare.codes import OF_ANALYTICS, OF_REVIEWS
from tap_ayrshare.ayrshare.contract import NETWORKS, Declaration, declarations
from tap_ayrshare.ayrshare.envelopes import ENVELOPE, good_blocks, is_error
from tap_ayrshare.ayrshare.lists import find_list, plain
from tap_ayrshare.engine.errors import Rule, Scope
from tap_ayrshare.engine.exchange import Request
from tap_ayrshare.engine.values import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_ayrshare.ayrshare.lists import Listing


CUT_SHORT = Rule(Scope.RESOURCE, failure=True, action="what came is kept; the rest is missing")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the API.

    items: the name under which its answers hold a list; None: they hold the networks' blocks, or are the thing itself.
    is_keyed: whether the list is an object of items by key.
    is_object: whether the answer itself is the thing.
    has_lists: whether the networks' blocks are lists, so that an answer without any means that there is nothing.
    may_be_refused: whether a refusal without a code concerns the request alone, not the profile or the key.
    kind, rules: see `Request`.
    """

    method: str
    path: str
    items: str | None = None
    is_keyed: bool = False
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
        return Request(
            self.method,
            # The ids of some networks have slashes in them.
            self.path.format(**{name: quote(value, safe="") for name, value in path.items()}),
            stream,
            query or {},
            body,
            networks,
            needs_success=self.is_object,
            may_be_refused=self.may_be_refused,
            endpoint=self,
            kind=self.kind,
            rules=self.rules,
        )

    @property
    def has_blocks(self) -> bool:
        """Whether answers hold a block for each network that was asked for."""
        return self.items is None and not self.is_object and not self.has_lists

    def holds(self, body: object) -> bool:
        """Return whether an answer is usable, an empty list too."""
        if self.is_object:
            return isinstance(body, dict) and not is_error(body)
        if self.has_lists:
            return bool(good_blocks(body)) or _has_nothing(body)
        return bool(good_blocks(body)) if self.has_blocks else self._list(body) is not None

    def says_nothing(self, body: object) -> bool:
        """Return whether an answer that isn't usable is a success without anything in it, so that there is nothing."""
        if not isinstance(body, dict) or not body or is_error(body):
            return False
        if self.has_blocks:
            return True
        if not self.is_keyed:
            return False
        has_more = any(isinstance(value, (dict, list)) for key, value in body.items() if key not in ENVELOPE)
        is_named = any(plain(key) == plain(self.items or "") for key in body)
        return body.get("status") == "success" and not has_more and not is_named

    def listed(self, body: object) -> list[dict[str, Any]]:
        """Return the items of an answer."""
        return objects(self.all_items(body))

    def all_items(self, body: object) -> list[Any]:
        """Return the items of an answer, those too that are no objects."""
        found = self._list(body)
        return found.items if found else []

    def count(self, body: object) -> int:
        """Return how many items an answer has, those too that are no objects."""
        return len(self.all_items(body))

    def claimed(self, body: object) -> int | None:
        """Return how many items an answer says that there are, None if it doesn't say."""
        found = self._list(body)
        return found.claimed if found else None

    def odd_items(self, body: object) -> Iterator[tuple[int, Any]]:
        """Yield the position and the value of each item of an answer that is no object."""
        for position, item in enumerate(self.all_items(body) if self.items else ()):
            if not isinstance(item, dict):
                yield position, item

    def _list(self, body: object) -> Listing | None:
        return find_list(body, self.items, is_keyed=self.is_keyed) if self.items else None


def _has_nothing(body: object) -> bool:
    """Return whether an answer says that there is nothing: a success, or a network's list without any element."""
    if not isinstance(body, dict) or is_error(body):
        return False
    return body.get("status") == "success" or any(body.get(network) == [] for network in NETWORKS)


OF_POSTS = "posts"
"""The kind of request that the month's post quota closes (docs/api.md section 3)."""
USER = Endpoint("GET", "/user", is_object=True)
HISTORY = Endpoint("GET", "/history", "history")
HISTORY_BY_ID = Endpoint("GET", "/history/{id}", is_object=True)
NATIVE_HISTORY = Endpoint("GET", "/history/{network}", "posts")
POST_ANALYTICS = Endpoint("POST", "/analytics/post", kind=OF_POSTS, rules=OF_ANALYTICS)
COMMENTS = Endpoint("GET", "/comments/{id}", has_lists=True, kind=OF_POSTS)
REVIEWS = Endpoint("GET", "/reviews", has_lists=True, rules=OF_REVIEWS)
MESSAGES = Endpoint("GET", "/messages/{network}", "messages", may_be_refused=True)
AD_ACCOUNTS = Endpoint("GET", "/ads/facebook/accounts", "adAccounts", may_be_refused=True)
ADS = Endpoint("GET", "/ads/facebook/ads", "ads", may_be_refused=True)
AD_HISTORY = Endpoint("GET", "/ads/facebook/history", "history", may_be_refused=True)
SOCIAL_ANALYTICS = Endpoint("POST", "/analytics/social", rules=OF_ANALYTICS)
LINKS = tuple(
    Endpoint("GET", path, "analytics", rules=OF_ANALYTICS)
    for path in ("/analytics/links", "/analytics/links-short", "/links")
)
"""From the oldest to the present one (docs/api.md section 5); the first that answers serves the whole run."""


def _declared(one: Declaration) -> Endpoint:
    rules = OF_ANALYTICS if one.path.startswith("/analytics/") else {}
    return Endpoint(one.method, one.path, one.items, is_keyed=one.is_keyed, may_be_refused=True, rules=rules)


DECLARED = {one.name: _declared(one) for one in declarations()}
"""The endpoints of the streams that are declared in their schemas alone, by stream."""
PROFILES = DECLARED["profiles"]
ITEMS = frozenset(
    plain(endpoint.items)
    for endpoint in (HISTORY, NATIVE_HISTORY, MESSAGES, AD_ACCOUNTS, ADS, *LINKS, *DECLARED.values())
    if endpoint.items is not None
)
"""The names under which answers hold their lists, as `plain` has them."""
