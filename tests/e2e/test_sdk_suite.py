"""The SDK's own test class, against the sandbox. What it lacks is in `Output.check`."""

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.process import running
from tap_ayrshare.tap import TapAyrshare
from tests.support import EVERYONE

CONFIG = {**EVERYONE, "api_key": "replaced-by-the-sandbox"}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    with running("--limit", "0", "--profiles", "3", "--links", "current") as box:
        CONFIG.update(box.config)
        yield


# The SDK syncs each stream alone; these two speak of the other streams.
SUITE = SuiteConfig(ignore_no_records_for_streams=["extraction_errors", "sync_runs"])
TestTapAyrshare = get_tap_test_class(TapAyrshare, config=CONFIG, suite_config=SUITE, parse_env_config=False)
