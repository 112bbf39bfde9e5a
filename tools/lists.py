"""Writes the lists of streams that files beside `schemas/` need, out of the streams' declarations.

`python -m tools.lists` writes them, `--check` says which are out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import fill

from tap_ayrshare.ayrshare.contract import declared_streams, stream_contract

ROOT = Path(__file__).parent.parent


def deselect_lines() -> str:
    """Return the lines of `select` in meltano.yml that leave out what is deselected by default."""
    contracts = {name: stream_contract(name) for name in declared_streams()}
    names = [name for name, one in contracts.items() if not one.selected_by_default and one.opt_in is None]
    return "".join(f'    - "!{name}.*"\n' for name in names)


def shard_streams() -> str:
    """Return the list of all streams in the runner of the orchestration recipes."""
    names = fill(", ".join(f'"{name}"' for name in declared_streams()), 116)
    lines = "".join(f"    {line}\n" for line in names.split("\n"))
    return f"STREAMS = (\n{lines.rstrip().rstrip(',')},\n)  # fmt: skip\n"


LISTS = {
    "meltano.yml": (r'(?<=- "\*\.\*"\n)(    - "!\w+\.\*"\n)+', deselect_lines),
    "orchestration/ayrshare_shard.py": (r"STREAMS = \(\n.*?\n\)  # fmt: skip\n", shard_streams),
}
"""By file: what the list looks like there, and the function that returns it."""


def outdated() -> dict[Path, str]:
    """Return the files whose list isn't that of the declarations, with the text that they should have."""
    found = {}
    for name, (pattern, listed) in LISTS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        place = re.search(pattern, text, flags=re.DOTALL)
        if place is None:
            raise SystemExit(f"{name} has no list of streams that looks like {pattern}")
        new = text[: place.start()] + listed() + text[place.end() :]
        if new != text:
            found[path] = new
    return found


def main() -> int:
    """Write or check; return the exit code."""
    found = outdated()
    if "--check" in sys.argv[1:]:
        for path in found:
            print(f"{path.relative_to(ROOT)}: its list of streams is out of date: run `make docs`")
        return 1 if found else 0
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
