"""Materializes shards in Dagster's own environment, in this process; writes what became of them to a file."""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import ayrshare_assets
import dagster as dg

report, *partitions = sys.argv[1:]
dg.Definitions.validate_loadable(ayrshare_assets.defs)
(assets,) = {id(each): each for each in ayrshare_assets.defs.assets}.values()
# Retries wait ten minutes; here they come at once.
at_once = dg.RetryPolicy(max_retries=assets.op.retry_policy.max_retries, delay=0)
assets.op._retry_policy = at_once
job = ayrshare_assets.defs.resolve_job_def("load_ayrshare")


def materialized(shard):
    """Load a shard with the job, and say what its run left behind."""
    with dg.DagsterInstance.local_temp(str(Path.cwd())) as instance:
        run = job.execute_in_process(partition_key=shard, instance=instance, raise_on_error=False)
    events = [event.event_type_value for event in run.all_events]
    failures = [event.step_failure_data for event in run.all_events if event.event_type_value == "STEP_FAILURE"]
    return {
        "success": run.success,
        "tries": 1 + events.count("STEP_RESTARTED"),
        "failure": failures[0].user_failure_data.description if failures else None,
        "records": {
            event.asset_key.path[-1]: event.materialization.metadata["dagster/partition_row_count"].value
            for event in run.get_asset_materialization_events()
        },
        "partitions": sorted({event.partition for event in run.get_asset_materialization_events()}),
    }


repository = ayrshare_assets.defs.get_repository_def()
with dg.build_schedule_context(
    repository_def=repository, scheduled_execution_time=datetime(2026, 11, 23, 3, 30, tzinfo=timezone.utc)
) as context:
    tick = ayrshare_assets.daily.evaluate_tick(context)
Path(report).write_text(
    json.dumps(
        {
            "version": dg.__version__,
            "schedule": [[request.run_key, request.partition_key] for request in tick.run_requests],
            "fresh": sorted(
                {
                    tuple(
                        window.to_timedelta() / timedelta(hours=1)
                        for window in (spec.freshness_policy.fail_window, spec.freshness_policy.warn_window)
                    )
                    for spec in assets.specs
                }
            ),
            "retries": at_once.max_retries,
            "pool": assets.op.pool,
            "shards": {shard: materialized(shard) for shard in partitions},
        }
    )
)
