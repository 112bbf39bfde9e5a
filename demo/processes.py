"""Child processes that don't outlive the process that started them, unless they are meant to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class ProcessFailedError(Exception):
    """A child process failed or did not start; `log` is its log file."""

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(message)
        self.log = log


def start(command: Sequence[str], *, log: Path, **options: object) -> subprocess.Popen[str]:
    """Start a process that writes to a log file.

    It gets its own session, so Ctrl-C reaches only this process, which then stops the others in order.
    """
    with log.open("a") as output:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
            command,
            stderr=output,
            text=True,
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": output, **options},
        )


@contextmanager
def started(command: Sequence[str], *, log: Path, **options: object) -> Iterator[subprocess.Popen[str]]:
    """Start a process that writes to a log file; on exit, stop it and everything that it started."""
    process = start(command, log=log, **options)
    try:
        yield process
    finally:
        stop(process)


def run(command: Sequence[str], *, what: str, log: Path, **options: object) -> None:
    """Run a command and wait for it to finish; `what` names it in error messages.

    Raises:
        ProcessFailedError: the exit code is not 0.
    """
    with started(command, log=log, **options) as process:
        code = process.wait()
    if code:
        raise ProcessFailedError(f"{what} failed with exit code {code}", log)


def stop(process: subprocess.Popen[str], ask_with: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask a process and its children to exit; kill any that are still running after `patience` seconds."""
    deadline = time.monotonic() + patience
    _signal_all(process, ask_with)
    while (process.poll() is None or _signal_all(process, 0)) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal_all(process, signal.SIGKILL)
    process.wait()


def _signal_all(process: subprocess.Popen[str], number: int) -> bool:
    """Send a signal to the process and its children; return whether any exist. Signal 0 only checks."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS raises the latter for a group that is exiting
        return False
    return True


def free_port() -> int:
    """Return a port of this machine that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
