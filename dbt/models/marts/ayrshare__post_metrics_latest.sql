{{ config(
    enabled=has_posts(),
    materialized="table",
    indexes=postgres_indexes(["profile", "platform", "social_post_id"], ["published_date"]),
    cluster_by=["profile", "platform"],
) }}

{% set bigint = dbt.type_bigint() %}
{% set double = type_double() %}
{% set defaults = ayrshare_definitions()["attributes"] %}

with messages as (

    {% if has("posts") %}
    select
        profile,
        post_id as ayrshare_post_id,
        text as message,
        case when {{ json_as_text("media_urls") }} in ('[]', '{}') then 'text' end as media_type
    from {{ source("ayrshare", "posts") }}
    {% else %}
    {{ no_rows({"profile": dbt.type_string(), "ayrshare_post_id": dbt.type_string(), "message": dbt.type_string(), "media_type": dbt.type_string()}) }}
    {% endif %}

),

accounts as (

    {% if has("social_analytics") %}
    select profile, platform, {{ latest("followers", "snapshot_date") }} as followers
    from {{ ref("int_ayrshare__account_snapshots") }}
    group by profile, platform
    {% else %}
    {{ no_rows({"profile": dbt.type_string(), "platform": dbt.type_string(), "followers": bigint}) }}
    {% endif %}

)

select
    posts.profile,
    posts.platform,
    posts.social_post_id,
    posts.thread_index,
    posts.ayrshare_post_id,
    posts.snapshot_date,
    posts.read_at,
    posts.published_at,
    cast({{ local_time("posts.published_at") }} as date) as published_date,
    cast(extract(hour from {{ local_time("posts.published_at") }}) as {{ bigint }}) as published_hour,
    cast({{ weekday("cast(" ~ local_time("posts.published_at") ~ " as date)") }} as {{ bigint }}) as published_weekday,
    cast({{ days_between("cast(" ~ local_time("posts.published_at") ~ " as date)", "posts.snapshot_date") }} as {{ bigint }}) as age_days,
    coalesce(messages.message, posts.message) as message,
    posts.post_url,
    posts.thumbnail_url,
    posts.post_format,
    coalesce(
        case posts.media_type
            {% for found, name in defaults["media_types"].items() %}when '{{ found }}' then '{{ name }}'
            {% endfor %}
            else posts.media_type
        end,
        messages.media_type,
        case posts.platform {% for network, name in defaults["media_type_always"].items() %}when '{{ network }}' then '{{ name }}' {% endfor %}end
    ) as media_type,
    posts.source_stream,
    {% for metric in ayrshare.post_metrics() %}
    posts.{{ metric }},
    {% endfor %}
    accounts.followers,
    cast(posts.engagements as {{ double }}) / nullif(coalesce(posts.impressions, posts.views), 0) as engagement_rate,
    cast(posts.engagements as {{ double }}) / nullif(posts.impressions, 0) as engagement_rate_by_impressions,
    cast(posts.engagements as {{ double }}) / nullif(posts.reach, 0) as engagement_rate_by_reach,
    cast(posts.engagements as {{ double }}) / nullif(accounts.followers, 0) as engagement_rate_by_followers
from {{ ref("int_ayrshare__post_latest") }} as posts
left join messages
    on posts.profile = messages.profile and posts.ayrshare_post_id = messages.ayrshare_post_id
left join accounts
    on posts.profile = accounts.profile and posts.platform = accounts.platform
