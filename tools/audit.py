"""`python -m tools.audit`: what a user installs, on every supported Python of this machine.

Each Python gets an environment with the tap alone (`.venvs/audit-<version>`). In it the tap is imported with warnings
as errors; pip-licenses allows permissive licenses only, and pip-audit looks for known vulnerabilities. A Python that
the machine doesn't have, and advisories that can't be reached, are reported as not checked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
UNDECLARED = ["3.14"]
"""Tried where it is installed; not declared until it has been."""
IMPORTS = "import tap_ayrshare.singer.tap, tap_ayrshare.ayrshare.check_command"
SDK_NOTICE = "ignore:Python 3.10 is"
"""The SDK announces the end of Python 3.10, which the tap can't change."""
LICENSES = "MIT;Apache;BSD;Python Software Foundation;PSF-2.0;Mozilla Public License 2.0"
"""Parts of license names that are allowed. MPL: certifi's list of certificates, used unmodified."""


def supported() -> list[str]:
    """Return the versions of Python that pyproject.toml declares."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r"Programming Language :: Python :: (3\.\d+)", text)


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=ROOT / "docs")


def interpreter(version: str) -> str | None:
    """Return a working Python of a version, from PATH or pyenv; None if there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *map(str, pyenv.glob(f"{version}.*/bin/python"))]
    # pyenv has a shim on PATH for versions that aren't switched on.
    return next((found for found in candidates if found and not _run(found, "-c", "import ensurepip").returncode), None)


def installed(version: str, python: str) -> Path:
    """Return the bin directory of a new environment with nothing but the tap.

    Raises:
        RuntimeError: The tap can't be installed.
    """
    place = ROOT / ".venvs" / f"audit-{version}"
    _run(python, "-m", "venv", "--clear", place)
    done = _run(place / "bin" / "python", "-m", "pip", "install", "--quiet", ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return place / "bin"


def warnings(python: Path) -> str:
    """Import the tap with warnings as errors; return what failed."""
    done = _run(python, "-W", "error", "-W", SDK_NOTICE, "-c", IMPORTS)
    return done.stderr.strip() if done.returncode else ""


def licenses(tools: Path, python: Path) -> tuple[str, str]:
    """Return the table of licenses, and what isn't allowed in it."""
    table = _run(tools / "pip-licenses", "--python", python, "--from", "mixed")
    done = _run(
        tools / "pip-licenses", "--python", python, "--from", "mixed", "--partial-match", "--allow-only", LICENSES
    )
    return table.stdout, done.stderr.strip() if done.returncode else ""


def advisories(answer: str) -> tuple[str, str]:
    """Summarize pip-audit's answer; return the summary, and the known vulnerabilities."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return "known vulnerabilities: NOT CHECKED, pip-audit can't reach the advisories", ""
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {known['id']}, fixed in {', '.join(known['fix_versions']) or 'none'}"
        for package in packages
        for known in package.get("vulns", [])
    ]
    summary = f"known vulnerabilities: {len(found)} in {len(packages) - len(skipped)} packages"
    return summary + (f"; NOT CHECKED, without advisories: {', '.join(skipped)}" if skipped else ""), "\n".join(found)


def main(tools: Path = ROOT / ".venvs" / "audit" / "bin") -> int:
    """Check every Python, and print the report for the one that runs this; return the exit code."""
    failures = []
    here = "{}.{}".format(*sys.version_info)
    for version in [*supported(), *UNDECLARED]:
        python = sys.executable if version == here else interpreter(version)
        if python is None:
            print(f"Python {version}: NOT CHECKED, not on this machine")
            continue
        place = installed(version, python)
        failures.append(warnings(place / "python"))
        print(f"Python {version}: {'imports with warnings' if failures[-1] else 'imports without warnings'}")
        if version == here:
            table, forbidden = licenses(tools, place / "python")
            packages = next(place.parent.glob("lib/python*/site-packages"))
            options = ("--path", packages, "--format", "json", "--progress-spinner", "off")
            summary, vulnerable = advisories(_run(tools / "pip-audit", *options).stdout)
            print(table + summary)
            failures += [forbidden, vulnerable]
    print("\n".join(filter(None, failures)), file=sys.stderr)
    return 1 if any(failures) else 0


if __name__ == "__main__":
    sys.exit(main())
