"""What the API refuses and what that costs: docs/api.md section 3 as data, decided in one place.

Facts about codes and envelopes come from docs/api.md section 3, with the marks of how sure they are there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.engine.errors import Refusal, Rule, Scope
from tap_ayrshare.values import objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


EMPTY = Rule(Scope.NOTHING, failure=False, action="nothing there")
GONE = Rule(Scope.RESOURCE, failure=False, action="skipped: the network or Ayrshare no longer has it")
NO_BLOCK = Rule(Scope.RESOURCE, failure=False, action="skipped: the API answered with success and no data")
UNREAD = Rule(Scope.RESOURCE, failure=True, action="skipped")
PLAN = Rule(Scope.STREAM, failure=False, action="stream skipped: the Ayrshare plan does not include it")
NOT_LINKED = Rule(Scope.NETWORK, failure=False, action="network left out: not linked to this profile")
RELINK = Rule(Scope.NETWORK, failure=False, action="network left out: link it again in Ayrshare")
X_KEYS = Rule(Scope.NETWORK, failure=False, action="network left out: set x_api_key and x_api_secret")
X_LIMIT = Rule(Scope.NETWORK, failure=False, action="network left out: X allows no more requests now")
MESSAGING = Rule(Scope.STREAM, failure=False, action="stream skipped: messaging is not enabled")
SUSPENDED = Rule(Scope.PROFILE, failure=True, action="profile stopped: Ayrshare has suspended it")
PROFILE_REFUSED = Rule(Scope.PROFILE, failure=True, action="profile stopped: check its profile_key")
KEY_REFUSED = Rule(Scope.RUN, failure=True, action="run ended: check api_key")
REDIRECTED = Rule(Scope.RUN, failure=True, action="run ended: check api_url")

RULES = {
    102: KEY_REFUSED,
    156: NOT_LINKED,
    161: RELINK,
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
    419: X_KEYS,
    485: GONE,
    518: Rule(Scope.NOTHING, failure=False, action="kept with the network's warning"),
}
"""Ayrshare's codes that decide something; any other code is UNREAD."""

POST_GONE = "186"
TEMPORARY_CODES = {429, 500, 502, 503, 504}
TEMPORARY = re.compile(
    r"tempora|try again|retry|time.?d? ?out|unavailable|too many requests|internal (server )?error|overloaded",
    re.IGNORECASE,
)
LIMIT = re.compile(r"limit|quota|too many requests|usage cap", re.IGNORECASE)
SUSPENSION = re.compile("suspend", re.IGNORECASE)
PLAN_ACTION = "Paid Plan Required"
ENVELOPE = {"status", "code", "id", "errors", "message", "action", "details", "lastUpdated", "nextUpdate"}
NESTED = ("history", "posts", "profiles", "analytics", "data")
"""Where code and status may stand one level down, under the list's own name (docs/api.md section 3)."""
HTTP_OK = 200
HTTP_PAYMENT = 402
HTTP_FORBIDDEN = {401, 403}
HTTP_REDIRECT = range(300, 400)
HTTP_BAD_REQUEST = 400
HTTP_SERVER_ERROR = 500


def is_error(block: object) -> bool:
    """Tell whether an object of the API is an error: status `error`, or a code and no data beside it."""
    if not isinstance(block, dict):
        return False
    return block.get("status") == "error" or (
        "analytics" not in block and "id" not in block and bool(block.get("code")) and "message" in block
    )


def blocks(body: object) -> dict[str, Any]:
    """Return the networks' blocks of an analytics answer by the network's lower-case name, errors too."""
    if not isinstance(body, dict):
        return {}
    return {
        key.lower(): block
        for key, block in body.items()
        if isinstance(block, (dict, list))
        and (key.lower() in NETWORKS or (key not in ENVELOPE and isinstance(block, dict) and "analytics" in block))
    }


def good_blocks(body: object) -> dict[str, Any]:
    """Return the blocks that carry data: of a list, its elements that do."""
    good: dict[str, Any] = {}
    for network, block in blocks(body).items():
        if isinstance(block, list):
            elements = [element for element in block if isinstance(element, dict) and not is_error(element)]
            if elements:
                good[network] = elements
        elif not is_error(block):
            good[network] = block
    return good


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
    if status in HTTP_REDIRECT:
        return [Refusal(REDIRECTED, f"http_{status}", "the API answered with a redirect", status)]
    found: dict[tuple[str, str | None], Refusal] = {}
    for error, network in _errors(body):
        code = text(error.get("code"))
        # A post that is gone is gone as a whole, whatever it was asked about.
        platform = network or (None if code == POST_GONE else _named_platform(error, asked))
        rule = _rule(status, error, platform, profile_key=profile_key)
        refusal = Refusal(
            rule=rule,
            code=code if code and code != str(HTTP_OK) else f"http_{status}",
            message=_message(error),
            http_status=status,
            platform=platform,
            details=error,
            temporary=_is_temporary(status, error),
        )
        found.setdefault((refusal.code, platform), refusal)
    if not found and not HTTP_OK <= status < HTTP_REDIRECT.start:
        rule = _rule(status, {}, None, profile_key=profile_key)
        message = f"the API answered HTTP {status} without saying why"
        temporary = status >= HTTP_SERVER_ERROR
        return [Refusal(rule, f"http_{status}", message, status, temporary=temporary)]
    return list(found.values())


def _errors(body: object) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the error objects of every envelope (docs/api.md section 3), with the network where it is known."""
    if not isinstance(body, dict):
        return
    for network, block in blocks(body).items():
        for element in block if isinstance(block, list) else [block]:
            if is_error(element):
                for error in objects(element.get("errors")) or [element]:
                    yield error, network
    for name in NESTED:
        # An empty history was seen as {"history": {"code": 221, "status": "error"}, "count": 0}.
        if is_error(body.get(name)):
            yield body[name], None
    listed = objects(body.get("errors"))
    for error in listed:
        yield error, _lower(error.get("platform"))
    if is_error(body) and (not listed or body.get("code")) and not (good_blocks(body) and not body.get("code")):
        yield body, _lower(body.get("platform"))


def _lower(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and value else None


def _named_platform(error: dict[str, Any], asked: Sequence[str]) -> str | None:
    """Return the network that an error is about: the only one asked, else the one that its text names."""
    if len(asked) == 1:
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
    if known is PLAN or error.get("action") == PLAN_ACTION or (status == HTTP_PAYMENT and not known):
        return PLAN
    if known:
        return known
    if status in HTTP_FORBIDDEN:
        if SUSPENSION.search(f"{_message(error)} {error.get('action')} {error.get('status')}"):
            return SUSPENDED
        return PROFILE_REFUSED if profile_key else KEY_REFUSED
    if platform == "twitter" and LIMIT.search(_message(error)):
        return X_LIMIT
    return UNREAD


def _number(code: object) -> int:
    """Return a code as a number: it comes as a number or as digits; 0 for none."""
    digits = str(code)
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _is_temporary(status: int, error: dict[str, Any]) -> bool:
    code = _number(error.get("code"))
    if error.get("retryAvailable") is True or code in TEMPORARY_CODES:
        return True
    # The API's own code decides about a 4xx, whatever its message says.
    has_code = bool(code) and HTTP_BAD_REQUEST <= status < HTTP_SERVER_ERROR
    return not has_code and bool(TEMPORARY.search(_message(error)))
