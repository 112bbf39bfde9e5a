"""Doing things side by side and taking the results in order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Iterable

T = TypeVar("T")


async def in_order(jobs: Iterable[Coroutine[None, None, T]], ahead: int) -> AsyncGenerator[T, None]:
    """Run at most `ahead` coroutines at once and yield their results in the order of the coroutines.

    An exception of a coroutine comes where its result would; those behind it are then cancelled.
    """
    running: deque[asyncio.Task[T]] = deque()
    try:
        for job in jobs:
            running.append(asyncio.create_task(job))
            if len(running) >= ahead:
                yield await running[0]
                running.popleft()
        while running:
            yield await running[0]
            running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
