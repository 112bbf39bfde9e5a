"""orchestration/dagster: two days, a shard that fails once, and one that only a person can mend."""

from tap_ayrshare.ayrshare.contract import declared_streams
from tests.e2e.test_incremental import later
from tests.orchestration.conftest import ACME, EMPTY, GLOBEX, HISTORY_OF_GLOBEX, PRIMARY, SHARDS
from tests.support import NOW


def test_two_days_with_a_retried_and_an_empty_shard(night):
    night.box.set_faults({**HISTORY_OF_GLOBEX, "times": 1})
    first = night.drive("dagster", *SHARDS)
    assert first["schedule"] == [[f"2026-11-23 {shard}", shard] for shard in SHARDS]
    assert (first["retries"], first["pool"]) == (2, "ayrshare")
    assert first["fresh"] == [[36, 26]]
    shards = first["shards"]
    assert all(shard["success"] for shard in shards.values()), first["log"][-3000:]
    assert {name: shard["tries"] for name, shard in shards.items()} == {ACME: 1, PRIMARY: 1, EMPTY: 1, GLOBEX: 2}
    for name, shard in shards.items():
        assert shard["partitions"] == [name]
        assert set(shard["records"]) == {
            name for name, stream in declared_streams().items() if stream.get("selected_by_default", True)
        }
    assert sum(shards[EMPTY]["records"].values()) == 0
    assert shards[PRIMARY]["records"]["profiles"] == 2
    rows = night.rows()
    assert rows["posts"] == sum(shard["records"]["posts"] for shard in shards.values())
    assert night.profiles("social_analytics", NOW[:10]) == {"acme", "globex"}

    second = night.drive("dagster", *SHARDS, day=1)
    assert all(shard["success"] for shard in second["shards"].values()), second["log"][-3000:]
    assert night.profiles("social_analytics", later(1)[:10]) == {"acme", "globex"}
    assert night.rows()["social_analytics"] > rows["social_analytics"]


def test_the_failure_is_the_taps_last_error(night):
    night.box.set_faults(HISTORY_OF_GLOBEX)
    found = night.drive("dagster", GLOBEX)["shards"][GLOBEX]
    assert (found["success"], found["tries"]) == (False, 3)
    assert found["failure"].startswith(f"{GLOBEX}: tap-ayrshare: no data could be extracted for: posts")
    assert found["records"] == {}


def test_what_only_a_person_can_mend_is_not_tried_again(night):
    night.box.set_faults({"fault": "key_refused"})
    found = night.drive("dagster", ACME)["shards"][ACME]
    assert (found["success"], found["tries"]) == (False, 1)
    assert found["failure"].startswith(f"{ACME}: tap-ayrshare: run ended: check api_key")
