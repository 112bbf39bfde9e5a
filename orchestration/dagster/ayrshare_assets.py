"""Dagster: an asset for each stream, partitioned by shard, loaded once a day.

Copy it and ayrshare_shard.py into a directory, and run `dagster dev -f ayrshare_assets.py` there.
"""

from collections.abc import Iterator
from datetime import timedelta

import ayrshare_shard
import dagster as dg

SHARDS = dg.StaticPartitionsDefinition(ayrshare_shard.names())
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


@dg.multi_asset(
    specs=[
        # A stream that isn't selected in the project is skipped.
        dg.AssetSpec(
            ["ayrshare", stream], group_name="ayrshare", kinds={"singer"}, freshness_policy=DAILY, skippable=True
        )
        for stream in ayrshare_shard.STREAMS
    ],
    partitions_def=SHARDS,
    retry_policy=dg.RetryPolicy(max_retries=2, delay=600),
    pool="ayrshare",
)
def ayrshare(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Load a shard of the profiles; the number of records is in each asset's metadata."""
    try:
        records = ayrshare_shard.run(context.partition_key)
    except ayrshare_shard.ShardFailed as error:
        may_pass = not isinstance(error, ayrshare_shard.ShardNeedsPerson)
        raise dg.Failure(str(error), allow_retries=may_pass) from None
    for stream, count in records.items():
        yield dg.MaterializeResult(asset_key=["ayrshare", stream], metadata={"dagster/partition_row_count": count})


load = dg.define_asset_job("load_ayrshare", selection=[ayrshare])


@dg.schedule(job=load, cron_schedule="30 3 * * *", execution_timezone="UTC")
def daily(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Load every shard; a run for a past day would only read today's metrics again."""
    for shard in SHARDS.get_partition_keys():
        yield dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d} {shard}", partition_key=shard)


defs = dg.Definitions(assets=[ayrshare], jobs=[load], schedules=[daily])
