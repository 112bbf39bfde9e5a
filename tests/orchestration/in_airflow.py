"""Runs the DAG in Airflow's own environment, without a server; writes what became of each task to a file."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

REPORT = Path(sys.argv[1])
HOME = Path.cwd() / "airflow"

os.environ.update(
    AIRFLOW_HOME=str(HOME), AIRFLOW__CORE__LOAD_EXAMPLES="False", AIRFLOW__CORE__DAGS_FOLDER=os.environ["PYTHONPATH"]
)
if not HOME.exists():
    airflow = str(Path(sys.executable).with_name("airflow"))
    subprocess.run([airflow, "db", "migrate"], check=True)
    subprocess.run([airflow, "pools", "set", "ayrshare", "4", "shards of tap-ayrshare side by side"], check=True)

import airflow  # noqa: E402
import ayrshare_dag  # noqa: E402
from airflow.models.pool import Pool  # noqa: E402

dag = ayrshare_dag.dag
load = dag.get_task("load")
load.partial_kwargs["retry_delay"] = timedelta(0)
run = dag.test()
REPORT.write_text(
    json.dumps(
        {
            "version": airflow.__version__,
            "state": str(run.state),
            "pool": Pool.get_pool(load.partial_kwargs["pool"]).slots,
            "max_active_runs": dag.max_active_runs,
            "catchup": dag.catchup,
            "tasks": {
                task.rendered_map_index: {
                    "state": str(task.state),
                    "tries": task.try_number,
                    "records": task.xcom_pull(task_ids="load", map_indexes=task.map_index),
                }
                for task in run.get_task_instances()
            },
        }
    )
)
