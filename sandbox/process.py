"""The sandbox as a process of its own, for demo, tests and benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# A proxy of the environment is not for a process on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class SandboxProcess:
    """A running sandbox; config: its first line, ready to go into the tap's configuration."""

    config: dict[str, Any]

    def _control(self, method: str, what: str, value: Any = None) -> Any:
        url = self.config["api_url"].removesuffix("/api") + f"/sandbox/{what}"
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - its own address
        with _OPENER.open(request, timeout=30) as response:
            return json.load(response)

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """Return the requests so far, those to a path alone if one is given."""
        log: list[dict[str, Any]] = self._control("GET", "requests")["requests"]
        return [entry for entry in log if entry["path"] == path or not path]

    def most_in_flight(self) -> dict[str, int]:
        """Return the most requests in flight at once, by profile, and over all under `*`."""
        found: dict[str, int] = self._control("GET", "requests")["most_in_flight"]
        return found

    def clear(self) -> None:
        """Forget the requests so far."""
        self._control("DELETE", "requests")

    def set_faults(self, *rules: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Put rules in force (sandbox/faults.py), given one by one or as a list; none: no faults."""
        self._control("PUT", "faults", [one for rule in rules for one in (rule if isinstance(rule, list) else [rule])])

    def set_clock(self, now: str) -> None:
        """Set its clock to an ISO 8601 instant."""
        self._control("PUT", "clock", {"now": now})

    def set_latency(self, seconds: float) -> None:
        """Set the seconds until an answer."""
        self._control("PUT", "latency", {"latency": seconds})

    def set_limit(self, limit: int, window: float, counting: str = "sliding") -> None:
        """Set the rate limit of every profile and forget what was counted."""
        self._control("PUT", "limit", {"limit": limit, "window": window, "counting": counting})

    def set_options(self, **options: Any) -> None:
        """Change options such as links, plan, playlists or x_keys (`x_keys="ignored"`)."""
        self._control("PUT", "options", options)


@contextmanager
def running(*args: str) -> Iterator[SandboxProcess]:
    """Run a sandbox with these options, and stop it in any case."""
    process = subprocess.Popen(  # noqa: S603 - this package
        [sys.executable, "-m", "sandbox", "--port", "0", *args],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError("the sandbox did not start")
        yield SandboxProcess(json.loads(line))
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
