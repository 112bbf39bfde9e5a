"""The demo's parts, and that meltano.yml and .env.example name the settings that the tap has."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import yaml

from demo.postgres import running_postgres, stop_kept
from demo.questions import questions
from demo.tables import WIDEST, table
from tap_ayrshare.config.settings import DEFINITION
from tests.support import OF_THE_SDK

ROOT = Path(__file__).parent.parent
MELTANO = yaml.safe_load((ROOT / "meltano.yml").read_text())
(EXTRACTOR,) = MELTANO["plugins"]["extractors"]
LOADERS = MELTANO["plugins"]["loaders"]
UTILITIES = MELTANO["plugins"]["utilities"]


def test_meltano_knows_the_settings_of_the_tap() -> None:
    declared = {setting["name"]: setting for setting in EXTRACTOR["settings"]}
    assert set(declared) == set(DEFINITION["properties"]) | OF_THE_SDK
    for name, definition in DEFINITION["properties"].items():
        assert declared[name].get("sensitive", False) == definition.get("secret", False), name
        assert {"kind", "label", "description"} <= set(declared[name]), name


def test_meltano_needs_no_hub() -> None:
    for plugin in [EXTRACTOR, *LOADERS, *UTILITIES]:
        assert {"name", "namespace", "pip_url", "executable"} <= set(plugin)


def test_meltano_has_no_reason_to_rewrite_its_file() -> None:
    assert MELTANO["project_id"]
    assert "version" not in MELTANO


def test_example_lists_every_variable() -> None:
    named = re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    settings = [
        f"{plugin['name']}_{setting['name']}"
        for plugin in [EXTRACTOR, *LOADERS, *UTILITIES]
        for setting in plugin["settings"]
    ]
    variables = [name.replace("-", "_").upper() for name in settings]
    assert sorted(named) == sorted(variables)


def test_example_values_have_the_form_that_meltano_takes() -> None:
    examples = re.findall(r"^#? ?(TAP_AYRSHARE_[A-Z_]+)=(.+)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    kinds = {f"TAP_AYRSHARE_{setting['name'].upper()}": setting.get("kind") for setting in EXTRACTOR["settings"]}
    listed = {name: value.strip("'") for name, value in examples if kinds[name] in ("array", "object")}
    assert "TAP_AYRSHARE_FAIL_ON" in listed
    for name, value in listed.items():
        assert isinstance(json.loads(value), list | dict), name


def test_job_and_schedule_fit_together() -> None:
    jobs = {job["name"]: job["tasks"] for job in MELTANO["jobs"]}
    assert jobs == {
        "ayrshare-to-postgres": ["tap-ayrshare target-postgres"],
        "ayrshare-to-postgres-with-models": ["tap-ayrshare target-postgres dbt-postgres:build"],
    }
    (schedule,) = MELTANO["schedules"]
    assert schedule["job"] in jobs


def test_postgres_starts_empty_and_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with running_postgres(tmp_path) as uri:
            with psycopg.connect(uri) as database:
                database.execute("CREATE TABLE things AS SELECT 'ä' AS name")
                assert database.execute("SELECT name FROM things").fetchall() == [("ä",)]
            assert "password" not in (tmp_path / "postgres.log").read_text()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(uri, connect_timeout=2)


def test_postgres_can_be_kept(tmp_path: Path) -> None:
    assert not stop_kept(tmp_path)
    uris = []
    for _ in range(2):
        # The second stops the first.
        with running_postgres(tmp_path, keep=True) as uri:
            uris.append(uri)
        psycopg.connect(uri).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uris[0], connect_timeout=2)
    data = Path(json.loads((tmp_path / "kept.json").read_text())["data"])
    assert data.exists()
    assert stop_kept(tmp_path)
    assert not data.exists()
    assert not stop_kept(tmp_path)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uris[1], connect_timeout=2)


def test_postgres_is_not_kept_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyError), running_postgres(tmp_path, keep=True) as uri:
        raise KeyError
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uri, connect_timeout=2)
    assert not stop_kept(tmp_path)


def test_kept_server_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    with running_postgres(tmp_path, keep=True):
        pass
    data = Path(json.loads((tmp_path / "kept.json").read_text())["data"])
    kept = (tmp_path / "kept.json").read_text()
    assert stop_kept(tmp_path)
    # As after a restart of the machine.
    data.mkdir(parents=True)
    (data / "postmaster.pid").write_text("99999999\n")
    (tmp_path / "kept.json").write_text(kept)
    assert stop_kept(tmp_path)
    assert not data.exists()


def test_questions_are_read_from_their_page() -> None:
    found = questions()
    assert len(found) == 10
    assert all(question.title.endswith("?") and question.query.rstrip().endswith(";") for question in found)


def test_table_keeps_null_and_zero_apart() -> None:
    day = datetime(2026, 3, 2, tzinfo=timezone.utc)
    rows = [("two\nlines", 1234, None, Decimal("1.5")), ("新製品", 0, day, 2)]
    assert table(["name", "count", "day", "share"], rows).splitlines() == [
        "name       count  day               share",
        "---------  -----  ----------------  -----",
        "two lines  1,234  -                   1.5",
        "新製品         0  2026-03-02 00:00      2",
    ]


def test_table_shortens_long_text() -> None:
    assert len(table(["name"], [("word " * 100,)]).splitlines()[-1]) == WIDEST
