"""What comes out: Singer messages on their way to stdout, and log lines without secrets."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from singer_sdk.io_base import SingerWriter

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message


SHORTEST_SECRET = 4
"""A shorter one would be found in every line."""


class MessageWriter(SingerWriter):
    """Writes messages; held, it keeps them until `flush`, which may block without stopping the event loop.

    Own code, since the SDK's writer blocks where it is called: a target that loads for two minutes would
    let every request in flight time out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[str] | None = None
        self._flushing = asyncio.Lock()
        self.size = 0

    def hold(self) -> None:
        """Keep messages from now on, until `flush`."""
        self._held = []
        self._flushing = asyncio.Lock()

    def release(self) -> None:
        """Keep nothing any more."""
        self._held = None

    def write_message(self, message: Message) -> None:
        """Write a message, or keep it."""
        if self._held is None:
            super().write_message(message)
            return
        line = self.format_message(message) + "\n"
        self._held.append(line)
        self.size += len(line)

    async def flush(self) -> None:
        """Write what is kept; other tasks go on while the target does not read."""
        async with self._flushing:
            if self._held:
                lines, self._held, self.size = self._held, [], 0
                await asyncio.to_thread(_put, "".join(lines))


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class SecretFormatter(logging.Formatter):
    """Formats as another formatter does, and takes secrets out of the result."""

    def __init__(self, formatter: logging.Formatter | None, secrets: frozenset[str]) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()
        self._secrets = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with *** in place of every secret."""
        line = self._formatter.format(record)
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line
