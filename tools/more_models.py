"""The models of streams that stand apart from posts' and accounts' metrics, most of them deselected by default."""

from __future__ import annotations

from tools.model_columns import CORRECTED, COVERED, IS_SNAPSHOT, PLATFORM, PROFILE, Column, Model, grown, values

LAST_SEEN = Column("last_seen", "date", "UTC date of the last run that received it")
CREATED_AT = Column("created_at", "timestamp", "When it was written, UTC; null where the network doesn't say")
CREATED_DATE = Column("created_date", "date", "Day on which it was written, in the reporting time zone")


def more_models() -> tuple[Model, ...]:
    """Return the models of audiences, comments, reviews and ads, with their columns in order."""
    return (_audience(), _comments(), _reviews(), _review_totals(), _ad_spend())


def _audience() -> Model:
    return Model(
        "ayrshare__audience",
        "One row per profile, network, audience, dimension and group, as last reported: who the audience is. Never add "
        "groups up over networks or profiles, as one person may be in several.",
        ("profile", "platform", "audience", "dimension", "bucket"),
        (
            PROFILE,
            PLATFORM,
            Column("audience", "text", "Whose audience it is: followers, or engaged (those who interacted)"),
            Column("dimension", "text", "What the audience is broken down by: age, gender, gender_age, country, city"),
            Column("bucket", "text", "The group, in the network's own wording, such as 25-34 or F.25-34"),
            Column("snapshot_date", "date", "Day of the latest snapshot of the dimension, in the reporting time zone"),
            Column("value", "double", "Size of the group in the unit of the column unit; null if not reported"),
            Column("unit", "text", "What value is: count (people) or share (part of the audience)"),
            Column(
                "share",
                "double",
                "Part of the audience: the network's own where it reports shares; where it reports counts, the count "
                "divided by all counts of the dimension, which is too much where the network lists only its largest "
                "groups",
            ),
            Column("share_basis", "text", "What share stands on: reported, or listed (a part of the groups listed)"),
        ),
    )


def _comments() -> Model:
    return Model(
        "ayrshare__comments",
        "One row per comment, or reply to one, as last received. Who wrote it is left out. What a network doesn't say "
        "is null: for most networks, who answered whom is not known.",
        ("profile", "platform", "post_id", "comment_id"),
        (
            PROFILE,
            PLATFORM,
            Column("post_id", "text", "Ayrshare's id of the post; the network's if Ayrshare did not send it"),
            Column("comment_id", "text", "Network's id of the comment"),
            Column("ayrshare_post_id", "text", "Ayrshare's id of the post; null if Ayrshare did not send it"),
            Column("social_post_id", "text", "Network's id of the post; null if not reported"),
            Column("parent_comment_id", "text", "The comment that it replies to; null for a comment on the post"),
            Column(
                "thread_comment_id",
                "text",
                "The comment on the post that began the thread, itself for such a comment; null where depth is",
            ),
            Column(
                "depth",
                "bigint",
                "0 for a comment on the post, 1 for a reply to it, and so on; null if a comment above it isn't loaded, "
                "or below 10",
            ),
            Column("published_at", "timestamp", "When the post was published, UTC"),
            CREATED_AT,
            CREATED_DATE,
            Column("text", "text", "What the comment says"),
            Column("is_hidden", "boolean", "Whether it is hidden; null where the network doesn't say"),
            *values("comment", ("likes",), ", as last reported; null if not reported"),
            Column("replies", "bigint", "Direct replies among the comments received with it, or since"),
            Column(
                "is_own",
                "boolean",
                "Whether the account itself wrote it: true or false where the network says so, true where the author "
                "is the linked account by its id or, on Instagram, by its username; otherwise null",
            ),
            Column(
                "is_answered",
                "boolean",
                "Whether the account replied: true if a direct reply is its own, false if the network lists the "
                "replies and all are known to be of others; otherwise null",
            ),
            Column("answered_at", "timestamp", "When the account first replied directly, UTC; null if unknown"),
            LAST_SEEN,
            Column(
                "is_in_latest_reading",
                "boolean",
                "Whether the newest reading that brought comments of the post on this network brought this one too; "
                "if not, it was deleted, or is older than the newest 1,000",
            ),
        ),
    )


def _reviews() -> Model:
    return Model(
        "ayrshare__reviews",
        "One row per review of a Google Business location or a Facebook page, as last received. Who wrote it is left "
        "out.",
        ("profile", "platform", "review_id"),
        (
            PROFILE,
            PLATFORM,
            Column("review_id", "text", "Network's id of the review"),
            Column("rating", "text", "Rating in the network's own words: ONE to FIVE, or positive and negative"),
            *values("review", ("rating_value",), "; null where the network has no stars"),
            Column("is_recommended", "boolean", "Whether a Facebook rating is positive; null for any other rating"),
            Column("text", "text", "What the review says"),
            CREATED_AT,
            CREATED_DATE,
            Column("updated_at", "timestamp", "When the review was last changed, UTC; null if not reported"),
            Column("reply_text", "text", "The owner's reply"),
            Column("reply_updated_at", "timestamp", "When the reply was last changed, UTC"),
            Column("is_answered", "boolean", "Whether there is a reply of the owner"),
            LAST_SEEN,
            Column(
                "is_in_latest_reading",
                "boolean",
                "Whether the newest reading that brought reviews of the profile on this network brought this one too; "
                "if not, it was deleted",
            ),
        ),
        is_view=True,
    )


def _review_totals() -> Model:
    return Model(
        "ayrshare__review_totals_daily",
        "One row per profile, network and day with a snapshot or with growth: average rating and number of reviews. "
        "Only Google Business reports them.",
        ("profile", "platform", "snapshot_date"),
        (
            PROFILE,
            PLATFORM,
            Column("snapshot_date", "date", "Day of the totals, in the reporting time zone"),
            IS_SNAPSHOT,
            COVERED,
            *values("review", ("average_rating",), ", as reported that day; never average it over days or profiles"),
            *grown("review", ("total_reviews",), "as reported that day; null if not reported"),
            CORRECTED,
        ),
        grown=("total_reviews",),
    )


def _ad_spend() -> Model:
    return Model(
        "ayrshare__ad_spend_daily",
        "One row per ad and day: what it cost and what it brought. Add spend up within one currency only. The last "
        "days still change.",
        ("profile", "platform", "account_id", "ad_id", "spend_date"),
        (
            PROFILE,
            PLATFORM,
            Column("account_id", "text", "Id of the ad account"),
            Column("ad_id", "text", "Id of the ad"),
            Column("spend_date", "date", "Day of the spending in the ad account's own time zone"),
            Column("ad_name", "text", "Name of the ad"),
            Column("ayrshare_post_id", "text", "Ayrshare's id of the boosted post"),
            Column("currency", "text", "Currency of all amounts; null if the ad account's is not known"),
            *values("ad", ("spend", "impressions", "reach", "clicks"), "; null if not reported"),
            Column("budget_daily", "money", "Budget per day, in the account's currency"),
            Column("budget_type", "text", "Type of budget in the API's wording, such as daily"),
            Column("status", "text", "Status of the ad in the API's wording"),
            Column("delivery_status", "text", "Delivery status in the API's wording"),
            Column("extracted_at", "timestamp", "Time of the run that last read the day, UTC"),
        ),
        is_view=True,
    )
