"""`python -m demo.history`: the tap run for many nights in a row, in one process, with the clock set to each of them.

It reads one JSON object from stdin: `nights` (ISO 8601 instants), `config` (the tap's settings) and `control` (the
sandbox's first line). The messages of all nights go to stdout, as if the nights' outputs had been concatenated.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from typing import Any

import time_machine

from sandbox.process import SandboxProcess
from tap_ayrshare.singer.tap import TapAyrshare


def run(night: str, config: dict[str, Any], state: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """Run the tap on one night; return its messages and its last state."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    with time_machine.travel(night, tick=True), redirect_stdout(output):
        TapAyrshare(config=config, state=state).sync_all()
    output.flush()
    text = output.buffer.getvalue().decode()
    states = [line for line in text.splitlines() if line.startswith('{"type":"STATE"')]
    return text, json.loads(states[-1])["value"]


def main() -> None:
    """Run all nights."""
    given = json.load(sys.stdin)
    sandbox = SandboxProcess(given["control"])
    state = None
    for night in given["nights"]:
        sandbox.set_clock(night)
        text, state = run(night, given["config"], state)
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
