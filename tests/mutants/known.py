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
    Cause("an item of a list that isn't an object, in a network's block", r"(comments|post_analytics)\..*",
          r"NETWORK\.N(\.replies\.N)?", NOT_AN_OBJECT, ("comments.bluesky:comments", "bluesky.0", "text")),
    Cause("an empty list as an item", r".*", ITEMS, {"empty list"},
          ("messages.facebook:messages", "messages.0", "empty list")),
    Cause("a list of comments in a list", r"comments\..*", "NETWORK", {"list of one"},
          ("comments.bluesky:comments", "bluesky", "list of one")),
    Cause("replies in another form", r"comments\..*", r"NETWORK\.N\.replies", {*NOT_AN_OBJECT, *OTHER_FORM},
          ("comments.replies_2026:comments", "facebook.0.replies", "other case")),
    Cause("comments of a network that are null", r"comments\..*", "NETWORK", {"null", "absent"},
          ("comments.bluesky:comments", "bluesky", "null")),
    Cause("an envelope that counts more items than came", COUNTED,
          r"(history|profiles|adAccounts|NETWORK)(\.N)?", {"absent", "empty list"},
          ("profiles:profiles", "profiles", "empty list")),
    Cause("the place of the cursor in another form", r"profiles|platform_history\.twitter|messages\.twitter_page",
          r"pagination|meta(\.pagination)?(\.next)?(\.hasMore)?", {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("profiles:profiles", "pagination", "text")),
    Cause("an answer one level down, of which the list is read and what stands beside it isn't",
          r"(profiles|ads_facebook_history|reviews|messages|platform_history\.twitter).*", "the body",
          {*OUTER, "object by index"},
          ("profiles:profiles", "the body", "one level down (data)")),
    Cause("demographics below another name than analytics", r"social_analytics\..*", r"NETWORK\.analytics",
          {"nested copy", "object by index"},
          ("social_analytics.threads:social_analytics+account_demographics", "threads.analytics", "nested copy")),
    Cause("where a post was sent to, in another form", "history.*", r"history\.N\.postIds(\.N(\.(platform|status))?)?",
          {*LESS, *NOT_AN_OBJECT, *OTHER_FORM},
          ("history:posts+post_analytics+comments", "history.0.postIds.0", "text")),
    Cause("schedules as a list, or below another name", "auto_schedule_list", "the body|schedules",
          {"empty list", "list of one", "object by index"},
          ("auto_schedule_list:auto_schedules", "schedules", "list of one")),
    Cause("a range of dates that can't be read", "ads_facebook_history", r"dateRange(\.start)?",
          {*NOT_AN_OBJECT, *OTHER_FORM}, ("ads_facebook_history:ad_spend_daily", "dateRange.start", "text")),
    Cause("a refusal that is an empty list", r"error\..*", "the body", {"empty list"},
          ("error.x_keys_required:social_posts+social_post_analytics+social_post_comments", "the body", "empty list")),
)  # fmt: skip


def cause_of(case: Case, mutant: Mutant) -> Cause | None:
    """Return the first cause that covers a mutant."""
    return next((cause for cause in KNOWN if cause.covers(case, mutant)), None)
