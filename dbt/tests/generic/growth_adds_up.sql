{#-
  The deltas of each metric add up to its last reading minus its first: nothing is counted twice or invented.

  newest_only: look only at the rows that the last run built, whatever the size of the history.
-#}
{% test growth_adds_up(model, metrics, keys, newest_only=false) %}
with days as (

    select
        {{ keys | join(", ") }},
        {% for metric in metrics %}
        {{ metric }}_delta,
        first_value({{ metric }}) over (
            partition by {{ keys | join(", ") }}
            order by case when {{ metric }} is null then 1 else 0 end, snapshot_date
        ) as {{ metric }}_first,
        first_value({{ metric }}) over (
            partition by {{ keys | join(", ") }}
            order by case when {{ metric }} is null then 1 else 0 end, snapshot_date desc
        ) as {{ metric }}_last{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ model }}
    {% if newest_only %}where changed_at = (select max(changed_at) from {{ model }}){% endif %}

),

sums as (

    select
        {{ keys | join(", ") }},
        {% for metric in metrics %}
        coalesce(sum({{ metric }}_delta), 0) as {{ metric }}_added,
        coalesce(max({{ metric }}_last) - min({{ metric }}_first), 0) as {{ metric }}_grown{% if not loop.last %},{% endif %}
        {% endfor %}
    from days
    group by {{ keys | join(", ") }}

)

select *
from sums
where {% for metric in metrics %}{{ metric }}_added <> {{ metric }}_grown{% if not loop.last %} or {% endif %}{% endfor %}

{% endtest %}
