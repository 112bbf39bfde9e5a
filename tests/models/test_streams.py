"""The models of comments, reviews, ads and audiences: on rows as wild as the networks may send them."""

from decimal import Decimal

import pytest

from tests.models.warehouses import OPTIONAL_STREAMS, DuckDB

pytestmark = pytest.mark.timeout(600)
MODELS = ("ayrshare__comments", "ayrshare__reviews", "ayrshare__review_totals_daily", "ayrshare__ad_spend_daily",
          "ayrshare__audience")  # fmt: skip
SEEN = "2026-11-20"
AT = f"{SEEN} 03:00:00"


def comment(comment_id, parent=None, *, platform="instagram", post="p", seen=SEEN, likes=0, **body):
    return {"profile": "a", "platform": platform, "post_id": post, "comment_id": comment_id,
            "parent_comment_id": parent, "author_id": body.pop("author_id", None), "text": f"about {comment_id}",
            "created_at": body.pop("created", None), "likes": likes, "hidden": None, "last_seen": seen,
            "extracted_at": f"{seen} 03:00:00", "comment": {"commentId": comment_id, **body}}  # fmt: skip


COMMENTS = [
    # A thread of three levels, and the account's answer among them.
    comment("root", replies=[{}, {}], username="reader", likes=4),
    comment("answer", "root", replies=[{}], username="ACME", created="2026-11-19 10:00:00"),
    comment("second", "root", replies=[], username="acme", created="2026-11-19 09:00:00"),
    comment("deep", "answer", **{"from": {"username": "reader"}}),
    # Nobody answered: the network lists its replies, and there are none.
    comment("alone", replies=[], username="reader"),
    # The network lists a reply, but who wrote it is not known: another name may be a former one of the account.
    comment("asked", replies=[{}], username="reader"),
    comment("reply", "asked", username="somebody"),
    # The account's answer was deleted before the last reading.
    comment("lost", replies=[], username="reader"),
    comment("taken-back", "lost", seen="2026-11-18", username="acme"),
    # Its parent is not loaded; one that is its own parent; two that are each other's.
    comment("orphan", "elsewhere"),
    comment("self", "self"),
    comment("hen", "egg"),
    comment("egg", "hen"),
    # A network that says whose replies are, one whose account has an id, and one that says nothing.
    comment("t", platform="threads", replies=[{}, {}]),
    comment("t-own", "t", platform="threads", isReplyOwnedByMe=True, author_id="7"),
    comment("t-other", "t", platform="threads", isReplyOwnedByMe=False),
    comment("u", platform="threads", replies=[{}]),
    comment("u-other", "u", platform="threads", isReplyOwnedByMe=False),
    comment("r", platform="reddit", author_id="r-1", replies="none"),
    comment("f", platform="facebook", username="acme"),
    # Another post: its last reading was an earlier one.
    comment("old", post="q", seen="2026-11-12"),
    *(comment(f"level-{n}", f"level-{n - 1}" if n else None, post="tower", platform="bluesky") for n in range(13)),
]
# By id: thread, depth, replies, is_own, is_answered, is_in_latest_reading.
EXPECTED = {
    "root": ("root", 0, 2, None, True, True), "answer": ("root", 1, 1, True, None, True),
    "second": ("root", 1, 0, True, False, True), "deep": ("root", 2, 0, None, None, True),
    "alone": ("alone", 0, 0, None, False, True), "asked": ("asked", 0, 1, None, None, True),
    "reply": ("asked", 1, 0, None, None, True), "lost": ("lost", 0, 0, None, False, True),
    "taken-back": ("lost", 1, 0, True, None, False), "orphan": (None, None, 0, None, None, True),
    "self": (None, None, 0, None, None, True), "hen": (None, None, 1, None, None, True),
    "egg": (None, None, 1, None, None, True), "t": ("t", 0, 2, None, True, True),
    "t-own": ("t", 1, 0, True, None, True), "t-other": ("t", 1, 0, False, None, True),
    "u": ("u", 0, 1, None, False, True), "u-other": ("u", 1, 0, False, None, True),
    "r": ("r", 0, 0, True, None, True), "f": ("f", 0, 0, None, None, True), "old": ("old", 0, 0, None, None, True),
}  # fmt: skip
NATIVE = [
    {**{name: value for name, value in row.items() if name != "post_id"}, "social_post_id": row["post_id"]}
    for row in (
        comment("native", post="n", replies=[{}]),
        comment("native-answer", "native", post="n", username="acme"),
    )
]  # fmt: skip
EXPECTED |= {
    "native": ("native", 0, 1, None, True, True), "native-answer": ("native", 1, 0, True, None, True),
}  # fmt: skip
ACCOUNTS = [
    {"profile": profile, "platform": platform, "account_id": account, "username": name, "extracted_at": AT}
    for profile, platform, account, name in (
        ("a", "instagram", None, "Acme"), ("a", "threads", "8", "acme"), ("a", "reddit", "r-1", None),
        ("a", "facebook", None, None), ("b", "facebook", None, "acme"),
    )
]  # fmt: skip


def review(review_id, platform, rating, *, stars=None, recommended=None, reply=None, seen=SEEN):
    return {"profile": "a", "platform": platform, "review_id": review_id, "rating": rating, "rating_value": stars,
            "is_recommended": recommended, "text": None, "created_at": "2026-11-01 23:30:00", "reply_text": reply,
            "last_seen": seen, "extracted_at": AT}  # fmt: skip


REVIEWS = [
    review("1", "gmb", "FIVE", stars=5, reply="Thanks"), review("2", "gmb", "ONE", stars=1),
    review("3", "gmb", "SIX", seen="2026-11-19"),
    review("1", "facebook", "negative", recommended=False, seen="2026-11-19"),
]  # fmt: skip
TOTALS = [
    {"profile": "a", "platform": "gmb", "snapshot_date": day, "average_rating": rating, "total_reviews": total,
     "extracted_at": f"{day} 15:00:00"}
    for day, rating, total in (("2026-11-01", 4.5, 10), ("2026-11-03", None, None), ("2026-11-05", 4.75, 14),
                               ("2026-11-06", 4.8, 13))
]  # fmt: skip


def spend(ad, day, amount, currency, account="act"):
    return {"profile": "a", "platform": "facebook", "account_id": account, "ad_id": ad, "date": day, "post_id": "p",
            "spend": amount, "currency": currency, "impressions": 100, "reach": 90, "clicks": None,
            "budget_daily": 4.005, "extracted_at": AT}  # fmt: skip


SPEND = [
    spend("1", "2026-11-01", 0.1, "USD"), spend("1", "2026-11-02", 0.2, "USD"),
    spend("2", "2026-11-02", 123456789.12, "USD"),
    spend("3", "2026-11-02", 500, "JPY", "yen"), spend("4", "2026-11-02", None, None, "unknown"),
]  # fmt: skip


def audience(bucket, day, value, unit="count", platform="instagram", dimension="city"):
    return {"profile": "a", "platform": platform, "audience": "followers", "dimension": dimension, "bucket": bucket,
            "value": value, "unit": unit, "snapshot_date": day, "extracted_at": f"{day} 03:00:00"}  # fmt: skip


AUDIENCE = [
    audience("Rome", "2026-11-01", 900), audience("Oslo", "2026-11-02", 30), audience("Bonn", "2026-11-02", 10),
    audience("F", "2026-11-01", 0.55, "share", "tiktok", "gender"),
]  # fmt: skip


def fill(warehouse):
    warehouse.create()
    tables = {"accounts": ACCOUNTS, "comments": COMMENTS, "social_post_comments": NATIVE,
              "reviews": REVIEWS, "review_totals": TOTALS,
              "ad_spend_daily": SPEND, "account_demographics": AUDIENCE}  # fmt: skip
    warehouse.execute([line for stream, rows in tables.items() for line in warehouse.insert(stream, rows)])


def test_models(warehouse):
    fill(warehouse)
    said = warehouse.dbt("build", "--select", *MODELS, ayrshare_streams=OPTIONAL_STREAMS)
    assert "ERROR=0" in said
    assert said.count("OK created sql") == len(MODELS)
    check_comments(warehouse)
    check_reviews(warehouse)
    check_ads_and_audience(warehouse)


def check_comments(warehouse):
    columns = (
        "thread_comment_id, depth, replies, is_own, is_answered, is_in_latest_reading, answered_at, likes, post_id"
    )
    rows = warehouse.ask(f"select comment_id, {columns} from ayrshare_models.ayrshare__comments")
    assert len(rows) == len(COMMENTS) + len(NATIVE)
    known = "select ayrshare_post_id, social_post_id from ayrshare_models.ayrshare__comments where comment_id ="
    assert warehouse.ask(f"{known} 'native'") + warehouse.ask(f"{known} 'old'") == [[None, "n"], ["q", None]]
    found = {row[0]: tuple(row[1:7]) for row in rows if row[-1] != "tower"}
    assert found == EXPECTED
    answered = {row[0]: str(row[7]) for row in rows if row[7]}
    assert answered == {"root": "2026-11-19 09:00:00"}
    assert sum(row[8] for row in rows) == 4
    depths = {row[0]: row[2] for row in rows if row[-1] == "tower"}
    assert depths == {f"level-{n}": n if n <= 10 else None for n in range(13)}


def check_reviews(warehouse):
    rows = warehouse.ask(
        "select platform, review_id, rating_value, is_recommended, is_answered, is_in_latest_reading "
        "from ayrshare_models.ayrshare__reviews order by 1, 2"
    )
    assert rows == [
        ["facebook", "1", None, False, False, True],
        ["gmb", "1", 5, None, True, True],
        ["gmb", "2", 1, None, False, True],
        ["gmb", "3", None, None, False, False],
    ]
    days = warehouse.ask(
        "select snapshot_date, is_snapshot, average_rating, total_reviews, total_reviews_delta, corrected_metrics "
        "from ayrshare_models.ayrshare__review_totals_daily order by 1"
    )
    assert [[str(day[0])[-2:], *day[1:]] for day in days] == [
        ["01", True, 4.5, 10, None, None],
        ["02", False, None, None, 1, None],
        ["03", True, None, None, 1, None],
        ["04", False, None, None, 1, None],
        ["05", True, 4.75, 14, 1, None],
        ["06", True, 4.8, 13, -1, "total_reviews "],
    ]


def check_ads_and_audience(warehouse):
    rows = warehouse.ask(
        "select currency, cast(sum(spend) as varchar), sum(impressions), cast(max(budget_daily) as varchar) "
        "from ayrshare_models.ayrshare__ad_spend_daily group by currency order by currency"
    )
    assert [
        [currency, total and Decimal(total), int(seen), Decimal(budget)] for currency, total, seen, budget in rows
    ] == [
        ["JPY", Decimal(500), 100, Decimal("4.005")],
        ["USD", Decimal("123456789.42"), 300, Decimal("4.005")],
        [None, None, 100, Decimal("4.005")],
    ]
    rows = warehouse.ask("select bucket, value, share, share_basis from ayrshare_models.ayrshare__audience order by 1")
    assert rows == [["Bonn", 10, 0.25, "listed"], ["F", 0.55, 0.55, "reported"], ["Oslo", 30, 0.75, "listed"]]


def test_comments_without_their_authors(tmp_path):
    warehouse = DuckDB(tmp_path)
    fill(warehouse)
    # As stream maps leave them, docs/personal-data.md.
    warehouse.execute([f"alter table ayrshare.{stream} drop {column}" for column in
                       ("author_id", "author_name", "comment") for stream in
                       ("comments", "social_post_comments")])  # fmt: skip
    warehouse.execute([f"alter table ayrshare.reviews drop {column}" for column in
                       ("reviewer_id", "reviewer_name", "reviewer_url", "review")])  # fmt: skip
    warehouse.dbt("build", "--select", *MODELS, ayrshare_streams=OPTIONAL_STREAMS, ayrshare_comment_authors=False)
    rows = warehouse.ask("select depth, is_own, is_answered from ayrshare_models.ayrshare__comments where depth = 2")
    assert rows == [[2, None, None], [2, None, None]]


def test_they_are_left_out_without_their_tables(tmp_path):
    warehouse = DuckDB(tmp_path)
    warehouse.create("comments", "social_post_comments", "reviews", "review_totals", "ad_spend_daily")
    said = warehouse.dbt("build")
    assert "ERROR=0" in said
    assert "ayrshare__audience" in said
    assert not [model for model in MODELS[:4] if model in said]
