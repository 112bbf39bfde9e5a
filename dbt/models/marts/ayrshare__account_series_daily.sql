{{ config(enabled=has("social_analytics_daily"), materialized="view") }}

{#- The networks' own daily series, a column for each number that several networks have. -#}
{% set series = ayrshare_definitions()["series"] %}

with points as (

    select
        {{ profile_name() }} as profile,
        platform,
        metric,
        cast(date as date) as series_date,
        cast(value as {{ type_double() }}) as value,
        {{ instant("extracted_at") }} as read_at
    from {{ source("ayrshare", "social_analytics_daily") }}

),

days as (

    select
        profile,
        platform,
        series_date,
        {% for column, networks in series.items() %}
        max(case
            {% for network, entry in networks.items() %}
            when platform = '{{ network }}' and metric = '{{ entry["field"] }}' then value{% if "factor" in entry %} * {{ entry["factor"] }}{% endif %}

            {% endfor %}
        end) as {{ column }},
        {% endfor %}
        max(read_at) as read_at
    from {{ once("points", ["profile", "platform", "metric", "series_date"]) }} as points
    group by profile, platform, series_date

)

select
    profile,
    platform,
    series_date,
    {% for column in series %}
    {% if column == "followers_gained" %}
    -- A level says what the days between two of its values have brought, as a net.
    cast(coalesce(followers_gained, case
        when followers - lag(followers) over (partition by profile, platform order by series_date) > 0 then followers - lag(followers) over (partition by profile, platform order by series_date)
        when followers is not null and lag(followers) over (partition by profile, platform order by series_date) is not null then 0
    end) as {{ dbt.type_bigint() }}) as followers_gained,
    {% elif column == "followers_lost" %}
    cast(coalesce(followers_lost, case
        when followers - lag(followers) over (partition by profile, platform order by series_date) < 0 then lag(followers) over (partition by profile, platform order by series_date) - followers
        when followers is not null and lag(followers) over (partition by profile, platform order by series_date) is not null then 0
    end) as {{ dbt.type_bigint() }}) as followers_lost,
    {% else %}
    cast({{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
    {% endif %}
    {% endfor %}
    cast(impressions - impressions_paid as {{ dbt.type_bigint() }}) as impressions_organic,
    cast(views - views_paid as {{ dbt.type_bigint() }}) as views_organic,
    cast(video_views - video_views_paid as {{ dbt.type_bigint() }}) as video_views_organic,
    read_at
from days
