"""Mutants that are answers as the API may give them: nothing is missing, so nothing need be said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS

if TYPE_CHECKING:
    from tests.mutants.mutations import Mutant, Path
    from tests.mutants.samples import Case

EMPTY = {"empty list", "empty object"}
NONE = {"absent", "null", *EMPTY}
COUNTS = ("count", "totalReviewCount", "commentsCount", "messagesCount")


@dataclass(frozen=True)
class Rule:
    """Changes of nodes that leave a right answer.

    sample, path: regular expressions of the body's name and of the node's `shape`.
    """

    sample: str
    path: str
    changes: frozenset[str] | set[str]
    why: str

    def holds(self, sample: str, path: str, change: str) -> bool:
        """Return whether a mutant is one of these."""
        return bool(re.fullmatch(self.sample, sample) and re.fullmatch(self.path, path)) and change in self.changes


RULES = (
    Rule(r"comments\..*", r".*\.replies", NONE, "a comment without replies"),
    Rule(r"comments\..*", "NETWORK", {"absent", "null"},
         "no comments: a success with nothing in it (docs/api.md section 10)"),
    Rule(r"(?!error).*", "the body", {"empty list"}, "a bare list"),
    Rule("profiles.*", "pagination", NONE, "a list of one page"),
    Rule(r"(platform_history|messages)\.twitter.*", r"meta(\.pagination)?", NONE, "a list of one page"),
    Rule("profiles", r"pagination\.hasMore", NONE | {"zero", "empty text"}, "there is a cursor all the same"),
    Rule(r"social_analytics\..*", r"NETWORK\.analytics\.(audience|followerDemographics)\w*(\.(?!N$).*)?", NONE,
         "a network may withhold a breakdown, or a group of it"),
    Rule(r"social_analytics_daily\..*", r"NETWORK\.analytics\.\w+", {"absent", "null", "zero"},
         "a network may drop a metric, and a number that isn't a series stays one (docs/api.md section 7)"),
    Rule(r"platform_history\.twitter", r"posts\.N\.\w+Metrics", NONE, "an item without metrics"),
    Rule("ads_facebook_history", r"dateRange(\.start)?", NONE | {"empty text", "other case"},
         "no range is claimed under its name"),
    Rule("auto_schedule_list", "schedules", {"empty object", "empty list"}, "no schedules"),
    Rule("auto_schedule_list", r"schedules\.greatschedule", {"absent"}, "no such schedule"),
)  # fmt: skip


def shape(path: Path) -> str:
    """Return a path without what varies: N for any position, NETWORK for the key of a network's block."""
    first, *rest = path or ("the body",)
    steps = ["NETWORK" if first in NETWORKS else first, *rest]
    return ".".join("N" if isinstance(step, int) else str(step) for step in steps)


def is_legitimate(case: Case, mutant: Mutant) -> bool:
    """Return whether a mutant is a right answer with less in it."""
    sample, change = case.sample, mutant.change
    if any(rule.holds(sample.name, shape(mutant.path), change) for rule in RULES):
        return True
    if _claims(mutant.body):
        return False
    is_element = bool(mutant.path) and isinstance(mutant.path[-1], int)
    is_list = bool(mutant.path) and isinstance(_at(sample.body, mutant.path), list)
    return (is_element and change == "absent") or (is_list and change == "empty list")


def _at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def _claims(body: Any) -> bool:
    """Return whether an envelope says how many items it has."""
    return isinstance(body, dict) and any(isinstance(body.get(name), int) and body[name] for name in COUNTS)
