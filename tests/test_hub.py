"""hub/tap-ayrshare.yml is up to date and complete. Meltano adds it in tests/orchestration; CI has the Hub's schema."""

import yaml

from tap_ayrshare.config.settings import DEFINITION
from tests.support import OF_THE_SDK, ROOT
from tools.audit import supported
from tools.hub import PLACE, entry

KINDS = {"array", "boolean", "date_iso8601", "file", "integer", "object", "options", "string"}


def test_it_is_up_to_date():
    assert PLACE.read_text() == entry(), "run `make docs`"


def test_it_has_every_setting_and_marks_every_secret():
    found = {setting["name"]: setting for setting in yaml.safe_load(entry())["settings"]}
    assert set(found) == set(DEFINITION["properties"]) | OF_THE_SDK
    secrets = {name for name, definition in DEFINITION["properties"].items() if definition.get("secret")}
    assert {name for name, setting in found.items() if setting.get("sensitive")} >= secrets
    assert {setting["kind"] for setting in found.values()} <= KINDS
    assert all({"name", "kind", "label", "description"} <= set(setting) for setting in found.values())
    assert yaml.safe_load(entry())["supported_python_versions"] == supported()
    assert yaml.safe_load((ROOT / "hub" / "tap-ayrshare.yml").read_text())["pip_url"] == "tap-ayrshare"
