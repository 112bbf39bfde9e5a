{{ config(materialized="table") }}

{% set columns = ["level", "platform", "metric", "basis", "kind", "unit",
    "additive_over_days", "additive_over_posts", "additive_over_profiles",
    "growth_additive_over_days", "growth_additive_over_posts", "growth_additive_over_profiles", "only_within",
    "counts", "source_field", "source", "note"] %}

{% for row in ayrshare_definitions()["rows"] %}
select
    {% for column in columns %}
    {% set value = row[loop.index0] %}
    {% if "additive" in column -%}
    cast({{ "null" if value is none else value | string | lower }} as {{ dbt.type_boolean() }})
    {%- else -%}
    cast({{ "null" if value is none else dbt.string_literal(dbt.escape_single_quotes(value)) }} as {{ dbt.type_string() }})
    {%- endif %} as {{ column }}{% if not loop.last %},{% endif %}
    {% endfor %}
{% if not loop.last %}union all{% endif %}
{% endfor %}
