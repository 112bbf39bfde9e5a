"""The audience of accounts, from the bodies that social_analytics reads."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tap_ayrshare.engine.budget import BudgetSpent
from tap_ayrshare.engine.errors import Refused
from tap_ayrshare.engine.messages import Checkpoint, Issue, Record
from tap_ayrshare.streams import AccountDemographicsStream, SocialAnalyticsStream
from tests.support import ROOT
from tests.unit.test_house import bookmark, read, records, source_of
from tests.world import World, errors

NETWORKS = ("facebook", "instagram", "threads", "tiktok")
BOTH = ("social_analytics", "account_demographics")
BODIES = {
    "facebook": {"followersCount": 3},
    "instagram": {
        "audienceCity": {"New York, New York": 120, "London, England": 80},
        "audienceGenderAge": {"F.25-34": 210, "M": {"25-34": 190}},
        "audienceCountryEngagedAudienceDemographics": {"US": 90, "DE": None},
    },
    "threads": {"followerDemographics": {"ageRange": {"25-34": 7}, "country": {"US": 100}}},
    "tiktok": {
        "audienceAges": [{"age": "18-24", "percentage": 0.4}, {"percentage": 0.1}, {"age": "18-24", "percentage": 0.2}],
        "audienceGenders": [{"percentage": "0.55", "gender": "Female"}, {"gender": "Other", "percentage": -1}],
    },
}
ROWS = {
    ("instagram", "followers", "city", "New York, New York", 120, "count"),
    ("instagram", "followers", "city", "London, England", 80, "count"),
    ("instagram", "followers", "gender_age", "F.25-34", 210, "count"),
    ("instagram", "followers", "gender_age", "M.25-34", 190, "count"),
    ("instagram", "engaged", "country", "US", 90, "count"),
    ("instagram", "engaged", "country", "DE", None, "count"),
    ("threads", "followers", "age_range", "25-34", 7, "count"),
    ("threads", "followers", "country", "US", 100, "count"),
    ("tiktok", "followers", "age", "18-24", Decimal("0.4"), "share"),
    ("tiktok", "followers", "gender", "Female", Decimal("0.55"), "share"),
    ("tiktok", "followers", "gender", "Other", None, "share"),
}


def answer(path, given):
    if path == "/user":
        return 200, {"activeSocialAccounts": list(NETWORKS)}
    network = given["platforms"][0]
    return 200, {network: {"analytics": BODIES[network], "lastUpdated": "2026-11-01T08:00:00Z"}, "status": "success"}


def exact(path, given):
    """The same, as the client parses it: fractions are decimals."""
    status, body = answer(path, given)
    return status, json.loads(json.dumps(body), parse_float=Decimal)


def groups(found: list) -> set[tuple]:
    names = ("platform", "audience", "dimension", "bucket", "value", "unit")
    return {
        tuple(m.values[name] for name in names)
        for m in found
        if isinstance(m, Record) and m.stream == "account_demographics"
    }


def source_with(answering, *selected, **settings):
    source = source_of(answer, *selected, **settings)
    judge = source.client._judge

    async def ask(request):
        source.asked.append((request.path, request.body))
        found = answering(request.path, request.body or request.query)
        if isinstance(found, BaseException):
            raise found
        got = judge(request, *found)
        if any(refusal.scope.value == "stream" for refusal in got.refusals):
            raise Refused(got.refusals[0])
        return got

    source.asked, source.client.ask = [], ask
    return source


def test_every_shape_becomes_rows_and_a_group_without_a_name_an_issue():
    found, error = read(AccountDemographicsStream(), source_with(exact, "account_demographics"))
    assert error is None
    assert groups(found) == ROWS
    assert {m.values["api_last_updated"] for m in found if isinstance(m, Record)} == {"2026-11-01T08:00:00.000000Z"}
    issues = {(m.resource, m.platform) for m in found if isinstance(m, Issue)}
    assert issues == {("item-1:age", "tiktok"), ("item-2:age", "tiktok")}


def test_alone_it_asks_only_networks_that_can_have_any():
    source = source_with(exact, "account_demographics")
    read(AccountDemographicsStream(), source)
    assert {body["platforms"][0] for path, body in source.asked if body} == {"instagram", "threads", "tiktok"}


def test_one_request_serves_both_streams():
    source = source_with(exact, *BOTH)
    first, _ = read(SocialAnalyticsStream(), source)
    second, _ = read(AccountDemographicsStream(), source)
    assert groups(first) == ROWS
    assert {m.values["platform"] for m in first if isinstance(m, Record) and m.stream == BOTH[0]} == set(NETWORKS)
    assert [m.stream for m in first if isinstance(m, Checkpoint)] == list(BOTH)
    assert second == []
    assert len([body for path, body in source.asked if body]) == len(NETWORKS)


@pytest.mark.parametrize("answered", range(5))
def test_a_budget_leaves_over_the_same_for_both(answered):
    def until(path, given):
        return BudgetSpent() if len(source.asked) > answered + 1 else exact(path, given)

    source = source_with(until, *BOTH, request_budget=50)
    found, error = read(SocialAnalyticsStream(), source)
    assert isinstance(error, BudgetSpent) == (answered < 4)
    done = {m.values["platform"] for m in found if isinstance(m, Record) and m.stream == BOTH[0]}
    assert len(done) == answered
    saved = {m.stream: dict(m.bookmark) for m in found if isinstance(m, Checkpoint)}
    if answered < 4:
        assert saved.get(BOTH[0], {}).get("read_on", {}).keys() == done
        assert saved.get(BOTH[1], {}).get("read_on", {}).keys() == done - {"facebook"}
    assert {g[0] for g in groups(found)} == done - {"facebook"}


def test_a_follower_that_was_selected_later_the_same_day_is_read_under_a_budget_too():
    world = World(linked=NETWORKS)
    world.fault = lambda path, given: answer(path, given) if path == "/analytics/social" else None
    first = world.run("social_analytics", request_budget=50)
    assert len(first.records("social_analytics")) == 4
    second = world.run(*BOTH, "sync_runs", request_budget=50, state=first.state)
    # It never had a turn, but has it behind the stream that reads it.
    assert {r["stream"]: r["status"] for r in second.records("sync_runs")} == dict.fromkeys(BOTH, "complete")
    assert {r["platform"] for r in second.records("account_demographics")} == {"instagram", "threads", "tiktok"}
    assert len(world.asked("/analytics/social")) == 3
    third = world.run(*BOTH, request_budget=50, state=second.state)
    assert world.asked("/analytics/social") == []
    assert third.records("account_demographics") == []


def test_a_leader_in_the_future_does_not_keep_its_follower_waiting():
    state = {"bookmarks": {"social_analytics": {"partitions": [
        {"context": {"profile": "primary"}, "replication_key_value": "2027-01-01"}]}}}  # fmt: skip
    world = World(linked=NETWORKS)
    world.fault = lambda path, given: answer(path, given) if path == "/analytics/social" else None
    output = world.run(*BOTH, state=state)
    assert output.records("social_analytics") == []
    assert output.records("account_demographics")


def test_what_refuses_one_refuses_both():
    world = World(linked=NETWORKS)
    refused = {"action": "Paid Plan Required", "status": "error", "code": 169, "message": "no"}
    world.fault = lambda path, given: (403, refused) if path == "/analytics/social" else None
    output = world.run(*BOTH, "extraction_errors", "sync_runs")
    assert output.code == 0
    assert {(r["stream"], r["status"], r["reason"]) for r in output.records("sync_runs")} >= {
        (stream, "skipped", "169: no") for stream in BOTH
    }
    assert errors(output) == {(stream, "all", "facebook", "169") for stream in BOTH}

    world.fault = lambda path, given: (503, {}) if path == "/analytics/social" else None
    output = world.run(*BOTH, "extraction_errors")
    assert output.code == 1
    assert {(stream, network) for stream, _, network, _ in errors(output)} == {
        *((BOTH[0], network) for network in NETWORKS),
        *((BOTH[1], network) for network in NETWORKS if network != "facebook"),
    }


def test_a_follower_whose_turn_comes_first_does_not_claim_to_be_complete():
    world = World(linked=NETWORKS)
    world.fault = lambda path, given: answer(path, given) if path == "/analytics/social" else None
    first = world.run(*BOTH, request_budget=2)
    second = world.run(*BOTH, "sync_runs", request_budget=2, state=first.state)
    statuses = {r["stream"]: r["status"] for r in second.records("sync_runs")}
    assert statuses == dict.fromkeys(BOTH, "partial")
    rows = [*first.records(BOTH[1]), *second.records(BOTH[1])]
    third = world.run(*BOTH, "sync_runs", request_budget=9, state=second.state)
    rows += third.records(BOTH[1])
    assert {r["platform"] for r in rows} == {"instagram", "threads", "tiktok"}


def test_the_published_bodies_give_rows():
    bodies = json.loads((ROOT / "sandbox/bodies/account.json").read_text())
    for network, dimensions in {"instagram": 3, "tiktok": 3, "threads": 1}.items():
        source = source_with(lambda *_, n=network: (200, {n: bodies[n]}), "account_demographics", platforms=[network])
        found, _ = read(AccountDemographicsStream(), source)
        assert len({record["dimension"] for record in records(found)}) == dimensions, network
    assert bookmark(found)["replication_key_value"] == "2026-11-01"
    assert Path(ROOT / "docs/reference/account_demographics.md").exists()
