{% set keys = ["profile", "platform", "social_post_id", "thread_index"] %}
{{ config(
    enabled=has_posts(),
    materialized="incremental",
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    pre_hook="{{ ayrshare.forget(ref('int_ayrshare__post_changes'), ['profile', 'platform', 'social_post_id']) }}",
    indexes=postgres_indexes(["profile", "platform", "social_post_id"], ["changed_at"]),
    cluster_by=["profile", "platform", "social_post_id"],
) }}

{#-
  What a post had at some ages, in days: its growth up to then, and what it had at the first reading if that is not
  growth. Null where it was not being read by then, or has not reached that age.
-#}
{% set metrics, ages = aged_metrics(), ages_of_posts() %}

with days as (

    select
        days.*,
        min(case when is_snapshot then age_days end) over (partition by {{ keys | join(", ") }}) as first_age,
        max(case when is_snapshot then age_days end) over (partition by {{ keys | join(", ") }}) as last_age
    from {{ ref("ayrshare__post_metrics_daily") }} as days
    {% if is_incremental() %}
    where exists (
        select 1 from {{ ref("int_ayrshare__post_changes") }} as changes
        where changes.profile = days.profile
            and changes.platform = days.platform
            and changes.social_post_id = days.social_post_id
    )
    {% endif %}

),

grown as (

    select
        {{ keys | join(", ") }},
        {% for metric in metrics %}
        {% for age in ages %}
        cast(case
            when max(last_age) >= {{ age }} and min(case when is_counted_from_zero then 0 else first_age end) <= {{ age }}
                then sum(case when age_days <= {{ age }} then {{ metric }}_delta end)
        end as {{ dbt.type_bigint() }}) as {{ metric }}_grown_{{ age }},
        cast(case
            when max(last_age) >= {{ age }}
                then {{ earliest("case when age_days <= " ~ age ~ " and not is_counted_from_zero then " ~ metric ~ " end", "snapshot_date") }}
        end as {{ dbt.type_bigint() }}) as {{ metric }}_found_{{ age }},
        {% endfor %}
        {% endfor %}
        max(changed_at) as changed_at
    from days
    group by {{ keys | join(", ") }}

)

select
    {{ keys | join(", ") }},
    {% for metric in metrics %}
    {% for age in ages %}
    case
        when {{ metric }}_grown_{{ age }} is not null or {{ metric }}_found_{{ age }} is not null
            then coalesce({{ metric }}_grown_{{ age }}, 0) + coalesce({{ metric }}_found_{{ age }}, 0)
    end as {{ metric }}_day_{{ age }},
    {% endfor %}
    {% endfor %}
    changed_at
from grown
