"""buildah with storage of its own, below .image."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support import ROOT

PLACE = ROOT / ".image"
BASE_ARCHIVE = PLACE / "base.tar"
BASE_NAME = "localhost/python-base"
CERTIFICATES = "/etc/ssl/certs"


def run(*command: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def buildah(*arguments: str, **options) -> str:
    """Run buildah and return what it says."""
    storage = ("--root", str(PLACE / "storage"), "--runroot", str(PLACE / "run"))
    done = run("buildah", *storage, *arguments, cwd=ROOT, **options)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def clean() -> None:
    """Remove all containers and images, those of an interrupted run too; a storage that is mounted can't be deleted."""
    if not (PLACE / "storage").exists():
        return
    buildah("rm", "--all")
    buildah("rmi", "--all", "--force")
    for place in (PLACE / "storage" / "overlay", PLACE / "run"):
        run("umount", str(place))
    shutil.rmtree(PLACE / "storage")
    shutil.rmtree(PLACE / "run", ignore_errors=True)


def make_base() -> None:
    """Make an archive of this Debian with Python, to be the base image."""
    PLACE.mkdir(exist_ok=True)
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    part = BASE_ARCHIVE.with_suffix(".part.tar")
    packages = "--include=python3,python3-venv,ca-certificates"
    done = run("mmdebstrap", "--variant=minbase", packages, release.get("VERSION_CODENAME", "stable"), str(part))
    assert done.returncode == 0, done.stderr[-3000:]
    part.rename(BASE_ARCHIVE)


def import_base() -> None:
    """Make the base image, unless it is there."""
    if BASE_NAME in buildah("images", "--format", "{{.Name}}"):
        return
    container = buildah("from", "scratch").strip()
    buildah("add", "--quiet", container, str(BASE_ARCHIVE), "/")
    buildah("commit", "--quiet", "--rm", container, BASE_NAME)


def build(target: str) -> str:
    """Build a target of the Dockerfile; return the image's name."""
    name = f"localhost/{target}"
    base = []
    if os.environ.get("BASE") != "pinned":
        import_base()
        base = ["--build-arg", f"BASE={BASE_NAME}"]
    # This machine's certificates: it may reach its package index through a proxy.
    certificates = ("--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro")
    buildah(
        "build", "--force-rm", "--isolation", "chroot", "--network", "host", "--layers", *certificates,
        *base, "--target", target, "--tag", name, ".",
    )  # fmt: skip
    return name
