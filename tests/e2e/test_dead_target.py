"""A target that dies: the tap notices at once, asks nothing more, and says so in one line."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.support import EVERYONE

WORLD = ("--plain", "--posts", "300", "--profiles", "1", "--native-every", "0")
FIRST = '"type":"RECORD"'


def read_until(process, text: str) -> None:
    assert any(text in line for line in process.stdout), process.stderr.read()


@pytest.mark.parametrize(
    ("latency", "pace"),
    [
        pytest.param(0.3, {"max_concurrency": 1, "rate_limit_requests": 10**6}, id="slow-answers"),
        pytest.param(5, {"max_concurrency": 8, "rate_limit_requests": 10**6}, id="no-answer-for-long"),
        pytest.param(0, {"rate_limit_requests": 5}, id="waiting-for-the-limit"),
    ],
)
def test_it_is_noticed_within_a_second_and_nothing_more_is_asked(tap, sandbox, latency, pace):
    box = sandbox(*WORLD)
    process = tap.start({**box.config, **EVERYONE, **pace, "rate_limit_window_seconds": 300})
    read_until(process, FIRST)
    box.set_latency(latency)
    time.sleep(1)

    process.stdout.close()
    closed = time.monotonic()
    code = process.wait(60)
    assert time.monotonic() - closed < 1.5
    asked = len(box.requests())
    time.sleep(0.5)
    assert len(box.requests()) == asked

    log = process.stderr.read()
    assert code == 1
    assert "stopped reading" in log.strip().splitlines()[-1]
    assert log.count("stopped reading") == 1
    assert "Traceback" not in log
    assert "Exception" not in log


@pytest.mark.parametrize(("posts", "latency"), [(900, 0), (100, 0.1)], ids=["much-is-kept", "little-is-kept"])
def test_a_target_that_dies_while_it_does_not_read_is_noticed_too(tap, sandbox, posts, latency):
    box = sandbox(*WORLD, "--posts", str(posts), "--latency", str(latency))
    pace = {"rate_limit_requests": 10**6, "rate_limit_window_seconds": 1, "max_concurrency": 1}
    process = tap.start({**box.config, **EVERYONE, **pace})
    read_until(process, FIRST)
    # The pipe is full before the answers are slow: what is next can't be written, and is less than what is kept.
    time.sleep(4)
    box.set_latency(50 * latency)
    time.sleep(1.5)
    process.stdout.close()
    closed = time.monotonic()
    assert process.wait(60) == 1
    assert time.monotonic() - closed < 1.5
    log = process.stderr.read()
    assert "stopped reading" in log.strip().splitlines()[-1]
    assert "Traceback" not in log


def test_a_full_disk_is_one_line_too(tap, sandbox):
    box = sandbox(*WORLD)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(tap.command(box.config), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "can't write to stdout: No space left on device" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not box.requests()
