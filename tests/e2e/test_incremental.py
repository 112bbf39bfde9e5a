"""What a run brings after another: windows, the refresh schedule, checkpoints, kills, bad bookmarks."""

import json
import os
import random
import signal
import sys
import time
import urllib.request
from datetime import date, datetime, timedelta, timezone

import pytest

from tap_ayrshare.posts.schedule import RefreshSchedule, Tier
from tests.e2e.test_engine import ANALYTICS, alone
from tests.support import EVERYONE, NOW, Output, messages
from tests.unit.test_schedule import points

DEFAULT = RefreshSchedule((Tier(7, 1), Tier(30, 3), Tier(365, 30)))


def later(days: float) -> str:
    moment = datetime.fromisoformat(NOW.replace("Z", "+00:00")) + timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def asked(box) -> list[str]:
    return [request["body"]["id"] for request in box.requests("/analytics/post")]


# History by windows


@pytest.mark.parametrize("compared", ["published", "created"])
def test_a_long_history_is_complete_in_few_calls_and_then_the_lookback_alone(tap, sandbox, compared):
    box = sandbox("--posts", "3500", "--days", "400", "--same-second", "40", "--profiles", "0", "--plain",
                  "--history-dates", compared)  # fmt: skip
    first = tap.run(alone(box), select=["posts"])
    assert len(first.records("posts")) == 3500
    assert max_in_a_second(first.records("posts")) >= 40
    assert len(box.requests("/history")) <= 40
    box.clear()
    second = tap.run(alone(box), select=["posts"], state=first.state, now=later(0.01))
    assert len(box.requests("/history")) <= 4
    oldest = min(record["published_at"] for record in second.records("posts"))
    assert oldest >= later(-3.01)
    assert second.records("posts")


def max_in_a_second(posts: list[dict]) -> int:
    seconds = [record["published_at"] for record in posts]
    return max(seconds.count(second) for second in set(seconds))


def test_a_thousand_posts_in_one_second_are_an_error_row_and_what_came_is_kept(tap, sandbox):
    box = sandbox("--posts", "2400", "--same-second", "1100", "--profiles", "0", "--plain")
    output = tap.run(alone(box), select=["posts", "extraction_errors"])
    windows = [record["resource_id"] for record in output.records("extraction_errors")]
    assert windows == ["2026-09-24T13:12:00Z/2026-09-24T13:12:00.999Z"]
    assert len(output.records("posts")) == 2400 - 100
    assert len(box.requests("/history")) <= 20
    assert output.bookmark("posts")["replication_key_value"].startswith("2026-11-23T12:00:00")


def test_a_post_scheduled_long_ago_and_published_today_comes_with_its_numbers(tap, sandbox):
    for compared in ("published", "created"):
        box = sandbox("--profiles", "0", "--posts", "60", "--history-dates", compared)
        first = tap.run(alone(box), select=ANALYTICS)
        waiting = [
            row
            for row in box_rows(box, later(19))
            if row["type"] == "scheduled" and row["created"] < later(-30) and NOW < utc(row["scheduleDate"]) < later(19)
        ]
        assert waiting, "the data hold a post that was scheduled long ago and is not published yet"
        due = utc(waiting[0]["scheduleDate"])
        box.set_clock(due)
        second = tap.run(alone(box), select=ANALYTICS, state=first.state, now=due.replace(":00Z", ":30Z"))
        post_id = waiting[0]["id"]
        assert post_id in {record["post_id"] for record in second.records("posts")}
        assert post_id in {record["post_id"] for record in second.records("post_analytics")}


def utc(value) -> str:
    return value["utc"] if isinstance(value, dict) else value


def box_rows(box, now: str | None = None) -> list[dict]:
    """The rows of GET /history as the sandbox gives them at an instant."""
    if now:
        box.set_clock(now)
    request = urllib.request.Request(
        f"{box.config['api_url']}/history?limit=1000&lastDays=0", headers={"Authorization": "Bearer sandbox-api-key"}
    )
    with urllib.request.urlopen(request) as response:
        found = json.load(response)["history"]
    if now:
        box.set_clock(NOW)
    return found


def test_an_earlier_start_date_reads_the_missing_stretch_once(tap, sandbox):
    box = sandbox("--posts", "200", "--days", "100", "--profiles", "0", "--plain")
    first = tap.run(alone(box, start_date=later(-20)), select=["posts"])
    assert min(record["published_at"] for record in first.records("posts")) >= later(-20)[:-1]
    second = tap.run(alone(box, start_date=later(-60)), select=["posts"], state=first.state, now=later(0.01))
    ids = {record["post_id"] for record in first.records("posts") + second.records("posts")}
    everything = tap.run(alone(box), select=["posts"]).records("posts")
    assert ids == {record["post_id"] for record in everything if record["published_at"] >= later(-60)[:-1]}
    third = tap.run(alone(box, start_date=later(-60)), select=["posts"], state=second.state, now=later(0.02))
    assert min(record["published_at"] for record in third.records("posts")) >= later(-3.1)


def test_a_post_deleted_since_comes_once_more_as_deleted(tap, sandbox):
    box = sandbox("--posts", "600", "--days", "60", "--profiles", "0")
    output = tap.run(alone(box), select=["posts"])
    deleted = [record for record in output.records("posts") if record["status"] == "deleted"]
    assert deleted
    assert min(record["published_at"] for record in deleted) >= later(-3.1)
    assert [r["query"]["status"] for r in box.requests("/history") if "status" in r["query"]] == ["deleted"]


# The refresh schedule


def test_two_weeks_with_one_day_missed(tap, sandbox):
    box = sandbox("--posts", "120", "--days", "120", "--profiles", "0", "--plain", "--native-every", "0")
    state, last = None, None
    for day in [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]:
        now = later(day)
        box.set_clock(now)
        box.clear()
        output = tap.run(alone(box), select=ANALYTICS, state=state, now=now)
        assert output.code == 0
        today = date.fromisoformat(now[:10])
        listed = [row for row in box_rows(box) if row["platforms"] != ["telegram"]]
        expected = {
            row["id"]
            for row in listed
            if last is None or any(last < point <= today for point in points(DEFAULT, day_of(row["created"]), today))
        }
        assert set(asked(box)) == expected, day
        assert {record["snapshot_date"] for record in output.records("post_analytics")} == {now[:10]}
        again = tap.run(alone(box), select=ANALYTICS, state=output.state, now=now.replace("12:00:00", "12:00:01"))
        assert again.records("post_analytics") == []
        state, last = output.state, today


def day_of(value: str) -> date:
    return date.fromisoformat(value[:10])


def test_native_posts_are_read_to_the_depth_that_is_due(tap, sandbox):
    box = sandbox("--posts", "300", "--days", "300", "--profiles", "0", "--plain", "--linked", "threads,facebook",
                  "--networks-per-post", "1")  # fmt: skip
    first = tap.run(alone(box), select=["social_posts"])
    everything = len(first.records("social_posts"))
    box.clear()
    second = tap.run(alone(box), select=["social_posts"], state=first.state, now=later(1))
    assert 0 < len(second.records("social_posts")) < everything
    same = tap.run(alone(box), select=["social_posts"], state=second.state, now=later(1.001))
    assert same.records("social_posts") == []
    assert same.bookmark("social_posts") == second.bookmark("social_posts")


def test_named_posts_leave_the_state_alone(tap, sandbox):
    box = sandbox("--posts", "20", "--profiles", "0", "--plain")
    first = tap.run(alone(box), select=ANALYTICS)
    post_id = first.records("posts")[0]["post_id"]
    second = tap.run(alone(box, post_ids=[post_id]), select=["post_analytics"], state=first.state, now=later(1))
    assert {record["post_id"] for record in second.records("post_analytics")} == {post_id}
    assert second.bookmark("post_analytics") == first.bookmark("post_analytics")


# Daily series and links


def test_the_bookmark_of_daily_series_is_the_day_that_all_metrics_reached(tap, api):
    config = {**api.config, "platforms": ["facebook", "youtube"], "profiles": api.config["profiles"][:1]}
    first = tap.run(config, select=["social_analytics_daily"])
    bookmark = first.bookmark("social_analytics_daily", "acme")
    assert bookmark["platforms"] == {"facebook": "2026-11-22", "youtube": "2026-11-20"}
    assert bookmark["replication_key_value"] == "2026-11-20"
    second = tap.run(config, select=["social_analytics_daily"], state=first.state, now=later(1))
    since = {"facebook": "2026-11-19", "youtube": "2026-11-17"}
    for network, day in since.items():
        dates = [r["date"] for r in second.records("social_analytics_daily") if r["platform"] == network]
        assert min(dates) == day
    much_later = tap.run(config, select=["social_analytics_daily"], state=first.state, now=later(200))
    quarters = [r["body"]["quarters"] for r in api.requests("/analytics/social")]
    assert quarters[-2:] == [3, 3]
    assert much_later.code == 0


def test_the_link_window_widens_after_missed_days(tap, api):
    config = {**api.config, "profiles": api.config["profiles"][:1], "link_last_days": 2}
    first = tap.run(config, select=["link_analytics"])
    tap.run(config, select=["link_analytics"], state=first.state, now=later(1))
    tap.run(config, select=["link_analytics"], state=first.state, now=later(9))
    tap.run(config, select=["link_analytics"], state=first.state, now=later(90))
    assert [r["query"]["lastDays"] for r in api.requests("/analytics/links")] == ["2", "2", "10", "30"]


# State


def test_a_bookmark_in_the_future_brings_nothing_and_is_kept(tap, sandbox):
    box = sandbox("--posts", "10", "--profiles", "0")
    first = tap.run(alone(box), now=NOW)
    box.clear()
    second = tap.run(alone(box), state=first.state, now=later(-5))
    assert second.code == 2
    assert "in the future" in second.last_line
    kept = set(first.state["bookmarks"]) - {"accounts", "extraction_errors", "social_analytics_daily", "sync_runs"}
    assert not kept & set(second.streams)
    for stream in kept:
        assert second.bookmark(stream) == first.bookmark(stream), stream


def test_the_state_does_not_grow_with_posts(tap, sandbox):
    sizes = []
    for posts in ("100", "2000"):
        box = sandbox("--posts", posts, "--days", "300", "--profiles", "0", "--plain", "--native-every", "0",
                      "--networks-per-post", "1")  # fmt: skip
        output = tap.run(alone(box))
        sizes.append(len(json.dumps(output.state)))
    assert sizes[1] <= sizes[0] + 10
    assert sizes[0] <= 8192


def test_states_come_often_enough_and_stay_small(tap, sandbox):
    box = sandbox("--posts", "1000", "--days", "300", "--profiles", "0", "--plain", "--native-every", "0",
                  "--networks-per-post", "1", "--linked", "threads")  # fmt: skip
    output = tap.run(alone(box), select=ANALYTICS)
    since = most = states = size = 0
    for message in output.messages:
        if message["type"] == "RECORD" and message["stream"] == "post_analytics":
            since += 1
            most = max(most, since)
        elif message["type"] == "STATE":
            since = 0
            states += 1
            size += len(json.dumps(message))
    assert most <= 100
    assert states >= 10
    assert size < 250_000


def test_one_snapshot_date_past_midnight_and_in_any_time_zone(tap, sandbox):
    box = sandbox("--posts", "30", "--profiles", "0", "--plain", "--latency", "0.2", now="2026-11-23T23:59:58Z")
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        output = tap.run(alone(box), now="2026-11-23T23:59:58Z", env={"TZ": zone})
        dates = {r["snapshot_date"] for records in output.streams.values() for r in records if "snapshot_date" in r}
        assert dates == {"2026-11-23"}


def test_shards_part_the_profiles_between_jobs(tap, sandbox):
    box = sandbox("--posts", "2", "--profiles", "8")
    labels: list[str] = []
    for part in (1, 2, 3):
        output = tap.run({**box.config, **EVERYONE, "shard": f"{part}/3"}, select=["posts", "profiles"])
        assert output.code == 0
        labels += sorted({record["profile"] for record in output.records("posts")})
    assert len(labels) == len(set(labels))
    whole = tap.run({**box.config, **EVERYONE}, select=["posts", "profiles"])
    assert set(labels) == {record["profile"] for record in whole.records("posts")}


# Kills


@pytest.mark.thorough
def test_killed_three_times_nothing_is_lost_and_little_is_repeated(tap, sandbox):
    seed = int(os.environ.get("KILL_SEED", time.time_ns() % 10**6))
    sys.stdout.write(f"KILL_SEED={seed}\n")
    pick = random.Random(seed)
    box = sandbox("--posts", "900", "--days", "200", "--profiles", "0", "--plain", "--native-every", "0",
                  "--networks-per-post", "2", "--linked", "threads,bluesky", "--latency", "0.01")  # fmt: skip
    config = alone(box)
    whole = tap.run(config, select=ANALYTICS)
    requests = len(box.requests())
    box.clear()
    state, kept = None, []
    for turn in range(3):
        process = tap.start(config, select=ANALYTICS, state=state, now=later(0.001 * (turn + 1)))
        stop_at = pick.randint(50, 450)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) >= stop_at:
                break
        time.sleep(pick.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines(keepends=True)
        process.wait()
        found = [json.loads(line) for line in lines if line.endswith("\n") and complete(line)]
        last = max((i for i, message in enumerate(found) if message["type"] == "STATE"), default=-1)
        if last >= 0:
            state = found[last]["value"]
            kept += found[: last + 1]
    end = tap.run(config, select=ANALYTICS, state=state, now=later(0.004))
    assert end.code == 0
    union = Output(0, kept + end.messages, "", "")
    assert keys(union) == keys(whole), seed
    repeated = len(box.requests("/analytics/post")) - len(set(asked(box)))
    assert repeated <= 3 * (100 + 64), (seed, repeated)
    assert requests >= 900


def keys(output: Output) -> set[tuple]:
    """The keys of posts and their numbers; the numbers grow while the test runs."""
    posts = {("posts", record["post_id"]) for record in output.records("posts")}
    numbers = output.records("post_analytics")
    return posts | {(r["post_id"], r["platform"], r["thread_index"], r["snapshot_date"]) for r in numbers}


def complete(line: str) -> bool:
    try:
        return bool(messages(line))
    except ValueError:
        return False


@pytest.mark.parametrize("way", ["run", "run_apart"])
def test_the_clock_of_the_tests_is_the_tap_s(tap, sandbox, way):
    box = sandbox("--posts", "1", "--profiles", "0")
    output = getattr(tap, way)(alone(box), select=["accounts"], now="2031-05-05T05:05:05Z")
    assert output.records("accounts")[0]["extracted_at"].startswith("2031-05-05T05:0")
    assert datetime.now(timezone.utc).year < 2031
