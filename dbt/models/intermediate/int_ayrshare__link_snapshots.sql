{{ config(enabled=has("link_analytics")) }}

select
    profile,
    short_url,
    cast(snapshot_date as date) as snapshot_date,
    original_url,
    {{ counts(["window_days", "clicks"]) }}
from {{ source("ayrshare", "link_analytics") }}
