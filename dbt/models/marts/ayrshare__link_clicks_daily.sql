{% set keys = ["profile", "short_url"] %}
{{ config(
    enabled=has("link_analytics"),
    materialized="incremental",
    on_schema_change="fail",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__link_changes'), ['profile', 'short_url']) }}",
    indexes=[{"columns": ["profile", "short_url", "snapshot_date"]}, {"columns": ["changed_at"]}],
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "short_url"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

{% set changes = ref("int_ayrshare__link_changes") %}
{% set readings = ref("int_ayrshare__link_readings") %}

with snapshots as (

    select *
    from (
        select
            readings.*,
            {% if is_incremental() %}changes{% else %}upto{% endif %}.changed_upto,
            row_number() over (
                partition by readings.profile, readings.short_url, readings.snapshot_date
                order by readings.read_at desc, readings.read_on desc
            ) as position
        from {{ readings }} as readings
        {% if is_incremental() %}
        inner join {{ changes }} as changes
            on readings.profile = changes.profile and readings.short_url = changes.short_url
        {% else %}
        cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
        {% endif %}
        where not readings.is_gone
    ) as numbered
    where position = 1

),

growth as (

    {{ with_growth("snapshots", keys, ["clicks"]) }}

),

links as (

    select
        profile,
        short_url,
        {{ latest("original_url", "snapshot_date", is_text=true) }} as original_url,
        min(created_at) as created_at,
        max(changed_upto) as changed_upto
    from snapshots
    group by profile, short_url

)

select
    growth.profile,
    growth.short_url,
    growth.snapshot_date,
    links.original_url,
    links.created_at,
    snapshots.window_days,
    growth.is_snapshot,
    cast(growth.days_covered as {{ dbt.type_bigint() }}) as days_covered,
    growth.clicks,
    growth.clicks_delta,
    growth.corrected_metrics,
    links.changed_upto as changed_at
from growth
inner join links
    on growth.profile = links.profile and growth.short_url = links.short_url
left join snapshots
    on growth.profile = snapshots.profile
    and growth.short_url = snapshots.short_url
    and growth.snapshot_date = snapshots.snapshot_date
