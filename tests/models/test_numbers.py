"""Histories of a few days with the figures that a client would work out by hand, on both databases."""

from __future__ import annotations

import pytest
import yaml

from demo.postgres import running_postgres
from tests.models.agency import MORNING, Agency, day
from tests.models.warehouses import DuckDB, Postgres
from tests.support import ROOT

pytestmark = pytest.mark.timeout(900)
LATE = 2**53 + 1
SELECTED = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text())["vars"]["ayrshare_streams"]
"""The streams that are selected by default."""
HISTORIES = []
NOT_SHARED = {"publicMetrics": {"retweetCount": 0, "quoteCount": 0}}


def history(fill):
    """A client's history, which goes into the one agency."""
    HISTORIES.append(fill)
    return fill


@history
def linked_before_its_first_post(agency):
    for n in range(5):
        agency.account("first-post", day("01", n))
    for n, likes in enumerate((500, 530)):
        agency.post("first-post", day("04", n), published=f"{day('03')} 20:00:00", likes=likes)


@history
def a_metric_that_lags(agency):
    for n in range(4):
        agency.account("lags", day("01", n), platform="youtube")
    for n, views in enumerate((None, 3000, 3200)):
        agency.post("lags", day("02", n), platform="youtube", published=f"{day('01')} 20:00:00", views=views, likes=n)


@history
def found_late(agency):
    """Linked long after its posts were published: what they had by then was not gained now."""
    for n in range(3):
        agency.account("found-late", day("10", n))
        agency.post("found-late", day("10", n), published=f"{day('01')} 20:00:00", likes=500 + 10 * n)


@history
def read_since_a_run(agency):
    """A network without numbers of accounts: the first complete run says since when it is read."""
    agency.run("runs", day("01"), "post_analytics")
    for n in range(2):
        agency.post("runs", day("04", n), platform="telegram", published=f"{day('03')} 20:00:00", likes=70 + n)


@history
def a_part_is_missing_one_night(agency):
    """LinkedIn's clicks are missing on the second night of three: engagements don't fall and come back."""
    reactions = {"like": 10, "praise": 0, "maybe": 0, "empathy": 0, "interest": 0, "appreciation": 0}
    agency.account("parts", day("01"), platform="linkedin")
    for n, clicks in enumerate((105, None, 106)):
        agency.post("parts", day("02", n), platform="linkedin", published=f"{day('01')} 20:00:00", comments=2,
                    clicks=clicks, impressions=1000 + n, analytics={"reactions": reactions})  # fmt: skip


@history
def threads_shares_are_missing_one_night(agency):
    agency.account("threads", day("01"), platform="threads")
    for n, shares in enumerate((20, None, 21)):
        agency.post("threads", day("02", n), platform="threads", published=f"{day('01')} 20:00:00", likes=1, comments=1,
                    shares=shares, analytics={"reposts": 3, "quotes": 2})  # fmt: skip


@history
def impressions_become_views(agency):
    """Facebook's switch of June 2026: nobody saw the post 4,001 times that night."""
    agency.account("switch", day("01"), platform="facebook")
    for n, (impressions, views) in enumerate(((990, None), (1000, None), (None, 5001), (None, 5004))):
        agency.post("switch", day("02", n), platform="facebook", published=f"{day('01')} 20:00:00",
                    impressions=impressions, views=views)  # fmt: skip


@history
def linked_to_another_account(agency):
    for n, (account, followers) in enumerate((("1", 1000), (None, 1010), ("2", 50000), ("2", 50010))):
        agency.account("relinked", day("20", n), followers, platform="instagram", account_id=account,
                       account_name=f"brand {account}" if account else None)  # fmt: skip
    # An old post of the first account; and one that the second had published before, listed with it.
    for n in range(2):
        agency.post("relinked", day("20", n), "old", platform="instagram", published=f"{day('10')} 20:00:00", likes=5)
    agency.post("relinked", day("22"), "theirs", platform="instagram", published=f"{day('21')} 12:00:00", likes=900)
    agency.post("relinked", day("23"), "new", platform="instagram", published=f"{day('22')} 20:00:00", likes=7)
    agency.linked("relinked", day("23"), "instagram", account_id="2", display_name="brand 2")


@history
def unlinks_everything(agency):
    agency.linked("gone", day("20"))
    agency.run("gone", day("20"), "accounts")
    agency.run("gone", day("21"), "accounts")
    # Its accounts could not be read the last time: they may still be linked.
    agency.linked("failed", day("20"))
    agency.run("failed", day("20"), "accounts")
    agency.run("failed", day("21"), "accounts", status="failed")


@history
def media(agency):
    agency.post("media", day("20"), "fb", platform="facebook", native="f1", likes=1)
    agency.post("media", day("20"), platform="facebook", native="f1", stream="social_posts", media_type="added_photos",
                format="image", likes=1)  # fmt: skip
    agency.sent("media", "li", ["https://media.example/a.mp4?size=2"])
    agency.post("media", day("20"), "li", platform="linkedin", likes=1)
    agency.sent("media", "li2", ["https://media.example/a.JPG", "https://media.example/b.jpg"])
    agency.post("media", day("20"), "li2", platform="linkedin", likes=1)
    agency.sent("media", "li3")
    agency.post("media", day("20"), "li3", platform="linkedin", likes=1)
    for n, word in enumerate(("TEXT_POST", "text")):
        agency.post("media", day("20"), f"th{n}", platform="threads", analytics={"mediaType": word}, likes=1)


@history
def followers_then_and_now(agency):
    for n, followers in enumerate((100, 100, 1000)):
        agency.account("then", day("10", n), followers)
    agency.post("then", day("12"), published=f"{day('11')} 09:00:00", likes=10, comments=0,
                analytics={"repostCount": 0, "quoteCount": 0})  # fmt: skip
    agency.post("then", day("12"), "early", published=f"{day('01')} 09:00:00", likes=10, comments=0,
                analytics={"repostCount": 0, "quoteCount": 0})  # fmt: skip


@history
def read_in_the_morning(agency):
    """Runs at 6:00 UTC: what was gained from the 20th, 6:00, to the 21st, 6:00 was gained on the 20th."""
    for n, followers in enumerate((100, 140, 150)):
        agency.account("morning", day("20", n), followers, at=MORNING)
    # Published at 2:00 and read at 6:00: on the day of publication.
    agency.post("morning", day("21"), published=f"{day('21')} 02:00:00", at=MORNING, likes=4)
    agency.post("morning", day("22"), published=f"{day('21')} 02:00:00", at=MORNING, likes=9)
    agency.post("morning", day("23"), published=f"{day('21')} 02:00:00", at=MORNING, likes=10)


@history
def very_large(agency):
    for n, views in ((0, LATE), (3, 3 * LATE), (4, 3 * LATE - 2)):
        agency.post("large", day("10", n), views=views)


@history
def links(agency):
    """Five clicks a day, and 40 on the 10th: a window of 7 days, which the 40 enter and leave."""
    clicked = {n: 40 if n == 10 else 5 for n in range(1, 24)}
    for name, created in (("link", day("01")), ("old-link", "2026-10-01")):
        for n in range(1, 24):
            since = 1 if name == "link" else -99
            window = sum(clicked.get(d, 5) for d in range(n - 6, n + 1) if d >= since)
            agency.link(name, day("01", n - 1), window, f"{created} 00:00:00", window=7)


@history
def a_thread_on_x_and_a_post_beside_it(agency):
    agency.account("thread", day("01"), 1000, platform="twitter")
    for n, likes in enumerate((3, 50, 40)):
        agency.post(
            "thread",
            day("03"),
            "t",
            platform="twitter",
            thread=n,
            native=f"tweet{n}",
            likes=likes,
            comments=0,
            published=f"{day('02')} 09:00:00",
            analytics=NOT_SHARED,
        )
    agency.post("thread", day("03"), "u", platform="twitter", likes=60, comments=0, published=f"{day('02')} 10:00:00",
                analytics=NOT_SHARED)  # fmt: skip
    agency.sent("thread", "t", hashtags=["SpringSale"], mentions=["ally"], notes="spring-2026, approved")
    agency.sent("thread", "u", urls=["https://shop.example/?utm_campaign=spring_sale&x=1"])


@history
def numbers_at_some_ages(agency):
    """Read daily for a week, then once on the 30th day."""
    agency.account("ages", "2026-09-30")
    for n in (0, 1, 2, 3, 4, 5, 6, 7, 30):
        agency.post("ages", day("2026-10-01", n), published="2026-10-01 08:00:00", views=100 + 10 * n)
    agency.post("ages", day("2026-10-03"), "found", published="2026-09-20 08:00:00", views=7)
    agency.post("ages", day("2026-10-20"), "found", published="2026-09-20 08:00:00", views=9)


@history
def months(agency):
    """Read on all days of September and October; in November the network is linked to another account."""
    for n in range(76):
        on = day("2026-08-31", n)
        agency.account(
            "months", on, 1000 + n if on < "2026-11-10" else 90 + n, account_id="1" if on < "2026-11-10" else "2"
        )
        agency.post("months", on, published="2026-08-01 08:00:00", likes=100 + 2 * n, comments=0,
                    analytics={"repostCount": 0, "quoteCount": 0})  # fmt: skip


@history
def a_daily_series(agency):
    for n, (follows, paid) in enumerate(((100, 3), (104, 0), (101, None))):
        for metric, value in (
            ("pageFollows", follows),
            ("pagePostsImpressions", 50),
            ("pagePostsImpressionsPaid", paid),
        ):
            agency.rows["social_analytics_daily"].append({
                "profile": "series", "platform": "facebook", "metric": metric, "date": day("01", n), "value": value,
                "extracted_at": f"{day('05')} 18:00:00",
            })  # fmt: skip
    for metric, value in (("subscribersGained", 9), ("subscribersLost", 4), ("estimatedMinutesWatched", 2)):
        agency.rows["social_analytics_daily"].append({
            "profile": "series", "platform": "youtube", "metric": metric, "date": day("01"), "value": value,
            "extracted_at": f"{day('05')} 18:00:00",
        })  # fmt: skip


@history
def boosted(agency):
    agency.post("boosted", day("05"), "b", platform="facebook", likes=5, comments=1, shares=1,
                published=f"{day('02')} 10:00:00", analytics={"reactions": {"total": 5}}, impressions=1000)  # fmt: skip
    for n, ad in enumerate(("ad1", "ad1", "ad2")):
        agency.rows["ad_spend_daily"].append({
            "profile": "boosted", "platform": "facebook", "account_id": "act", "ad_id": ad, "date": day("03", n),
            "post_id": "b", "spend": 1.25, "currency": "EUR", "impressions": 200, "clicks": 3,
            "extracted_at": f"{day('06')} 18:00:00",
        })  # fmt: skip


@pytest.fixture(scope="module")
def agency():
    found = Agency()
    for fill in HISTORIES:
        fill(found)
    return found


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(request, tmp_path_factory, agency):
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        yield built(DuckDB(directory), agency)
        return
    with running_postgres(directory / "postgres") as uri:
        yield built(Postgres(directory, uri), agency)


def built(warehouse, agency):
    warehouse.create()
    agency.load(warehouse)
    said = warehouse.dbt(
        "build", ayrshare_streams=[*SELECTED, "ad_spend_daily"], ayrshare_campaigns="ayrshare_campaigns"
    )
    assert "ERROR=0" in said
    return warehouse


@pytest.fixture
def ask(warehouse):
    """Rows of a model, of one client."""

    def asked(columns, model, profile, more=""):
        rows = warehouse.ask(
            f"select {columns} from ayrshare_models.ayrshare__{model} where profile = '{profile}' {more}"
        )
        return [[str(value)[:10] if hasattr(value, "year") else value for value in row] for row in rows]

    return asked


def gained(ask, profile, metric="likes"):
    [[found]] = ask(f"sum({metric}_gained)", "network_metrics_daily", profile)
    return found


@pytest.mark.parametrize(("profile", "metric", "expected"), [
    ("first-post", "likes", 530), ("lags", "views", 3200), ("lags", "likes", 2), ("found-late", "likes", 20),
    ("runs", "likes", 71), ("parts", "engagements", 118), ("parts", "clicks", 106), ("threads", "shares", 26),
    ("threads", "engagements", 28), ("switch", "impressions", 1003), ("switch", "views", 5004),
    ("large", "views", 2 * LATE - 2),
])  # fmt: skip
def test_what_posts_have_gained(ask, profile, metric, expected):
    assert gained(ask, profile, metric) == expected
    # The same in the daily rows: there is one definition.
    [[days]] = ask(f"sum({metric}_delta)", "post_metrics_daily", profile)
    assert days == expected


def test_no_false_falls_and_jumps(ask):
    for profile, metric in (("parts", "engagements"), ("threads", "shares"), ("switch", "impressions")):
        [[lowest]] = ask(f"min({metric}_delta)", "post_metrics_daily", profile)
        assert lowest >= 0, profile
    deltas = ask("snapshot_date, impressions_delta, restarted_metrics", "post_metrics_daily", "switch", "order by 1")
    assert [row[1:] for row in deltas] == [[990, None], [10, None], [None, "impressions "], [3, None]]
    assert ask("engagements", "post_metrics_latest", "parts") == [[118]]


def test_growth_is_that_of_one_account(ask):
    days = ask("snapshot_date, account_id, account_number, followers_delta, followers_gained, followers_filled",
               "account_metrics_daily", "relinked", "order by 1")  # fmt: skip
    assert days == [
        [day("20"), "1", 1, None, None, 1000], [day("21"), "1", 1, 10, 10, 1010],
        [day("22"), "2", 2, None, None, 50000], [day("23"), "2", 2, 10, 10, 50010],
    ]  # fmt: skip
    posts = ask("ayrshare_post_id, account_id", "post_metrics_latest", "relinked", "order by 1")
    assert posts == [["new", "2"], ["old", "1"], ["theirs", "2"]]
    # What the second account had published before it was linked was not gained by the client.
    assert gained(ask, "relinked") == 7


def test_the_rollup_names_the_account_of_the_time(warehouse):
    pages = (
        "select post_id, page_id, page_name from ayrshare_models.ayrshare__rollup where source_relation = 'relinked'"
    )
    assert warehouse.ask(f"{pages} order by 1") == [
        ["n-new", "2", "brand 2"], ["n-old", "1", "brand 1"], ["n-theirs", "2", "brand 2"]
    ]  # fmt: skip


def test_a_client_that_unlinked_everything_has_no_linked_account(ask):
    assert ask("platform", "accounts_current", "gone") == []
    assert ask("platform", "accounts_current", "failed") == [["bluesky"]]


def test_media_types(ask):
    assert ask("ayrshare_post_id, media_type", "post_metrics_latest", "media", "order by 1") == [
        ["fb", "image"], ["li", "video"], ["li2", "carousel"], ["li3", "text"], ["th0", "text"], ["th1", "text"],
    ]  # fmt: skip


def test_the_rate_by_followers_takes_those_of_the_time(ask):
    rates = ask("ayrshare_post_id, followers, followers_at_publication, engagement_rate_by_followers",
                "post_metrics_latest", "then", "order by 1")  # fmt: skip
    assert rates == [["early", 1000, None, None], ["p", 1000, 100, 0.1]]


def test_growth_is_dated_by_the_day_that_most_of_it_lies_on(ask):
    followers = ask("snapshot_date, followers_delta", "account_metrics_daily", "morning", "order by 1")
    assert followers == [[day("19"), None], [day("20"), 40], [day("21"), 10]]
    likes = ask("snapshot_date, likes, likes_delta, age_days", "post_metrics_daily", "morning", "order by 1")
    assert likes == [[day("21"), 9, 9, 0], [day("22"), 10, 1, 1]]


def test_large_numbers_are_exact(ask):
    rows = ask("views_delta", "post_metrics_daily", "large", "order by snapshot_date")
    assert [row[0] for row in rows[1:]] == [2 * LATE // 3, 2 * LATE // 3, 2 * LATE - 2 * (2 * LATE // 3), -2]


def test_clicks_of_a_day_are_recovered_from_the_window(ask):
    expected = [[day("01", n - 1), 40 if n == 10 else 5] for n in range(1, 24)]
    assert ask("snapshot_date, clicks_gained", "link_clicks_daily", "link", "order by 1") == expected
    old = ask("snapshot_date, clicks_gained", "link_clicks_daily", "old-link", "order by 1")
    assert old == [[day("01"), None], *expected[1:]]
    assert ask("distinct is_estimate", "link_clicks_daily", "link") == [[False]]


def test_a_thread_is_one_post(ask):
    facts = ask(
        "post_key, social_post_id, parts, likes, engagements, campaign", "post_facts", "thread", "order by likes desc"
    )
    assert facts == [["t", "tweet0", 3, 93, 93, "Spring sale"], ["u", "n-u", 1, 60, 60, "Spring sale"]]
    [[hashtags, mentions]] = ask("hashtags, mentions", "post_facts", "thread", "and post_key = 't'")
    assert (hashtags, mentions) == ('["SpringSale"]', '["ally"]')


def test_numbers_at_some_ages(ask):
    ages = ask("post_key, views_day_1, views_day_7, views_day_28, views", "post_facts", "ages", "order by 1")
    # From the 7th day to the 30th it grew by 230 in 23 days; the other post was found when it was 13 days old.
    assert ages == [["found", None, None, 8, 9], ["p", 110, 170, 380, 400]]


def test_months_are_compared_only_where_all_of_both_is_known(ask):
    columns = ("month, engagements, engagements_month_before, followers_start, followers_end, followers_net, "
               "covered_days, days_in_month, is_comparable")  # fmt: skip
    assert ask(columns, "report_monthly", "months", "order by 1") == [
        ["2026-08-01", None, None, 1000, 1000, None, 0, 31, False],
        ["2026-09-01", 60, None, 1000, 1030, 30, 30, 30, False],
        ["2026-10-01", 62, 60, 1030, 1061, 31, 31, 31, True],
        ["2026-11-01", 28, 62, 161, 165, 13, 13, 30, False],
    ]


def test_daily_series(ask):
    columns = "series_date, followers, followers_gained, followers_lost, impressions_paid, impressions_organic"
    assert ask(columns, "account_series_daily", "series", "and platform = 'facebook' order by 1") == [
        [day("01"), 100, None, None, 3, 47], [day("02"), 104, 4, 0, 0, 50], [day("03"), 101, 0, 3, None, None],
    ]  # fmt: skip
    columns = "followers_gained, followers_lost, watch_time_seconds"
    assert ask(columns, "account_series_daily", "series", "and platform = 'youtube'") == [[9, 4, 120]]


def test_what_was_paid_for_a_post(ask):
    columns = "post_key, currency, cast(spend as varchar), paid_impressions, ads, engagements"
    assert ask(columns, "ad_spend_by_post", "boosted") == [["b", "EUR", "3.750000", 600, 2, 7]]
