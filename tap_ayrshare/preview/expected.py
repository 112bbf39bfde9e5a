"""What a first run will find of each stream, and in how many requests: told by the kind of stream that it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.contract import NETWORKS, OF_ACCOUNT, stream_contract
from tap_ayrshare.posts.pages import PAGE, TAIL
from tap_ayrshare.posts.windows import LIMIT, UPPER_SHARE
from tap_ayrshare.run.estimate import Count, number
from tap_ayrshare.streams import STREAMS
from tap_ayrshare.streams.account import AccountsStream
from tap_ayrshare.streams.ads import NETWORK as AD_NETWORK
from tap_ayrshare.streams.ads import AdsFamilyStream
from tap_ayrshare.streams.batches import FIRST as FIRST_BATCH
from tap_ayrshare.streams.batches import MOST as LARGEST_BATCH
from tap_ayrshare.streams.by_network import ByNetworkStream
from tap_ayrshare.streams.links import LinkAnalyticsStream
from tap_ayrshare.streams.lists import ListStream
from tap_ayrshare.streams.native_posts import NativePostsStream
from tap_ayrshare.streams.sent_posts import PostsStream, SentPostsStream
from tap_ayrshare.streams.social_posts import SocialPostsStream

if TYPE_CHECKING:
    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.preview.check import Findings
    from tap_ayrshare.preview.survey import NativeList
    from tap_ayrshare.streams.base import AyrshareStream

Kind = type["AyrshareStream"]


def line(kind: Kind, found: Findings) -> str:
    """Return what the report says of a stream of a profile: yes and of what, or no and why."""
    if refused := refusal_of(kind, found):
        return refused
    if issubclass(kind, AccountsStream):
        return _yes(", ".join(found.networks), "no network is linked")
    if issubclass(kind, PostsStream):
        more = "" if found.posts.is_whole else " or more"
        posts = f"{number(found.posts.count)} posts{more}" if found.posts.count.about else ""
        return _yes(posts, "none has been sent through Ayrshare")
    if issubclass(kind, SentPostsStream):
        return _of_posts(found.posts.analysed(found.able(kind.reads)), "no post is on a network that has any")
    if issubclass(kind, NativePostsStream):
        return _of_posts(foreign(kind, found), "no such post is listed", " that Ayrshare did not send")
    return _yes(", ".join(networks(kind, found)), "no linked network has it") if needs_network(kind) else "yes"


def first_run(kind: Kind, found: Findings, settings: Settings) -> Count:
    """Return how many requests of its own a stream takes in a first run of a profile."""
    if refusal_of(kind, found) and not issubclass(kind, PostsStream):
        return Count()
    if issubclass(kind, PostsStream):
        # The deleted posts take one request more.
        return _windows(found.posts.count) + Count.exactly(1)
    batched = {n for n in found.networks if settings.uses_batches and "post_batches" in NETWORKS[n].reads}
    if issubclass(kind, SentPostsStream):
        able = {*found.able(kind.reads)}
        in_batches = batched & able if kind.reads == "post_analytics" else set()
        singly = found.posts.analysed(able - in_batches)
        return singly + sum((_batches(found.posts.on(network)) for network in in_batches), Count())
    if issubclass(kind, NativePostsStream):
        counts = {name: found.native[name].foreign for name in found.able(kind.name) if name in found.native}
        in_batches = batched if kind.name == "social_post_analytics" else set()
        return sum((_batches(one) if name in in_batches else one for name, one in counts.items()), Count())
    if issubclass(kind, SocialPostsStream):
        return Count.exactly(sum(_pages(name, one) for name, one in found.native.items()))
    if not needs_network(kind):
        return Count.exactly(1)
    if issubclass(kind, ByNetworkStream):
        return Count() if is_served(kind) else Count.exactly(len(networks(kind, found)))
    return Count.exactly(min(1, len(networks(kind, found))))


def refusal_of(kind: Kind, found: Findings) -> str:
    """Return why a stream can't be read, "" if nothing is known to be against it."""
    if issubclass(kind, (PostsStream, SentPostsStream)) and found.no_history:
        return found.no_history
    if issubclass(kind, LinkAnalyticsStream):
        return found.no_links
    asks_analytics = needs_network(kind) or issubclass(kind, SentPostsStream)
    return found.no_analytics if asks_analytics else ""


def needs_network(kind: Kind) -> bool:
    """Return whether a stream reads nothing without a linked network that has it."""
    if issubclass(kind, ListStream):
        return bool(kind.declared.network)
    return issubclass(kind, (ByNetworkStream, SocialPostsStream, NativePostsStream, AdsFamilyStream))


def networks(kind: Kind, found: Findings) -> list[str]:
    """Return the networks of a profile that a stream can read."""
    if issubclass(kind, ListStream):
        return [name for name in found.able(kind.declared.reads) if name == kind.declared.network]
    if issubclass(kind, AdsFamilyStream):
        return [name for name in found.able("ads") if name == AD_NETWORK]
    if issubclass(kind, ByNetworkStream):
        return found.able(kind.reads)
    return found.able("native_history")


def is_served(kind: Kind) -> bool:
    """Return whether another stream that is selected by default asks for this one too."""
    return any(kind.name in other.serves for other in by_default() if issubclass(other, ByNetworkStream))


def of_profiles() -> list[Kind]:
    """Return the streams that ask something of a profile, in their order."""
    return [kind for kind in STREAMS if kind.takes_turns and kind.name not in OF_ACCOUNT]


def by_default() -> list[Kind]:
    """Return those of them that are selected by default."""
    return [kind for kind in of_profiles() if stream_contract(kind.name).selected_by_default]


def foreign(kind: Kind, found: Findings) -> Count:
    """Return how many native posts that Ayrshare did not send a stream can read."""
    return sum((found.native[name].foreign for name in found.able(kind.name) if name in found.native), Count())


def _of_posts(count: Count, otherwise: str, which: str = "") -> str:
    return _yes(f"{number(count)} posts{which}" if count.about else "", otherwise)


def _yes(what: str, otherwise: str) -> str:
    return f"yes: {what}" if what else f"no: {otherwise}"


def _windows(posts: Count) -> Count:
    """Return how many windows a history takes: one that comes back full is asked for again in two parts."""
    return Count(
        *(1 + 2 * math.ceil(max(0, count - LIMIT + 1) / (LIMIT * UPPER_SHARE)) for count in vars(posts).values())
    )


def _pages(network: str, listed: NativeList) -> int:
    """Return how many pages a run asks of a network's list."""
    if "native_cursor" in NETWORKS[network].reads:
        return max(1, math.ceil(listed.count / PAGE))
    if "native_windows" in NETWORKS[network].reads and listed.count >= PAGE // 2:
        return 2 + math.ceil(max(0, listed.count - PAGE) / (PAGE - TAIL))
    return 1 if listed.count < PAGE else 2


def _batches(posts: Count) -> Count:
    """Return how many requests posts take in batches that grow, with the one that proves them right."""
    return Count(*(min(count, _batches_of(count)) for count in vars(posts).values()))


def _batches_of(posts: float) -> int:
    size, batches = FIRST_BATCH, 1
    while posts > 0:
        posts, size, batches = posts - size, min(2 * size, LARGEST_BATCH), batches + 1
    return batches
