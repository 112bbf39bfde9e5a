{% set keys = ["profile", "short_url"] %}
{{ config(
    enabled=has("link_analytics"),
    materialized="incremental",
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__link_changes'), ['profile', 'short_url']) }}",
    indexes=postgres_indexes(["profile", "short_url", "snapshot_date"], ["changed_at"]),
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "short_url"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

{% set changes = ref("int_ayrshare__link_changes") %}
{% set readings = ref("int_ayrshare__link_readings") %}

with numbered as (

    select
        readings.*,
        {% if is_incremental() %}changes{% else %}upto{% endif %}.changed_upto,
        row_number() over (
            partition by readings.profile, readings.short_url, readings.snapshot_date
            order by readings.read_at desc, readings.read_on desc
        ) as position,
        first_value(readings.original_url) over (
            partition by readings.profile, readings.short_url
            order by case when readings.original_url is null then 1 else 0 end, readings.read_on desc
        ) as known_url,
        min(readings.created_at) over (partition by readings.profile, readings.short_url) as known_created_at
    from {{ readings }} as readings
    {% if is_incremental() %}
    inner join {{ changes }} as changes
        on readings.profile = changes.profile and readings.short_url = changes.short_url
    {% else %}
    cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
    {% endif %}
    where not readings.is_gone

),

snapshots as (

    select * from numbered where position = 1

),

growth as (

    {{ with_growth("snapshots", keys, ["clicks"], constants=["known_url", "known_created_at", "changed_upto"], details=["window_days"]) }}

)

select
    profile,
    short_url,
    snapshot_date,
    known_url as original_url,
    known_created_at as created_at,
    window_days,
    is_snapshot,
    cast(days_covered as {{ dbt.type_bigint() }}) as days_covered,
    clicks,
    clicks_delta,
    corrected_metrics,
    changed_upto as changed_at
from growth
