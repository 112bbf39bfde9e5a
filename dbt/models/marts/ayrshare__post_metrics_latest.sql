{{ config(
    enabled=has_posts(),
    materialized="table",
    indexes=postgres_indexes(["profile", "platform", "social_post_id"], ["published_date"]),
    cluster_by=["profile", "platform"],
) }}

{% set bigint = dbt.type_bigint() %}
{% set double = type_double() %}
{% set text = dbt.type_string() %}
{% set always = ayrshare_definitions()["attributes"]["media_type_always"] %}

with sent as (

    {% if has("posts") %}
    select
        {{ profile_name() }} as profile,
        post_id as ayrshare_post_id,
        text as message,
        {{ sent_media_type("media_urls") }} as media_type,
        {{ instant("extracted_at") }} as read_at
    from {{ source("ayrshare", "posts") }}
    {% else %}
    {{ no_rows({"profile": text, "ayrshare_post_id": text, "message": text, "media_type": text, "read_at": dbt.type_timestamp()}) }}
    {% endif %}

),

posts as (

    select
        latest.*,
        {{ local_date("published_at") }} as published_date
    from {{ ref("int_ayrshare__post_latest") }} as latest

),

accounts as (

    {% if has("social_analytics") %}
    select profile, platform, {{ latest("followers", "snapshot_date") }} as followers, max(snapshot_date) as last_day
    from {{ ref("int_ayrshare__account_snapshots") }}
    group by profile, platform
    {% else %}
    {{ no_rows({"profile": text, "platform": text, "followers": bigint, "last_day": "date"}) }}
    {% endif %}

),

followers as (

    {% if has("social_analytics") %}
    select profile, platform, snapshot_date, followers_filled
    from {{ ref("ayrshare__account_metrics_daily") }}
    {% else %}
    {{ no_rows({"profile": text, "platform": text, "snapshot_date": "date", "followers_filled": bigint}) }}
    {% endif %}

)

select
    posts.profile,
    posts.platform,
    posts.social_post_id,
    posts.thread_index,
    posts.ayrshare_post_id,
    posts.account_id,
    posts.account_name,
    posts.snapshot_date,
    posts.read_at,
    posts.published_at,
    posts.published_date,
    cast(extract(hour from {{ local_time("posts.published_at", "posts.profile") }}) as {{ bigint }}) as published_hour,
    cast({{ weekday("posts.published_date") }} as {{ bigint }}) as published_weekday,
    cast({{ days_between("posts.published_date", "posts.snapshot_date") }} as {{ bigint }}) as age_days,
    coalesce(sent.message, posts.message) as message,
    posts.post_url,
    posts.thumbnail_url,
    posts.post_format,
    coalesce(
        posts.media_type,
        sent.media_type,
        case posts.platform {% for network, name in always.items() %}when '{{ network }}' then '{{ name }}' {% endfor %}end
    ) as media_type,
    posts.source_stream,
    {% for metric in ayrshare.post_metrics() %}
    posts.{{ metric }},
    {% endfor %}
    accounts.followers,
    followers.followers_filled as followers_at_publication,
    cast(posts.engagements as {{ double }}) / nullif(coalesce(posts.impressions, posts.views), 0) as engagement_rate,
    cast(posts.engagements as {{ double }}) / nullif(posts.impressions, 0) as engagement_rate_by_impressions,
    cast(posts.engagements as {{ double }}) / nullif(posts.reach, 0) as engagement_rate_by_reach,
    cast(posts.engagements as {{ double }}) / nullif(followers.followers_filled, 0) as engagement_rate_by_followers
from posts
left join {{ once("sent", ["profile", "ayrshare_post_id"]) }} as sent
    on posts.profile = sent.profile and posts.ayrshare_post_id = sent.ayrshare_post_id
left join accounts
    on posts.profile = accounts.profile and posts.platform = accounts.platform
-- On the day of publication; a post newer than the account's last reading has those of that one.
left join followers
    on posts.profile = followers.profile
    and posts.platform = followers.platform
    and followers.snapshot_date = {{ earlier("posts.published_date", "accounts.last_day") }}
