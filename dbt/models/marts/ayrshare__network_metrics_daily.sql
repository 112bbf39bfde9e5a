{{ config(enabled=has_posts(), materialized="view") }}

{% set additive = ayrshare.additive_post_metrics() %}

select
    profile,
    platform,
    snapshot_date,
    cast(count(distinct case when published_date = snapshot_date and thread_index = 0 then social_post_id end) as {{ dbt.type_bigint() }})
        as posts_published,
    cast(count(distinct case when is_snapshot then social_post_id end) as {{ dbt.type_bigint() }}) as posts_read,
    {% for metric in additive %}
    cast(sum({{ metric }}_delta) as {{ dbt.type_bigint() }}) as {{ metric }}_gained{% if not loop.last %},{% endif %}
    {% endfor %}
from {{ ref("ayrshare__post_metrics_daily") }}
group by profile, platform, snapshot_date
