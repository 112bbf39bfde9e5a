"""The sandbox in a thread of this process, for tests: it starts in milliseconds."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.__main__ import options, start
from sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving(*args: str) -> Iterator[SandboxProcess]:
    """Serve a sandbox with these options, and stop it in any case."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        runner, config = asyncio.run_coroutine_threadsafe(start(options(["--port", "0", *args])), loop).result()
        try:
            yield SandboxProcess(config)
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
