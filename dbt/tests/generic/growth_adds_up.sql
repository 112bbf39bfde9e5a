{#-
  The deltas of each metric add up to its last reading minus its first: nothing is counted twice or invented.

  arguments: metrics; keys, of what they are metrics; newest_only, as in unique_together; from_zero, the column that says
  that the first reading is growth too; restarts, the column that names metrics which began anew with another meaning:
  those are left out.
-#}
{% test growth_adds_up(model, metrics=none, keys=none, newest_only=none, from_zero=none, restarts=none, arguments={}) %}
{%- set metrics = metrics or arguments["metrics"] -%}
{%- set keys = keys or arguments["keys"] -%}
{%- set from_zero = from_zero or arguments.get("from_zero") -%}
{%- set restarts = restarts or arguments.get("restarts") -%}
{%- set newest_only = newest_only or arguments.get("newest_only", false) -%}
with sums as (

    select
        {{ keys | join(", ") }},
        {% for metric in metrics %}
        coalesce(sum({{ metric }}_delta), 0) as {{ metric }}_added,
        coalesce(
            {{ ayrshare.latest(metric, "snapshot_date") }}
            - {% if from_zero %}case when {{ ayrshare.bool_or(from_zero) }} then 0 else {% endif -%}
            {{ ayrshare.earliest(metric, "snapshot_date") }}
            {%- if from_zero %} end{% endif %}, 0
        ) as {{ metric }}_grown,
        {% if restarts %}max(case when {{ restarts }} like '%{{ metric }} %' then 1 else 0 end){% else %}0{% endif %} as {{ metric }}_restarts{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ model }}
    {% if newest_only %}where changed_at = (select max(changed_at) from {{ model }}){% endif %}

    group by {{ keys | join(", ") }}

)

select *
from sums
where {% for metric in metrics %}({{ metric }}_added <> {{ metric }}_grown and {{ metric }}_restarts = 0){% if not loop.last %} or {% endif %}{% endfor %}

{% endtest %}
