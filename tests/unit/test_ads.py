"""Facebook ads: accounts, ads, spending by day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tap_ayrshare.engine.messages import Issue
from tap_ayrshare.streams import AdSpendDailyStream
from tests.unit.test_demographics import source_with
from tests.unit.test_house import read, records
from tests.unit.test_reviews_and_messages import world_of
from tests.world import START, errors

ADS = ("ad_accounts", "ads", "ad_spend_daily")
ACCOUNTS = [{"accountId": "a1", "currency": "USD", "amountSpent": 191.33}, {"accountId": 2, "currency": "EUR"}]
LISTED = {"status": "success", "adAccounts": ACCOUNTS, "count": 2}


def day(date: str, spend, ad: str = "ad1") -> dict:
    return {"adId": ad, "adName": "x", "spend": spend, "spendDate": f"{date}T00:00:00.000Z", "postId": "p1",
            "metrics": {"clicks": 3, "impressions": 1035, "reach": 1026, "cpm": 1.53}}  # fmt: skip


def account_of(history, accounts=LISTED, ads=None):
    return world_of({
        "/ads/facebook/accounts": accounts,
        "/ads/facebook/ads": ads or {"ads": []},
        "/ads/facebook/history": history,
    }, linked=("facebook",))  # fmt: skip


def test_three_streams_request_the_accounts_once():
    world = account_of(
        {"history": [day("2026-10-31", 1.58)], "metrics": {"totalSpend": 3.25}},
        ads=lambda given: {"ads": [{"adId": f"{given['accountId']}-1", "status": "ACTIVE"}]},
    )
    output = world.run(*ADS, "extraction_errors")
    assert output.code == 0
    assert [path for path, _ in world.requests].count("/ads/facebook/accounts") == 1
    assert [(r["account_id"], r["currency"], r["amount_spent"]) for r in output.records("ad_accounts")] == [
        ("a1", "USD", 191.33), ("2", "EUR", None),
    ]  # fmt: skip
    assert [(r["ad_id"], r["currency"]) for r in output.records("ads")] == [("a1-1", "USD"), ("2-1", "EUR")]
    spent = output.records("ad_spend_daily")
    assert [(r["account_id"], r["ad_id"], r["date"], r["spend"], r["currency"]) for r in spent] == [
        ("a1", "ad1", "2026-10-31", 1.58, "USD"), ("2", "ad1", "2026-10-31", 1.58, "EUR"),
    ]  # fmt: skip
    assert spent[0]["totals"] == {"totalSpend": 3.25}
    assert output.records("extraction_errors") == []


def test_money_keeps_all_of_its_digits():
    exact = Decimal("0.10000000000000000000001")

    def answer(path, given):
        return 200, LISTED if path.endswith("accounts") else {"history": [day("2026-10-31", exact)]}

    source = source_with(answer, "ad_spend_daily", platforms=["facebook"])
    found, _ = read(AdSpendDailyStream(), source)
    assert [r["spend"] for r in records(found)] == [exact, exact]
    world = account_of({"history": [day("2026-10-31", 1.58)]})
    world.fault = lambda path, given: (
        (200, b'{"history": [{"adId": "1", "spendDate": "2026-10-31", "spend": 0.10000000000000000000001}]}')
        if path.endswith("history") and "ads" in path
        else (200, LISTED) if path.startswith("/ads") else None
    )  # fmt: skip
    assert '"spend":0.10000000000000000000001' in world.run("ad_spend_daily").raw.replace(" ", "")


def test_the_last_days_are_read_again():
    world = account_of({"history": []})
    first = world.run("ad_spend_daily")
    ranges = [(g["startDate"], g["endDate"]) for g in world.asked("/ads/facebook/history")]
    assert ranges == [("2025-11-01", "2026-11-01")] * 2
    world.run("ad_spend_daily", state=first.state, now=START + timedelta(days=5), lookback_days=2)
    ranges = [(g["startDate"], g["endDate"]) for g in world.asked("/ads/facebook/history")]
    assert ranges == [("2026-10-30", "2026-11-06")] * 2
    world.run("ad_spend_daily", start_date="2026-10-15")
    assert world.asked("/ads/facebook/history")[0]["startDate"] == "2026-10-15"


def test_a_range_that_the_api_cuts_or_refuses_is_said():
    cut = {"history": [day("2026-10-31", 1)], "dateRange": {"start": "2026-10-02T00:00:00Z"}}
    output = account_of(cut).run("ad_spend_daily", "extraction_errors")
    assert output.code == 0
    assert {(stream, resource, code) for stream, resource, _, code in errors(output)} == {
        ("ad_spend_daily", "2025-11-01:a1", "range_cut"), ("ad_spend_daily", "2025-11-01:2", "range_cut"),
    }  # fmt: skip

    def refusing(given):
        return (400, {"status": "error", "code": 101, "message": "range"}) if "startDate" in given else cut

    output = account_of(refusing).run("ad_spend_daily", "extraction_errors")
    assert len(output.records("ad_spend_daily")) == 2
    assert {code for *_, code in errors(output)} == {"range_cut"}


@pytest.mark.parametrize("code", [399, None])
def test_an_account_without_the_add_on_is_no_failure(code):
    """Whatever the 403 says: it must end neither the profile nor the run."""
    refused = {"status": "error", "message": "no", **({"code": code} if code else {})}
    world = account_of({"history": []}, accounts=(403, refused))
    output = world.run(*ADS, "accounts", "extraction_errors")
    assert output.code == 0
    assert {stream for stream, *_ in errors(output)} == set(ADS)
    assert output.records("accounts")
    assert [path for path, _ in world.requests].count("/ads/facebook/accounts") == 1


def test_accounts_that_could_not_be_listed_are_not_none():
    output = account_of({"history": []}, accounts=(503, {})).run(*ADS, "extraction_errors")
    assert output.code == 1
    assert all("replication_key_value" not in output.bookmark(stream) for stream in ADS)


def test_an_account_that_failed_is_read_again_from_where_it_was():
    def history(given):
        return (503, {}) if given["accountId"] == "2" else {"history": []}

    world = account_of(history)
    first = world.run("ad_spend_daily")
    assert "replication_key_value" not in first.bookmark("ad_spend_daily")
    assert world.run("ad_spend_daily", state=first.state, now=START + timedelta(days=9)).state is not None
    assert {given["startDate"] for given in world.asked("/ads/facebook/history")} == {"2025-11-10"}


def test_any_budget_reads_every_account():
    accounts = {"adAccounts": [{"accountId": str(n), "currency": "USD"} for n in range(5)]}
    world = account_of(lambda given: {"history": [day("2026-10-31", 1, given["accountId"])]}, accounts=accounts)
    state, seen, runs = None, [], 0
    while len(seen) < 5:
        output = world.run("ad_spend_daily", state=state, request_budget=2, platforms=["facebook"])
        seen += [r["ad_id"] for r in output.records("ad_spend_daily")]
        assert [r["currency"] for r in output.records("ad_spend_daily")] == ["USD"] * len(
            output.records("ad_spend_daily")
        )
        state, runs = output.state, runs + 1
        assert runs < 6
    assert sorted(seen) == list("01234")


def test_what_has_no_key_is_said():
    odd = {"history": [{"adId": "1", "spendDate": "soon"}, {"spendDate": "2026-10-31"}, day("2026-10-31", 1)]}

    def answer(path, given):
        return 200, {"adAccounts": ACCOUNTS[:1]} if path.endswith("accounts") else odd

    found, _ = read(AdSpendDailyStream(), source_with(answer, "ad_spend_daily", platforms=["facebook"]))
    assert [m.resource for m in found if isinstance(m, Issue)] == ["item-0:a1", "item-1:a1"]
    assert len(records(found)) == 1


def test_a_failure_before_a_budget_ended_is_not_forgotten():
    broken = {"1"}
    accounts = {"adAccounts": [{"accountId": str(n)} for n in range(4)]}
    world = account_of(lambda given: (404, {}) if given["accountId"] in broken else {"history": []}, accounts=accounts)
    state = None
    for _ in range(4):
        output = world.run("ad_spend_daily", state=state, request_budget=2, platforms=["facebook"])
        state = output.state
    assert "replication_key_value" not in output.bookmark("ad_spend_daily")
    broken.clear()
    output = world.run("ad_spend_daily", state=state, platforms=["facebook"])
    output = world.run("ad_spend_daily", state=output.state, platforms=["facebook"])
    assert output.bookmark("ad_spend_daily")["replication_key_value"] == "2026-11-01"


@pytest.mark.parametrize("stream", ADS)
def test_accounts_that_can_not_be_read_are_said_by_whichever_stream_is_selected(stream):
    many = {"adAccounts": [{"currency": "USD"}, *({"accountId": str(n)} for n in range(99))]}
    output = account_of({"history": []}, accounts=many).run(stream, "extraction_errors")
    assert {(name, resource, code) for name, resource, _, code in errors(output)} == {
        (stream, "item-0", "invalid_body"), (stream, "all", "list_full"),
    }  # fmt: skip
