"""Fixtures: `source-ayrshare` as a process."""

import pytest

from tests.airbyte.support import SourceProcess


@pytest.fixture
def source(tmp_path):
    process = SourceProcess(tmp_path)
    yield process
    for started in process.processes:
        if started.poll() is None:
            started.kill()
        started.communicate()
