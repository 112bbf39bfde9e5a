"""Bodies that are not as the contract says: nothing is lost, and what is new is told once."""

import http.client
import json
import re
import subprocess
import sys
from collections import Counter
from urllib.parse import urlsplit

import pytest

from tap_ayrshare.ayrshare.contract import load
from tests.support import EVERYONE, ROOT

QUICK = {"rate_limit_requests": 100_000, "rate_limit_window_seconds": 1}
POST_NETWORKS = {
    "bluesky", "facebook", "instagram", "linkedin", "pinterest", "reddit", "snapchat", "threads", "tiktok", "twitter",
    "youtube",
}  # fmt: skip
NEW_FIELD = re.compile(r"(\w+), (\w+): the contract doesn't have the field (\S+) \((\w+)\)")


@pytest.fixture
def box(sandbox):
    return sandbox("--posts", "80", "--days", "60", "--profiles", "1")


def config(box):
    return {**box.config, **EVERYONE, **QUICK}


def ask(box, post_id, networks, profile):
    """The same question as the tap's, put to the sandbox directly."""
    url = urlsplit(box.config["api_url"])
    headers = {
        "Authorization": f"Bearer {box.config['api_key']}",
        "X-Twitter-OAuth1-Api-Key": "x-app-key",
        "X-Twitter-OAuth1-Api-Secret": "x-app-secret",
    }
    if profile != "primary":
        headers["Profile-Key"] = f"sandbox-profile-key-{profile}"
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    body = json.dumps({"id": post_id, "platforms": networks})
    connection.request("POST", "/api/analytics/post", body=body, headers=headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def as_sent(block):
    """The elements of a block as rows hold them."""
    for element in block if isinstance(block, list) else [block]:
        analytics = element["analytics"]
        for one in analytics if isinstance(analytics, list) else [analytics]:
            yield one, {key: value for key, value in element.items() if key != "analytics"}


@pytest.mark.parametrize("fault", ["extra_fields", "nulls", "minus_one"])
def test_every_value_is_kept_and_columns_are_right_or_null(tap, box, fault):
    box.set_faults({"fault": fault})
    output = tap.run(config(box))
    assert output.code == 0
    rows = output.records("post_analytics")
    assert {row["platform"] for row in rows} == POST_NETWORKS
    for row in rows[::7]:
        block = ask(box, row["post_id"], [row["platform"]], row["profile"])[row["platform"]]
        analytics, beside = list(as_sent(block))[row["thread_index"]]
        assert row["analytics"] == analytics
        stable = {"lastUpdated", "nextUpdate"}
        assert row["block"].keys() == beside.keys()
        assert all(row["block"][key] == beside[key] for key in beside.keys() - stable)
    columns = {column for network in load("metrics.json")["post"].values() for column in network}
    for network, mapping in load("metrics.json")["post"].items():
        filled = {column for row in rows if row["platform"] == network for column in columns if row[column] is not None}
        assert filled <= set(mapping)
        assert len(filled) >= min(3, len(mapping)), (network, filled)
    # A number, but for the network that is known to mean that it doesn't report one.
    assert -1 not in [row[column] for row in rows if row["platform"] == "tiktok" for column in columns]
    values = [row[column] for row in rows for column in columns]
    assert (-1 in values) == (fault == "minus_one")
    assert None in values


def test_a_new_field_is_told_once(tap, box):
    box.set_faults({"fault": "extra_fields"})
    output = tap.run(config(box))
    told = Counter(NEW_FIELD.findall(output.log))
    assert set(told.values()) == {1}
    assert {found[1] for found in told if found[0] == "post_analytics" and found[2] == "brandNewField"} == POST_NETWORKS
    assert ("post_analytics", "twitter", "publicMetrics.brandNewField", "integer") in told
    without_bodies = {"account_demographics", "extraction_errors", "sync_runs"}
    assert {found[0] for found in told} == set(output.schemas) - without_bodies
    [warning] = [line for line in output.log.splitlines() if "that the contract doesn't have" in line]
    assert "WARNING" in warning
    assert f"the API sent {len(told)} fields that the contract doesn't have, " in warning
    assert "accounts bluesky brandNewField" in warning
    assert not any("WARNING" in line for line in output.log.splitlines() if NEW_FIELD.search(line))


def test_the_contract_command_counts_what_the_run_counts(tap, box):
    box.set_faults({"fault": "extra_fields"})
    output = tap.run(config(box))
    counts = re.search(
        r"sent (\d+) fields that [^,;]+, (\d+) of them in answers around the records: .*; (\d+) fields of another type",
        output.log,
    )
    told, around, types = map(int, counts.groups())
    done = subprocess.run(
        [sys.executable, "-m", "tap_ayrshare.ayrshare.check_command"],
        input=output.raw, capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert around > 0
    assert re.search(rf": {told - around} new, \d+ gone, {types} type", done.stdout), done.stdout.splitlines()[-1]


def test_what_the_contract_knows_is_not_told(tap, box):
    output = tap.run(config(box))
    assert output.code == 0
    assert "the contract" not in output.log


def test_another_type_is_told_and_kept(tap, box):
    numbers = {"facebook": {"analytics": {"fanCount": "about 100", "followersCount": "1200"}}}
    box.set_faults({"fault": "patch", "endpoint": "/analytics/social", "platform": "facebook", "body": numbers})
    output = tap.run(config(box), select=["social_analytics"])
    assert output.log.count("the type of the field fanCount is string, the contract says integer") == 1
    assert "followersCount" not in output.log
    [row] = [r for r in output.records("social_analytics") if (r["profile"], r["platform"]) == ("primary", "facebook")]
    assert (row["analytics"]["fanCount"], row["analytics"]["followersCount"], row["followers"]) == (
        "about 100", "1200", 1200,
    )  # fmt: skip
