"""What an answer means: what of it can be used, and what it refuses (docs/api.md section 3).

Whatever was asked for and didn't come is a refusal here, so that no stream can overlook it.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.codes import (
    FINAL,
    FORBIDDEN,
    KEY_REFUSED,
    MISSING,
    NETWORK_LIMIT,
    NO_BLOCK,
    NOT_ALLOWED,
    POST_GONE,
    POST_QUOTA,
    PROFILE_REFUSED,
    REDIRECTED,
    RULES,
    WITH_429,
    code_number,
    is_transient,
    rule_of,
)
from tap_ayrshare.ayrshare.contract import NETWORKS
from tap_ayrshare.ayrshare.envelopes import (
    OWN,
    as_elements,
    blocks,
    error_code,
    error_message,
    errors_of,
    good_blocks,
    good_elements,
    is_error,
    value_of,
    without_analytics,
)
from tap_ayrshare.ayrshare.lists import plain, unwrapped
from tap_ayrshare.engine.errors import UNREAD, Refusal, Scope
from tap_ayrshare.engine.exchange import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_ayrshare.engine.errors import Rule

SUCCESSES, REDIRECTS = range(200, 300), range(300, 400)


def judge(request: Request, status: int, body: Any, *, profile_key: bool) -> Answer:
    """Return what an answer means.

    Args:
        request: what was asked.
        status: the HTTP status.
        body: the parsed body, None if it isn't JSON.
        profile_key: whether the request carried a Profile-Key.
    """
    is_ok, endpoint = status in SUCCESSES, request.endpoint
    body = body if endpoint.is_object else unwrapped(body, endpoint.items)
    refused = refusals(status, body, request.parts, request.rules, profile_key=profile_key)
    if request.may_be_refused:
        refused = [replace(refusal, rule=NOT_ALLOWED) if _is_uncoded(refusal) else refusal for refusal in refused]
    ends = any(refusal.scope in (Scope.PROFILE, Scope.RUN) for refusal in refused)
    is_usable = endpoint.holds(body) and (is_ok or (bool(body) and not request.needs_success))
    if body is not None and is_usable and not ends:
        # With usable blocks, a status other than 2xx alone doesn't count as a refusal.
        beside = [refusal for refusal in refused if is_ok or refusal.details is not None]
        missing = _missing(request, status, body, beside) if endpoint.has_blocks or endpoint.has_lists else ()
        return Answer(status, body, [*beside, *missing])
    if not refused and is_ok and endpoint.says_nothing(body):
        # An empty success is an answer: the network has nothing to say of the post or the account.
        platform = request.parts[0] if len(request.parts) == 1 else None
        return Answer(status, None, [_nothing(status, platform)])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Answer(status, None, refused, retry_after=_retry_after(refused))
    return Answer(status, None, _unusable(status, body, refused))


def _unusable(status: int, body: Any, refused: list[Refusal]) -> list[Refusal]:
    """Return why an answer can't be used; what the API doesn't say may pass."""
    if body is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return [Refusal(UNREAD, f"http_{status}", "the API has an internal error", status, transient=True)]
    if not refused:
        what = "isn't JSON" if body is None else "doesn't have the expected form"
        return [Refusal(UNREAD, "invalid_body", f"the answer {what}", status, transient=True)]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return [replace(refusal, transient=refusal.rule is UNREAD) for refusal in refused]
    return refused


def _missing(request: Request, status: int, body: Any, refused: Sequence[Refusal]) -> Iterator[Refusal]:
    """Yield a refusal for each network that was asked for and of which the answer has neither data nor an error."""
    found, explained = blocks(body), {refusal.platform for refusal in refused}
    for network in () if None in explained else request.parts:
        block, is_explained = found.get(network), network in explained
        if not block and not is_explained:
            yield from _without_block(request, status, body, network)
        elif request.endpoint.has_lists:
            # What of a list with good elements can't be read, its stream says.
            odd = [one for one in as_elements(block) if not is_error(one)]
            if odd and not good_elements(block):
                message = f"the list of {network} doesn't have the expected form"
                yield Refusal(MISSING, "invalid_body", message, status, network, {"value": odd[0]})
        elif request.endpoint.has_blocks:
            lacking = next(without_analytics(block), None)
            if lacking and lacking[0]:
                yield _nothing(status, network, lacking[1])
            elif lacking:
                message = f"the block of {network} doesn't have the expected form"
                yield Refusal(MISSING, "invalid_body", message, status, network, {"value": lacking[1]})


def _without_block(request: Request, status: int, body: Any, network: str) -> Iterator[Refusal]:
    """Yield why an answer has no block of a network that was asked for."""
    value = value_of(body, network)
    if request.endpoint.has_lists and value in (None, []):
        # The answer has a list for each network that has anything.
        return
    message = f"the answer has nothing of {network}, which was asked for"
    details = None if value is None else {"value": value}
    yield Refusal(MISSING, "network_missing", message, status, network, details)


def _nothing(status: int, platform: str | None, details: dict[str, Any] | None = None) -> Refusal:
    return Refusal(NO_BLOCK, "no_data", "the answer is a success without data", status, platform, details)


def _is_uncoded(refusal: Refusal) -> bool:
    return refusal.rule in (KEY_REFUSED, PROFILE_REFUSED) and refusal.code.startswith("http_4")


def refusals(
    status: int,
    body: object,
    asked: Sequence[str] = (),
    rules: Mapping[int, Rule] = RULES,
    *,
    profile_key: bool,
) -> list[Refusal]:
    """Return what an answer refuses: one for each error that it names, the first of the same kind alone.

    Args:
        status: the HTTP status.
        body: the parsed body, None if there is none.
        asked: the networks that the request was about.
        rules: what codes mean to the endpoint where that differs from `RULES`.
        profile_key: whether the request carried a Profile-Key.

    Returns:
        Nothing for an answer without any error; at least one for a status other than 2xx.
    """
    if status in REDIRECTS:
        message = "the API answered with a redirect"
        return [Refusal(REDIRECTED, f"http_{status}", message, status, is_stray=_is_stray(status, body))]
    found: dict[tuple[str, str | None], Refusal] = {}
    for error, network, is_flat in errors_of(body):
        code = error_code(error)
        # A post that is gone is gone as a whole, whatever it was asked about.
        platform = network or (None if code == POST_GONE else _named_platform(status, error, asked))
        rule = rule_of(status, error, platform, rules, profile_key=profile_key)
        if rule is POST_QUOTA:
            # Beside other networks' data it speaks of one network, else of the profile.
            rule, platform = (NETWORK_LIMIT, network) if network and good_blocks(body) else (rule, None)
        if rule.scope in (Scope.PROFILE, Scope.RUN) and not is_flat and status not in FORBIDDEN:
            # A network's block speaks of that network alone, whatever its code says.
            rule = UNREAD
        refusal = Refusal(
            rule=rule,
            code=code or f"http_{status}",
            message=error_message(error),
            http_status=status,
            platform=platform,
            details=error,
            transient=rule not in FINAL and is_transient(status, error),
        )
        found.setdefault((refusal.code, platform), refusal)
    if not found and status not in SUCCESSES:
        rule = rule_of(status, {}, None, rules, profile_key=profile_key)
        message = f"the API answered HTTP {status} without saying why"
        may_pass = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        is_stray = _is_stray(status, body)
        return [Refusal(rule, f"http_{status}", message, status, transient=may_pass, is_stray=is_stray)]
    return list(found.values())


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
                if plain(name) == "retryafter":
                    return str(value)[:40]
    return None


def _named_platform(status: int, error: dict[str, Any], asked: Sequence[str]) -> str | None:
    """Return the network that an error is about: the only one asked, else the one that its text names.

    A 429 is the profile's unless it names a network, whatever was asked.
    """
    is_429 = status == HTTPStatus.TOO_MANY_REQUESTS
    own = WITH_429.get(code_number(error.get("code")))
    if len(asked) == 1 and (own or not is_429):
        return asked[0]
    if own:
        return own
    message = error_message(error)
    candidates = [NETWORKS[name] for name in asked if name in NETWORKS] or list(NETWORKS.values())
    named = [network.name for network in candidates if network.is_named_in(message)]
    return named[0] if len(named) == 1 else None
