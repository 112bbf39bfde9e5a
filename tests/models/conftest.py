"""The databases that the models are built in."""

import pytest

from demo.postgres import running_postgres
from tests.models.warehouses import DuckDB, Postgres


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    if request.param == "duckdb":
        yield DuckDB(tmp_path)
        return
    with running_postgres(tmp_path / "postgres") as uri:
        yield Postgres(tmp_path, uri)
