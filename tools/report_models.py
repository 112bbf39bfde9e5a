"""The models that reports stand on: a post as people see it, a client's month, and what can be compared with what."""

from __future__ import annotations

from typing import Any

from tap_ayrshare.ayrshare.contract import load
from tools.meaning import metrics_of
from tools.model_columns import (
    PLATFORM,
    POST,
    PROFILE,
    PUBLISHED_AT,
    PUBLISHED_DATE,
    Column,
    Model,
    values,
)

AGES = {1: "one day", 7: "seven days", 28: "28 days"}
AGED = ("engagements", "impressions", "views")
POST_KEY = Column(
    "post_key",
    "text",
    "The post: Ayrshare's id, the same on all of its networks; the network's if Ayrshare didn't send it",
)
COMPARED = ("posts", "engagements", "impressions", "views", "followers_net")
"""What ayrshare__report_monthly compares with the month and the year before."""
MORE_SERIES = {
    "impressions_organic": "Impressions that were not paid",
    "views_organic": "Views that were not paid",
    "video_views_organic": "Video views that were not paid",
}


def report_models() -> tuple[Model, ...]:
    """Return the models, with their columns in order."""
    return (_post_facts(), _monthly(), _coverage(), _series(), _spend_by_post())


def _post_facts() -> Model:
    rates = metrics_of("post", "rate")
    return Model(
        "ayrshare__post_facts",
        "One row per post and network, as people see it: the parts of a thread are one post, and the same post on "
        "several networks has one post_key. With its latest numbers, those at some ages, and what it is about.",
        ("profile", "platform", "post_key"),
        (
            PROFILE,
            PLATFORM,
            POST_KEY,
            POST[4],
            Column("social_post_id", "text", "Network's id of the post, of the first part of a thread"),
            Column("account_id", "text", "Network's id of the account that published the post; null if not known"),
            Column("account_name", "text", "Name of that account"),
            Column("snapshot_date", "date", "Day that the latest snapshot closes, in the reporting time zone"),
            PUBLISHED_AT,
            PUBLISHED_DATE,
            Column("published_hour", "bigint", "Hour of publication, 0 to 23, in the reporting time zone"),
            Column("published_weekday", "bigint", "Weekday of publication, 1 (Monday) to 7"),
            Column("age_days", "bigint", "Days from the publication to the latest snapshot"),
            Column("post_url", "text", "URL of the post"),
            Column("thumbnail_url", "text", "URL of an image of the post; networks let some of these expire"),
            Column("post_format", "text", "The network's own word for the format, lowercase; null if none"),
            Column("media_type", "text", "Type of media: image, video, carousel, text; null if unknown"),
            Column("message", "text", "Text of the post"),
            Column("hashtags", "text", "Hashtags in the post, as a JSON array"),
            Column("mentions", "text", "Mentions in the post, as a JSON array"),
            Column("campaign", "text", "Campaign by ayrshare_campaigns; null if none, or if that is not set"),
            Column("parts", "bigint", "Parts of the post: more than one for a thread"),
            *values("post", metrics_of("post", "counter"), ", as last reported, of all parts; null if never reported"),
            *(
                Column(
                    f"{metric}_day_{age}",
                    "bigint",
                    f"{metric.capitalize()} {text} after the publication; null if not read by then",
                )
                for metric in AGED
                for age, text in AGES.items()
            ),
            Column("followers_at_publication", "bigint", "Followers of the account on the day of publication"),
            *values("post", rates, "; null where one of the two is not reported"),
            Column(
                "times_usual",
                "double",
                "Engagements as a multiple of the account's median, for posts at least two days old",
            ),
        ),
    )


def _monthly() -> Model:
    before = [
        Column(f"{metric}_{suffix}", "bigint", f"{metric.replace('_', ' ').capitalize()} in {text}")
        for suffix, text in (("month_before", "the month before"), ("year_before", "the same month a year before"))
        for metric in COMPARED
    ]
    return Model(
        "ayrshare__report_monthly",
        "One row per client, network and month: what was published and gained, against the month and the year before.",
        ("profile", "platform", "month"),
        (
            PROFILE,
            PLATFORM,
            Column("month", "date", "First day of the month, in the reporting time zone"),
            Column("posts", "bigint", "Posts published on this network in the month"),
            Column("engagements", "bigint", "Engagements gained in the month by all posts, whenever published", "sum"),
            Column("impressions", "bigint", "Impressions gained in the month by all posts", "sum"),
            Column("views", "bigint", "Views gained in the month by all posts; may be the same events as impressions"),
            Column("average_reach", "double", "Average reach of the posts published in the month, as last reported"),
            Column(
                "engagement_rate",
                "double",
                "Engagements divided by impressions, of the posts published in the month that report both",
            ),
            Column("followers_start", "bigint", "Followers at the month's start, or at the first reading in it"),
            Column("followers_end", "bigint", "Followers at the month's end, or at the last reading in it"),
            Column("followers_net", "bigint", "Followers gained in the month, less those lost", "sum"),
            *before,
            Column("covered_days", "bigint", "Days of the month whose growth is known"),
            Column("days_in_month", "bigint", "Days of the month"),
            Column(
                "is_comparable",
                "boolean",
                "Whether the growth of every day of this month and of the one before is known, of the same account",
            ),
            Column(
                "is_comparable_with_year",
                "boolean",
                "Whether the same holds since the month a year before",
            ),
        ),
        is_view=True,
        is_grouped=True,
    )


def _coverage() -> Model:
    return Model(
        "ayrshare__account_coverage",
        "One row per account that a profile's network has been linked to: the days whose growth is known. Compare two "
        "periods only for accounts that cover both.",
        ("profile", "platform", "account_number"),
        (
            PROFILE,
            PLATFORM,
            Column("account_number", "bigint", "Counts the accounts that the network has been linked to, from 1"),
            Column("account_id", "text", "Network's id of the account; null if not known"),
            Column("account_name", "text", "Name of the account"),
            Column("first_day", "date", "Day that the first reading closes"),
            Column("last_day", "date", "Day that the last reading closes"),
            Column("covered_from", "date", "First day whose growth is known: the one after the first reading"),
            Column("covered_until", "date", "Last day whose growth is known"),
            Column("time_zone", "text", "Reporting time zone of the profile's days, hours and weekdays"),
        ),
        is_view=True,
    )


def series() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the columns of ayrshare__account_series_daily: by network, the series that each is read from."""
    networks = load("metrics.json")["comparable"]["series"]
    columns = dict.fromkeys(column for entries in networks.values() for column in entries)
    return {
        column: {network: entries[column] for network, entries in networks.items() if column in entries}
        for column in columns
    }


def _series() -> Model:
    described = {
        column: "; ".join(
            f"{network}: {entry['counts'][0].lower()}{entry['counts'][1:]}" for network, entry in of.items()
        )
        for column, of in series().items()
    }
    described["followers_gained"] += "; facebook: the net growth of the day, 0 where it is a loss"
    described["followers_lost"] += "; facebook: the net loss of the day, 0 where it is a gain"
    return Model(
        "ayrshare__account_series_daily",
        "One row per account and day of the networks' own daily series, which reach back 90 days on the first run. "
        "Only Facebook, Instagram, Snapchat, TikTok and YouTube have them.",
        ("profile", "platform", "series_date"),
        (
            PROFILE,
            PLATFORM,
            Column("series_date", "date", "Day of the series, as the network dates it"),
            *(Column(name, "bigint", f"{text[0].upper()}{text[1:]}") for name, text in described.items()),
            *(Column(name, "bigint", text) for name, text in MORE_SERIES.items()),
            Column("read_at", "timestamp", "Time of the run that last read the day, UTC"),
        ),
        is_view=True,
    )


def _spend_by_post() -> Model:
    return Model(
        "ayrshare__ad_spend_by_post",
        "One row per boosted post and currency: what was paid, and what the post did. Impressions of the post may "
        "include the paid ones.",
        ("profile", "platform", "post_key", "currency"),
        (
            PROFILE,
            PLATFORM,
            POST_KEY,
            Column("social_post_id", "text", "Network's id of the post"),
            PUBLISHED_DATE,
            Column("message", "text", "Text of the post"),
            Column("currency", "text", "Currency of the amount; null if the ad account's is not known"),
            Column("spend", "money", "What the post's ads cost"),
            Column("paid_impressions", "bigint", "Times the ads were shown"),
            Column("paid_clicks", "bigint", "Clicks on the ads"),
            Column("ads", "bigint", "Number of ads"),
            Column("first_spend_date", "date", "First day of spending, in the ad account's time zone"),
            Column("last_spend_date", "date", "Last day of spending"),
            *values("post", ("impressions", "engagements"), ", as last reported; null if never reported"),
        ),
        is_view=True,
    )
