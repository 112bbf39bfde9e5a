{{ config(enabled=has_posts() and has("social_analytics"), materialized="view") }}

{% set bigint, double = dbt.type_bigint(), type_double() %}
{% set gains = ["engagements", "impressions", "views"] %}
{% set compared = ["posts", "engagements", "impressions", "views", "followers_net"] %}

with gained as (

    select
        profile,
        platform,
        {{ month_of("snapshot_date") }} as month,
        sum(posts_published) as posts,
        {% for metric in gains %}
        sum({{ metric }}_gained) as {{ metric }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref("ayrshare__network_metrics_daily") }}
    group by profile, platform, {{ month_of("snapshot_date") }}

),

published as (

    select
        profile,
        platform,
        {{ month_of("published_date") }} as month,
        avg(reach) as average_reach,
        cast(sum(case when impressions is not null then engagements end) as {{ double }})
            / nullif(sum(case when engagements is not null then impressions end), 0) as engagement_rate
    from {{ ref("ayrshare__post_metrics_latest") }}
    where published_date is not null
    group by profile, platform, {{ month_of("published_date") }}

),

account_days as (

    select
        days.*,
        {{ month_of("snapshot_date") }} as month,
        max(account_number) over (partition by profile, platform, {{ month_of("snapshot_date") }}) as last_number
    from {{ ref("ayrshare__account_metrics_daily") }} as days

),

followers as (

    select
        profile,
        platform,
        month,
        {{ latest("followers_filled", "snapshot_date") }} as followers_end,
        cast(sum(case when account_number = last_number then followers_delta end) as {{ bigint }}) as of_last_account,
        cast(sum(followers_delta) as {{ bigint }}) as followers_net
    from account_days
    group by profile, platform, month

),

keys as (

    select profile, platform, month from gained
    union distinct
    select profile, platform, month from followers

),

months as (

    select
        keys.profile,
        keys.platform,
        keys.month,
        coalesce(gained.posts, 0) as posts,
        {% for metric in gains %}
        gained.{{ metric }},
        {% endfor %}
        published.average_reach,
        published.engagement_rate,
        followers.followers_end - coalesce(followers.of_last_account, 0) as followers_start,
        followers.followers_end,
        followers.followers_net
    from keys
    left join gained
        on keys.profile = gained.profile and keys.platform = gained.platform and keys.month = gained.month
    left join published
        on keys.profile = published.profile and keys.platform = published.platform and keys.month = published.month
    left join followers
        on keys.profile = followers.profile and keys.platform = followers.platform and keys.month = followers.month

),

covered as (

    select
        months.profile,
        months.platform,
        months.month,
        sum(
            1 + {{ days_between(
                later("months.month", "coverage.covered_from"),
                earlier(days_after(months_after("months.month", 1), -1), "coverage.covered_until")
            ) }}
        ) as covered_days,
        max(case
            when coverage.covered_from <= {{ months_after("months.month", -1) }}
                and coverage.covered_until >= {{ days_after(months_after("months.month", 1), -1) }}
                then 1 else 0
        end) as is_comparable,
        max(case
            when coverage.covered_from <= {{ months_after("months.month", -12) }}
                and coverage.covered_until >= {{ days_after(months_after("months.month", 1), -1) }}
                then 1 else 0
        end) as is_comparable_with_year
    from months
    inner join {{ ref("ayrshare__account_coverage") }} as coverage
        on months.profile = coverage.profile
        and months.platform = coverage.platform
        and coverage.covered_from < {{ months_after("months.month", 1) }}
        and coverage.covered_until >= months.month
        and coverage.covered_from <= coverage.covered_until
    group by months.profile, months.platform, months.month

)

select
    months.profile,
    months.platform,
    months.month,
    {% for metric in ["posts"] + gains %}
    cast(months.{{ metric }} as {{ bigint }}) as {{ metric }},
    {% endfor %}
    cast(months.average_reach as {{ double }}) as average_reach,
    months.engagement_rate,
    cast(months.followers_start as {{ bigint }}) as followers_start,
    cast(months.followers_end as {{ bigint }}) as followers_end,
    cast(months.followers_net as {{ bigint }}) as followers_net,
    {% for suffix, other in (("month_before", "before"), ("year_before", "year")) %}
    {% for metric in compared %}
    cast({{ other }}.{{ metric }} as {{ bigint }}) as {{ metric }}_{{ suffix }},
    {% endfor %}
    {% endfor %}
    cast(coalesce(covered.covered_days, 0) as {{ bigint }}) as covered_days,
    cast({{ days_between("months.month", months_after("months.month", 1)) }} as {{ bigint }}) as days_in_month,
    coalesce(covered.is_comparable = 1, false) as is_comparable,
    coalesce(covered.is_comparable_with_year = 1, false) as is_comparable_with_year
from months
left join months as before
    on months.profile = before.profile
    and months.platform = before.platform
    and before.month = {{ months_after("months.month", -1) }}
left join months as year
    on months.profile = year.profile
    and months.platform = year.platform
    and year.month = {{ months_after("months.month", -12) }}
left join covered
    on months.profile = covered.profile and months.platform = covered.platform and months.month = covered.month
