"""The report on what is installed: licenses, advisories, and the Pythons that the tap imports on."""

import json
import sys
from email.message import Message
from types import SimpleNamespace

import pytest

from tools import audit, imports


def package(**fields) -> SimpleNamespace:
    metadata = Message()
    for name, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            metadata[name.replace("_", "-")] = value
    return SimpleNamespace(metadata=metadata, version="1.0")


def test_everything_that_is_installed_may_be():
    found = audit.packages()
    assert [one for one in found if one.wrong] == []
    assert {"aiohttp", "singer-sdk", "requests", "certifi"} <= {one.name for one in found if one.is_ours}
    assert not {"pytest", "mypy", "rfc3987", "hypothesis"} & {one.name for one in found if one.is_ours}
    assert audit.EXCEPTIONS.keys() >= audit.USERS_MAY_GET


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"License_Expression": "Apache-2.0 AND MIT"}, "Apache-2.0 AND MIT"),
        ({"License": "MIT License"}, "MIT"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: ISC License (ISCL)"}, "ISC"),
        ({"License": "Permission is hereby\ngranted", "Classifier": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"Classifier": ["License :: DFSG approved", "License :: OSI Approved :: MIT License"]}, "MIT"),
        ({}, "unknown"),
    ],
)
def test_a_license_is_read_out_of_any_metadata(fields, says):
    assert audit.license_of(package(**fields)) == says


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT OR AFL-2.1", True),
        ("GPL-3.0-only OR MIT AND ISC", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("unknown", False),
        ("(MIT OR GPL-2.0-only) AND LGPL-3.0-only", False),
    ],
)
def test_only_permissive_licenses_are_allowed(expression, allowed):
    assert audit.is_permissive(expression) is allowed


def test_a_license_that_tests_may_have_is_not_for_users():
    gpl = package(License_Expression="GPL-3.0-or-later")
    assert not audit._judged("rfc3987", gpl, is_ours=False).wrong
    assert "users of the tap" in audit._judged("rfc3987", gpl, is_ours=True).wrong
    assert "not among" in audit._judged("another", gpl, is_ours=False).wrong


def pip_audit(tmp_path, script: str) -> str:
    command = tmp_path / "pip-audit"
    command.write_text(f"#!{sys.executable}\n{script}\n")
    command.chmod(0o755)
    return str(command)


def test_a_known_vulnerability_is_a_failure(tmp_path):
    answer = {"dependencies": [
        {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]},
        {"name": "attrs", "version": "1.0", "vulns": []},
        {"name": "yarl", "skip_reason": "not found"},
    ]}  # fmt: skip
    lines, bad = audit.advisories(pip_audit(tmp_path, f"print({json.dumps(answer)!r}); raise SystemExit(1)"), [])
    assert bad == ["aiohttp 3.0: PYSEC-1, fixed in 3.1"]
    assert lines[:2] == [
        "known vulnerabilities: 1 in 2 packages",
        "not checked, the advisories don't have them: yarl",
    ]


@pytest.mark.parametrize("script", [None, "raise SystemExit('ConnectionError: no network')"])
def test_advisories_that_can_t_be_had_are_said_and_no_failure(tmp_path, script):
    command = pip_audit(tmp_path, script) if script else str(tmp_path / "none")
    lines, bad = audit.advisories(command, [])
    assert not bad
    assert "not checked" in lines[0]


def test_imports_are_tried_on_every_version_that_is_declared():
    assert imports.declared() <= {*imports.VERSIONS}


def test_a_warning_on_import_is_seen(monkeypatch):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert imports.warned(sys.executable, version) == ""
    monkeypatch.setattr(imports, "IMPORTS", "import warnings; warnings.warn('old', DeprecationWarning)")
    assert "DeprecationWarning: old" in imports.warned(sys.executable, version)
