"""`tap-ayrshare-record`: answers of the API for the project's tests, without anything of the account in them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_ayrshare.config.environment import ENVIRONMENT
from tap_ayrshare.config.settings import DEFINITION, Settings
from tap_ayrshare.engine.errors import SettingsError, TapError
from tap_ayrshare.preview.recording.recorder import Recorder, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_ayrshare.config.settings import Profile

FROM_ENVIRONMENT = "ENV"
DONE, FAILED, UNUSABLE = 0, 1, 2
LIMIT = 60
HELP = """\
Ask the Ayrshare API once for each endpoint, network and variant, and write what it answers into DIRECTORY, a file for
each answer. Names, nesting and types stay; every value is replaced: numbers by others of as many digits, texts and ids
by made-up ones, dates by others, URLs by example.com. Nothing is written to the account, nothing is sent anywhere else.
"""


def configuration(path: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings in a file, or those in the environment.

    Raises:
        SettingsError: the file can't be read.
    """
    if path == FROM_ENVIRONMENT:
        names = {f"{ENVIRONMENT}{name.upper()}": name for name in DEFINITION["properties"]}
        return {names[name]: value for name, value in environment.items() if name in names}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"--config: can't read {path}: {wrong}") from None
    if not isinstance(found, dict):
        raise SettingsError(f"--config: {path} isn't a JSON object")
    return found


def chosen(settings: Settings, label: str | None) -> Profile:
    """Return the profile of a label, the first one if none is given.

    Raises:
        SettingsError: there is none.
    """
    found = next((one for one in settings.profiles if label in (None, one.label)), None)
    if found is None:
        known = ", ".join(one.label for one in settings.profiles)
        raise SettingsError(f"--profile: there is no profile {label!r} in the settings (there are {known})")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 recorded, 1 ended early, 2 needs manual action."""
    parser = argparse.ArgumentParser(
        prog="tap-ayrshare-record",
        description=HELP,
        epilog="Exit code: 0 recorded, 1 ended before all was asked, 2 needs manual action.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("directory", type=Path, help="where the files are written; must be empty or new")
    parser.add_argument("--config", default=FROM_ENVIRONMENT, help="a JSON file, or ENV (default) for TAP_AYRSHARE_...")
    parser.add_argument("--profile", help="the profile to record; default: the first one in the settings")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"the most requests (default {LIMIT})")
    args = parser.parse_args(arguments)
    try:
        if args.directory.exists() and any(args.directory.iterdir()):
            raise SettingsError(f"{args.directory} isn't empty: record into a new directory")
        settings = Settings.read(configuration(args.config, os.environ))
        recorder = Recorder(settings, chosen(settings, args.profile), args.directory, args.limit)
        lines = [*table(asyncio.run(recorder.run()))]
        summary = "\n".join(["```text", *lines, "```", ""])
        (args.directory / "summary.md").write_text(summary, encoding="utf-8")
    except (TapError, OSError) as wrong:
        sys.stderr.write(f"tap-ayrshare-record: {wrong}\n")
        return UNUSABLE
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if recorder.ended:
        sys.stderr.write(f"tap-ayrshare-record: ended early: {recorder.ended}\n")
    sys.stderr.write(f"tap-ayrshare-record: look through {args.directory} before you pass it on (docs/recording.md)\n")
    return FAILED if recorder.ended else DONE


if __name__ == "__main__":
    sys.exit(main())
