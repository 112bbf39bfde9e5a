{#-
  The deltas of each metric add up to its last reading minus its first: nothing is counted twice or invented.

  newest_only: look only at the rows that the last run built, whatever the size of the history.
-#}
{% test growth_adds_up(model, metrics, keys, newest_only=false) %}
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
