"""Airflow: a DAG that loads each shard of the profiles in a task of its own, once a day.

Copy it and ayrshare_shard.py into the DAGs folder, and create the pool:

    airflow pools set ayrshare 4 "shards of tap-ayrshare side by side"
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import ayrshare_shard
from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException


@dag(
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    # A run for a past day would only read today's metrics again.
    catchup=False,
    # Two runs with the same state overwrite each other's.
    max_active_runs=1,
    tags=["ayrshare"],
)
def ayrshare() -> None:
    """Load posts, accounts and links of all profiles."""

    @task(
        map_index_template="{{ shard }}",
        pool="ayrshare",
        retries=2,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=12),
    )
    def load(shard: str) -> dict[str, int]:
        """Load a shard; the result is the number of records by stream."""
        get_current_context()["shard"] = shard  # type: ignore[typeddict-unknown-key]
        try:
            return ayrshare_shard.run(shard)
        except ayrshare_shard.ShardNeedsPerson as error:
            raise AirflowFailException(str(error)) from None

    load.expand(shard=ayrshare_shard.names())


dag = ayrshare()
