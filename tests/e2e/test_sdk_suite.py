"""The SDK's own test class, against the sandbox. What it lacks is in `Output.check`."""

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from sandbox.process import running
from tap_ayrshare.singer.tap import TapAyrshare
from tap_ayrshare.streams import STREAMS
from tests.support import EVERYONE, discover, opted_in

# All streams together ask more than the limit allows without a wait.
QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
CONFIG = {**EVERYONE, **QUICK, **opted_in([stream.name for stream in STREAMS]), "api_key": "replaced-by-the-sandbox"}


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    with running("--limit", "0", "--profiles", "3", "--links", "current") as box:
        CONFIG.update(box.config)
        yield


CATALOG = discover()
for stream in CATALOG["streams"]:
    # Those that are deselected by default too.
    next(entry for entry in stream["metadata"] if not entry["breadcrumb"])["metadata"]["selected"] = True
# The SDK syncs each stream alone; these two speak of the other streams.
SUITE = SuiteConfig(ignore_no_records_for_streams=["extraction_errors", "sync_runs"])
TestTapAyrshare = get_tap_test_class(
    TapAyrshare, config=CONFIG, suite_config=SUITE, parse_env_config=False, catalog=CATALOG
)
