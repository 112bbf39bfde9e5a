"""The released target-snowflake and dbt-snowflake, as far as fakesnow speaks Snowflake's protocol.

That is: connect, DDL, types, added columns, and the models. It has no user stages, so that how target-snowflake
brings rows in (PUT, then MERGE from the stage) is not tested here; the rows for the models come by INSERT.
"""

import json
import os
import re
import signal
import subprocess

import pytest

from tests.destinations.conftest import Destination, config, plugin
from tests.support import ROOT

FAKESNOW = ROOT / ".venvs" / "fakesnow" / "bin" / "python"
ASK = """\
import json, sys, snowflake.connector
connection = snowflake.connector.connect(user="fake", password="snow", account="fakesnow", host="127.0.0.1",
                                         port=int(sys.argv[1]), protocol="http")
cursor = connection.cursor()
for query in sys.argv[2:]:
    rows = cursor.execute(query).fetchall()
print(json.dumps(rows, default=str))
"""
TYPES = {"ANALYTICS": "VARIANT", "SNAPSHOT_DATE": "DATE", "LIKES": "NUMBER", "THREAD_INDEX": "NUMBER",
         "POST_ID": "TEXT", "PUBLISHED_AT": "TIMESTAMP_NTZ"}  # fmt: skip
PROFILE = """\
ayrshare:
  target: snowflake
  outputs:
    snowflake: {{type: snowflake, account: fakesnow, user: fake, password: snow, host: 127.0.0.1, port: {port},
      protocol: http, database: SOCIAL, warehouse: WH, schema: AYRSHARE_MODELS, threads: 1}}
"""


@pytest.fixture
def port(tmp_path):
    assert FAKESNOW.exists(), "fakesnow is not installed: make test-destinations does it"
    log = (tmp_path / "fakesnow.log").open("w")
    command = [str(FAKESNOW.with_name("fakesnow")), "--server", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            break
    else:
        pytest.fail("fakesnow did not come up")
    yield int(found[1])
    process.send_signal(signal.SIGKILL)
    process.communicate()
    log.close()


def ask(port: int, *queries: str) -> list[list]:
    command = [str(FAKESNOW), "-c", ASK, str(port), *queries]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def columns(port: int, table: str) -> dict[str, str]:
    return dict(
        ask(
            port,
            "SELECT column_name, data_type FROM SOCIAL.information_schema.columns "
            f"WHERE table_schema = 'AYRSHARE' AND table_name = '{table}'",
        )
    )


@pytest.fixture
def snowflake(port, tmp_path):
    """The loader; the connector below it is sent to this machine, since the target has no setting for the host."""
    ask(port, "CREATE DATABASE SOCIAL", "CREATE SCHEMA SOCIAL.AYRSHARE")
    settings = {"account": "fakesnow", "user": "fake", "password": "snow", "database": "SOCIAL", "warehouse": "WH",
                "default_target_schema": "ayrshare", "load_method": "upsert"}  # fmt: skip
    here = {"PYTHONPATH": str(ROOT / "tests" / "destinations" / "snowflake_here"), "FAKESNOW_PORT": str(port)}
    return Destination("target-snowflake", settings, tmp_path, env=here)


def test_tables_types_and_added_columns(tap, box, snowflake, port):
    output = tap.run({**config(box), "rate_limit_requests": 10**6, "rate_limit_window_seconds": 1})
    schemas = [message for message in output.messages if message["type"] == "SCHEMA"]
    for message in schemas:
        if message["stream"] == "post_analytics":
            saves = message["schema"]["properties"].pop("saves")
    snowflake.write("".join(json.dumps(message) + "\n" for message in schemas))
    tables = {name for (name,) in ask(
        port, "SELECT table_name FROM SOCIAL.information_schema.tables WHERE table_schema = 'AYRSHARE'"
    )}  # fmt: skip
    assert tables == {message["stream"].upper() for message in schemas}
    found = columns(port, "POST_ANALYTICS")
    assert {name: found[name] for name in TYPES} == TYPES
    assert "SAVES" not in found
    assert columns(port, "SOCIAL_ANALYTICS_DAILY")["VALUE"] == "FLOAT"

    for message in schemas:
        if message["stream"] == "post_analytics":
            message["schema"]["properties"]["saves"] = saves
    snowflake.write("".join(json.dumps(message) + "\n" for message in schemas))
    assert columns(port, "POST_ANALYTICS") == {**found, "SAVES": "NUMBER"}


def test_models(tap, box, snowflake, port, tmp_path):
    output = tap.run({**config(box), "rate_limit_requests": 10**6, "rate_limit_window_seconds": 1})
    snowflake.write("".join(json.dumps(m) + "\n" for m in output.messages if m["type"] == "SCHEMA"))
    (tmp_path / "profiles.yml").write_text(PROFILE.format(port=port))
    command = [
        str(plugin("utilities", "dbt-snowflake", "dbt")), "--no-use-colors", "build", "--project-dir", "dbt",
        # fakesnow adds a BIGINT of days to a DATE, which its database refuses, and never answers a comment on a table:
        # the daily models can't be built there.
        "--vars", "{ayrshare_comments: false}", "--exclude-resource-type", "unit_test",
        "--select", "+int_ayrshare__post_changes", "+int_ayrshare__link_changes", "+ayrshare__accounts_current",
        "--profiles-dir", str(tmp_path), "--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ})
    assert done.returncode == 0, done.stdout[-4000:]
