"""The command `tap-ayrshare`; `python -m tap_ayrshare` is the same.

It answers for what may happen before the tap is imported, which takes half a second.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

NEEDS_PERSON = 2


def main() -> None:
    """Run the command line."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _end)
    if sys.stdout is None:  # closed by whoever started the process
        _say("stdout is closed, so nothing can be written; connect it to a target or a file")
        sys.exit(NEEDS_PERSON)
    from tap_ayrshare.singer.tap import TapAyrshare  # noqa: PLC0415

    TapAyrshare.cli()


def _end(signum: int, _frame: FrameType | None) -> None:
    # An exception in the middle of an import would be a traceback, or be caught.
    _say(f"interrupted by {signal.Signals(signum).name}")
    os._exit(128 + signum)


def _say(line: str) -> None:
    with suppress(OSError):  # stderr may be closed too
        os.write(2, f"tap-ayrshare: {line}\n".encode())


if __name__ == "__main__":
    main()
