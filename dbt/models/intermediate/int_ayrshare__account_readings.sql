{% set keys = ["profile", "platform", "read_on"] %}
{% set columns = ["snapshot_date", "read_at", "account_id", "account_name"] %}
{{ config(
    enabled=has("social_analytics"),
    materialized="incremental",
    unique_key=keys,
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    indexes=postgres_indexes(keys, ["read_on"], ["changed_at"]),
    cluster_by=["profile", "platform"],
) }}

{% set metrics = ayrshare.account_levels() + ayrshare.account_totals() %}
{% set from_date = compared_from() %}

with social_analytics_rows as (

    select
        {{ profile_name() }} as profile,
        platform,
        cast(snapshot_date as date) as read_on,
        {{ closing_day(instant("extracted_at"), profile_name()) }} as snapshot_date,
        {{ instant("extracted_at") }} as read_at,
        {{ account_id() }} as account_id,
        account_name,
        analytics,
        {{ promoted("account") | join(", ") }}
    from {{ source("ayrshare", "social_analytics") }}
    {{ recent(from_date) }}

),

loaded as (

    {{ comparable_metrics("social_analytics_rows", "account", metrics, keys + columns) }}

)

{{ changed_readings("loaded", keys, columns + metrics, from_date) }}
