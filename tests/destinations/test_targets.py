"""What arrives in PostgreSQL, DuckDB and files: counts, types, days, additions, odd values."""

import json
import subprocess

from tests.destinations.conftest import STREAMS, Destination, config, plugin
from tests.e2e.test_incremental import later
from tests.support import NOW

SNAPSHOTS = ("social_analytics", "link_analytics", "social_posts", "post_analytics")
TYPES = {
    "target-postgres": {"analytics": "jsonb", "snapshot_date": "date", "likes": "bigint", "thread_index": "bigint",
                        "post_id": "text", "published_at": "timestamp without time zone"},
    # target-duckdb knows no dates, and counts in the widest integers.
    "target-duckdb": {"analytics": "JSON", "snapshot_date": "VARCHAR", "likes": "HUGEINT", "thread_index": "HUGEINT",
                      "post_id": "VARCHAR", "published_at": "TIMESTAMP"},
}  # fmt: skip
FRACTION = {"target-postgres": "numeric", "target-duckdb": "DOUBLE"}


def test_rows_types_and_days(tap, box, warehouse):
    output = warehouse.load(tap, config(box))
    first = warehouse.counts()
    assert first == {stream: len(output.records(stream)) for stream in STREAMS}
    assert min(first.values()) > 0
    types = warehouse.types("post_analytics")
    assert {column: types[column] for column in TYPES[warehouse.loader]} == TYPES[warehouse.loader]
    assert warehouse.types("social_analytics_daily")["value"].split("(")[0] == FRACTION[warehouse.loader]

    state = warehouse.state
    warehouse.state = None
    warehouse.load(tap, config(box), now=later(0.01))
    assert warehouse.counts() == first

    warehouse.state = state
    box.set_clock(later(1))
    warehouse.load(tap, config(box), now=later(1))
    for stream in SNAPSHOTS:
        assert warehouse.ask(f"SELECT count(DISTINCT snapshot_date) FROM ayrshare.{stream}") == [[2]], stream
    second = warehouse.counts()
    assert second["social_analytics"] == 2 * first["social_analytics"]
    assert second["accounts"] == first["accounts"]
    changed = warehouse.ask(
        "SELECT count(*) FROM ayrshare.social_analytics a JOIN ayrshare.social_analytics b "
        "ON a.profile = b.profile AND a.platform = b.platform AND a.snapshot_date < b.snapshot_date "
        "WHERE b.followers > a.followers"
    )
    assert changed[0][0] > 0


def test_a_new_metric_needs_no_migration(tap, box, warehouse):
    warehouse.load(tap, config(box))
    before = warehouse.types("post_analytics")
    box.set_faults({"fault": "extra_fields"})
    warehouse.state = None
    warehouse.load(tap, config(box))
    assert warehouse.types("post_analytics") == before
    rows = warehouse.ask("SELECT CAST(analytics AS TEXT) FROM ayrshare.post_analytics")
    assert rows
    assert all("brandNewField" in text for (text,) in rows)


def test_a_column_of_a_newer_version_migrates(tap, box, warehouse):
    output = tap.run({**config(box), "rate_limit_requests": 100_000, "rate_limit_window_seconds": 1})
    older = []
    for line in output.raw.splitlines():
        message = json.loads(line)
        if message.get("stream") == "post_analytics":
            if message["type"] == "SCHEMA":
                message["schema"]["properties"].pop("saves")
            elif message["type"] == "RECORD":
                message["record"].pop("saves")
                message["record"]["snapshot_date"] = "2026-11-01"
        if message["type"] != "STATE":
            older.append(json.dumps(message))
    warehouse.write("\n".join(older) + "\n")
    assert "saves" not in warehouse.types("post_analytics")
    warehouse.write(output.raw)
    saved = sum(record["saves"] is not None for record in output.records("post_analytics"))
    assert saved > 0
    found = warehouse.ask("SELECT snapshot_date, count(saves) FROM ayrshare.post_analytics GROUP BY 1 ORDER BY 1")
    assert [[str(day), count] for day, count in found] == [["2026-11-01", 0], [NOW[:10], saved]]


def test_odd_values_arrive(tap, box, warehouse):
    name = "Ünï \"quotes\" 'single' \\ back\\slash\nnew line\ttab 🎉 新製品"
    numbers = {"fanCount": 5_000_000_000, "followersCount": 3_000_000_000, "name": name, "username": name}
    numbers["engagement"] = {"n": 0.1}
    box.set_faults({"fault": "patch", "endpoint": "/analytics/social", "platform": "facebook",
                    "body": {"facebook": {"analytics": numbers}}})  # fmt: skip
    warehouse.load(tap, config(box))
    where = "FROM ayrshare.social_analytics WHERE platform = 'facebook' AND profile = 'primary'"
    [[followers, found, analytics]] = warehouse.ask(f"SELECT followers, account_name, CAST(analytics AS TEXT) {where}")
    assert (followers, found) == (3_000_000_000, name)
    kept = json.loads(analytics)
    assert (kept["fanCount"], kept["name"], kept["engagement"]["n"]) == (5_000_000_000, name, 0.1)


def test_flattening_and_stream_maps(tap, box, warehouse):
    personal = "('likedBy', 'likeBy', 'comments')"
    keep = f"{{k: v for k, v in analytics.items() if k not in {personal}}} if analytics else analytics"
    warehouse.load(tap, {**config(box), "stream_maps": {"post_analytics": {"analytics": keep, "block": "__NULL__"}}})
    rows = warehouse.ask("SELECT CAST(analytics AS TEXT) FROM ayrshare.post_analytics WHERE platform = 'linkedin'")
    assert rows
    assert not any("likeBy" in text or "commentsState" not in text for (text,) in rows)
    assert "block" not in warehouse.types("post_analytics")

    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    warehouse.settings["default_target_schema"] = "flat"
    warehouse.state = None
    output = warehouse.load(tap, {**config(box), **flat})
    [[count]] = warehouse.ask("SELECT count(analytics) FROM flat.post_analytics")
    assert count == sum(record["analytics"] is not None for record in output.records("post_analytics"))


def test_files(tap, box, tmp_path):
    place = tmp_path / "files"
    place.mkdir()
    files = Destination("target-jsonl", {"destination_path": str(place), "do_timestamp_file": False}, tmp_path)
    output = files.load(tap, config(box))
    for stream in STREAMS:
        lines = (place / f"{stream}.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == output.records(stream)


def test_a_state_of_duckdb_claims_only_rows_that_are_there(duckdb):
    """The target is killed right after a state; without `flush_all_streams` it lost the other streams' rows."""
    properties = {"id": {"type": "integer"}, "likes": {"type": "integer"}}
    lines: list[dict] = [
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": ["id"]}
        for stream in ("few", "many")
    ]
    lines += [
        {"type": "RECORD", "stream": "few", "record": {"id": 1, "likes": 2}},
        {"type": "STATE", "value": {"bookmarks": {"few": 1}}},
        *({"type": "RECORD", "stream": "many", "record": {"id": number, "likes": 2}} for number in range(20)),
    ]
    duckdb.settings["batch_size_rows"] = 10
    path = duckdb.directory / "duckdb.json"
    path.write_text(json.dumps(duckdb.settings))
    command = [plugin("loaders", "target-duckdb"), "--config", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        target.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
        target.stdin.flush()
        state = json.loads(target.stdout.readline())
        target.kill()
    assert state == {"bookmarks": {"few": 1}}
    assert duckdb.ask("SELECT id FROM ayrshare.few") == [[1]]
