"""A MariaDB server from Debian's packages, with the binaries that are there: nothing is left running."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from demo.processes import ProcessFailedError, free_port, run, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("mariadbd", "mariadb-install-db", "my_print_defaults")
MISSING = "MariaDB is not tested: install Debian's mariadb-server-core and mariadb-client-core"
PATIENCE = 60
SETUP = """\
CREATE USER loader@'127.0.0.1' IDENTIFIED BY '{password}';
CREATE DATABASE ayrshare CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE ayrshare_staging CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
GRANT ALL ON ayrshare.* TO loader@'127.0.0.1';
GRANT ALL ON ayrshare_staging.* TO loader@'127.0.0.1';
"""


def program(name: str) -> str | None:
    """Return where a program of the server is, None if it isn't installed; /usr/sbin is in no user's PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")


def is_installed() -> bool:
    return all(map(program, PROGRAMS))


@contextmanager
def running_mariadb(directory: Path) -> Iterator[str]:
    """Run a new server, with the databases of the recipe in docs/destinations.md; yield its SQLAlchemy URL."""
    directory.mkdir()
    log, data = directory / "mariadb.log", directory / "data"
    password = secrets.token_hex(16)
    setup = directory / "setup.sql"
    setup.write_text(SETUP.format(password=password))
    # As root it must be told that this is meant.
    own = ["--no-defaults", f"--datadir={data}", *(["--user=root"] if os.geteuid() == 0 else [])]
    server, install, _ = (str(program(name)) for name in PROGRAMS)
    run([install, *own, "--skip-test-db"], what="Creating the database", log=log)
    port = free_port()
    # A path of a socket may have no more than 107 characters.
    listen = ["--bind-address=127.0.0.1", f"--port={port}", "--socket=mariadb.sock"]
    with started([server, *own, *listen, f"--init-file={setup}"], log=log, cwd=directory):
        deadline = time.monotonic() + PATIENCE
        while not _listens(port):
            if time.monotonic() > deadline:
                raise ProcessFailedError("MariaDB did not start", log)
            time.sleep(0.1)
        yield f"mysql+pymysql://loader:{password}@127.0.0.1:{port}/ayrshare?charset=utf8mb4"


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
