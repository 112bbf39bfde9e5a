"""What comes out: Singer messages on their way to stdout."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from singer_sdk.io_base import SingerWriter

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message


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
        else:
            self.write_line(self.format_message(message) + "\n")

    def write_line(self, line: str) -> None:
        """Write a message that is a line already, or keep it."""
        if self._held is None:
            _put(line)
        else:
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
