"""Runs this project's meltano.yml with plugins, state and settings separate from the user's."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from demo.processes import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent
MELTANO = ROOT / ".venvs" / "meltano" / "bin" / "meltano"
CLOCK = Path(__file__).with_name("tap_demo_clock.py")
# Variables that would make these runs use the user's own pipeline.
FOREIGN = ("MELTANO_", "TAP_AYRSHARE_", "TARGET_", "DBT_", "PG", "PYTHONPATH")


@dataclass(frozen=True)
class Pipeline:
    """Meltano in this project.

    directory: holds everything that it creates, so that the user's own runs neither see it nor are affected by it.
    """

    directory: Path

    @property
    def plugins(self) -> Path:
        """Directory where Meltano puts its plugins."""
        return self.directory / "meltano"

    def is_installed(self, *plugins: str) -> bool:
        """Return whether the plugins are installed as meltano.yml currently defines them."""
        stamp = self.directory / "plugins"
        return stamp.exists() and stamp.read_text() == _fingerprint(plugins)

    def install(self, *plugins: str) -> None:
        """Reinstall plugins with Meltano, and give the tap a clock that can be set.

        Raises:
            ProcessFailedError: the installation failed.
        """
        log = self.fresh_log("install")
        shutil.rmtree(self.plugins, ignore_errors=True)
        self.meltano("install", *plugins, log=log)
        # The tap has no setting for the date and needs none: its process gets a different clock instead.
        environment = self.plugins / "extractors" / "tap-ayrshare" / "venv"
        requirement = f"time-machine=={importlib.metadata.version('time-machine')}"
        command = [str(environment / "bin" / "python"), "-m", "pip", "install", requirement]
        run(command, what=f"Installing {requirement}", log=log)
        (site_packages,) = environment.glob("lib/python3.*/site-packages")
        shutil.copy(CLOCK, site_packages)
        (site_packages / CLOCK.with_suffix(".pth").name).write_text(f"import {CLOCK.stem}\n")
        (self.directory / "plugins").write_text(_fingerprint(plugins))

    def meltano(self, *arguments: str, log: Path, **settings: str) -> None:
        """Run Meltano in this project with these settings and none of the user's.

        Raises:
            ProcessFailedError: the exit code is not 0.
        """
        self._run(arguments, log, settings, subprocess.DEVNULL)

    def load(self, messages: Path, loader: str, *, log: Path, **settings: str) -> None:
        """Hand a file of Singer messages to a loader.

        Raises:
            ProcessFailedError: the exit code is not 0.
        """
        with messages.open() as stdin:
            self._run(("invoke", loader), log, settings, stdin)

    def _run(self, arguments: Sequence[str], log: Path, settings: Mapping[str, str], stdin: IO[str] | int) -> None:
        env = self.environment(**settings)
        run(self.command(*arguments), what=f"meltano {arguments[0]}", log=log, stdin=stdin, cwd=ROOT, env=env)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of Meltano in this project; it belongs with `environment`."""
        return [str(MELTANO), "--env-file", str(self.directory / "no.env"), *arguments]

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the variables for Meltano: these settings and none of the user's."""
        own = {
            "MELTANO_SYS_DIR_ROOT": str(self.plugins),
            "MELTANO_DATABASE_URI": f"sqlite:///{self.directory / 'meltano.db'}",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "DBT_TARGET_PATH": str(self.directory / "dbt"),
            "DBT_LOG_PATH": str(self.directory),
            "NO_COLOR": "1",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {**kept, **own, **settings}

    def forget_state(self) -> None:
        """Delete the state of earlier runs."""
        (self.directory / "meltano.db").unlink(missing_ok=True)

    def fresh_log(self, name: str) -> Path:
        """Create an empty log file and return its path."""
        self.directory.mkdir(exist_ok=True)
        log = self.directory / f"{name}.log"
        log.write_text("")
        return log


def _fingerprint(plugins: tuple[str, ...]) -> str:
    sources = [path.read_bytes() for path in (ROOT / "meltano.yml", ROOT / "pyproject.toml", CLOCK)]
    return hashlib.sha256(b"".join([*sources, bytes(ROOT), sys.version.encode(), repr(plugins).encode()])).hexdigest()
