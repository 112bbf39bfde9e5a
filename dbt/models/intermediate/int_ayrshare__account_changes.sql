{{ config(enabled=has("social_analytics"), materialized="table", post_hook="{{ ayrshare.analyze() }}", indexes=postgres_indexes(["profile", "platform"])) }}

{#-
  Accounts with a reading that changed, and the last day that stays as it is built: the last one before the change on
  which all that is read again afterwards had been read.
-#}
{% set since = built_up_to(["ayrshare__account_metrics_daily"]) %}
{% set readings = ref("int_ayrshare__account_readings") %}
{% set built = built_relation("ayrshare__account_metrics_daily") if since else none %}

with changed as (

    select
        profile,
        platform,
        {{ days_after("min(read_on)", -1) }} as first_day
    from {{ readings }}
    where {{ "changed_at > cast('" ~ since ~ "' as " ~ dbt.type_timestamp() ~ ")" if since else "1 = 0" }}
    group by profile, platform

),

numbered as (

    select
        changed.profile,
        changed.platform,
        changed.first_day,
        readings.snapshot_date,
        {% for metric in ayrshare.account_levels() %}
        readings.{{ metric }},
        {% endfor %}
        -- In another time zone, two nights can fall on the same day: the later one counts.
        row_number() over (
            partition by readings.profile, readings.platform, readings.snapshot_date
            order by readings.read_at desc, readings.read_on desc
        ) as position
    from changed
    inner join {{ readings }} as readings
        on changed.profile = readings.profile and changed.platform = readings.platform
    where not readings.is_gone

),

days as (

    select
        profile,
        platform,
        first_day,
        snapshot_date,
        {% for metric in ayrshare.account_levels() %}{{ metric }}, {% endfor %}
        false as is_built
    from numbered
    where position = 1
    {% if built %}
    union all
    select
        changed.profile,
        changed.platform,
        changed.first_day,
        built.snapshot_date,
        {% for metric in ayrshare.account_levels() %}built.{{ metric }}, {% endfor %}
        true as is_built
    from changed
    inner join {{ built }} as built
        on changed.profile = built.profile and changed.platform = built.platform
    {% endif %}

),

bounds as (

    select
        profile,
        platform,
        max(case when snapshot_date < first_day and not is_built then snapshot_date end) as last_before,
        {% for metric in ayrshare.account_levels() %}
        max(case when snapshot_date >= first_day then {{ metric }} end) as {{ metric }}_after,
        max(case when snapshot_date < first_day and not is_built and {{ metric }} is not null then snapshot_date end)
            as {{ metric }}_before{% if not loop.last %},{% endif %}
        {% endfor %}
    from days
    group by profile, platform

)

select
    changed.profile,
    changed.platform,
    least(
        {{ days_after("changed.first_day", -1) }},
        coalesce(bounds.last_before, {{ days_after("changed.first_day", -1) }})
        {% for metric in ayrshare.account_levels() %},
        case
            when bounds.{{ metric }}_after is not null and bounds.{{ metric }}_before is not null then bounds.{{ metric }}_before
            else {{ days_after("changed.first_day", -1) }}
        end
        {%- endfor %}
    ) as built_until,
    upto.changed_upto
from changed
left join bounds
    on changed.profile = bounds.profile and changed.platform = bounds.platform
cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
