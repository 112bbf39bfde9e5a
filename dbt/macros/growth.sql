{#-
  Snapshots with their growth: one row per day from the first snapshot to the last.

  relation: a CTE or relation with the columns `keys`, snapshot_date and `metrics`; one row per key and day.

  A metric has a value on days with a snapshot and is null on days without one. The growth between two readings of a
  metric is spread over the days between them in whole numbers, so the deltas of all days add up to the last reading
  minus the first: no day is counted twice, and nothing that was never read is invented. Before the first reading the
  delta is null. When a network corrects a counter downward, its delta is negative and its name is listed in
  corrected_metrics.
-#}
{% macro with_growth(relation, keys, metrics) %}
with snapshots as (

    select
        {{ keys | join(", ") }},
        snapshot_date,
        snapshot_date - lag(snapshot_date) over (
            partition by {{ keys | join(", ") }} order by snapshot_date
        ) as days_covered,
        {{ metrics | join(", ") }}
    from {{ relation }}

),

readings as (

    {% for metric in metrics %}
    select
        {{ keys | join(", ") }},
        snapshot_date,
        '{{ metric }}' as metric,
        {{ metric }} as reading
    from snapshots
    where {{ metric }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

steps as (

    select
        {{ keys | join(", ") }},
        metric,
        snapshot_date,
        lag(snapshot_date) over (
            partition by {{ keys | join(", ") }}, metric order by snapshot_date
        ) as previous_date,
        reading - lag(reading) over (
            partition by {{ keys | join(", ") }}, metric order by snapshot_date
        ) as growth
    from readings

),

gaps as (

    select
        steps.*,
        snapshot_date - previous_date as days
    from steps
    where previous_date is not null

),

digits as (

    {% for digit in range(10) %}
    select {{ digit }} as digit {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

days_of_gap as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as position
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    where ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
        between 1 and (select max(days) from gaps)

),

spread as (

    select
        {% for key in keys %}gaps.{{ key }},{% endfor %}
        gaps.metric,
        gaps.growth,
        gaps.previous_date + days_of_gap.position as day,
        case
            when days_of_gap.position = gaps.days then gaps.growth
            else cast(floor(cast(gaps.growth * days_of_gap.position as double precision) / gaps.days) as bigint)
        end as grown,
        cast(floor(cast(gaps.growth * (days_of_gap.position - 1) as double precision) / gaps.days) as bigint)
            as grown_before
    from gaps
    inner join days_of_gap on days_of_gap.position <= gaps.days

),

deltas as (

    select
        {{ keys | join(", ") }},
        day,
        {% for metric in metrics %}
        max(case when metric = '{{ metric }}' then grown - grown_before end) as {{ metric }}_delta,
        max(case when metric = '{{ metric }}' and growth < 0 then 1 else 0 end) as {{ metric }}_corrected
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from spread
    group by {{ keys | join(", ") }}, day

)

select
    {% for key in keys %}
    coalesce(snapshots.{{ key }}, deltas.{{ key }}) as {{ key }},
    {% endfor %}
    coalesce(snapshots.snapshot_date, deltas.day) as snapshot_date,
    snapshots.snapshot_date is not null as is_snapshot,
    snapshots.days_covered,
    {% for metric in metrics %}
    snapshots.{{ metric }},
    deltas.{{ metric }}_delta,
    {% endfor %}
    nullif(
        {% for metric in metrics %}
        case when deltas.{{ metric }}_corrected = 1 then '{{ metric }} ' else '' end
        {%- if not loop.last %} ||{% endif %}
        {% endfor %}, ''
    ) as corrected_metrics
from snapshots
full outer join deltas
    on {% for key in keys %}snapshots.{{ key }} = deltas.{{ key }} and {% endfor %} snapshots.snapshot_date = deltas.day
{% endmacro %}
