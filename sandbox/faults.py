"""Misbehaviour, chosen by rules.

A rule is an object: `fault`, what it matches, and the fault's parameters. The first rule that acts on a request
decides.

A rule matches by `endpoint` (path below /api; /history matches /history/facebook too, with `exact: true` it does
not), `method`, `profile`, `id` (of the body or the end of the path), `platform` (one that is asked for), `over` (a
batch of more posts than that). Of the
requests that match it acts on all, or on each nth (`every`), or on some (`turns`, a list that counts from 1), in all
at most `times`. A `fault` that is a list of names gives them one after the other.

| fault | also known as | what happens |
|---|---|---|
| status | | answers `status` (400) with `body` (JSON) or `text`; `content`: json, html, empty |
| rate_limited | rate_limit | 429; `retry_after` in seconds or as a date; `headers: false` leaves x-ratelimit-* out |
| key_refused | unauthorized_api_key | 401, code 102 |
| profile_refused | unauthorized_profile_key | `status` (403), a generic body |
| suspended | unauthorized_suspended | 403, "User Profile suspended." |
| plan | unauthorized_plan | `status` (403), code 169 |
| post_gone | not_found_post | 404, code 186 |
| not_found | | 404, HTML |
| server_error | | `status` (500), `body` or HTML |
| reset | | the connection is reset without an answer |
| close | | it is closed without an answer |
| slow | timeout | the answer comes after `seconds` (slow: 1, timeout: 3600) |
| cut | | the body ends in the middle; `chunked: true`: one without a length |
| html, invalid_json, empty | | 200 with a body that is none |
| error_200 | | 200 with `status: error`, `code`, `message`, `retryAvailable` |
| temporary_200 | | 200 whose body is a temporary error |
| network_error | not_linked | 400 with `code` (156) for `network` in `errors`, no blocks |
| auth_lost | | the same with code 161 |
| x_auth | | the same with code 272, for X |
| x_keys | | the same with code 419, for X |
| x_limit | | X's limit is reached: an error block beside the other networks' blocks, `status: partial` |
| block_error | | an error block with `code` (254), `message` for `network` beside the good ones, `status: partial` |
| usable_400 | | the good answer, as `status` (400) |
| redirect | | `status` (302) to `location` |
| extra_fields | | the good answer with an unknown field in every object |
| nulls, minus_one | | the good answer with a third of its numbers null, or a quarter -1, others for each id |
| patch | | the good answer, `body` merged into it |
| no_block | | 200 with `status: success` and no network's block, as before 2026-04-09 |
| no_analytics | | `status` (400) with code 187: no network has analytics of it, as since 2026-04-09 |
| post_quota | | 429, code 106: the month's post quota is used up |
| gateway_404 | | 404 with `{}`, as a gateway answers |
| plan_167 | | 403, code 167 |
| network_unnamed | | 400 with `code` (156) that concerns a network and names none |
| network_429 | | 429 with `code` (435) for `network`; `retry_after` (60) stands in `details` |
| headers | | the good answer with `headers` in place of its own |
| dates | | the good answer with `created` (any value) as the date of every post |
| surrogates | | the good answer with half an emoji in every text |
| batch | | a batch in `shape` (array, object, by_id, rows), without each `missing`-th post; `differs`: other metrics |
| thread_error | | the good answer, X's block a thread whose middle element is an error |

And all of `sandbox/hostile.py`: servers that send what isn't an answer, or never end.

`network` is the one that a fault is about: by default `platform`, else the first that is asked for.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox import hostile

if TYPE_CHECKING:
    from collections.abc import Callable

ALIASES = {
    "rate_limit": "rate_limited", "unauthorized_api_key": "key_refused", "unauthorized_profile_key": "profile_refused",
    "unauthorized_suspended": "suspended", "unauthorized_plan": "plan", "not_found_post": "post_gone",
    "not_linked": "network_error",
}  # fmt: skip
TRANSPORT = {"rate_limited", "reset", "close", "slow", "timeout", "cut", "redirect", *hostile.PIECES}
CHANGES = {
    "block_error", "x_limit", "usable_400", "extra_fields", "nulls", "minus_one", "patch", "headers", "dates",
    "surrogates", "thread_error", "batch",
}  # fmt: skip
HTML = "<html><body>{}</body></html>"


@dataclass
class Rule:
    """One rule, how many requests it has matched, and on how many it has acted."""

    rule: dict[str, Any]
    matched: int = 0
    acted: int = 0

    def __post_init__(self) -> None:
        given = self.rule.get("fault")
        self.faults = [ALIASES.get(str(name), name) for name in (given if isinstance(given, list) else [given])]
        for name in self.faults or [None]:
            if name not in TRANSPORT | CHANGES | set(_refusals({}, "")):
                raise ValueError(f"{name!r} is no fault: see sandbox/faults.py")

    @property
    def acting(self) -> dict[str, Any]:
        """The rule with the one fault whose turn it was last."""
        return {**self.rule, "fault": self.faults[(self.acted - 1) % len(self.faults)]}

    def acts(self, request: dict[str, Any]) -> bool:
        """Tell whether the rule acts on this request; counts it if it is one of its kind."""
        rule = self.rule
        endpoint, path = rule.get("endpoint", ""), request["endpoint"]
        if path != endpoint if rule.get("exact") else not path.startswith(endpoint):
            return False
        if any(name in rule and rule[name] != request[name] for name in ("method", "profile", "id")):
            return False
        if "platform" in rule and rule["platform"] not in request["platforms"]:
            return False
        if "over" in rule and request["ids"] <= rule["over"]:
            return False
        self.matched += 1
        is_turn = self.matched % int(rule.get("every", 1)) == 0 and self.matched in rule.get("turns", [self.matched])
        is_on = is_turn and self.acted < int(rule.get("times", self.acted + 1))
        self.acted += is_on
        return is_on


@dataclass
class Faults:
    """The rules in force."""

    rules: list[Rule] = field(default_factory=list)

    def replace(self, rules: list[dict[str, Any]]) -> None:
        """Put other rules in force.

        Raises:
            ValueError: one of them names no fault.
        """
        self.rules = [Rule(rule) for rule in rules]

    def of(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the rule that acts on a request, with the network that it is about."""
        rule = next((rule.acting for rule in self.rules if rule.acts(request)), None)
        if rule is None or "network" in rule:
            return rule
        network = (
            "twitter" if rule["fault"].startswith("x_") else rule.get("platform", next(iter(request["platforms"]), ""))
        )
        return {**rule, "network": network}


def error(code: int | None, message: str, action: str = "request", **more: Any) -> dict[str, Any]:
    """Return an error object as the API gives it."""
    return {"action": action, "status": "error", **({"code": code} if code else {}), "message": message, **more}


NO_ANALYTICS = error(187, "No analytics data available.", "analytics")
POST_QUOTA = error(106, "The monthly post quota of this profile is used up.", "post")


def refusal(rule: dict[str, Any]) -> tuple[int, Any] | None:
    """Return status and body of the faults that answer in place of the API; None for the others."""
    return _refusals(rule, rule["network"]).get(rule["fault"])


def _refusals(rule: dict[str, Any], network: str) -> dict[str, tuple[int, Any]]:
    status, message = rule.get("status"), rule.get("message")
    page = {"html": HTML.format("Something went wrong"), "empty": ""}.get(rule.get("content", ""))
    return {
        "status": (status or 400, rule.get("body", rule.get("text", "") if page is None else page)),
        "key_refused": (401, error(102, "API Key not valid.", "authorization")),
        "profile_refused": (status or 403, error(None, "Profile Key not found.")),
        "suspended": (403, error(None, "User Profile suspended.")),
        "plan": (status or 403, error(169, "A paid plan is required.", "Paid Plan Required")),
        "no_block": (200, {"status": "success", "code": 200, "id": "x"}),
        "no_analytics": (status or 400, NO_ANALYTICS),
        "post_quota": (429, POST_QUOTA),
        "gateway_404": (404, {}),
        "plan_167": (403, error(167, "Your plan doesn't include this.")),
        "network_unnamed": (400, error(rule.get("code", 156), message or "The network is not linked.", "analytics")),
        "network_429": (
            429,
            error(
                rule.get("code", 435),
                message or f"{network} allows no more requests.",
                "analytics",
                platform=network,
                details={"Retry-After": rule.get("retry_after", 60)},
            ),
        ),
        "post_gone": (404, error(186, "Post ID not found.", "analytics")),
        "not_found": (404, HTML.format("Not found")),
        "server_error": (status or 500, rule.get("body", HTML.format("error"))),
        "html": (200, HTML.format("Please wait")),
        "invalid_json": (200, '{"status": "success", '),
        "empty": (200, ""),
        "error_200": (
            200,
            error(
                rule.get("code", 156),
                message or "Something went wrong.",
                retryAvailable=rule.get("retryAvailable", False),
            ),
        ),
        "temporary_200": (200, error(None, "Temporarily unavailable. Please try again later.")),
        "network_error": _for_network(rule.get("code", 156), message or f"{network} is not linked.", network),
        "auth_lost": _for_network(161, message or f"The authorization of {network} is lost.", network),
        "x_auth": _for_network(272, message or "X is not authorized.", network),
        "x_keys": _for_network(419, message or "X requires your own API keys.", network),
    }


def _for_network(code: int, message: str, network: str) -> tuple[int, Any]:
    return 400, {"status": "error", "errors": [error(code, message, "analytics", platform=network)]}


def changed(rule: dict[str, Any], body: Any) -> Any:
    """Return the good answer as the remaining faults change it."""
    fault = rule["fault"]
    if fault in ("block_error", "x_limit"):
        return _with_error(rule, body)
    if fault == "patch":
        return _merged(body, rule["body"])
    if fault == "extra_fields":
        return _extra(body)
    if fault == "dates":
        return _everywhere(body, lambda key, value: rule["created"] if key == "created" else value)
    if fault == "surrogates":
        return _everywhere(
            body, lambda _, value: f"{value} \ud83d" if isinstance(value, str) and " " in value else value
        )
    if fault == "thread_error" and isinstance(body, dict) and isinstance(body.get("twitter"), dict):
        return {**body, "twitter": [body["twitter"], error(254, "The tweet did not answer."), body["twitter"]]}
    if fault == "batch" and isinstance(body, dict) and isinstance(body.get(rule["network"]), list) and "id" not in body:
        return {**body, rule["network"]: _batch(rule, body[rule["network"]])}
    if fault in ("nulls", "minus_one"):
        which = str(body.get("id", "")) if isinstance(body, dict) else ""
        return _thinned(body, None if fault == "nulls" else -1, 3 if fault == "nulls" else 4, which)
    return body


def _batch(rule: dict[str, Any], blocks: list[Any]) -> Any:
    every = rule.get("missing", 0)
    blocks = [block for at, block in enumerate(blocks, 1) if not every or at % every]
    if rule.get("differs"):
        blocks = [_thinned(block, 41, 1, "") for block in blocks]
    shape = rule.get("shape", "array")
    if shape == "by_id":
        return {str(block["id"]): block for block in blocks if isinstance(block, dict)}
    if shape == "object" and len(blocks) == 1:
        return blocks[0]
    return {"rows": blocks} if shape == "rows" else blocks


def _with_error(rule: dict[str, Any], body: Any) -> Any:
    limit = rule["fault"] == "x_limit"
    message = "X limit reached: too many requests." if limit else "The network did not answer."
    found = error(rule.get("code", None if limit else 254), rule.get("message", message), "analytics")
    if not isinstance(body, dict) or "posts" in body or "history" in body:
        return found
    return {**body, rule["network"]: found, "status": "partial"}


def _merged(body: Any, patch: Any) -> Any:
    if isinstance(body, dict) and isinstance(patch, dict):
        return {**body, **{key: _merged(body.get(key), value) for key, value in patch.items()}}
    return patch


def _everywhere(body: Any, change: Callable[[str, Any], Any]) -> Any:
    """Return a body with every value of an object changed."""
    if isinstance(body, list):
        return [_everywhere(item, change) for item in body]
    if isinstance(body, dict):
        return {key: change(key, _everywhere(value, change)) for key, value in body.items()}
    return body


def _extra(body: Any) -> Any:
    if isinstance(body, list):
        return [_extra(item) for item in body]
    if isinstance(body, dict):
        return {**{key: _extra(value) for key, value in body.items()}, "brandNewField": 41}
    return body


def _thinned(body: Any, value: Any, every: int, path: str) -> Any:
    if isinstance(body, list):
        return [_thinned(item, value, every, f"{path}[]") for item in body]
    if isinstance(body, dict):
        return {key: _thinned(item, value, every, f"{path}.{key}") for key, item in body.items()}
    is_count = isinstance(body, (int, float)) and not isinstance(body, bool)
    return value if is_count and zlib.crc32(path.encode()) % every == 0 else body


def text_of(body: Any) -> str:
    """Return a body as it goes over the wire."""
    if isinstance(body, str):
        return body
    text = json.dumps(body, ensure_ascii=False)
    # Half an emoji has no UTF-8 of its own.
    return text if text.isprintable() else json.dumps(body)
