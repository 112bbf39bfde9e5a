"""Fixtures: the tap, and sandboxes of the API."""

from __future__ import annotations

import pytest

from sandbox.thread import serving
from tests.support import IS_THOROUGH, NOW, TapProcess


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Let what a test has logged go from one process to another, which half of a surrogate pair can't."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_collection_modifyitems(config, items):
    """Leave the thorough tests to `make test-thorough`, which selects the random ones too (tests/support.py)."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.random)
    if not IS_THOROUGH:
        thorough = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=thorough)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]


@pytest.fixture
def tap(tmp_path):
    process = TapProcess(tmp_path)
    yield process
    for started in process.processes:
        if started.poll() is None:
            started.kill()
        started.communicate()


@pytest.fixture
def sandbox():
    """Start sandboxes: `sandbox("--posts", "5")`; all of them are stopped at the end."""
    open_now = []

    def start(*args: str, now: str = NOW):
        # Without a limit of its own, unless the test is about it: the tap would wait for it, rightly.
        limit = () if "--limit" in args else ("--limit", "0")
        manager = serving("--now", now, *limit, *args)
        open_now.append(manager)
        return manager.__enter__()

    yield start
    for manager in reversed(open_now):
        manager.__exit__(None, None, None)


@pytest.fixture(scope="session")
def shared_sandbox():
    """One sandbox for tests that change nothing but faults, clock and log, and put them back."""
    with serving("--now", NOW, "--limit", "0") as process:
        yield process


@pytest.fixture
def api(shared_sandbox):
    shared_sandbox.set_faults()
    shared_sandbox.set_clock(NOW)
    shared_sandbox.clear()
    yield shared_sandbox
    shared_sandbox.set_faults()
