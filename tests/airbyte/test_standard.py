"""airbyte-cdk's standard tests, without those that build an image (pytest.ini leaves them out).

What is skipped needs docker, or is a command that acceptance-test-config.yml doesn't run for a configuration.
"""

import atexit
import contextlib
from pathlib import Path

from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase

from sandbox.process import running
from tap_ayrshare.airbyte.source import SourceAyrshare
from tests.airbyte.support import KEYS, UNPACED
from tests.support import EVERYONE, ROOT, opted_in

SECRET = Path("secrets/config.json")


def sandbox():
    """Start a sandbox until the end of the process: the suite wants its configurations when tests are collected."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running("--limit", "0", "--posts", "30", "--profiles", "1", "--links", "current"))


class TestStandard(SourceTestSuiteBase):
    connector = SourceAyrshare
    box = None

    @classmethod
    def get_connector_root_dir(cls):
        return ROOT / "source_ayrshare"

    @classmethod
    def get_scenarios(cls):
        cls.box = cls.box or sandbox()
        return [cls._in_sandbox(scenario) for scenario in super().get_scenarios()]

    @classmethod
    def _in_sandbox(cls, scenario):
        if scenario.config_path == SECRET:
            config = {**EVERYONE, **UNPACED, **opted_in(KEYS), **cls.box.config}
        else:
            given = scenario.get_config_dict(connector_root=cls.get_connector_root_dir(), empty_if_missing=False)
            config = {**given, "api_url": cls.box.config["api_url"]}
        changed = scenario.model_copy(update={"config_dict": config, "config_path": None})
        changed._id = scenario.config_path.stem
        return changed
