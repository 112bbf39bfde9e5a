{#- A key has one row. newest_only: look only at the rows that the last run built, whatever the size of the history. -#}
{% test unique_together(model, columns, newest_only=false) %}
select {{ columns | join(", ") }}
from {{ model }}
{% if newest_only %}where changed_at = (select max(changed_at) from {{ model }}){% endif %}

group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
