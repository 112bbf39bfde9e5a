"""The command line: its options, the files that they name, and one line for what a user can cause."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.plugin_base import SingerCommand, _ConfigInput

from tap_ayrshare.config.environment import ENVIRONMENT, plain, variables
from tap_ayrshare.config.files import NoSuchFile, UnusableFile, json_file
from tap_ayrshare.engine.errors import SettingsError, StateError, TapError

if TYPE_CHECKING:
    from types import FrameType

logger = logging.getLogger("tap-ayrshare")

FROM_ENVIRONMENT = "ENV"
"""What --config takes instead of a file."""
LOG_LEVEL = f"{ENVIRONMENT}LOGLEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SAME_LEVELS = ("NOTSET", "WARN", "FATAL")
"""What Python's logging takes too."""
HELP = """Extract social media metrics from Ayrshare as Singer messages on stdout.

\b
Find out what works, and how long a first run takes:
    TAP_AYRSHARE_API_KEY=... tap-ayrshare --config ENV --test
Load into a target, from the state of the last run on:
    tap-ayrshare --config config.json --state state.json | target-postgres --config target.json

Exit codes: 0 done, 1 failed and another run may succeed, 2 only a person can mend it.
"""
OPTIONS = {
    "config": "A JSON file with settings, or ENV for TAP_AYRSHARE_... variables; may be given more than once.",
    "test": "Report in a few requests what a run will find, what is wrong and how long it takes. "
    "--test=schema: write the SCHEMA messages without a request.",
    "discover": "Write the catalog: all streams and their columns.",
    "catalog": "A catalog with the streams and columns to extract.",
    "state": "The state that the last run wrote: its last STATE message, what the target printed, or what "
    "`meltano state get` prints.",
    "about": "Describe the tap and its settings.",
}
"""What the options of the command line do."""
FILES = ("catalog", "state")


class TapCommand(SingerCommand):
    """The command `tap-ayrshare`."""

    @classmethod
    def of(cls, command: SingerCommand) -> TapCommand:
        """Return the SDK's command as this one."""
        return cls(
            name=command.name,
            callback=command.callback,
            params=[_described(option) for option in command.params],
            help=HELP,
            context_settings=command.context_settings,
            logger=command.logger,
        )

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; a TapError is its last line and decides the exit code."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, _end)
        try:
            return super().main(*args, **kwargs)
        except TapError as error:
            self.logger.error("%s", error)  # noqa: TRY400
            sys.exit(error.exit_code)


def _end(signum: int, _frame: FrameType | None) -> None:
    """End the process where no run has begun; a run ends at a safe point (`Emitter.interrupt`)."""
    logger.error("interrupted by %s", signal.Signals(signum).name)
    sys.exit(128 + signum)


def _described(option: click.Parameter) -> click.Parameter:
    """Return an option with what it does in this tap; files are read by `json_object`."""
    if isinstance(option, click.Option) and option.name in OPTIONS:
        option.help = OPTIONS[option.name]
        if option.name in FILES:
            option.type = click.STRING
    return option


def log_level() -> str:
    """Return the level of the log that the environment asks for.

    Raises:
        SettingsError: there is no such level.
    """
    for name in (LOG_LEVEL, "LOGLEVEL"):
        if level := plain(os.environ.get(name, "")):
            if level.upper() not in (*LEVELS, *SAME_LEVELS):
                raise SettingsError(f"environment variable {name}: must be {', '.join(LEVELS)} (got {level[:60]!r})")
            return level.upper()
    return "INFO"


def read_config(paths: tuple[str, ...]) -> _ConfigInput:
    """Return the settings in the files given as --config, the last of which wins.

    Raises:
        SettingsError: one can't be read.
    """
    found = _ConfigInput()
    for path in paths:
        if path == FROM_ENVIRONMENT:
            found.parse_env = True
        else:
            found.config |= json_object("--config", path, SettingsError)
    return found


def require_key(config: _ConfigInput) -> None:
    """Say how to use a key that is in the environment alone.

    Raises:
        SettingsError: there is one, and the settings aren't read there.
    """
    if not config.parse_env and not config.config.get("api_key") and variables(["api_key"]):
        raise SettingsError(f"api_key is in the environment: add --config {FROM_ENVIRONMENT} to read settings there")


def json_object(option: str, path: str, error: type[TapError]) -> dict[str, Any]:
    """Return the object in a file that an option names; an empty state is an empty object.

    Raises:
        TapError: it can't be read; of the type that is given.
    """
    if not path.strip() or path.lstrip().startswith("{"):
        raise error(f"{option}: must be the path of a JSON file{', not the object itself' if path.strip() else ''}")
    try:
        value = json_file(path)
    except NoSuchFile:
        hint = f"; did you mean {option} {FROM_ENVIRONMENT}?" if path.upper() == FROM_ENVIRONMENT else ""
        raise error(f"{option}: there is no file {path}{hint}") from None
    except UnusableFile as problem:
        raise error(f"{option}: can't read {path}: {problem}") from None
    if value is None and error is StateError:
        logger.warning("%s: %s is empty: starting without a state", option, path)
        return {}
    if not isinstance(value, dict):
        raise error(f"{option}: {path} is empty" if value is None else f"{option}: {path} isn't a JSON object")
    return value
