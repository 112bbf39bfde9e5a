{{ config(enabled=has_posts()) }}

{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}

with snapshots as (

    select
        snapshots.*,
        row_number() over (partition by {{ keys | join(", ") }} order by snapshot_date desc) as age
    from {{ ref("int_ayrshare__post_snapshots") }} as snapshots

),

messages as (

    {% if has("posts") %}
    select
        profile,
        post_id as ayrshare_post_id,
        max(text) as message
    from {{ source("ayrshare", "posts") }}
    group by profile, post_id
    {% else %}
    {{ no_rows(["profile", "ayrshare_post_id", "message"]) }}
    {% endif %}

),

native_messages as (

    {% if has("social_posts") %}
    select
        profile,
        platform,
        social_post_id,
        max(text) as message
    from {{ source("ayrshare", "social_posts") }}
    group by profile, platform, social_post_id
    {% else %}
    {{ no_rows(["profile", "platform", "social_post_id", "message"]) }}
    {% endif %}

)

select
    snapshots.profile,
    snapshots.platform,
    snapshots.social_post_id,
    snapshots.thread_index,
    snapshots.ayrshare_post_id,
    snapshots.snapshot_date,
    snapshots.published_at,
    snapshots.post_url,
    coalesce(messages.message, native_messages.message) as message,
    snapshots.source_stream,
    {% for metric in post_metrics() %}
    snapshots.{{ metric }}{% if not loop.last %},{% endif %}
    {% endfor %}
from snapshots
left join messages
    on snapshots.profile = messages.profile and snapshots.ayrshare_post_id = messages.ayrshare_post_id
left join native_messages
    on snapshots.profile = native_messages.profile
    and snapshots.platform = native_messages.platform
    and snapshots.social_post_id = native_messages.social_post_id
where snapshots.age = 1
