{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}
{{ config(
    enabled=has_posts(),
    materialized="incremental",
    on_schema_change="fail",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__post_changes'), ['profile', 'platform', 'social_post_id']) }}",
    indexes=[
        {"columns": ["profile", "platform", "social_post_id", "thread_index", "snapshot_date"]},
        {"columns": ["snapshot_date"]},
        {"columns": ["changed_at"]},
    ],
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "platform"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

-- depends_on: {{ ref("int_ayrshare__post_changes") }}
with snapshots as (

    {{ post_snapshots(ref("int_ayrshare__post_changes") if is_incremental() else none) }}

),

growth as (

    {{ with_growth("snapshots", keys, post_metrics()) }}

),

posts as (

    select
        {{ keys | join(", ") }},
        max(ayrshare_post_id) as ayrshare_post_id,
        min(published_at) as published_at,
        max(changed_at) as changed_at
    from snapshots
    group by {{ keys | join(", ") }}

)

select
    growth.profile,
    growth.platform,
    growth.social_post_id,
    growth.thread_index,
    posts.ayrshare_post_id,
    growth.snapshot_date,
    posts.published_at,
    cast({{ local_time("posts.published_at") }} as date) as published_date,
    cast({{ days_between("cast(" ~ local_time("posts.published_at") ~ " as date)", "growth.snapshot_date") }} as {{ dbt.type_bigint() }})
        as age_days,
    growth.is_snapshot,
    cast(growth.days_covered as {{ dbt.type_bigint() }}) as days_covered,
    snapshots.source_stream,
    {% for metric in post_metrics() %}
    growth.{{ metric }},
    growth.{{ metric }}_delta,
    {% endfor %}
    growth.corrected_metrics,
    posts.changed_at
from growth
inner join posts
    on {% for key in keys %}growth.{{ key }} = posts.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}

left join snapshots
    on {% for key in keys %}growth.{{ key }} = snapshots.{{ key }} and {% endfor %}
    growth.snapshot_date = snapshots.snapshot_date
