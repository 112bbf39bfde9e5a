"""`python -m tools.imports`: the tap imports without a warning on every supported Python that this machine has.

Each gets an environment of its own in `.venvs/imports-<version>`, made anew when pyproject.toml changes. What the
machine doesn't have is said, and is no failure.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
IMPORTS = "import tap_ayrshare.tap, tap_ayrshare.contract_check"
ALLOWED = {"3.10": ("ignore:Python 3.10 is",)}
"""What the SDK says of a Python that it still supports; nothing that the tap could change."""


def interpreter(version: str) -> str | None:
    """Return a Python of a version that runs: from the path, else one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    for candidate in filter(None, [on_path, *map(str, sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True))]):
        # A shim is on the path for versions that are not switched on.
        done = subprocess.run([candidate, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            return candidate
    return None


def environment(version: str, python: str) -> tuple[str, str]:
    """Return the Python of an environment with the tap's dependencies, and what went wrong."""
    place = ROOT / ".venvs" / f"imports-{version}"
    made_for = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + python.encode()).hexdigest()
    inside, ready = str(place / "bin" / "python"), place / "ready"
    if ready.exists() and ready.read_text(encoding="utf-8") == made_for:
        return inside, ""
    for step in (
        [python, "-m", "venv", "--clear", str(place)],
        [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", str(ROOT)],
    ):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return inside, (done.stderr.strip() or done.stdout.strip())[-2000:]
    ready.write_text(made_for, encoding="utf-8")
    return inside, ""


def warned(python: str, version: str) -> str:
    """Import the tap with warnings as errors; return what it said where that failed."""
    options = [part for rule in ("error", *ALLOWED.get(version, ())) for part in ("-W", rule)]
    done = subprocess.run(
        [python, *options, "-c", IMPORTS], capture_output=True, text=True, check=False, cwd=ROOT / "docs"
    )
    return (done.stderr.strip() or "no reason given") if done.returncode else ""


def declared() -> set[str]:
    """Return the versions of Python that pyproject.toml declares as supported."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return set(re.findall(r"Programming Language :: Python :: (3\.\d+)", text))


def main() -> int:
    """Try every version; return the exit code."""
    failed, tried = False, 0
    for version in VERSIONS:
        python = interpreter(version)
        if python is None:
            print(f"imports: Python {version}: SKIPPED, this machine doesn't have it", file=sys.stderr)
            continue
        tried += 1
        inside, wrong = environment(version, python)
        wrong = wrong or warned(inside, version)
        if wrong and version not in declared():
            print(f"imports: Python {version} is not declared as supported, and fails:\n{wrong}", file=sys.stderr)
        elif wrong:
            failed = True
            print(f"imports: Python {version} FAILS:\n{wrong}", file=sys.stderr)
        else:
            print(f"imports: Python {version}: clean")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
