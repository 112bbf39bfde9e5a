{{ config(enabled=has("link_analytics")) }}

with growth as (

    {{ with_growth(ref("int_ayrshare__link_snapshots"), ["profile", "short_url"], ["clicks"]) }}

)

select
    growth.profile,
    growth.short_url,
    growth.snapshot_date,
    snapshots.original_url,
    snapshots.window_days,
    growth.is_snapshot,
    growth.days_covered,
    growth.clicks,
    growth.clicks_delta,
    growth.corrected_metrics
from growth
left join {{ ref("int_ayrshare__link_snapshots") }} as snapshots
    on growth.profile = snapshots.profile
    and growth.short_url = snapshots.short_url
    and growth.snapshot_date = snapshots.snapshot_date
