"""`python -m benchmarks.transport`: CPU of 1,000 requests with aiohttp, and with requests in threads, in pairs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import monotonic, process_time
from typing import TYPE_CHECKING

import aiohttp
import requests

from sandbox.process import running

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, REQUESTS, IN_FLIGHT = 7, 1_000, 16


def with_requests(url: str, headers: dict[str, str]) -> None:
    """Make the requests with a session in each of the threads' pool."""
    with requests.Session() as session, ThreadPoolExecutor(IN_FLIGHT) as pool:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=IN_FLIGHT))
        for response in pool.map(lambda _: session.get(url, headers=headers, timeout=60), range(REQUESTS)):
            response.raise_for_status()


def with_aiohttp(url: str, headers: dict[str, str]) -> None:
    """Make the requests in one thread."""

    async def run() -> None:
        places = asyncio.Semaphore(IN_FLIGHT)
        async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:

            async def get() -> None:
                async with places, session.get(url) as response:
                    await response.read()

            await asyncio.gather(*(get() for _ in range(REQUESTS)))

    asyncio.run(run())


def measure(work: Callable[[str, dict[str, str]], None], url: str, headers: dict[str, str]) -> tuple[float, float]:
    """Return CPU seconds and seconds."""
    began, cpu = monotonic(), process_time()
    work(url, headers)
    return process_time() - cpu, monotonic() - began


def main() -> None:
    """Measure in pairs and print medians with their range."""
    with running("--plain", "--limit", "0", "--profiles", "0") as box:
        url, headers = f"{box.config['api_url']}/user", {"Authorization": f"Bearer {box.config['api_key']}"}
        rounds = [[measure(work, url, headers) for work in (with_requests, with_aiohttp)] for _ in range(ROUNDS)]
    for number, name in enumerate(("CPU s", "seconds")):
        ratios = [theirs[number] / ours[number] for theirs, ours in rounds]
        columns = [f"{median(pair[at][number] for pair in rounds):.2f}" for at in (0, 1)]
        spread = f"{median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"
        print(f"{name} per {REQUESTS:,} requests: requests {columns[0]}, aiohttp {columns[1]}, ratio {spread}")


if __name__ == "__main__":
    main()
