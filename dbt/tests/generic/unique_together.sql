{#-
  A key has one row. arguments: columns, its columns; newest_only, to look only at the rows that the last run built,
  whatever the size of the history.

  From dbt-core 1.10 on, dbt hands over what is in `arguments` one by one; older ones hand it over as it is.
-#}
{% test unique_together(model, columns=none, newest_only=none, arguments={}) %}
{%- set columns = columns or arguments["columns"] -%}
{%- set newest_only = newest_only or arguments.get("newest_only", false) -%}
select {{ columns | join(", ") }}
from {{ model }}
{% if newest_only %}where changed_at = (select max(changed_at) from {{ model }}){% endif %}

group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
