{#-
  Snapshots with their growth: a row for each day with a snapshot, and for each day between two snapshots on which
  something grew; with every_day, for each day between the first snapshot and the last.

  relation: a CTE or relation with the columns `keys`, snapshot_date and `metrics`; one row per key and day.

  A metric has a value on days with a snapshot and is null on days without one. The growth between two readings of a
  metric is spread over the days between them in whole numbers, so the deltas of all days add up to the last reading
  minus the first: no day is counted twice, and nothing that was never read is invented. Before the first reading the
  delta is null. When a network corrects a counter downward, its delta is negative and its name is listed in
  corrected_metrics.
-#}
{% macro with_growth(relation, keys, metrics, every_day=false) %}
{%- set double = ayrshare.type_double() -%}
{%- set bigint = dbt.type_bigint() -%}
with intervals as (

    select
        {{ keys | join(", ") }},
        snapshot_date,
        {{ ayrshare.days_between("lag(snapshot_date) over (partition by " ~ keys | join(", ") ~ " order by snapshot_date)", "snapshot_date") }}
            as days_covered,
        {% for metric in metrics %}
        {{ metric }},
        {{ metric }} - {{ ayrshare.before(metric, keys, "snapshot_date") }} as {{ metric }}_grown,
        case when {{ metric }} is not null then {{ ayrshare.days_since(metric, keys, "snapshot_date") }} end
            as {{ metric }}_days{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ relation }}

),

between_snapshots as (

    select
        intervals.*,
        {{ ayrshare.days_after("snapshot_date", "-positions.position") }} as day,
        positions.position
    from (
        select
            intervals.*,
            greatest(
                {% for metric in metrics %}
                case when {{ metric }}_grown <> 0 then {{ metric }}_days else 1 end,
                {% endfor %}
                {{ "coalesce(days_covered, 1)" if every_day else "1" }}
            ) - 1 as days_before
        from intervals
    ) as intervals
    {{ ayrshare.each_up_to("intervals.days_before") }}
    where intervals.days_before > 0

),

spread as (

    select
        {{ keys | join(", ") }},
        day,
        {% for metric in metrics %}
        case when position < {{ metric }}_days then
            cast(floor(cast({{ metric }}_grown * ({{ metric }}_days - position) as {{ double }}) / {{ metric }}_days) as {{ bigint }})
            - cast(floor(cast({{ metric }}_grown * ({{ metric }}_days - position - 1) as {{ double }}) / {{ metric }}_days) as {{ bigint }})
        end as {{ metric }}_delta{% if not loop.last %},{% endif %}
        {% endfor %}
    from between_snapshots

),

days as (

    select
        {{ keys | join(", ") }},
        day,
        {% for metric in metrics %}
        max({{ metric }}_delta) as {{ metric }}_delta{% if not loop.last %},{% endif %}
        {% endfor %}
    from spread
    {% if not every_day %}
    where {% for metric in metrics %}{{ metric }}_delta <> 0{% if not loop.last %} or {% endif %}{% endfor %}
    {% endif %}
    group by {{ keys | join(", ") }}, day

),

joined as (

    select
        {% for key in keys %}
        coalesce(intervals.{{ key }}, days.{{ key }}) as {{ key }},
        {% endfor %}
        coalesce(intervals.snapshot_date, days.day) as snapshot_date,
        intervals.snapshot_date is not null as is_snapshot,
        intervals.days_covered,
        {% for metric in metrics %}
        intervals.{{ metric }},
        coalesce(
            intervals.{{ metric }}_grown - cast(
                floor(cast(intervals.{{ metric }}_grown * (intervals.{{ metric }}_days - 1) as {{ double }}) / intervals.{{ metric }}_days)
            as {{ bigint }}),
            days.{{ metric }}_delta
        ) as {{ metric }}_delta{% if not loop.last %},{% endif %}
        {% endfor %}
    from intervals
    full outer join days
        on {% for key in keys %}intervals.{{ key }} = days.{{ key }} and {% endfor %} intervals.snapshot_date = days.day

)

select
    joined.*,
    nullif(
        {% for metric in metrics %}
        case when {{ metric }}_delta < 0 then '{{ metric }} ' else '' end
        {%- if not loop.last %} ||{% endif %}
        {% endfor %}, ''
    ) as corrected_metrics
from joined
{% endmacro %}
