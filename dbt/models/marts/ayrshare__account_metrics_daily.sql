{% set keys = ["profile", "platform"] %}
{{ config(
    enabled=has("social_analytics"),
    materialized="incremental",
    on_schema_change="fail",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__account_changes'), ['profile', 'platform'], since='built_until') }}",
    indexes=[{"columns": ["profile", "platform", "snapshot_date"]}, {"columns": ["changed_at"]}],
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "platform"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

{% set changes = ref("int_ayrshare__account_changes") %}

with snapshots as (

    select snapshots.*
    from {{ ref("int_ayrshare__account_snapshots") }} as snapshots
    {% if is_incremental() %}
    inner join {{ changes }} as changes
        on snapshots.profile = changes.profile and snapshots.platform = changes.platform
    {% endif %}

),

growth as (

    {{ with_growth("snapshots", keys, account_levels(), every_day=true) }}

),

filled as (

    select
        growth.*,
        first_value(followers) over (
            partition by profile, platform
            order by case when followers is null then 1 else 0 end, snapshot_date
            rows between unbounded preceding and unbounded following
        ) + coalesce(sum(followers_delta) over (
            partition by profile, platform order by snapshot_date rows between unbounded preceding and current row
        ), 0) as followers_so_far,
        min(case when followers is not null then snapshot_date end) over (partition by profile, platform) as first_read
    from growth

)

select
    filled.profile,
    filled.platform,
    filled.snapshot_date,
    snapshots.account_name,
    filled.is_snapshot,
    cast(filled.days_covered as {{ dbt.type_bigint() }}) as days_covered,
    filled.followers,
    filled.followers_delta,
    cast(case when filled.snapshot_date >= filled.first_read then filled.followers_so_far end as {{ dbt.type_bigint() }})
        as followers_filled,
    greatest(filled.followers_delta, 0) as followers_gained,
    greatest(-filled.followers_delta, 0) as followers_lost,
    {% for metric in account_levels() if metric != "followers" %}
    filled.{{ metric }},
    filled.{{ metric }}_delta,
    {% endfor %}
    {% for metric in account_totals() %}
    snapshots.{{ metric }},
    {% endfor %}
    filled.corrected_metrics,
    {% if is_incremental() -%}
    changes.changed_upto
    {%- else -%}
    upto.changed_upto
    {%- endif %} as changed_at
from filled
left join snapshots
    on filled.profile = snapshots.profile
    and filled.platform = snapshots.platform
    and filled.snapshot_date = snapshots.snapshot_date
{% if is_incremental() %}
inner join {{ changes }} as changes
    on filled.profile = changes.profile and filled.platform = changes.platform
where filled.snapshot_date > changes.built_until
{% else %}
cross join (select max(changed_at) as changed_upto from {{ ref("int_ayrshare__account_readings") }}) as upto
{% endif %}
