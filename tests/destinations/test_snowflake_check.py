"""`make snowflake-check`: the tests of Snowflake with a real account; here the stand-in is in its place."""

import os
import subprocess
import sys

from tests.destinations.snowflake.client import STAND_IN, Snowflake, standing_in, variable
from tests.support import ROOT

NULLS = "tests/destinations/test_snowflake.py::test_a_null_in_a_variant"


def check(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGET_SNOWFLAKE_")}
    command = [sys.executable, "-m", "tests.destinations.snowflake.check", NULLS]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env={**kept, **variables})


def test_it_says_what_is_missing():
    done = check({"TARGET_SNOWFLAKE_ACCOUNT": "org-account", "TARGET_SNOWFLAKE_DATABASE": "social_media"})
    assert done.returncode == 1
    assert done.stderr == (
        "make snowflake-check: set TARGET_SNOWFLAKE_USER, TARGET_SNOWFLAKE_WAREHOUSE, "
        "TARGET_SNOWFLAKE_PRIVATE_KEY_PATH or TARGET_SNOWFLAKE_PASSWORD, TARGET_SNOWFLAKE_DATABASE in upper case\n"
    )


def test_it_drops_what_it_creates(tmp_path):
    with standing_in(tmp_path) as here:
        done = check({**{variable(name): value for name, value in STAND_IN.items()}, **here})
        assert done.returncode == 0, done.stdout
        log = (tmp_path / "stand-in.log").read_text()
        schemas = Snowflake("target-snowflake", {}, tmp_path, connection=STAND_IN, env=here).ask(
            "SELECT schema_name FROM SOCIAL.information_schema.schemata WHERE schema_name LIKE 'AYRSHARE%'"
        )
    assert "Uploaded" in log
    assert schemas == []
