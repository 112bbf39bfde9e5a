"""The report on what a user installs."""

import json
import sys
from pathlib import Path

from tools import audit


def test_a_vulnerability_is_a_failure_and_what_has_no_advisories_is_named():
    answer = {
        "dependencies": [
            {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "CVE-1", "fix_versions": ["3.1"]}]},
            {"name": "yarl", "version": "1.0", "vulns": []},
            {"name": "odd", "skip_reason": "not found"},
        ]
    }
    summary, found = audit.advisories(json.dumps(answer))
    assert summary == "known vulnerabilities: 1 in 2 packages; NOT CHECKED, without advisories: odd"
    assert found == "aiohttp 3.0: CVE-1, fixed in 3.1"


def test_advisories_out_of_reach_are_reported():
    assert "NOT CHECKED" in audit.advisories("")[0]


def test_a_warning_on_import_is_a_failure(monkeypatch):
    assert audit.warnings(Path(sys.executable)) == ""
    monkeypatch.setattr(audit, "IMPORTS", "import warnings; warnings.warn('old', DeprecationWarning)")
    assert "DeprecationWarning: old" in audit.warnings(Path(sys.executable))


def test_the_python_that_runs_this_is_supported():
    assert "{}.{}".format(*sys.version_info) in audit.supported()
