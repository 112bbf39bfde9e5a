"""Writes requirements/*.txt: the packages of the development environment and of the images, pinned with their hashes.

`make lock` runs it with uv on PATH. It keeps pins that still fit; with `--upgrade` it takes the newest versions.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "requirements"
OLDEST_PYTHON = "3.10"
MELTANO = "meltano[postgres]~=4.4"
"""In the image; with the driver for a state in PostgreSQL."""
PLUGINS = ("target-postgres", "dbt-postgres")
"""Plugins of meltano.yml that are in the image."""


def wanted() -> dict[str, list[str]]:
    """Return what each file has to pin, beside what that needs in turn."""
    tap = _strings("dependencies")
    return {
        "build": _strings("requires"),
        "dev": [*tap, *_strings("test"), *_strings("lint")],
        "meltano": [MELTANO],
        "release": [*_strings("requires"), *_strings("release")],
        "tap": tap,
        **_plugins(),
    }


def _strings(key: str) -> list[str]:
    """Return a list of pyproject.toml; tomllib is not in Python 3.10."""
    found = re.search(
        rf"^{key} = \[(.*?)\]$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return re.findall(r'"([^"]+)"', found[1]) if found else []


def _plugins() -> dict[str, list[str]]:
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    return {
        plugin["name"]: plugin["pip_url"].split()
        for kind in plugins.values()
        for plugin in kind
        if plugin["name"] in PLUGINS
    }


def stale() -> list[str]:
    """Return what a file should pin and doesn't, or pins in a version that is no longer wanted."""
    wrong = []
    for name, requirements in wanted().items():
        path = PLACE / f"{name}.txt"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        pins: dict[str, list[str]] = {}
        for package, version in re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", text, flags=re.MULTILINE):
            pins.setdefault(canonicalize_name(package), []).append(version)
        for requirement in map(Requirement, requirements):
            versions = pins.get(canonicalize_name(requirement.name), [])
            if not versions or not all(requirement.specifier.contains(version) for version in versions):
                wrong.append(f"requirements/{name}.txt has no {requirement}")
    return wrong


def main(arguments: list[str]) -> int:
    """Write the files; return the exit code."""
    PLACE.mkdir(exist_ok=True)
    for name, requirements in wanted().items():
        command = [
            "uv", "pip", "compile", "-", "--output-file", str(PLACE / f"{name}.txt"), "--universal",
            "--python-version", OLDEST_PYTHON, "--generate-hashes", "--quiet", *arguments,
            "--no-annotate", "--no-strip-extras", "--custom-compile-command", "make lock",
        ]  # fmt: skip
        done = subprocess.run(command, input="\n".join(requirements), text=True, check=False, cwd=ROOT)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
