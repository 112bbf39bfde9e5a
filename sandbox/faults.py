"""Misbehaviour, chosen by rules.

A rule is an object: `fault`, what it matches, and its parameters. It matches by `endpoint` (path below /api, a
prefix), `method`, `profile`, `id` (of the body or the path), `platform` (asked for), and then by turn: `every`
(each nth matching request), `turns` (a list, from 1), `times` (the first n). The first rule that matches acts.

| fault | what happens |
|---|---|
| status | answers `status` with `body` (JSON) or `text` |
| rate_limited | 429; `retry_after` in seconds or as a date, else no such header |
| key_refused | 401, code 102 |
| profile_refused | `status` (403), a generic body |
| suspended | 403, "User Profile suspended." |
| plan | `status` (403), code 169 |
| post_gone | 404, code 186 |
| not_found | 404, HTML |
| server_error | `status` (500) |
| reset, close | the connection is reset, or closed, without an answer |
| slow | the answer comes after `seconds` |
| cut | the body ends in the middle |
| html, invalid_json, empty | 200 with a body that is none |
| error_200 | 200 with `status: error`, `code`, `message`, `retryAvailable` |
| temporary_200 | 200 whose body is a temporary error |
| network_error | 400 with `code` (156) for `network` in `errors`, no blocks |
| block_error | an error block with `code` for `network` beside the good ones, `status: partial` |
| usable_400 | the good answer, as `status` (400) |
| redirect | 302 to `location` |
| extra_fields, nulls, minus_one | the answer with unknown fields, with null or -1 in part of its places |
| patch | the answer, `body` merged into it |
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rule:
    """One rule, and how often it has matched."""

    rule: dict[str, Any]
    matched: int = 0

    def matches(self, request: dict[str, Any]) -> bool:
        """Tell whether the rule acts on this request; counts it if it is one of its kind."""
        rule = self.rule
        if not request["endpoint"].startswith(rule.get("endpoint", "")):
            return False
        if any(name in rule and rule[name] != request[name] for name in ("method", "profile", "id")):
            return False
        if "platform" in rule and rule["platform"] not in request["platforms"]:
            return False
        self.matched += 1
        if "every" in rule:
            return self.matched % int(rule["every"]) == 0
        if "turns" in rule:
            return self.matched in rule["turns"]
        return self.matched <= int(rule.get("times", self.matched))


@dataclass
class Faults:
    """The rules in force."""

    rules: list[Rule] = field(default_factory=list)

    def replace(self, rules: list[dict[str, Any]]) -> None:
        """Put other rules in force."""
        self.rules = [Rule(rule) for rule in rules]

    def of(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the rule that acts on a request."""
        return next((rule.rule for rule in self.rules if rule.matches(request)), None)


def error(code: int | None, message: str, action: str = "request", **more: Any) -> dict[str, Any]:
    """Return an error object as the API gives it."""
    return {"action": action, "status": "error", **({"code": code} if code else {}), "message": message, **more}


def refusal(rule: dict[str, Any]) -> tuple[int, Any] | None:
    """Return status and body of the faults that answer in place of the API; None for the others."""
    network = rule.get("network", rule.get("platform"))
    code = rule.get("code", 156)
    answers: dict[str, tuple[int, Any]] = {
        "status": (rule.get("status", 400), rule.get("body", rule.get("text", ""))),
        "key_refused": (401, error(102, "API Key not valid.", "authorization")),
        "profile_refused": (rule.get("status", 403), error(None, "Profile Key not found.")),
        "suspended": (403, error(None, "User Profile suspended.")),
        "plan": (rule.get("status", 403), error(169, "A paid plan is required.", "Paid Plan Required")),
        "post_gone": (404, error(186, "Post ID not found.", "analytics")),
        "not_found": (404, "<html><body>Not found</body></html>"),
        "server_error": (rule.get("status", 500), rule.get("body", "<html>error</html>")),
        "html": (200, "<html><body>Please wait</body></html>"),
        "invalid_json": (200, '{"status": "success", '),
        "empty": (200, ""),
        "error_200": (
            200,
            error(
                code, rule.get("message", "Something went wrong."), retryAvailable=rule.get("retryAvailable", False)
            ),
        ),
        "temporary_200": (200, error(None, "Temporarily unavailable. Please try again later.")),
        "network_error": (400, {"status": "error", "errors": [
            error(code, rule.get("message", f"{network} is not linked."), platform=network)]}),
    }  # fmt: skip
    return answers.get(rule["fault"])


def changed(rule: dict[str, Any], body: Any) -> Any:
    """Return the good answer as the remaining faults change it."""
    fault = rule["fault"]
    if fault == "block_error":
        network = rule["network"]
        block = error(rule.get("code", 254), rule.get("message", "The network did not answer."))
        return {**body, network: block, "status": "partial"}
    if fault == "patch":
        return _merged(body, rule["body"])
    if fault == "extra_fields":
        return _extra(body)
    if fault in ("nulls", "minus_one"):
        return _thinned(body, None if fault == "nulls" else -1, 3 if fault == "nulls" else 4, "")
    return body


def _merged(body: Any, patch: Any) -> Any:
    if isinstance(body, dict) and isinstance(patch, dict):
        return {**body, **{key: _merged(body.get(key), value) for key, value in patch.items()}}
    return patch


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
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
