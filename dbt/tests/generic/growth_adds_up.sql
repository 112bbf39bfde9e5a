{#-
  The deltas of each metric add up to its last reading minus its first: nothing is counted twice or invented.

  arguments: metrics; keys, of what they are metrics; newest_only, as in unique_together.
-#}
{% test growth_adds_up(model, metrics=none, keys=none, newest_only=none, arguments={}) %}
{%- set metrics = metrics or arguments["metrics"] -%}
{%- set keys = keys or arguments["keys"] -%}
{%- set newest_only = newest_only or arguments.get("newest_only", false) -%}
with sums as (

    select
        {{ keys | join(", ") }},
        {% for metric in metrics %}
        coalesce(sum({{ metric }}_delta), 0) as {{ metric }}_added,
        coalesce(
            {{ ayrshare.latest(metric, "snapshot_date") }} - {{ ayrshare.earliest(metric, "snapshot_date") }}, 0
        ) as {{ metric }}_grown{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ model }}
    {% if newest_only %}where changed_at = (select max(changed_at) from {{ model }}){% endif %}

    group by {{ keys | join(", ") }}

)

select *
from sums
where {% for metric in metrics %}{{ metric }}_added <> {{ metric }}_grown{% if not loop.last %} or {% endif %}{% endfor %}

{% endtest %}
