{{ config(enabled=has_posts()) }}

{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}

with growth as (

    {{ with_growth(ref("int_ayrshare__post_snapshots"), keys, post_metrics()) }}

)

select
    growth.profile,
    growth.platform,
    growth.social_post_id,
    growth.thread_index,
    posts.ayrshare_post_id,
    growth.snapshot_date,
    posts.published_at,
    growth.is_snapshot,
    growth.days_covered,
    snapshots.source_stream,
    {% for metric in post_metrics() %}
    growth.{{ metric }},
    growth.{{ metric }}_delta,
    {% endfor %}
    growth.corrected_metrics
from growth
left join {{ ref("int_ayrshare__post_snapshots") }} as snapshots
    on {% for key in keys %}growth.{{ key }} = snapshots.{{ key }} and {% endfor %}
    growth.snapshot_date = snapshots.snapshot_date
left join {{ ref("ayrshare__post_metrics_latest") }} as posts
    on {% for key in keys %}growth.{{ key }} = posts.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}

