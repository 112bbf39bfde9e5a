{{ config(enabled=has("social_analytics")) }}

{% set keys = ["profile", "platform"] %}

with growth as (

    {{ with_growth(ref("int_ayrshare__account_snapshots"), keys, account_metrics()) }}

)

select
    growth.profile,
    growth.platform,
    growth.snapshot_date,
    snapshots.account_name,
    growth.is_snapshot,
    growth.days_covered,
    {% for metric in account_metrics() %}
    growth.{{ metric }},
    growth.{{ metric }}_delta,
    {% endfor %}
    {% for metric in account_totals() %}
    snapshots.{{ metric }},
    {% endfor %}
    growth.corrected_metrics
from growth
left join {{ ref("int_ayrshare__account_snapshots") }} as snapshots
    on growth.profile = snapshots.profile
    and growth.platform = snapshots.platform
    and growth.snapshot_date = snapshots.snapshot_date
