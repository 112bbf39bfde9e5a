{{ config(enabled=has("social_analytics"), materialized="view") }}

{{ account_snapshots(
    ref("int_ayrshare__account_readings"),
    ["profile", "platform", "snapshot_date", "read_at", "account_name"] + account_levels() + account_totals()
) }}
