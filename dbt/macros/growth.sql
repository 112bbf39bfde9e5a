{#-
  Snapshots with their growth: a row for each day with a snapshot, and for each day between two snapshots on which
  something grew; with every_day, for each day between the first snapshot and the last, and with <metric>_filled: the
  reading, or the last one and the growth since.

  relation: a CTE or relation with one row per key and day: the columns `keys`, snapshot_date, `metrics`, `constants` (the
  same on all days of a key) and `details` (of the snapshot; null on other days).

  A metric has a value on days with a snapshot and is null on days without one. The growth between two readings of a
  metric is spread over the days between them in whole numbers, so the deltas of all days add up to the last reading
  minus the first: no day is counted twice, and nothing that was never read is invented. Before the first reading the
  delta is null. When a network corrects a counter downward, its delta is negative and its name is listed in
  corrected_metrics.
-#}
{% macro with_growth(relation, keys, metrics, constants=[], details=[], every_day=false) %}
{%- set bigint = dbt.type_bigint() -%}
with neighbors as (

    select
        {{ (keys + constants + details) | join(", ") }},
        snapshot_date,
        {{ ayrshare.days_between("lag(snapshot_date) over (partition by " ~ keys | join(", ") ~ " order by snapshot_date)", "snapshot_date") }}
            as days_covered,
        {% for metric in metrics %}
        {{ metric }},
        {{ ayrshare.reading_before(metric, keys) }} as {{ metric }}_before,
        {{ ayrshare.days_since(metric, keys) }} as {{ metric }}_days_since,
        {{ ayrshare.reading_after(metric, keys) }} as {{ metric }}_after,
        {{ ayrshare.days_until(metric, keys) }} as {{ metric }}_days_until{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ relation }}

),

intervals as (

    select
        {{ (keys + constants + details) | join(", ") }},
        snapshot_date,
        days_covered,
        {% for metric in metrics %}
        {{ metric }},
        {{ metric }}_before,
        {{ metric }}_after - {{ metric }}_before as {{ metric }}_grown,
        {{ metric }}_days_since as {{ metric }}_days_since,
        {{ metric }}_days_since + {{ metric }}_days_until as {{ metric }}_days,
        {% endfor %}
        case
            when days_covered is null then 1
            {% if not every_day -%}
            when {% for metric in metrics %}coalesce({{ metric }}_after - {{ metric }}_before, 0) = 0{% if not loop.last %} and {% endif %}{% endfor %} then 1
            {%- endif %}
            else days_covered
        end as days_of_interval
    from neighbors

),

days as (

    select
        {{ (keys + constants) | join(", ") }},
        {{ ayrshare.days_after("snapshot_date", "1 - positions.position") }} as snapshot_date,
        positions.position = 1 as is_snapshot,
        {% for column in ["days_covered"] + details + metrics %}
        case when positions.position = 1 then {{ column }} end as {{ column }},
        {% endfor %}
        {% for metric in metrics %}
        {{ ayrshare.share_of_growth(metric, metric ~ "_days_since + 1 - positions.position") }}
        - {{ ayrshare.share_of_growth(metric, metric ~ "_days_since - positions.position") }} as {{ metric }}_delta
        {%- if every_day %},
        coalesce(
            {{ metric }}_before + {{ ayrshare.share_of_growth(metric, metric ~ "_days_since + 1 - positions.position") }},
            {{ metric }}_before,
            case when positions.position = 1 then {{ metric }} end
        ) as {{ metric }}_filled
        {%- endif %}{% if not loop.last %},{% endif %}
        {% endfor %}
    from intervals
    {{ ayrshare.each_up_to("intervals.days_of_interval") }}

)

select
    days.*,
    nullif(
        {% for metric in metrics %}
        case when {{ metric }}_delta < 0 then '{{ metric }} ' else '' end
        {%- if not loop.last %} ||{% endif %}
        {% endfor %}, ''
    ) as corrected_metrics
from days
{% if not every_day %}
where is_snapshot
    {% for metric in metrics %}
    or {{ metric }}_delta <> 0
    {% endfor %}
{% endif %}
{% endmacro %}

{#- What a metric has grown after some days of its interval, in whole numbers. -#}
{% macro share_of_growth(metric, days) -%}
cast(floor(cast({{ metric }}_grown * ({{ days }}) as {{ ayrshare.type_double() }}) / {{ metric }}_days) as {{ dbt.type_bigint() }})
{%- endmacro %}
