{% set keys = ["profile", "platform", "account_number"] %}
{{ config(
    enabled=has("social_analytics"),
    materialized="incremental",
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__account_changes'), ['profile', 'platform'], since='built_until') }}",
    indexes=postgres_indexes(["profile", "platform", "snapshot_date"], ["changed_at"]),
    cluster_by=["snapshot_date", "profile"] if target.type != "bigquery" else ["profile", "platform"],
    partition_by={"field": "snapshot_date", "data_type": "date"} if target.type == "bigquery" else none,
) }}

{% set changes = ref("int_ayrshare__account_changes") %}
{% set levels = account_levels() %}
{% set totals = account_totals() %}
{% set constants = ["changed_upto"] + (["built_until"] if is_incremental() else []) %}

with changed_readings as (

    select
        readings.*,
        {% if is_incremental() %}
        changes.changed_upto,
        changes.built_until
        {% else %}
        upto.changed_upto
        {% endif %}
    from {{ ref("int_ayrshare__account_readings") }} as readings
    {% if is_incremental() %}
    inner join {{ changes }} as changes
        on readings.profile = changes.profile and readings.platform = changes.platform
    {% else %}
    cross join (select max(changed_at) as changed_upto from {{ ref("int_ayrshare__account_readings") }}) as upto
    {% endif %}

),

snapshots as (

    {{ account_snapshots(
        "changed_readings",
        ["profile", "platform", "snapshot_date", "account_name"] + constants + levels + totals
    ) }}

),

growth as (

    {{ with_growth(
        "snapshots", keys, levels, constants=["account_id"] + constants, details=["account_name"] + totals, every_day=true
    ) }}

)

select
    profile,
    platform,
    snapshot_date,
    account_id,
    cast(account_number as {{ dbt.type_bigint() }}) as account_number,
    account_name,
    is_snapshot,
    cast(days_covered as {{ dbt.type_bigint() }}) as days_covered,
    followers,
    followers_delta,
    followers_filled,
    case when followers_delta > 0 then followers_delta when followers_delta <= 0 then 0 end as followers_gained,
    case when followers_delta < 0 then -followers_delta when followers_delta >= 0 then 0 end as followers_lost,
    {% for metric in levels if metric != "followers" %}
    {{ metric }},
    {{ metric }}_delta,
    {% endfor %}
    {% for metric in totals %}
    {{ metric }},
    {% endfor %}
    corrected_metrics,
    changed_upto as changed_at
from growth
{% if is_incremental() %}
where snapshot_date > built_until
{% endif %}
