{{ config(enabled=has("social_analytics")) }}

select
    profile,
    platform,
    cast(snapshot_date as date) as snapshot_date,
    account_name,
    {{ counts(account_metrics() + account_totals()) }}
from {{ source("ayrshare", "social_analytics") }}
