"""requirements/*.txt and the Dockerfile fit pyproject.toml and meltano.yml, and name no package index."""

import re

from tests.support import ROOT
from tools import lock


def test_every_lock_fits_what_is_wanted():
    assert lock.stale() == [], "run `make lock`"


def test_a_changed_requirement_is_found(monkeypatch):
    monkeypatch.setattr(lock, "wanted", lambda: {"tap": ["aiohttp>=99", "never-locked"], "missing": ["aiohttp"]})
    assert lock.stale() == [
        "requirements/tap.txt has no aiohttp>=99",
        "requirements/tap.txt has no never-locked",
        "requirements/missing.txt has no aiohttp",
    ]


def test_every_package_has_hashes_and_none_an_index():
    for name in lock.wanted():
        text = (lock.PLACE / f"{name}.txt").read_text()
        assert "://" not in text
        packages = re.findall(r"^[\w.-]+(?:\[.*\])?==.*\\\n    --hash=sha256:", text, flags=re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[\w.-]+.*==", text, flags=re.MULTILINE)) > 0


def test_the_image_says_the_version():
    dockerfile = (ROOT / "Dockerfile").read_text()
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)[1]
    assert f'org.opencontainers.image.version="{version}"' in dockerfile
    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", dockerfile, flags=re.MULTILINE)
