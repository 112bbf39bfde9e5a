"""What the tap is known to lose without a word: a list that may only get shorter.

A cause whose example is said again fails its own test, so that it is taken off the list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.mutants.legitimate import shape

if TYPE_CHECKING:
    from tests.mutants.mutations import Mutant
    from tests.mutants.samples import Case

NOT_AN_OBJECT = {"null", "empty list", "empty text", "zero", "text", "list of one"}
LISTS = r"the body|history|posts|messages|profiles|playLists|adAccounts|ads|analytics|NETWORK(\.N\.replies)?"
COUNTED = r"(history_envelope|profiles|ads_facebook_accounts|reviews|comments\.tiktok_2026).*"
OTHER_FORM = {"nested copy", "object by index", "other case"}
OUTER = {"one level down (data)", "one level down (result)"}
LESS = {"absent", "null", "empty list", "empty object"}
ITEMS = r"N|(history|posts|messages|profiles|playLists|adAccounts|ads|analytics)\.N|NETWORK\.N(\.replies\.N)?"


@dataclass(frozen=True)
class Cause:
    """Mutants of one cause.

    what: what goes unsaid; sample, path: regular expressions of the body's name and of the node's `shape`;
    changes: what is done to the node; example: case, path and change of one of them.
    """

    what: str
    sample: str
    path: str
    changes: frozenset[str] | set[str]
    example: tuple[str, str, str]

    def covers(self, case: Case, mutant: Mutant) -> bool:
        """Return whether a mutant is one of these."""
        name, path = case.sample.name, shape(mutant.path)
        return bool(re.fullmatch(self.sample, name) and re.fullmatch(self.path, path)) and mutant.change in self.changes


KNOWN: tuple[Cause, ...] = (
    Cause("replies in another form", r"comments\..*", r"NETWORK\.N\.replies", {*NOT_AN_OBJECT, *OTHER_FORM},
          ("comments.replies_2026:comments", "facebook.0.replies", "other case")),
    Cause("an item of a list that isn't an object", r".*", ITEMS, NOT_AN_OBJECT,
          ("platform_history.facebook:social_posts+social_post_analytics+social_post_comments", "posts.0", "text")),
    Cause("a list in a list", r".*", LISTS, {"list of one"}, ("messages.facebook:messages", "messages", "list of one")),
    Cause("an envelope that counts more items than came", COUNTED,
          r"(history|profiles|adAccounts|NETWORK)(\.N)?", {"absent", "empty list"},
          ("history_envelope:posts+post_analytics+comments", "history", "empty list")),
    Cause("more pages without a cursor", "profiles", r"pagination(\.nextCursor)?",
          {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("profiles:profiles", "pagination.nextCursor", "null")),
    Cause("a network's comments that are neither a list nor an object", r"comments\..*", "NETWORK",
          {"null", "empty text", "zero", "text", "empty list", "absent"},
          ("comments.instagram:comments", "instagram", "text")),
    Cause("a network that was asked for and isn't in the answer", r"(social_analytics|post_analytics)\..*",
          r"NETWORK|errors(\.N)?|NETWORK\.errors\.N", {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("post_analytics.partial:post_analytics", "errors", "absent")),
    Cause("a block without analytics, or with empty ones", r"(social_analytics|post_analytics).*",
          r"NETWORK(\.N)?(\.analytics(\.N)?)?", {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("post_analytics.facebook:post_analytics", "facebook.analytics", "null")),
    Cause("where a post was sent to, in another form", "history.*", r"history\.N\.postIds(\.N(\.(platform|status))?)?",
          {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("history:posts+post_analytics+comments", "history.0.postIds.0.status", "text")),
    Cause("an answer about schedules that has none by name", "auto_schedule_list", "the body|schedules",
          {*LESS, *NOT_AN_OBJECT, *OTHER_FORM, *OUTER}, ("auto_schedule_list:auto_schedules", "schedules", "absent")),
    Cause("a range of dates that can't be read", "ads_facebook_history", r"dateRange(\.start)?",
          {*NOT_AN_OBJECT, *OTHER_FORM},
          ("ads_facebook_history:ad_spend_daily", "dateRange.start", "text")),
)  # fmt: skip


def cause_of(case: Case, mutant: Mutant) -> Cause | None:
    """Return the first cause that covers a mutant."""
    return next((cause for cause in KNOWN if cause.covers(case, mutant)), None)
