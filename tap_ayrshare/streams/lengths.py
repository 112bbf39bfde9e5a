"""Text that is longer than its column."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_ayrshare.engine.values import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)


class Lengths:
    """The lengths of a stream's columns; that a value was too long is logged once for each column."""

    def __init__(self, stream: str, lengths: Mapping[str, int]) -> None:
        self._stream = stream
        self._lengths = lengths
        self._overlong: set[str] = set()

    def fit(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a record; what is too long ends in a hash."""
        for column, length in self._lengths.items():
            value = values[column]
            if value is not None and len(value) > length:
                values[column] = fitted(value, length)
                self._tell(column, len(value), length)
        return values

    def _tell(self, column: str, seen: int, length: int) -> None:
        if column not in self._overlong:
            self._overlong.add(column)
            message = "%s: a %s of %d characters is longer than the contract's %d: such values end in a hash"
            logger.warning(message, self._stream, column, seen, length)
