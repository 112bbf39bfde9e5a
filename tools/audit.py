"""What comes along with the tap: the licenses of what is installed, and what is known to be vulnerable in it.

`python -m tools.audit [PIP_AUDIT]` prints a table of licenses and asks pip-audit (a path to it) about the packages
that a user of the tap gets. A license that is not allowed and a known vulnerability are failures; advisories that
can't be had are not, but are said.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from email.message import Message

OURS = "tap-ayrshare"
PERMISSIVE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PSF-2.0", "Unlicense", "Zlib"}
"""SPDX names of the licenses that are allowed without more."""
EXCEPTIONS = {
    "certifi": ("MPL-2.0", "a list of certificates, used as it is"),
    "fqdn": ("MPL-2.0", "tests only"),
    "hypothesis": ("MPL-2.0", "tests only"),
    "pathspec": ("MPL-2.0", "mypy's, not imported"),
    "psycopg": ("LGPL-3.0-only", "tests and demo only"),
    "psycopg-binary": ("LGPL-3.0-only", "tests and demo only"),
    "rfc3987": ("GPL-3.0-or-later", "tests only, never distributed"),
}
"""Packages with another license, and why they are all right; of these, users get certifi alone."""
USERS_MAY_GET = {"certifi"}
NAMES = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "gnu general public license v3 or later (gplv3+)": "GPL-3.0-or-later",
    "gnu gplv3+": "GPL-3.0-or-later",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
"""How the names outside SPDX are meant."""
LONGEST_NAME = 60
"""A longer `License` is its text."""


@dataclass(frozen=True)
class Package:
    """An installed package; is_ours: users of the tap get it; wrong: why its license isn't allowed."""

    name: str
    version: str
    license: str
    is_ours: bool
    note: str = ""
    wrong: str = ""


def license_of(package: Distribution) -> str:
    """Return the license that a package's metadata names, as an SPDX expression where that can be told."""
    metadata = cast("Message", package.metadata)
    if expression := metadata.get("License-Expression"):
        return str(expression)
    text = str(metadata.get("License") or "").strip()
    if text and text != "UNKNOWN" and len(text) <= LONGEST_NAME and "\n" not in text:
        return NAMES.get(text.lower(), text)
    known = [name.rsplit(" :: ", 1)[-1] for name in metadata.get_all("Classifier") or [] if name.startswith("License")]
    named = [NAMES.get(name.lower(), name) for name in known if name != "DFSG approved"]
    return " AND ".join(dict.fromkeys(named)) or "unknown"


def is_permissive(expression: str) -> bool:
    """Return whether an SPDX expression allows use under permissive licenses alone."""
    if "(" in expression:
        return False
    return any(
        all(part.strip() in PERMISSIVE for part in re.split(r"\s+AND\s+", choice))
        for choice in re.split(r"\s+OR\s+", expression)
    )


def users_packages() -> set[str]:
    """Return the packages that are installed along with the tap, itself left out."""
    found: set[str] = set()
    queue, seen = [Requirement(OURS)], set[str]()
    while queue:
        requirement = queue.pop()
        if (wanted := f"{requirement.name}{sorted(requirement.extras)}") in seen:
            continue
        seen.add(wanted)
        try:
            needs = distribution(requirement.name).requires or []
        except PackageNotFoundError:
            # One that this Python does not need is not here.
            continue
        found.add(canonicalize_name(requirement.name))
        for need in map(Requirement, needs):
            extras = requirement.extras or {""}
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(need)
    return found - {OURS}


def packages() -> list[Package]:
    """Return everything that is installed, judged."""
    ours = users_packages()
    found = {canonicalize_name(package.name): package for package in distributions()}
    return [_judged(name, found[name], is_ours=name in ours) for name in sorted(found) if name != OURS]


def _judged(name: str, package: Distribution, *, is_ours: bool) -> Package:
    text, note, wrong = license_of(package), "", ""
    if not is_permissive(text):
        allowed, note = EXCEPTIONS.get(name, ("", ""))
        if text != allowed:
            wrong = f"{text} is not among the allowed licenses"
        elif is_ours and name not in USERS_MAY_GET:
            wrong = f"{text} is allowed for tests only, but users of the tap would get it"
    return Package(name, package.version, text, is_ours, note, wrong)


def table(found: list[Package]) -> list[str]:
    """Return the packages as the lines of a table, those that users get first."""
    lines = [f"{'package':<28}{'version':<18}{'comes with':<14}license"]
    for package in sorted(found, key=lambda one: (not one.is_ours, one.name)):
        kind = "the tap" if package.is_ours else "development"
        more = package.wrong or package.note
        said = f"{package.license} ({more})" if more else package.license
        lines.append(f"{package.name:<28}{package.version:<18}{kind:<14}{said}")
    return lines


def advisories(command: str, found: list[Package]) -> tuple[list[str], list[str]]:
    """Ask pip-audit about packages; return the lines to print, and those of them that are vulnerabilities."""
    if not command or not Path(command).exists():
        return ["known vulnerabilities: not checked, pip-audit is not installed"], []
    with tempfile.TemporaryDirectory() as directory:
        wanted = Path(directory) / "requirements.txt"
        wanted.write_text("".join(f"{one.name}=={one.version}\n" for one in found), encoding="utf-8")
        options = ["--format", "json", "--progress-spinner", "off", "--no-deps", "--disable-pip", "-r", str(wanted)]
        done = subprocess.run([command, *options], capture_output=True, text=True, check=False)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return [f"known vulnerabilities: not checked, the advisories can't be had ({why[:200]})"], []
    return _said(answers)


def _said(answers: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    bad = [
        f"{one['name']} {one['version']}: {known['id']}, fixed in {', '.join(known['fix_versions']) or 'no version'}"
        for one in answers
        for known in one.get("vulns", [])
    ]
    # pip-audit takes a database that does not know a package for one that has nothing against it.
    skipped = [one["name"] for one in answers if "vulns" not in one]
    lines = [f"known vulnerabilities: {len(bad)} in {len(answers) - len(skipped)} packages"]
    if skipped:
        lines.append(f"not checked, the advisories don't have them: {', '.join(skipped)}")
    return [*lines, *bad], bad


def main(command: str = "") -> int:
    """Print the report; return the exit code."""
    found = packages()
    lines, bad = advisories(command, [package for package in found if package.is_ours])
    for line in [*table(found), "", *lines]:
        print(line)
    wrong = [f"{package.name}: {package.wrong}" for package in found if package.wrong] + bad
    for line in wrong:
        print(f"audit: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
