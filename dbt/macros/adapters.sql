{#- What the databases say differently. Each macro has a default, for DuckDB and Snowflake unless it says otherwise. -#}

{% macro type_double() %}{{ return(adapter.dispatch("type_double", "ayrshare")()) }}{% endmacro %}
{% macro default__type_double() %}{{ return("double precision") }}{% endmacro %}
{% macro bigquery__type_double() %}{{ return("float64") }}{% endmacro %}

{#- A number in a JSON column, as a double; null where there is none, and where the network declined to compute it (-1). -#}
{% macro json_number(column, path) %}{{ return(adapter.dispatch("json_number", "ayrshare")(column, path)) }}{% endmacro %}

{% macro default__json_number(column, path) -%}
nullif(try_cast({{ ayrshare.json_text(column, path) }} as double), -1)
{%- endmacro %}

{% macro postgres__json_number(column, path) -%}
{%- set text = ayrshare.json_text(column, path) -%}
case when {{ text }} ~ '^-?[0-9]{1,18}([.][0-9]{1,18})?$' then nullif(cast({{ text }} as double precision), -1) end
{%- endmacro %}

{% macro bigquery__json_number(column, path) -%}
nullif(safe_cast({{ ayrshare.json_text(column, path) }} as float64), -1)
{%- endmacro %}

{#- A text in a JSON column. -#}
{% macro json_text(column, path) %}{{ return(adapter.dispatch("json_text", "ayrshare")(column, path)) }}{% endmacro %}

{% macro default__json_text(column, path) -%}
json_extract_string({{ column }}, '{{ ayrshare.json_path(path) }}')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
({{ column }} #>> '{{ "{" ~ path | replace(".", ",") ~ "}" }}')
{%- endmacro %}

{% macro snowflake__json_text(column, path) -%}
cast(get_path({{ column }}, '{{ ayrshare.json_path(path)[2:] }}') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
json_value({{ column }}, '{{ ayrshare.json_path(path) }}')
{%- endmacro %}

{#- mediaUrls.0.type as $."mediaUrls"[0]."type". -#}
{% macro json_path(path) %}
{%- set parts = [] -%}
{%- for part in path.split(".") -%}
    {%- do parts.append("[" ~ part ~ "]" if part.isdigit() else '."' ~ part ~ '"') -%}
{%- endfor -%}
{{ return("$" ~ parts | join("")) }}
{% endmacro %}

{#- A whole JSON column as text. -#}
{% macro json_as_text(column) %}{{ return(adapter.dispatch("json_as_text", "ayrshare")(column)) }}{% endmacro %}

{% macro default__json_as_text(column) -%}
cast({{ column }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro snowflake__json_as_text(column) -%}
to_json({{ column }})
{%- endmacro %}

{% macro bigquery__json_as_text(column) -%}
to_json_string({{ column }})
{%- endmacro %}

{#- An instant as the loaders store it, as a timestamp in UTC. -#}
{% macro instant(column) -%}
cast({{ column }} as {{ dbt.type_timestamp() }})
{%- endmacro %}

{#- An instant as wall-clock time of the reporting time zone. -#}
{% macro local_time(instant) %}
{%- if var("ayrshare_timezone") == "UTC" -%}
    {{ return(instant) }}
{%- endif -%}
{{ return(adapter.dispatch("local_time", "ayrshare")(instant, var("ayrshare_timezone"))) }}
{% endmacro %}

{% macro default__local_time(instant, zone) -%}
(({{ instant }} at time zone 'UTC') at time zone '{{ zone }}')
{%- endmacro %}

{% macro snowflake__local_time(instant, zone) -%}
convert_timezone('UTC', '{{ zone }}', {{ instant }})
{%- endmacro %}

{% macro bigquery__local_time(instant, zone) -%}
datetime({{ instant }}, '{{ zone }}')
{%- endmacro %}

{#- 1 (Monday) to 7. -#}
{% macro weekday(day) %}{{ return(adapter.dispatch("weekday", "ayrshare")(day)) }}{% endmacro %}

{% macro default__weekday(day) -%}
cast(extract(isodow from {{ day }}) as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro snowflake__weekday(day) -%}
cast(dayofweekiso({{ day }}) as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro bigquery__weekday(day) -%}
mod(extract(dayofweek from {{ day }}) + 5, 7) + 1
{%- endmacro %}

{#- Days from one date to another, and a date some days later. -#}
{% macro days_between(first, second) %}{{ return(adapter.dispatch("days_between", "ayrshare")(first, second)) }}{% endmacro %}

{% macro default__days_between(first, second) -%}
({{ second }} - {{ first }})
{%- endmacro %}

{% macro bigquery__days_between(first, second) -%}
date_diff({{ second }}, {{ first }}, day)
{%- endmacro %}

{% macro days_after(day, days) %}{{ return(adapter.dispatch("days_after", "ayrshare")(day, days)) }}{% endmacro %}

{% macro default__days_after(day, days) -%}
({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro bigquery__days_after(day, days) -%}
date_add({{ day }}, interval {{ days }} day)
{%- endmacro %}

{#- The last value of a column that is not null, in the rows before this one. -#}
{% macro before(column, keys, order) %}{{ return(adapter.dispatch("before", "ayrshare")(column, keys, order)) }}{% endmacro %}

{% macro default__before(column, keys, order) -%}
last_value({{ column }} ignore nulls) over (
    partition by {{ keys | join(", ") }} order by {{ order }} rows between unbounded preceding and 1 preceding
)
{%- endmacro %}

{% macro snowflake__before(column, keys, order) -%}
last_value({{ column }}) ignore nulls over (
    partition by {{ keys | join(", ") }} order by {{ order }} rows between unbounded preceding and 1 preceding
)
{%- endmacro %}

{#- PostgreSQL knows no IGNORE NULLS: the largest pair of day and value is the last one. -#}
{% macro postgres__before(column, keys, order) -%}
({{ ayrshare.last_pair(column, keys, order) }})[2]
{%- endmacro %}

{% macro last_pair(column, keys, order) -%}
max(case when {{ column }} is not null then array[cast({{ order }} - date '1970-01-01' as bigint), cast({{ column }} as bigint)] end) over (
    partition by {{ keys | join(", ") }} order by {{ order }} rows between unbounded preceding and 1 preceding
)
{%- endmacro %}

{#- Days from the row before this one in which a column is not null. -#}
{% macro days_since(column, keys, order) %}{{ return(adapter.dispatch("days_since", "ayrshare")(column, keys, order)) }}{% endmacro %}

{% macro default__days_since(column, keys, order) -%}
{{ ayrshare.days_between(ayrshare.before("case when " ~ column ~ " is not null then " ~ order ~ " end", keys, order), order) }}
{%- endmacro %}

{% macro postgres__days_since(column, keys, order) -%}
(({{ order }} - date '1970-01-01') - ({{ ayrshare.last_pair(column, keys, order) }})[1])
{%- endmacro %}

{#- Of a group, the value that is not null on the latest date. -#}
{% macro latest(column, order, is_text=false) %}
{{ return(adapter.dispatch("latest", "ayrshare")(column, order, is_text)) }}
{% endmacro %}

{% macro default__latest(column, order, is_text) -%}
max_by({{ column }}, case when {{ column }} is not null then {{ order }} end)
{%- endmacro %}

{% macro postgres__latest(column, order, is_text) -%}
(max(case when {{ column }} is not null then
    {%- if is_text %} array[cast({{ order }} as text), {{ column }}]
    {%- else %} array[cast({{ order }} - date '1970-01-01' as bigint), {{ column }}]
    {%- endif %} end))[2]
{%- endmacro %}

{#- A row for each whole number from 1 to a column of the relation before it, as `position`. -#}
{% macro each_up_to(count) %}{{ return(adapter.dispatch("each_up_to", "ayrshare")(count)) }}{% endmacro %}

{% macro default__each_up_to(count) -%}
inner join (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as position
    from (select 0 as digit {% for digit in range(1, 10) %}union all select {{ digit }} {% endfor %}) as ones
    cross join (select 0 as digit {% for digit in range(1, 10) %}union all select {{ digit }} {% endfor %}) as tens
    cross join (select 0 as digit {% for digit in range(1, 10) %}union all select {{ digit }} {% endfor %}) as hundreds
    cross join (select 0 as digit {% for digit in range(1, 10) %}union all select {{ digit }} {% endfor %}) as thousands
) as positions on positions.position between 1 and {{ count }}
{%- endmacro %}

{% macro postgres__each_up_to(count) -%}
cross join lateral generate_series(1, {{ count }}) as positions(position)
{%- endmacro %}

{% macro duckdb__each_up_to(count) -%}
cross join lateral (select unnest(generate_series(1, {{ count }})) as position) as positions
{%- endmacro %}

{% macro bigquery__each_up_to(count) -%}
cross join unnest(generate_array(1, {{ count }})) as position
{%- endmacro %}
