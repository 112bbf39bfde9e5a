"""Classify API errors, their severity and what the tap does: docs/api.md section 3 as data, in one place.

Facts about codes and envelopes come from docs/api.md section 3, with the marks of how sure they are there.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import X
from tap_ayrshare.ayrshare.envelopes import error_message
from tap_ayrshare.engine.errors import UNREAD, Rule, Scope
from tap_ayrshare.engine.quota import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping


EMPTY = Rule(Scope.NOTHING, failure=False, action="nothing there")
GONE = Rule(Scope.RESOURCE, failure=False, action="skipped: the network or Ayrshare no longer has it")
MISSING = Rule(Scope.RESOURCE, failure=True, action="skipped: the answer has nothing for a network that was asked for")
NO_BLOCK = Rule(Scope.RESOURCE, failure=False, action="skipped: the API answered with success and no data")
NO_ANALYTICS = Rule(Scope.RESOURCE, failure=False, action="nothing to keep: no network has any analytics of it yet")
POST_QUOTA = Rule(
    Scope.STREAM,
    failure=False,
    action="stream stopped for this profile: the month's post quota is used up; its posts stay due",
    stays_due=True,
    closes_kind=True,
)
PLAN = Rule(Scope.STREAM, failure=False, action="stream skipped: the Ayrshare plan does not include it")
NOT_LINKED = Rule(Scope.PART, failure=False, action="network left out: not linked to this profile", needs_person=True)
RELINK = Rule(Scope.PART, failure=False, action="network left out: link it again in Ayrshare", needs_person=True)
LOCKED = Rule(
    Scope.PART,
    failure=False,
    action="network left out: its account is locked; unlock it there, then link it again",
    needs_person=True,
)
OWN_KEYS = Rule(Scope.PART, failure=False, action="network left out: set x_api_key and x_api_secret", needs_person=True)
X_LIMIT = Rule(Scope.PART, failure=False, action="network left out: X allows no more requests now", stays_due=True)
NETWORK_LIMIT = Rule(
    Scope.PART, failure=False, action="network left out: it allows no more requests now", stays_due=True
)
NOT_ALLOWED = Rule(Scope.STREAM, failure=False, action="stream skipped: the API does not allow it to this account")
MESSAGING = Rule(Scope.STREAM, failure=False, action="stream skipped: messaging is not enabled")
ADS_ADD_ON = Rule(Scope.STREAM, failure=False, action="stream skipped: the Ads add-on is not enabled")
SUSPENDED = Rule(Scope.PROFILE, failure=True, action="profile stopped: Ayrshare has suspended it", needs_person=True)
PROFILE_REFUSED = Rule(Scope.PROFILE, failure=True, action="profile stopped: check its profile_key", needs_person=True)
KEY_REFUSED = Rule(Scope.RUN, failure=True, action="run ended: check api_key", needs_person=True)
REDIRECTED = Rule(Scope.RUN, failure=True, action="run ended: check api_url", needs_person=True)


RULES = {
    102: KEY_REFUSED,
    106: POST_QUOTA,
    144: PROFILE_REFUSED,
    156: NOT_LINKED,
    161: RELINK,
    167: PLAN,
    169: PLAN,
    186: GONE,
    221: EMPTY,
    272: RELINK,
    276: SUSPENDED,
    288: Rule(Scope.RESOURCE, failure=False, action="skipped: still being processed, read next time"),
    349: LOCKED,
    350: EMPTY,
    361: MESSAGING,
    362: MESSAGING,
    395: Rule(Scope.NOTHING, failure=False, action="demographics withheld by the network"),
    399: ADS_ADD_ON,
    419: OWN_KEYS,
    435: NETWORK_LIMIT,
    444: NETWORK_LIMIT,
    485: GONE,
    518: Rule(Scope.NOTHING, failure=False, action="kept with the network's warning"),
}
"""Ayrshare's codes that decide something; any other code is UNREAD."""
OF_ANALYTICS = {187: NO_ANALYTICS}
OF_REVIEWS = {349: EMPTY}
"""Codes that mean something else to some endpoints."""
FINAL = {NO_ANALYTICS, POST_QUOTA}
"""What isn't asked again in a run, whatever the message says."""

LIMITS = Limits(maximum="x-ratelimit-max", count="x-ratelimit-count")
WITH_429 = {106: None, 435: "instagram", 444: "facebook"}
"""Codes that come with a 429 and aren't the rate limit's (docs/api.md section 3), each with its network, if any."""
POST_GONE = "186"
MOST_DIGITS = 9
TRANSIENT_CODES = {429, 500, 502, 503, 504}
TRANSIENT = re.compile(
    r"tempora|try again|retry|time.?d? ?out|unavailable|too many requests|internal (server )?error|overloaded",
    re.IGNORECASE,
)
LIMIT = re.compile(r"limit|quota|too many requests|usage cap", re.IGNORECASE)
SUSPENSION = re.compile("suspend", re.IGNORECASE)
PLAN_ACTION = "Paid Plan Required"
CLIENT_ERRORS = range(400, 500)
FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def rule_of(
    status: int, error: dict[str, Any], platform: str | None, rules: Mapping[int, Rule], *, profile_key: bool
) -> Rule:
    """Return what an error means.

    Args:
        status: the HTTP status.
        error: the error object, empty where the answer says nothing.
        platform: the network that it is about, None for the whole request.
        rules: what codes mean to the endpoint where that differs from `RULES`.
        profile_key: whether the request carried a Profile-Key.
    """
    code = code_number(error.get("code"))
    known = rules.get(code, RULES.get(code))
    if status == HTTPStatus.TOO_MANY_REQUESTS and code not in WITH_429:
        return X_LIMIT if platform == X else NETWORK_LIMIT if platform else UNREAD
    if known is PLAN or error.get("action") == PLAN_ACTION or (status == HTTPStatus.PAYMENT_REQUIRED and not known):
        return PLAN
    if known:
        return known
    if status in FORBIDDEN:
        if SUSPENSION.search(f"{error_message(error)} {error.get('action')} {error.get('status')}"):
            return SUSPENDED
        return PROFILE_REFUSED if profile_key else KEY_REFUSED
    if platform == X and LIMIT.search(error_message(error)):
        return X_LIMIT
    return UNREAD


def code_number(code: object) -> int:
    """Return a code as a number: it comes as a number or as digits; 0 for none."""
    digits = str(code)[:MOST_DIGITS]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def is_transient(status: int, error: dict[str, Any]) -> bool:
    """Return whether asking again may help."""
    code = code_number(error.get("code"))
    if error.get("retryAvailable") is True or code in TRANSIENT_CODES:
        return True
    # The API's own code decides about a 4xx, whatever its message says.
    has_code = bool(code) and status in CLIENT_ERRORS
    return not has_code and bool(TRANSIENT.search(error_message(error)))
