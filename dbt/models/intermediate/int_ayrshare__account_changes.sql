{{ config(enabled=has("social_analytics"), materialized="table", post_hook="{{ ayrshare.analyze() }}") }}

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

days as (

    select profile, platform, snapshot_date, {{ account_levels() | join(", ") }}, false as is_built
    from {{ ref("int_ayrshare__account_snapshots") }}
    {% if built %}
    union all
    select profile, platform, snapshot_date, {{ account_levels() | join(", ") }}, true as is_built
    from {{ built }}
    {% endif %}

),

bounds as (

    select
        changed.profile,
        changed.platform,
        changed.first_day,
        max(case when days.snapshot_date < changed.first_day and not days.is_built then days.snapshot_date end) as last_before,
        {% for metric in account_levels() %}
        max(case when days.snapshot_date >= changed.first_day then days.{{ metric }} end) as {{ metric }}_after,
        max(case when days.snapshot_date < changed.first_day and not days.is_built and days.{{ metric }} is not null
            then days.snapshot_date end) as {{ metric }}_before{% if not loop.last %},{% endif %}
        {% endfor %}
    from changed
    left join days
        on changed.profile = days.profile and changed.platform = days.platform
    group by changed.profile, changed.platform, changed.first_day

)

select
    bounds.profile,
    bounds.platform,
    least(
        {{ days_after("bounds.first_day", -1) }},
        coalesce(bounds.last_before, {{ days_after("bounds.first_day", -1) }})
        {% for metric in account_levels() %},
        case
            when bounds.{{ metric }}_after is not null and bounds.{{ metric }}_before is not null then bounds.{{ metric }}_before
            else {{ days_after("bounds.first_day", -1) }}
        end
        {%- endfor %}
    ) as built_until,
    upto.changed_upto
from bounds
cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
