{#-
  Snapshots with their growth: a row for each day with a snapshot, and for each day between two snapshots on which
  something grew; with every_day, for each day between the first snapshot and the last, and with <metric>_filled: the
  reading, or the last one and the growth since.

  relation: a CTE or relation with one row per key and day: the columns `keys`, snapshot_date, `metrics`, `constants` (the
  same on all days of a key) and `details` (of the snapshot; null on other days).

  A metric has a value on days with a snapshot and is null on days without one. The growth between two readings of a
  metric is spread over the days between them in whole numbers, so the deltas of all days add up to the last reading
  minus the first: no day is counted twice, and nothing that was never read is invented. On the day of its first reading
  the delta is null, unless `from_zero` says that the counter began at 0 while it was being read: then it is the reading.
  When a network corrects a counter downward, its delta is negative and its name is listed in corrected_metrics.

  from_zero: the name of a constant that is true where the first reading is growth too; none where it never is.
  kinds: metrics that come from several fields that count differently, with the column that says which one it was, null
  where there is only one: between readings from two fields there is no growth, and restarted_metrics names the metric.
-#}
{% macro with_growth(relation, keys, metrics, constants=[], details=[], every_day=false, from_zero=none, kinds={}) %}
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
        {% if metric in kinds %}
        {{ ayrshare.reading_before(kinds[metric], keys) }} as {{ metric }}_kind_before,
        {{ ayrshare.reading_after(kinds[metric], keys) }} as {{ metric }}_kind_after,
        {% endif %}
        {{ ayrshare.days_until(metric, keys) }} as {{ metric }}_days_until{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ relation }}

),

grown as (

    select
        neighbors.*,
        {% for metric in metrics %}
        {{ ayrshare.grown(metric, kinds) }} as {{ metric }}_grown,
        {{ metric }}_days_since + {{ metric }}_days_until as {{ metric }}_days{% if not loop.last %},{% endif %}
        {% endfor %}
    from neighbors

),

intervals as (

    select
        grown.*,
        {% for metric in metrics %}
        mod({{ metric }}_grown, {{ metric }}_days) as {{ metric }}_rest,
        {{ ayrshare.divided(metric ~ "_grown - mod(" ~ metric ~ "_grown, " ~ metric ~ "_days)", metric ~ "_days") }} as {{ metric }}_a_day,
        {% endfor %}
        case
            when days_covered is null then 1
            {% if not every_day -%}
            when {% for metric in metrics %}coalesce({{ metric }}_grown, 0) = 0{% if not loop.last %} and {% endif %}{% endfor %} then 1
            {%- endif %}
            else days_covered
        end as days_of_interval
    from grown

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
        {% if from_zero -%}
        case when {{ from_zero }} and positions.position = 1 and {{ metric }}_before is null then {{ metric }} else
        {%- endif %}
        {{ metric }}_a_day
            + {{ ayrshare.share_of_rest(metric, metric ~ "_days_since + 1 - positions.position") }}
            - {{ ayrshare.share_of_rest(metric, metric ~ "_days_since - positions.position") }}
        {%- if from_zero %} end{% endif %} as {{ metric }}_delta
        {%- if metric in kinds %},
        positions.position = 1 and {{ metric }} is not null and {{ metric }}_kind_before <> {{ metric }}_kind_after
            as {{ metric }}_restarts
        {%- endif %}
        {%- if every_day %},
        coalesce(
            {{ metric }}_before + {{ metric }}_a_day * ({{ metric }}_days_since + 1 - positions.position)
                + {{ ayrshare.share_of_rest(metric, metric ~ "_days_since + 1 - positions.position") }},
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
    {%- if kinds %},
    nullif(
        {% for metric in kinds %}
        case when {{ metric }}_restarts then '{{ metric }} ' else '' end
        {%- if not loop.last %} ||{% endif %}
        {% endfor %}, ''
    ) as restarted_metrics
    {%- endif %}
from days
{% if not every_day %}
where is_snapshot
    {% for metric in metrics %}
    or {{ metric }}_delta <> 0
    {% endfor %}
{% endif %}
{% endmacro %}

{#- What a metric grows from its last reading before a row to its next one: unknown if the two count differently. -#}
{% macro grown(metric, kinds) -%}
{%- if metric in kinds -%}
case when {{ metric }}_kind_before <> {{ metric }}_kind_after then null else {{ metric }}_after - {{ metric }}_before end
{%- else -%}
{{ metric }}_after - {{ metric }}_before
{%- endif -%}
{%- endmacro %}

{#-
  What a metric has grown after some days of its interval, in whole numbers, beside <metric>_a_day for each of them:
  together, the floor of grown * days / days of the interval. The rest is small, so that no digit is lost.
-#}
{% macro share_of_rest(metric, days) -%}
cast(floor(cast({{ metric }}_rest * ({{ days }}) as {{ ayrshare.type_double() }}) / {{ metric }}_days) as {{ dbt.type_bigint() }})
{%- endmacro %}

{#- The same of any number. -#}
{% macro share_of(whole, days, all_days) -%}
{%- set rest = "mod(" ~ whole ~ ", " ~ all_days ~ ")" -%}
(
    {{ ayrshare.divided(whole ~ " - " ~ rest, all_days) }} * ({{ days }})
    + cast(floor(cast({{ rest }} * ({{ days }}) as {{ ayrshare.type_double() }}) / {{ all_days }}) as {{ dbt.type_bigint() }})
)
{%- endmacro %}
