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

    from aiohttp import web

SECONDS_TO_CLOSE = 0.02
"""How long transports that were closed get to close their sockets."""


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
            asyncio.run_coroutine_threadsafe(_end(runner), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _end(runner: web.AppRunner) -> None:
    await runner.cleanup()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # A client that has just connected isn't known to the runner yet.
    await asyncio.sleep(SECONDS_TO_CLOSE)
    for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
        transport.abort()
    await asyncio.sleep(SECONDS_TO_CLOSE)
