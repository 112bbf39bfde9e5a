"""PyAirbyte with `source-ayrshare` into DuckDB, as docs/airbyte.md has it: twice on a day, and on the next day."""

import json
import os
import re

import pytest

from tests.airbyte.support import BY_DEFAULT, COMMAND, KEYS, UNPACED
from tests.support import EVERYONE, NOW, ROOT, environment, opted_in

TOMORROW = "2026-11-24T12:00:00Z"


@pytest.fixture
def loaded(sandbox, tmp_path, monkeypatch):
    """Return a function that syncs on a day and returns the tables' rows by key."""
    box = sandbox("--posts", "8", "--profiles", "1", "--links", "current", "--linked", "facebook,youtube")
    (recipe,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "airbyte.md").read_text(), flags=re.DOTALL)
    (tmp_path / "config.json").write_text(json.dumps({**box.config, **EVERYONE, **UNPACED, **opted_in(KEYS)}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}")

    def sync(now):
        box.set_clock(now)
        for name, value in {**environment(now), "PYTHONWARNINGS": "ignore"}.items():
            monkeypatch.setenv(name, value)
        found: dict = {}
        exec(recipe, found)
        monkeypatch.delenv("TEST_NOW")
        return {name: _rows(name, dataset) for name, dataset in found["result"].streams.items()}

    return sync


def _rows(name, dataset):
    found = [dict(record) for record in dataset]
    by_key = {tuple(str(row[key]) for key in KEYS[name]): row for row in found}
    assert len(by_key) == len(found), f"{name} has a key twice"
    return by_key


def test_two_days_are_loaded_once_each(loaded):
    first, again, next_day = loaded(NOW), loaded(NOW), loaded(TOMORROW)
    assert set(first) == set(KEYS)
    # Neither Facebook nor YouTube gives an audience.
    assert [name for name in BY_DEFAULT if not first[name]] == ["account_demographics"]
    for name, found in first.items():
        if name == "sync_runs":
            continue
        assert set(again[name]) == set(found), name
        assert set(next_day[name]) >= set(found), name
    days = {key[-1] for key in next_day["post_analytics"]}
    assert days == {NOW[:10], TOMORROW[:10]}
    assert {key[-1] for key in next_day["social_analytics"]} == days
    assert len(next_day["sync_runs"]) == 3 * len(first["sync_runs"])
