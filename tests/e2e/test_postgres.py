"""Into a real PostgreSQL, through the released target-postgres."""

import json
import os
import shutil
import subprocess

import psycopg
import pytest

from demo.postgres import running_postgres
from tests.e2e.test_incremental import later
from tests.support import EVERYONE, NOW, ROOT, environment, loader_settings

TARGET = os.environ.get("TARGET_POSTGRES") or shutil.which("target-postgres")
TABLES = ("accounts", "posts", "post_analytics", "social_posts", "social_post_analytics", "social_analytics",
          "social_analytics_daily", "link_analytics", "youtube_playlists", "profiles", "extraction_errors")  # fmt: skip
SNAPSHOTS = ("social_analytics", "link_analytics", "social_posts")


@pytest.fixture
def database(tmp_path):
    with running_postgres(tmp_path / "postgres") as uri:
        yield uri


def load(tap, config: dict, uri: str, *, now: str, state=None) -> dict:
    """Run tap | target-postgres as processes; return the state that the target let out."""
    assert TARGET, "TARGET_POSTGRES names no target-postgres: `make test` sets it"
    url = uri.replace("postgresql://", "postgresql+psycopg://")
    settings = {"sqlalchemy_url": url, **loader_settings("target-postgres")}
    path = tap.directory / "target.json"
    path.write_text(json.dumps(settings))
    source = tap.start(config, now=now, state=state)
    target = subprocess.run(
        [TARGET, "--config", str(path)],
        stdin=source.stdout,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(None),
        timeout=200,
        check=False,
    )
    assert source.wait(20) == 0, source.stderr.read()
    assert target.returncode == 0, target.stderr[-2000:]
    return json.loads(target.stdout.strip().splitlines()[-1])


def ask(uri: str, query: str) -> list[tuple]:
    with psycopg.connect(uri) as connection:
        return connection.execute(query).fetchall()


def counts(uri: str) -> dict[str, int]:
    return {table: ask(uri, f"SELECT count(*) FROM ayrshare.{table}")[0][0] for table in TABLES}


def test_the_same_day_changes_nothing_and_the_next_adds_snapshots(tap, sandbox, database):
    box = sandbox("--posts", "20", "--days", "60")
    config = {**box.config, **EVERYONE}
    records = tap.run(config)
    state = load(tap, config, database, now=NOW)
    first = counts(database)
    assert first == {table: len(records.records(table)) for table in TABLES}

    load(tap, config, database, now=later(0.01), state=state)
    assert counts(database) == first

    box.set_clock(later(1))
    load(tap, config, database, now=later(1), state=state)
    second = counts(database)
    for table in SNAPSHOTS:
        dates = ask(database, f"SELECT count(DISTINCT snapshot_date) FROM ayrshare.{table}")
        assert dates == [(2,)], table
    assert second["social_analytics"] == 2 * first["social_analytics"]
    new = ask(database, "SELECT count(*) FROM ayrshare.posts WHERE published_at > '2026-11-23T12:00:00Z'")[0][0]
    assert second["posts"] == first["posts"] + new
    growth = ask(
        database,
        """SELECT count(*) FROM ayrshare.post_analytics a JOIN ayrshare.post_analytics b
           USING (profile, post_id, platform, thread_index)
           WHERE b.snapshot_date = a.snapshot_date + 1 AND b.likes >= a.likes""",
    )
    assert growth[0][0] > 0
    check_types(database)


def check_types(database):
    found = dict(
        ask(
            database,
            """SELECT column_name, data_type FROM information_schema.columns
               WHERE table_schema = 'ayrshare' AND table_name = 'post_analytics'""",
        )
    )
    expected = {
        "analytics": "jsonb",
        "snapshot_date": "date",
        "likes": "bigint",
        "thread_index": "bigint",
        "post_id": "text",
    }
    assert {column: found[column] for column in expected} == expected
    assert found["published_at"].startswith("timestamp")


# What JSON can carry, as it stands in a body, and what must be in the database.
ODD_TEXT = {
    r"cut \ud83d emoji": "cut \ufffd emoji",
    r"low \ude00 alone": "low \ufffd alone",
    r"swapped \ude00\ud83d": "swapped \ufffd\ufffd",
    r"whole \ud83d\ude00": "whole \U0001f600",
    r"nul \u0000 in it": "nul  in it",
    r"written out \\u0000 and \\ud83d": r"written out \u0000 and \ud83d",
    r"non-characters \ufffe\uffff": "non-characters \ufffe\uffff",
    r"lines \u2028\u2029\r\n\t\u0085": "lines \u2028\u2029\r\n\t\u0085",
    r"controls \u0001\u001f\u007f": "controls \x01\x1f\x7f",
    "as it is \u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469 e\u0301 \ufeff": (
        "as it is \u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469 e\u0301 \ufeff"
    ),
    r"\u0000": "",
    r"marks e\u0301 \u202e\u0627\u0644": "marks e\u0301 \u202e\u0627\u0644",
    # What means something else in COPY, in SQL or in Python.
    r"\\N": r"\N",
    r"\\.": r"\.",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "null": "null",
    r"{\"a\": 1}": '{"a": 1}',
    r"\\x41 \\t": r"\x41 \t",
    r"quotes \" ' \\ / $$ %s {} ;": "quotes \" ' \\ / $$ %s {} ;",
    "long " + "x" * 1_000_000: "long " + "x" * 1_000_000,
}
ODD_NUMBERS = {
    "9" * 400: 10**400 - 1, "1e300": 10**300, "1E+400": 10**400, "1e-30": f"0.{'0' * 29}1", "0": 0,
    "-0.1234567890123456789": None, "12345678901234567890": None,
}  # fmt: skip
"""What is None arrives as it is."""
TOO_MUCH_OF_A_NUMBER = ("8" * 1001, "1e1001", "8" * 5000)
"""These stay as text: no target could load them."""


def test_every_odd_text_and_number_arrives(tap, sandbox, database):
    box = sandbox("--posts", "1", "--profiles", "0", "--plain", "--native-every", "0", "--linked", "facebook")
    texts = ", ".join(f'"{raw[:40]}": "{raw}"' for raw in ODD_TEXT)
    written = (*ODD_NUMBERS, *TOO_MUCH_OF_A_NUMBER)
    numbers = ", ".join(f'"n{place}": {raw}' for place, raw in enumerate(written))
    deep = "[" * 80 + "]" * 80
    analytics = f'{{"texts": {{{texts}}}, "numbers": {{{numbers}}}, "deep": {deep}}}'
    listed = [
        f'{{"id": "post-{place}", "created": "2026-11-20T10:00:00Z", "status": "success", "post": "{raw}", '
        f'"platforms": ["facebook"], "type": "now"}}'
        for place, raw in enumerate(ODD_TEXT)
    ]
    box.set_faults(
        {"fault": "status", "status": 200, "endpoint": "/history", "exact": True,
         "text": f'{{"history": [{", ".join(listed)}]}}'},
        {"fault": "status", "status": 200, "endpoint": "/analytics/post",
         "text": f'{{"facebook": {{"id": "f", "analytics": {analytics}}}, "status": "success"}}'},
    )  # fmt: skip
    load(tap, {**box.config, "lookback_days": 0}, database, now=NOW)
    found = dict(ask(database, "SELECT post_id, text FROM ayrshare.posts"))
    assert found == {f"post-{place}": text or None for place, text in enumerate(ODD_TEXT.values())}
    stored = ask(database, "SELECT analytics FROM ayrshare.post_analytics")
    assert len(stored) == len(ODD_TEXT)
    for (value,) in stored:
        assert value["texts"] == {text[:40]: text for text in ODD_TEXT.values()}
        assert json.dumps(value["deep"]) == deep
    digits = ask(
        database, "SELECT DISTINCT value FROM ayrshare.post_analytics, jsonb_each_text(analytics -> 'numbers')"
    )
    expected = {str(raw if number is None else number) for raw, number in ODD_NUMBERS.items()}
    assert {row[0] for row in digits} == expected | {*TOO_MUCH_OF_A_NUMBER}
    kinds = ask(
        database,
        """SELECT DISTINCT length(value #>> '{}') > 1000 OR value #>> '{}' = '1e1001', jsonb_typeof(value)
           FROM ayrshare.post_analytics, jsonb_each(analytics -> 'numbers')""",
    )
    assert sorted(kinds) == [(False, "number"), (True, "string")]
