"""The incremental models have the same rows as a full refresh, whatever the nights bring."""

import random

import pytest

from tests.models.histories import History, nights
from tests.models.warehouses import DuckDB

MODELS = ("int_ayrshare__post_latest", "ayrshare__post_metrics_daily", "ayrshare__account_metrics_daily",
          "ayrshare__link_clicks_daily", "ayrshare__post_metrics_latest", "ayrshare__network_metrics_daily",
          "ayrshare__accounts_current", "ayrshare__rollup", "int_ayrshare__post_ages", "ayrshare__post_facts",
          "ayrshare__account_coverage", "ayrshare__report_monthly")  # fmt: skip
SEED = 20261125
NIGHTS = 12
BUILT = (2, 4, 5, 7, 11)
"""The nights after which the models are built; several are new to some of the builds."""


def reload(histories, warehouse):
    """Replace what is loaded by what the histories have now."""
    statements = []
    for stream in ("post_analytics", "social_post_analytics", "social_posts", "social_analytics", "link_analytics"):
        rows = [row for history in histories for row in history.rows.get(stream, {}).values()]
        statements += [f"delete from ayrshare.{stream}", *warehouse.insert(stream, rows)]
    warehouse.execute(statements)


def compare(warehouse, model, seed):
    """Find rows of a model that only one of the two builds has."""
    columns = [name for (name,) in warehouse.ask(
        "select column_name from information_schema.columns where table_schema = 'full_refresh' "
        f"and table_name = '{model}' and column_name <> 'changed_at' order by ordinal_position"
    )]  # fmt: skip
    names = ", ".join(columns)
    full, incremental = (f"select {names} from {schema}.{model}" for schema in ("full_refresh", "ayrshare_models"))
    [[count]] = warehouse.ask(f"select count(*) from full_refresh.{model}")
    [[more]] = warehouse.ask(f"select count(*) from ayrshare_models.{model}")
    missing = warehouse.ask(f"select * from ({full} except {incremental}) as missing order by all limit 5")
    extra = warehouse.ask(f"select * from ({incremental} except {full}) as extra order by all limit 5")
    told = "\n".join(f"{kind} {dict(zip(columns, row, strict=True))}" for kind, found in
                     (("missing", missing), ("extra", extra)) for row in found)  # fmt: skip
    assert (more, missing, extra) == (count, [], []), f"{model}, seed {seed}, {more} rows instead of {count}:\n{told}"
    return count


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("zone", "count"), [("UTC", 200), ("America/Los_Angeles", 50)])
def test_incremental_equals_full_refresh(tmp_path, zone, count):
    rng = random.Random(f"{SEED} {zone}")
    histories = [History(number, random.Random(f"{SEED} {zone} {number}")) for number in range(count)]
    warehouse = DuckDB(tmp_path)
    warehouse.create()
    calendar = nights(rng, NIGHTS)
    rows = dict.fromkeys(MODELS, 0)
    for night, (day, at) in enumerate(calendar):
        for history in histories:
            history.read(night, day, at)
        if night not in BUILT:
            continue
        reload(histories, warehouse)
        warehouse.dbt("run", ayrshare_timezone=zone)
        if night in (BUILT[2], BUILT[-1]):
            warehouse.dbt("run", "--full-refresh", env={"DBT_DUCKDB_SCHEMA": "full_refresh"}, ayrshare_timezone=zone)
            for model in MODELS:
                rows[model] = compare(warehouse, model, f"{SEED} {zone}")
        for history in histories:
            history.tamper(day, at)
    assert rows["ayrshare__post_metrics_daily"] > count * 10
    assert rows["ayrshare__account_metrics_daily"] > count * 10
