{{ config(enabled=has_posts(), materialized="view") }}

{% set additive = ayrshare.additive_post_metrics() %}

with gains as (

    select
        profile,
        platform,
        snapshot_date,
        cast(null as {{ dbt.type_bigint() }}) as posts_published,
        cast(count(distinct case when is_snapshot then social_post_id end) as {{ dbt.type_bigint() }}) as posts_read,
        {% for metric in additive %}
        sum({{ metric }}_delta) as {{ metric }}_gained{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref("ayrshare__post_metrics_daily") }}
    group by profile, platform, snapshot_date

),

published as (

    select
        profile,
        platform,
        published_date as snapshot_date,
        cast(count(*) as {{ dbt.type_bigint() }}) as posts_published,
        cast(null as {{ dbt.type_bigint() }}) as posts_read,
        {% for metric in additive %}
        cast(null as {{ dbt.type_bigint() }}) as {{ metric }}_gained{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref("ayrshare__post_metrics_latest") }}
    where thread_index = 0 and published_date is not null
    group by profile, platform, published_date

)

select
    profile,
    platform,
    snapshot_date,
    cast(coalesce(max(posts_published), 0) as {{ dbt.type_bigint() }}) as posts_published,
    cast(coalesce(max(posts_read), 0) as {{ dbt.type_bigint() }}) as posts_read,
    {% for metric in additive %}
    cast(max({{ metric }}_gained) as {{ dbt.type_bigint() }}) as {{ metric }}_gained{% if not loop.last %},{% endif %}
    {% endfor %}
from (
    select * from gains
    union all
    select * from published
) as both_kinds
group by profile, platform, snapshot_date
