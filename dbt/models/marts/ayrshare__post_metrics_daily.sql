{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}
{{ config(
    enabled=has_posts(),
    materialized="incremental",
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__post_changes'), ['profile', 'platform', 'social_post_id']) }}",
    indexes=postgres_indexes(["profile", "platform", "social_post_id", "thread_index", "snapshot_date"], ["snapshot_date"], ["changed_at"]),
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "platform"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

-- depends_on: {{ ref("int_ayrshare__post_changes") }}
with snapshots as (

    {{ post_snapshots(ref("int_ayrshare__post_changes") if is_incremental() else none) }}

),

growth as (

    {{ with_growth(
        "snapshots", keys, ayrshare.post_metrics(),
        constants=["ayrshare_post_id", "published_at", "is_counted_from_zero", "changed_at"], details=["source_stream"],
        from_zero="is_counted_from_zero", kinds=kind_columns()
    ) }}

)

select
    profile,
    platform,
    social_post_id,
    thread_index,
    ayrshare_post_id,
    snapshot_date,
    published_at,
    {{ local_date("published_at") }} as published_date,
    cast({{ days_between(local_date("published_at"), "snapshot_date") }} as {{ dbt.type_bigint() }}) as age_days,
    is_counted_from_zero,
    is_snapshot,
    cast(days_covered as {{ dbt.type_bigint() }}) as days_covered,
    source_stream,
    {% for metric in ayrshare.post_metrics() %}
    {{ metric }},
    {{ metric }}_delta,
    {% endfor %}
    corrected_metrics,
    restarted_metrics,
    changed_at
from growth
