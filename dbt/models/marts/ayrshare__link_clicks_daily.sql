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

{#-
  The API counts the clicks of the last `window_days`. From one day to the next, the count gains the day's clicks and
  loses those of the day that leaves the window: clicks of a day = change of the count + clicks of window_days before.
  Followed back, that is the sum of all changes at this distance. The first count of a link that is read from its first
  day on is growth; that of an older one is taken as spread evenly over the days before, as far as the window and the
  link's own age reach.
-#}
{% set windows = var("ayrshare_link_counts") == "window" %}
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
        min(readings.created_at) over (partition by readings.profile, readings.short_url) as known_created_at,
        min(readings.window_days) over (partition by readings.profile, readings.short_url) as usual_window
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

    select
        numbered.*,
        -- A count of more days, as after a pause, is not comparable.
        case when window_days = usual_window or window_days is null then clicks end as compared
    from numbered
    where position = 1

),

firsts as (

    select profile, short_url, min(snapshot_date) as first_day, {{ earliest("compared", "snapshot_date") }} as first_clicks
    from snapshots
    where compared is not null
    group by profile, short_url

),

growth as (

    {{ with_growth(
        "snapshots", keys, ["compared"], constants=["known_url", "known_created_at", "usual_window", "changed_upto"],
        details=["window_days", "clicks"], every_day=true
    ) }}

),

days as (

    select
        growth.*,
        firsts.first_clicks,
        cast({{ days_between("firsts.first_day", "growth.snapshot_date") }} as {{ dbt.type_bigint() }}) as day_number,
        case when {{ windows | lower }} then usual_window end as window_length,
        {{ days_between("cast(growth.known_created_at as date)", "firsts.first_day") }} as age_at_first,
        case
            when growth.snapshot_date > firsts.first_day then growth.compared_delta
            when growth.snapshot_date = firsts.first_day then firsts.first_clicks
        end as change
    from growth
    left join firsts
        on growth.profile = firsts.profile and growth.short_url = firsts.short_url

),

aged as (

    select
        days.*,
        coalesce(age_at_first <= 1, false) as is_new,
        case when age_at_first < window_length then age_at_first + 1 else window_length end as days_before_first,
        mod(day_number - 1, window_length) + 1 as day_of_window
    from days

),

recovered as (

    select
        aged.*,
        window_length is not null and not is_new and day_number > 0 as is_estimate,
        day_of_window - window_length + days_before_first as day_before_first,
        sum(case when day_number > 0 or is_new then change end) over (
            partition by profile, short_url, mod(day_number, coalesce(window_length, 1000000)) order by snapshot_date
            rows between unbounded preceding and current row
        ) as since_first
    from aged

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
    compared_delta as clicks_delta,
    cast(
        since_first + case
            when is_estimate and day_before_first > 0
                then {{ share_of("first_clicks", "day_before_first", "days_before_first") }}
                    - {{ share_of("first_clicks", "day_before_first - 1", "days_before_first") }}
            else 0
        end as {{ dbt.type_bigint() }}
    ) as clicks_gained,
    is_estimate,
    case when corrected_metrics is not null then 'clicks ' end as corrected_metrics,
    changed_upto as changed_at
from recovered
