"""What Facebook no longer gives since 2026-06-15 (docs/api.md sections 6 and 7)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import cache

from sandbox.bodies import load

ENDED_ON = datetime(2026, 6, 15, tzinfo=timezone.utc)
ENDED = {
    "post": re.compile(r"impressions|totalVideoImpressions|videoViewsUnique$|totalVideoViews\w*Unique$"),
    "account": re.compile(r"pagePosts(Served)?Impressions"),
}
"""How the names begin of the fields that ended, by the file of the bodies."""


@cache
def fields_that_ended(name: str, variant: str) -> tuple[str, ...]:
    """Return the fields of an object's analytics that ended."""
    return tuple(field for field in load(name)[variant]["analytics"] if ENDED[name].match(field))
