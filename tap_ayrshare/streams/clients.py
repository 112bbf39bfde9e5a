"""HTTP of a profile: its headers, and what the API's answers mean to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tap_ayrshare.ayrshare.codes import LIMITS
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.judge import judge
from tap_ayrshare.engine.client import ProfileClient

if TYPE_CHECKING:
    from tap_ayrshare.config.settings import Profile, Settings
    from tap_ayrshare.engine.exchange import Request
    from tap_ayrshare.engine.transport import Client


def client_of(settings: Settings, profile: Profile, client: Client) -> ProfileClient:
    """Return the client of a profile: its headers, and what the API's answers mean to it."""
    judged = partial(judge, profile_key=profile.key is not None)
    return ProfileClient(client, profile.label, judged, partial(request_headers, settings, profile), LIMITS)


def request_headers(settings: Settings, profile: Profile, request: Request) -> dict[str, str]:
    """Return the headers of a request beside the account's: the profile's key and those of the networks."""
    headers = {"Profile-Key": profile.key} if profile.key else {}
    may_be_any = request.body is not None and not request.parts
    for network in NETWORKS if may_be_any else request.parts:
        if network in NETWORKS and not settings.missing_keys(network):
            headers |= {header: settings.network_keys[key] for header, key in NETWORKS[network].key_headers.items()}
    return headers
