"""The month's post quota of a profile, as GET /user shows it (docs/api.md sections 3 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping

NEARLY = 0.9
"""The share of the quota from which on it is nearly used up."""


def quota_warning(user: Mapping[str, Any]) -> str | None:
    """Return what the body of GET /user says of a quota that is used up or nearly so, None if it says nothing."""
    used, quota = number(user.get("monthlyPostCount")), number(user.get("monthlyPostQuota"))
    if used is None or quota is None or quota <= 0 or float(used) < NEARLY * float(quota):
        return None
    posts = f"{used} of the {quota} posts of the month's quota are used"
    if used >= quota:
        return (
            f"{posts}: until the 1st of the month, 00:07 UTC, Ayrshare may refuse the analytics and comments of posts "
            "with code 106; what is due is read in the first run after that"
        )
    return (
        f"{posts}; once none is left, Ayrshare refuses the analytics and comments of posts until the 1st of the month"
    )
