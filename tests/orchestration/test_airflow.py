"""orchestration/airflow: two days, a shard that fails once, and one that only a person can mend."""

from tests.e2e.test_incremental import later
from tests.orchestration.conftest import ACME, EMPTY, GLOBEX, HISTORY_OF_GLOBEX, PRIMARY, SHARDS
from tests.support import NOW


def test_two_days_with_a_retried_and_an_empty_shard(night):
    night.box.set_faults({**HISTORY_OF_GLOBEX, "times": 1})
    first = night.drive("airflow")
    assert first["state"] == "success", first["log"][-3000:]
    assert (first["pool"], first["max_active_runs"], first["catchup"]) == (4, 1, False)
    tasks = first["tasks"]
    assert list(tasks) == SHARDS
    assert {shard: task["tries"] for shard, task in tasks.items()} == {ACME: 1, PRIMARY: 1, EMPTY: 1, GLOBEX: 2}
    assert "no data could be extracted for: posts" in first["log"]
    assert sum(tasks[EMPTY]["records"].values()) == 0
    assert tasks[PRIMARY]["records"]["profiles"] == 2
    # The retry had the state of the first try: it read no more than what was missing.
    assert tasks[GLOBEX]["records"]["posts"] > 0
    assert tasks[GLOBEX]["records"]["social_post_analytics"] == 0
    rows = night.rows()
    assert rows["posts"] == sum(task["records"]["posts"] for task in tasks.values())
    assert night.profiles("social_analytics", NOW[:10]) == {"acme", "globex"}

    second = night.drive("airflow", day=1)
    assert second["state"] == "success", second["log"][-3000:]
    assert {task["tries"] for task in second["tasks"].values()} == {1}
    assert night.profiles("social_analytics", later(1)[:10]) == {"acme", "globex"}
    assert night.rows()["social_analytics"] > rows["social_analytics"]
    new = sum(task["records"]["posts"] for task in second["tasks"].values())
    assert rows["posts"] <= night.rows()["posts"] <= rows["posts"] + new


def test_what_only_a_person_can_mend_is_not_tried_again(night):
    night.box.set_faults({"fault": "key_refused"})
    run = night.drive("airflow")
    assert run["state"] == "failed"
    assert {shard: task["tries"] for shard, task in run["tasks"].items()} == dict.fromkeys(SHARDS, 1)
    assert run["tasks"][ACME]["state"] == "failed"
    assert run["tasks"][EMPTY]["state"] == "success"
    assert f"AirflowFailException: {ACME}: tap-ayrshare: run ended: check api_key" in run["log"]
