{{ config(enabled=has_posts()) }}

{#- One row per post, network and day. A post can come from three streams; the first one that has the day wins. -#}
{% set metrics = post_metrics() %}

with readings as (

    {% if has("post_analytics") %}
    select
        profile,
        platform,
        -- If a block came without an id, use the post's id from other days.
        coalesce(social_post_id, max(social_post_id) over (
            partition by profile, post_id, platform, thread_index
        ), post_id) as social_post_id,
        cast(thread_index as bigint) as thread_index,
        post_id as ayrshare_post_id,
        cast(snapshot_date as date) as snapshot_date,
        published_at,
        post_url,
        1 as preference,
        'post_analytics' as source_stream,
        {{ counts(metrics) }}
    from {{ source("ayrshare", "post_analytics") }}
    {% endif %}

    {% if has("social_post_analytics") %}
    {% if has("post_analytics") %}union all{% endif %}
    select
        profile,
        platform,
        social_post_id,
        cast(thread_index as bigint) as thread_index,
        cast(null as {{ dbt.type_string() }}) as ayrshare_post_id,
        cast(snapshot_date as date) as snapshot_date,
        published_at,
        post_url,
        2 as preference,
        'social_post_analytics' as source_stream,
        {{ counts(metrics) }}
    from {{ source("ayrshare", "social_post_analytics") }}
    {% endif %}

    {% if has("social_posts") %}
    {% if has("post_analytics") or has("social_post_analytics") %}union all{% endif %}
    select
        profile,
        platform,
        social_post_id,
        cast(0 as bigint) as thread_index,
        cast(null as {{ dbt.type_string() }}) as ayrshare_post_id,
        cast(snapshot_date as date) as snapshot_date,
        published_at,
        post_url,
        3 as preference,
        'social_posts' as source_stream,
        {{ counts(metrics) }}
    from {{ source("ayrshare", "social_posts") }}
    {% endif %}

),

known as (

    select
        readings.*,
        min(preference) over (partition by profile, platform, social_post_id, snapshot_date) as best,
        max(ayrshare_post_id) over (partition by profile, platform, social_post_id) as known_ayrshare_post_id,
        min(published_at) over (partition by profile, platform, social_post_id) as known_published_at,
        -- The list of native posts has no thread positions.
        case
            when preference < 3 then thread_index
            else coalesce(min(case when preference < 3 then thread_index end) over (
                partition by profile, platform, social_post_id
            ), 0)
        end as known_thread_index
    from readings

),

numbered as (

    select
        known.*,
        row_number() over (
            partition by profile, platform, social_post_id, known_thread_index, snapshot_date
            order by ayrshare_post_id
        ) as position
    from known
    where preference = best

)

select
    profile,
    platform,
    social_post_id,
    known_thread_index as thread_index,
    known_ayrshare_post_id as ayrshare_post_id,
    snapshot_date,
    known_published_at as published_at,
    post_url,
    source_stream,
    {{ metrics | join(", ") }}
from numbered
where position = 1
