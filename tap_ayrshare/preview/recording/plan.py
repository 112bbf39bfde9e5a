"""What a recording asks for: each endpoint, network and variant once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, OF_ACCOUNT, declarations
from tap_ayrshare.ayrshare.endpoints import (
    AD_ACCOUNTS,
    AD_HISTORY,
    ADS,
    COMMENTS,
    HISTORY,
    LINKS,
    MESSAGES,
    NATIVE_HISTORY,
    POST_ANALYTICS,
    PROFILES,
    REVIEWS,
    SOCIAL_ANALYTICS,
    USER,
)
from tap_ayrshare.engine.values import dig, objects, text
from tap_ayrshare.posts.rows import analytics_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FEW, SOME = "10", "100"
UNKNOWN_ID = "no-such-id"
HISTORY_BY_ID = HISTORY.path + "/{id}"


@dataclass(frozen=True)
class Ask:
    """A request of a recording.

    name: what its file is called; path: with {id} and {network} in their places; post_id: the id.
    network: the one that it is about, if any; with_profile: whether it carries the Profile-Key, which the list of
    profiles must not.
    """

    name: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    network: str = ""
    with_profile: bool = True
    post_id: str = ""


FIRST = (
    Ask("user", "GET", USER.path),
    Ask("profiles", "GET", PROFILES.path, {"limit": FEW}, with_profile=False),
    Ask("history", "GET", HISTORY.path, {"limit": SOME, "lastDays": "0"}),
)
"""What is asked before anything else, as the rest follows from it."""
WITHOUT_NETWORK = (
    Ask("user.details", "GET", USER.path, {"instagramDetails": "true"}),
    Ask("history.deleted", "GET", HISTORY.path, {"limit": FEW, "lastDays": "0", "status": "deleted"}),
    Ask("history.pending", "GET", HISTORY.path, {"limit": FEW, "lastDays": "0", "status": "pending"}),
    Ask("history_by_id.unknown", "GET", HISTORY_BY_ID, post_id=UNKNOWN_ID),
    Ask("post_analytics.unknown", "POST", POST_ANALYTICS.path, body={"id": UNKNOWN_ID}),
    Ask("links", "GET", LINKS[2].path),
    Ask("links_legacy", "GET", LINKS[0].path, {"lastDays": "7"}),
    Ask("links_short", "GET", LINKS[1].path),
    *(Ask(one.name, "GET", one.path, network=one.network) for one in declarations() if one.name not in OF_ACCOUNT),
    Ask("ad_accounts.facebook", "GET", AD_ACCOUNTS.path, network="facebook"),
    Ask("ad_accounts.instagram", "GET", AD_ACCOUNTS.path.replace("facebook", "instagram"), network="instagram"),
)


def rest(networks: Sequence[str], history: Any) -> Iterator[Ask]:
    """Yield what is asked after `FIRST`, every kind's first request before any kind's second.

    Args:
        networks: those linked to the profile.
        history: the body of GET /history.
    """
    posts = objects(dig(history, ("history",)))
    kinds: Iterable[Iterable[Ask]] = (
        (ask for ask in WITHOUT_NETWORK if not ask.network or ask.network in networks),
        _by_post(posts, networks),
        (_social(network) for network in _able(networks, "account_analytics")),
        (_social(network, daily=True, quarters=1) for network in _able(networks, "daily")),
        (_list(f"native.{network}", NATIVE_HISTORY.path, network) for network in _able(networks, "native_history")),
        _comments(posts, networks),
        (Ask(f"reviews.{n}", "GET", REVIEWS.path, {"platform": n}, network=n) for n in _able(networks, "reviews")),
        (_list(f"messages.{network}", MESSAGES.path, network) for network in _able(networks, "messages")),
    )
    yield from (ask for asks in zip_longest(*kinds) for ask in asks if ask)


def _able(networks: Sequence[str], what: str) -> list[str]:
    return [name for name in networks if name in NETWORKS and what in NETWORKS[name].reads]


def _newest_by_network(posts: list[dict[str, Any]]) -> dict[str, str]:
    """Return, by network, the id of the newest post that was sent to it."""
    found: dict[str, str] = {}
    for post in posts:
        post_id = text(post.get("id"))
        for network in analytics_networks(post) if post_id else ():
            found.setdefault(network, str(post_id))
    return found


def _by_post(posts: list[dict[str, Any]], networks: Sequence[str]) -> Iterator[Ask]:
    newest = _newest_by_network(posts)
    for network, post_id in newest.items():
        if network in networks:
            body = {"id": post_id, "platforms": [network]}
            yield Ask(f"post_analytics.{network}", "POST", POST_ANALYTICS.path, body=body, network=network)
    for post_id in list(dict.fromkeys(newest.values()))[:1]:
        yield Ask("history_by_id", "GET", HISTORY_BY_ID, post_id=post_id)
        yield Ask("post_analytics.all", "POST", POST_ANALYTICS.path, body={"id": post_id})


def _social(network: str, **more: Any) -> Ask:
    body = {"platforms": [network], **more}
    name = "social_analytics_daily" if more.get("daily") else "social_analytics"
    return Ask(f"{name}.{network}", "POST", SOCIAL_ANALYTICS.path, body=body, network=network)


def _list(name: str, path: str, network: str) -> Ask:
    return Ask(name, "GET", path, {"limit": FEW}, network=network)


def _comments(posts: list[dict[str, Any]], networks: Sequence[str]) -> Iterator[Ask]:
    newest = _newest_by_network(posts)
    asked = dict.fromkeys(newest[network] for network in _able(networks, "comments") if network in newest)
    for number, post_id in enumerate(asked, 1):
        yield Ask(f"comments.{number}", "GET", COMMENTS.path, post_id=post_id)


def by_ids(networks: Sequence[str], answers: Mapping[str, Any]) -> Iterator[Ask]:
    """Yield what is asked with ids out of other answers: native posts by theirs, ads by account.

    Args:
        networks: those linked to the profile.
        answers: the bodies that came so far, by the name of what was asked.
    """
    for network in _able(networks, "social_post_analytics"):
        for item in objects(dig(answers.get(f"native.{network}"), ("posts",)))[:1]:
            if post_id := text(item.get("id")):
                yield from _by_social_id(network, post_id)
    for network in ("facebook", "instagram"):
        for account in objects(dig(answers.get(f"ad_accounts.{network}"), ("adAccounts",)))[:1]:
            query = {"accountId": str(account.get("accountId"))}
            for name, endpoint in (("ads", ADS), ("ad_history", AD_HISTORY)):
                path = endpoint.path.replace("facebook", network)
                yield Ask(f"{name}.{network}", "GET", path, query, network=network)


def _by_social_id(network: str, post_id: str) -> Iterator[Ask]:
    body = {"id": post_id, "platforms": [network], "searchPlatformId": True}
    yield Ask(f"post_analytics_by_social_id.{network}", "POST", POST_ANALYTICS.path, body=body, network=network)
    if "social_post_comments" in NETWORKS[network].reads:
        query = {"searchPlatformId": "true", "platform": network}
        name = f"comments_by_social_id.{network}"
        yield Ask(name, "GET", COMMENTS.path, query, network=network, post_id=post_id)
