{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}
{{ config(
    enabled=has_posts(),
    materialized="incremental",
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__post_changes'), ['profile', 'platform', 'social_post_id']) }}",
    indexes=postgres_indexes(["profile", "platform", "social_post_id"], ["changed_at"]),
    cluster_by=["profile", "platform", "social_post_id"],
) }}

-- depends_on: {{ ref("int_ayrshare__post_changes") }}
with snapshots as (

    {{ post_snapshots(ref("int_ayrshare__post_changes") if is_incremental() else none, with_message=true) }}

)

select
    {{ keys | join(", ") }},
    max(ayrshare_post_id) as ayrshare_post_id,
    max(snapshot_date) as snapshot_date,
    max(read_at) as read_at,
    min(first_read_at) as first_read_at,
    min(published_at) as published_at,
    {{ bool_or("is_counted_from_zero") }} as is_counted_from_zero,
    max(account_id) as account_id,
    max(account_name) as account_name,
    {% for attribute in ["post_url", "media_type", "post_format", "thumbnail_url", "source_stream", "message"] %}
    {{ latest(attribute, "snapshot_date", is_text=true) }} as {{ attribute }},
    {% endfor %}
    {% for metric in ayrshare.post_metrics() %}
    {{ latest(metric, "snapshot_date") }} as {{ metric }},
    {% endfor %}
    max(changed_at) as changed_at
from snapshots
group by {{ keys | join(", ") }}
