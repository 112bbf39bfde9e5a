"""Drift: what a run meets that the contract doesn't know, logged once."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from tap_ayrshare.ayrshare.fields import NEW, Departure, compare

logger = logging.getLogger(__name__)

MOST_LOGGED = 200
"""Warnings for one body of one network: keys that are themselves data must not fill the log."""


BESIDE = ("block", "answer")
"""Bodies that stand around another: their fields are named with the body."""


class Drift:
    """The departures from the contract that a run has met: one warning for each field, and how many there are."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._met: set[tuple[str, str, str, str, str]] = set()
        self._logged: Counter[tuple[str, str]] = Counter()

    def look_at(self, stream: str, body: str, network: str | None, value: Any) -> None:
        """Compare a body, or each of the bodies in an array, with what the contract knows of it.

        Args:
            stream: the stream that reads it.
            body: which body it is; see `fields.declared`.
            network: its network, None where it belongs to none.
            value: the body as the API gave it.
        """
        for _, found in compare(body, network, value, body if body in BESIDE else ""):
            for departure in found:
                self._meet(stream, network or "all", departure)

    def _meet(self, stream: str, network: str, found: Departure) -> None:
        key = (stream, network, found.kind, found.path, found.seen)
        if key in self._met or self._logged[stream, network] > MOST_LOGGED:
            return
        self._met.add(key)
        self.count[found.kind] += 1
        self._logged[stream, network] += 1
        if self._logged[stream, network] > MOST_LOGGED:
            logger.warning("%s, %s: more fields depart from the contract than are logged here", stream, network)
            return
        path = found.path if found.path.isprintable() else ascii(found.path)
        path = path or "the body itself"
        if found.kind == NEW:
            text = "%s, %s: the contract doesn't have the field %s (%s); its value is kept"
            logger.warning(text, stream, network, path, found.seen)
        else:
            text = "%s, %s: the type of the field %s is %s, the contract says %s; its value is kept"
            logger.warning(text, stream, network, path, found.seen, " or ".join(found.known))

    def summary(self) -> str:
        """Return the line for the summary, empty where nothing departed from the contract."""
        if not self.count:
            return ""
        new, other = self.count["new"], self.count["type"]
        return f"departures from the contract: {new} new fields, {other} other types (see the warnings above)"
