"""Stdout as a pipe that somebody may stop reading."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress


def is_unread() -> bool:
    """Return whether nobody reads stdout any more: it is a pipe whose other end is closed."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        # No such call on Windows, no such file in a test.
        return False


def abandon() -> None:
    """Throw away what is left for a reader that has gone: writing it when the process ends would fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
