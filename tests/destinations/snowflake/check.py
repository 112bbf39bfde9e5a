"""`make snowflake-check`: the tests of Snowflake in a real account, which TARGET_SNOWFLAKE_* name.

They create schemas of their own and drop them. Arguments: the tests to run, if not all of them.
"""

from __future__ import annotations

import os
import sys

from tests.destinations.__main__ import main as install
from tests.destinations.snowflake.client import REAL, variable

TESTS = (
    "tests/destinations/test_snowflake.py",
    "tests/destinations/test_loaders.py::test_every_cell_of_every_stream_arrives[target-snowflake]",
)


def missing() -> list[str]:
    """Return what is still to be set."""
    names = [name for name in map(variable, ("account", "user", "database", "warehouse")) if not os.environ.get(name)]
    if not any(os.environ.get(variable(name)) for name in ("private_key_path", "password")):
        names.append(f"{variable('private_key_path')} or {variable('password')}")
    database = os.environ.get(variable("database"), "")
    return [*names, *([f"{variable('database')} in upper case"] if database != database.upper() else [])]


def main() -> None:
    if missing():
        sys.exit(f"make snowflake-check: set {', '.join(missing())}")
    if not sys.argv[1:]:
        install()
    pytest = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", *(sys.argv[1:] or TESTS)]
    os.execve(pytest[0], pytest, {**os.environ, REAL: "1"})


if __name__ == "__main__":
    main()
