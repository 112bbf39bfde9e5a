{% set keys = ["profile", "short_url", "read_on"] %}
{% set columns = ["snapshot_date", "read_at", "original_url", "created_at", "window_days", "clicks"] %}
{{ config(
    enabled=has("link_analytics"),
    materialized="incremental",
    unique_key=keys,
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    indexes=postgres_indexes(keys, ["read_on"], ["changed_at"]),
    cluster_by=["profile", "short_url"],
) }}

{% set from_date = compared_from() %}

with loaded as (

    select
        {{ profile_name() }} as profile,
        short_url,
        cast(snapshot_date as date) as read_on,
        {{ closing_day(instant("extracted_at"), profile_name()) }} as snapshot_date,
        {{ instant("extracted_at") }} as read_at,
        original_url,
        {{ instant("created_at") }} as created_at,
        cast(window_days as {{ dbt.type_bigint() }}) as window_days,
        cast(clicks as {{ dbt.type_bigint() }}) as clicks
    from {{ source("ayrshare", "link_analytics") }}
    {{ recent(from_date) }}

)

{{ changed_readings("loaded", keys, columns, from_date) }}
