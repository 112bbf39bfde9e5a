"""Which networks of a profile can be asked in a run, and which are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tap_ayrshare.ayrshare.codes import OWN_KEYS, X_LIMIT
from tap_ayrshare.ayrshare.contract import NETWORKS, X
from tap_ayrshare.engine.errors import Refusal
from tap_ayrshare.engine.messages import ALL, Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_ayrshare.config.settings import Settings
    from tap_ayrshare.engine.errors import Rule
    from tap_ayrshare.engine.tally import Stats
    from tap_ayrshare.streams.memory import Memory

X_ALLOWANCE = "x_daily_requests"


class Owner(Protocol):
    """The profile whose networks they are."""

    settings: Settings
    memory: Memory

    async def user(self, stream: str) -> dict[str, Any]:
        """Read GET /user, which sets `linked`."""

    def stats(self, stream: str) -> Stats:
        """Return what is counted of a stream."""

    def note(self, issue: Issue) -> None:
        """Note something that can't be read."""


class Networks:
    """The networks of a profile.

    linked: those linked to it, once GET /user has been read (`is_known`).
    left_out: those that are left out for the rest of the run; limited: those of them that only have to wait.
    unbatched: those whose posts are asked for singly; proven_batches: those whose batches are right.
    """

    def __init__(self, owner: Owner, x_allowed: int) -> None:
        """Nothing is known yet; x_allowed: analytics requests to X in 24 hours."""
        self._owner = owner
        self._x_allowed = x_allowed
        self.linked: tuple[str, ...] = ()
        self.is_known = False
        self.left_out: set[str] = set()
        self.limited: set[str] = set()
        self.unbatched: set[str] = set()
        self.proven_batches: set[str] = set()

    def link(self, networks: tuple[str, ...]) -> None:
        """Keep the networks that GET /user names."""
        self.linked, self.is_known = networks, True

    async def able(self, what: str, stream: str, *, with_limited: bool = False) -> list[str]:
        """Return the networks of which a stream can read `what`: those of the setting, else those linked.

        Without those that are left out; `with_limited`, with those of them that only have to wait.
        """
        chosen: Sequence[str] | None = self._owner.settings.platforms
        if chosen is None and not self.is_known:
            chosen = self._owner.memory.networks_now(self._owner.settings.request_budget)
        if chosen is None:
            await self._owner.user(stream)
            chosen = self.linked
        able = _able(chosen, what)
        for name in able:
            self.check_keys(name)
        can_be_asked = self.open(stream, able)
        for name in self.limited.intersection(able):
            self._owner.stats(stream).stays_due.add(f"{NETWORKS[name].label} allows no more requests now")
        return [name for name in able if name in can_be_asked or (with_limited and name in self.limited)]

    def known(self, what: str) -> list[str] | None:
        """Return the networks of which `what` can be asked; None as long as those linked aren't known."""
        chosen: Sequence[str] | None = self._owner.settings.platforms
        if chosen is None and self.is_known:
            chosen = self.linked
        if chosen is None:
            return None
        return [name for name in _able(chosen, what) if name not in self.left_out]

    def open(self, stream: str, networks: Sequence[str]) -> list[str]:
        """Return the networks that are not left out; X is once its allowance of the day is used up."""
        if X in networks and X not in self.left_out and self._owner.memory.x_requests >= self._x_allowed:
            message = f"{self._x_allowed} requests to X in 24 hours are used up (x_daily_requests)"
            self._leave_out(stream, Refusal(X_LIMIT, X_ALLOWANCE, message, platform=X))
        return [name for name in networks if name not in self.left_out]

    def check_keys(self, network: str) -> bool:
        """Leave a network out if keys of its own are missing; return whether it can be asked."""
        missing = self._owner.settings.missing_keys(network) if network in NETWORKS else []
        if missing and network not in self.left_out:
            label = NETWORKS[network].label
            message = f"{label} is left out: it needs {' and '.join(missing)} of an app of your own"
            self._leave_out(ALL, Refusal(OWN_KEYS, "419", message, platform=network))
        return network not in self.left_out

    def _leave_out(self, stream: str, refusal: Refusal) -> None:
        self.leave_out(str(refusal.platform), refusal.rule)
        self._owner.note(Issue(stream, refusal, of_settings=True))

    def leave_out(self, network: str, rule: Rule) -> None:
        """Leave a network out for the rest of the run."""
        self.left_out.add(network)
        if rule.stays_due:
            self.limited.add(network)


def _able(networks: Iterable[str], what: str) -> list[str]:
    """Return the networks of which `what` can be read."""
    return [name for name in networks if name in NETWORKS and what in NETWORKS[name].reads]
