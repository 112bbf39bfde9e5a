"""Drift: what a run meets that the contract doesn't know, logged once."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from tap_ayrshare.ayrshare.fields import BESIDE, NEW, TYPE, Departure, compare

logger = logging.getLogger(__name__)

MOST_LOGGED = 200
"""Lines for one body of one network: keys that are themselves data must not fill the log."""
MOST_NAMED = 20
SAYS = {NEW: "that the contract doesn't have", TYPE: "of another type than the contract says"}


class Drift:
    """The departures from the contract that a run has met: a line for each, and one warning of them all at its end."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str, str, str, str], bool] = {}
        self._logged: Counter[tuple[str, str]] = Counter()

    def look_at(self, stream: str, body: str, network: str | None, value: Any, *, is_kept: bool = True) -> None:
        """Compare a body, or each of the bodies in an array, with what the contract knows of it.

        Args:
            stream: the stream that reads it.
            body: which body it is; see `fields.declared`.
            network: its network, None where it belongs to none.
            value: the body as the API gave it.
            is_kept: whether a record carries it, so that `tap-ayrshare-contract` finds the same in the output.
        """
        for _, found in compare(body, network, value, body if body in BESIDE else ""):
            for departure in found:
                self._meet(stream, network or "all", departure, is_kept=is_kept)

    def _meet(self, stream: str, network: str, found: Departure, *, is_kept: bool) -> None:
        path = found.path if found.path.isprintable() else ascii(found.path)
        key = (found.kind, stream, network, path or "the body itself", found.seen)
        if key in self._met or self._logged[stream, network] > MOST_LOGGED:
            return
        self._met[key] = is_kept
        self._logged[stream, network] += 1
        if self._logged[stream, network] > MOST_LOGGED:
            logger.info("%s, %s: more fields depart from the contract than are logged here", stream, network)
        elif found.kind == NEW:
            logger.info("%s, %s: the contract doesn't have the field %s (%s)", *key[1:])
        else:
            says = " or ".join(found.known)
            logger.info("%s, %s: the type of the field %s is %s, the contract says %s", *key[1:], says)

    def summary(self) -> str:
        """Return one line that counts and names the departures, empty where there are none."""
        parts = []
        for kind, says in SAYS.items():
            found = {key: is_kept for key, is_kept in self._met.items() if key[0] == kind}
            if found:
                names = [f"{stream} {network} {path}" for _, stream, network, path, _ in [*found][:MOST_NAMED]]
                more = f", and {len(found) - MOST_NAMED} more (see the lines above)" if len(found) > MOST_NAMED else ""
                outside = sum(not is_kept for is_kept in found.values())
                beside = f", {outside} of them in answers around the records" if outside else ""
                fields = f"{len(found)} field{'s' * (len(found) > 1)} {says}"
                parts.append(f"{fields}{beside}: {', '.join(names)}{more}")
        return "the API sent " + "; ".join(parts) if parts else ""
