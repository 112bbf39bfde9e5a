"""Classify API errors, their severity and what the tap does: docs/api.md section 3 as data, in one place.

Facts about codes and envelopes come from docs/api.md section 3, with the marks of how sure they are there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, X
from tap_ayrshare.engine.client import Answer, Request
from tap_ayrshare.engine.errors import UNREAD, Refusal, Rule, Scope
from tap_ayrshare.engine.quota import Limits
from tap_ayrshare.engine.values import objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


EMPTY = Rule(Scope.NOTHING, failure=False, action="nothing there")
GONE = Rule(Scope.RESOURCE, failure=False, action="skipped: the network or Ayrshare no longer has it")
NO_BLOCK = Rule(Scope.RESOURCE, failure=False, action="skipped: the API answered with success and no data")
PLAN = Rule(Scope.STREAM, failure=False, action="stream skipped: the Ayrshare plan does not include it")
NOT_LINKED = Rule(Scope.PART, failure=False, action="network left out: not linked to this profile", needs_person=True)
RELINK = Rule(Scope.PART, failure=False, action="network left out: link it again in Ayrshare", needs_person=True)
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
    156: NOT_LINKED,
    161: RELINK,
    167: PLAN,
    169: PLAN,
    186: GONE,
    221: EMPTY,
    272: RELINK,
    288: Rule(Scope.RESOURCE, failure=False, action="skipped: still being processed, read next time"),
    349: EMPTY,
    350: EMPTY,
    361: MESSAGING,
    362: MESSAGING,
    395: Rule(Scope.NOTHING, failure=False, action="demographics withheld by the network"),
    399: ADS_ADD_ON,
    419: OWN_KEYS,
    435: NETWORK_LIMIT,
    485: GONE,
    518: Rule(Scope.NOTHING, failure=False, action="kept with the network's warning"),
}
"""Ayrshare's codes that decide something; any other code is UNREAD."""

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
ENVELOPE = {"status", "code", "id", "errors", "message", "action", "details", "lastUpdated", "nextUpdate"}
OWN = ENVELOPE - {"id", "message", "details"}
"""What no gateway's JSON has."""
NESTED = ("history", "posts", "profiles", "analytics", "data")
"""Where code and status may stand one level down, under the list's own name (docs/api.md section 3)."""
SUCCESS = {200, 201, 202, 204}
SUCCESSES, REDIRECTS, CLIENT_ERRORS = range(200, 300), range(300, 400), range(400, 500)
FORBIDDEN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def is_error(block: object) -> bool:
    """Return whether an object of the API is an error: status `error`, or a code and no data beside it."""
    if not isinstance(block, dict):
        return False
    if block.get("status") == "error" or "message" not in block:
        return block.get("status") == "error"
    has_data = "analytics" in block or "id" in block or any(isinstance(block.get(name), list) for name in NESTED)
    return not has_data and error_code(block) is not None


def error_code(error: dict[str, Any]) -> str | None:
    """Return the API's code of an error as text; None where there is none, or one that means success."""
    code = text(error.get("code"))
    return None if code is None or (re.fullmatch(r"2\d\d(\.0)?", code) and int(float(code)) in SUCCESS) else code


def blocks(body: object) -> dict[str, Any]:
    """Return the networks' blocks of an analytics answer by the network's lower-case name, errors too."""
    if not isinstance(body, dict):
        return {}
    return {
        key.lower(): block
        for key, block in body.items()
        if isinstance(block, (dict, list))
        and key.strip()
        and (key.lower() in NETWORKS or (key not in ENVELOPE and isinstance(block, dict) and "analytics" in block))
    }


def good_blocks(body: object) -> dict[str, Any]:
    """Return the blocks that carry data; a list comes whole if any of its elements does."""
    return {network: block for network, block in blocks(body).items() if good_elements(block)}


def good_elements(block: object) -> list[dict[str, Any]]:
    """Return the objects of a block that carry data: itself, or the elements of a list."""
    elements = block if isinstance(block, list) else [block]
    return [element for element in elements if isinstance(element, dict) and not is_error(element)]


def judge(request: Request, status: int, body: Any, *, profile_key: bool) -> Answer:
    """Return what an answer means.

    Args:
        request: what was asked.
        status: the HTTP status.
        body: the parsed body, None if it isn't JSON.
        profile_key: whether the request carried a Profile-Key.
    """
    is_ok = status in SUCCESSES
    refused = refusals(status, body, request.parts, profile_key=profile_key)
    if request.may_be_refused:
        refused = [replace(refusal, rule=NOT_ALLOWED) if _is_uncoded(refusal) else refusal for refusal in refused]
    ends = any(refusal.scope in (Scope.PROFILE, Scope.RUN) for refusal in refused)
    usable = request.usable or good_blocks
    if body is not None and usable(body) and not ends and (is_ok or not request.needs_success):
        # A status other than 2xx that says nothing beside usable blocks is no refusal of its own.
        return Answer(status, body, [refusal for refusal in refused if is_ok or refusal.details])
    if not refused and is_ok and request.usable is None and isinstance(body, dict) and body:
        # An empty success is an answer: the network has nothing to say of the post or the account.
        platform = request.parts[0] if len(request.parts) == 1 else None
        nothing = Refusal(NO_BLOCK, "no_data", "the answer is a success without data", status, platform)
        return Answer(status, None, [nothing])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Answer(status, None, refused, retry_after=_retry_after(refused))
    if not refused:
        what = "isn't JSON" if body is None else "doesn't have the expected form"
        refused = [Refusal(UNREAD, "invalid_body", f"the answer {what}", status, transient=True)]
    if body is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        refused = [Refusal(UNREAD, f"http_{status}", "the API has an internal error", status, transient=True)]
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        refused = [replace(refusal, transient=refusal.rule is UNREAD) for refusal in refused]
    return Answer(status, None, refused)


def _is_uncoded(refusal: Refusal) -> bool:
    return refusal.rule in (KEY_REFUSED, PROFILE_REFUSED) and refusal.code.startswith("http_4")


def refusals(status: int, body: object, asked: Sequence[str] = (), *, profile_key: bool) -> list[Refusal]:
    """Return what an answer refuses: one for each error that it names, the first of the same kind alone.

    Args:
        status: the HTTP status.
        body: the parsed body, None if there is none.
        asked: the networks that the request was about.
        profile_key: whether the request carried a Profile-Key.

    Returns:
        Nothing for an answer without any error; at least one for a status other than 2xx.
    """
    if status in REDIRECTS:
        message = "the API answered with a redirect"
        return [Refusal(REDIRECTED, f"http_{status}", message, status, is_stray=_is_stray(status, body))]
    found: dict[tuple[str, str | None], Refusal] = {}
    for error, network, is_flat in _errors(body):
        code = error_code(error)
        # A post that is gone is gone as a whole, whatever it was asked about.
        platform = network or (None if code == POST_GONE else _named_platform(status, error, asked))
        rule = _rule(status, error, platform, profile_key=profile_key)
        if rule.scope in (Scope.PROFILE, Scope.RUN) and not is_flat and status not in FORBIDDEN:
            # A network's block speaks of that network alone, whatever its code says.
            rule = UNREAD
        refusal = Refusal(
            rule=rule,
            code=code or f"http_{status}",
            message=_message(error),
            http_status=status,
            platform=platform,
            details=error,
            transient=_is_transient(status, error),
        )
        found.setdefault((refusal.code, platform), refusal)
    if not found and status not in SUCCESSES:
        rule = _rule(status, {}, None, profile_key=profile_key)
        message = f"the API answered HTTP {status} without saying why"
        is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return [
            Refusal(
                rule, f"http_{status}", message, status, transient=is_server_error, is_stray=_is_stray(status, body)
            )
        ]
    return list(found.values())


def _errors(body: object) -> Iterator[tuple[dict[str, Any], str | None, bool]]:
    """Yield the error objects of every envelope (docs/api.md section 3), each with its network where it is known.

    The third value is whether the error stands in the flat envelope, which speaks of the whole request.
    """
    if not isinstance(body, dict):
        return
    for network, block in blocks(body).items():
        for element in block if isinstance(block, list) else [block]:
            if is_error(element):
                for error in objects(element.get("errors")) or [element]:
                    yield error, network, False
    for name in NESTED:
        # An empty history was seen as {"history": {"code": 221, "status": "error"}, "count": 0}.
        if name in body and is_error(body[name]):
            yield body[name], None, True
    listed = objects(body.get("errors"))
    for error in listed:
        yield error, _lower(error.get("platform")), False
    has_code = error_code(body) is not None
    if is_error(body) and (not listed or has_code) and (has_code or not good_blocks(body)):
        yield body, _lower(body.get("platform")), True


def _is_stray(status: int, body: object) -> bool:
    """Return whether an answer without any error of the API's may come from something in between, such as a gateway.

    A 404 or 405 is how the API itself says that an endpoint isn't there, also as a page.
    """
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return False
    return not isinstance(body, dict) or bool(body and not OWN & body.keys())


def _retry_after(refused: Sequence[Refusal]) -> str | None:
    """Return Retry-After from an error object, where Ayrshare passes on that of a network (docs/api.md section 3)."""
    for refusal in refused:
        details = refusal.details or {}
        inner = details.get("details")
        for place in (details, inner if isinstance(inner, dict) else {}):
            for name, value in place.items():
                if name.lower().replace("_", "-") in ("retry-after", "retryafter"):
                    return str(value)[:40]
    return None


def _lower(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


def _named_platform(status: int, error: dict[str, Any], asked: Sequence[str]) -> str | None:
    """Return the network that an error is about: the only one asked, else the one that its text names.

    A 429 is the profile's unless it names a network, whatever was asked.
    """
    is_429 = status == HTTPStatus.TOO_MANY_REQUESTS
    if is_429 and (network := WITH_429.get(_number(error.get("code")))):
        return network
    if len(asked) == 1 and not is_429:
        return asked[0]
    message = _message(error)
    candidates = [NETWORKS[name] for name in asked if name in NETWORKS] or list(NETWORKS.values())
    named = [network.name for network in candidates if network.is_named_in(message)]
    return named[0] if len(named) == 1 else None


def _message(error: dict[str, Any]) -> str:
    message = text(error.get("message")) or text(error.get("details")) or text(error.get("action")) or ""
    return " ".join(message.split())


def _rule(status: int, error: dict[str, Any], platform: str | None, *, profile_key: bool) -> Rule:
    known = RULES.get(_number(error.get("code")))
    if status == HTTPStatus.TOO_MANY_REQUESTS and _number(error.get("code")) not in WITH_429:
        return X_LIMIT if platform == X else NETWORK_LIMIT if platform else UNREAD
    if known is PLAN or error.get("action") == PLAN_ACTION or (status == HTTPStatus.PAYMENT_REQUIRED and not known):
        return PLAN
    if known:
        return known
    if status in FORBIDDEN:
        if SUSPENSION.search(f"{_message(error)} {error.get('action')} {error.get('status')}"):
            return SUSPENDED
        return PROFILE_REFUSED if profile_key else KEY_REFUSED
    if platform == X and LIMIT.search(_message(error)):
        return X_LIMIT
    return UNREAD


def _number(code: object) -> int:
    """Return a code as a number: it comes as a number or as digits; 0 for none."""
    digits = str(code)[:MOST_DIGITS]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _is_transient(status: int, error: dict[str, Any]) -> bool:
    code = _number(error.get("code"))
    if error.get("retryAvailable") is True or code in TRANSIENT_CODES:
        return True
    # The API's own code decides about a 4xx, whatever its message says.
    has_code = bool(code) and status in CLIENT_ERRORS
    return not has_code and bool(TRANSIENT.search(_message(error)))
