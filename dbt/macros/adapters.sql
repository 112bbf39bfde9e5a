{#- What the databases say differently. Each macro has a default, for DuckDB and Snowflake unless it says otherwise. -#}

{% macro type_double() %}{{ return(adapter.dispatch("type_double", "ayrshare")()) }}{% endmacro %}
{% macro default__type_double() %}{{ return("double precision") }}{% endmacro %}
{% macro bigquery__type_double() %}{{ return("float64") }}{% endmacro %}

{#- An amount of money: a decimal, whose digits are exact. -#}
{% macro money(column) -%}
cast({{ column }} as numeric(28, 6))
{%- endmacro %}

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
cast(get_path({{ column }}, '{{ ayrshare.json_path(path)[1:] | trim(".") }}') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
json_value({{ column }}, '{{ ayrshare.json_path(path) }}')
{%- endmacro %}

{#- How many elements an array in a JSON column has; null where there is no array. -#}
{% macro json_length(column, path) %}{{ return(adapter.dispatch("json_length", "ayrshare")(column, path)) }}{% endmacro %}

{% macro default__json_length(column, path) -%}
case when json_type({{ column }}, '{{ ayrshare.json_path(path) }}') = 'ARRAY'
    then json_array_length({{ column }}, '{{ ayrshare.json_path(path) }}') end
{%- endmacro %}

{% macro postgres__json_length(column, path) -%}
{%- set array = "(" ~ column ~ " #> '{" ~ path | replace(".", ",") ~ "}')" -%}
case when jsonb_typeof({{ array }}) = 'array' then jsonb_array_length({{ array }}) end
{%- endmacro %}

{% macro snowflake__json_length(column, path) -%}
array_size(get_path({{ column }}, '{{ ayrshare.json_path(path)[2:] }}'))
{%- endmacro %}

{% macro bigquery__json_length(column, path) -%}
array_length(json_query_array({{ column }}, '{{ ayrshare.json_path(path) }}'))
{%- endmacro %}

{#- An array column as JSON: loaders make arrays of texts, or JSON, of the same stream. -#}
{% macro array_as_json(column) %}{{ return(adapter.dispatch("array_as_json", "ayrshare")(column)) }}{% endmacro %}

{% macro default__array_as_json(column) -%}
{{ column }}
{%- endmacro %}

{% macro duckdb__array_as_json(column) -%}
case when typeof({{ column }}) like '%[]' then to_json({{ column }}) else try_cast(cast({{ column }} as varchar) as json) end
{%- endmacro %}

{% macro postgres__array_as_json(column) -%}
to_jsonb({{ column }})
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
nullif(to_json({{ column }}), 'null')
{%- endmacro %}

{% macro bigquery__json_as_text(column) -%}
nullif(to_json_string({{ column }}), 'null')
{%- endmacro %}

{#- An instant as the loaders store it, as a timestamp in UTC. -#}
{% macro instant(column) -%}
cast({{ column }} as {{ dbt.type_timestamp() }})
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
({{ day }} + cast(({{ days }}) as integer))
{%- endmacro %}

{% macro bigquery__days_after(day, days) -%}
date_add({{ day }}, interval ({{ days }}) day)
{%- endmacro %}

{#- The median of a column of a group. -#}
{% macro median(column) %}{{ return(adapter.dispatch("median", "ayrshare")(column)) }}{% endmacro %}

{% macro default__median(column) -%}
percentile_cont(0.5) within group (order by {{ column }})
{%- endmacro %}

{% macro bigquery__median(column) -%}
approx_quantiles({{ column }}, 2)[offset(1)]
{%- endmacro %}

{#- Whether a column is true in any row of a group. -#}
{% macro bool_or(column) -%}
max(case when {{ column }} then 1 else 0 end) = 1
{%- endmacro %}

{#- A whole number divided by one that divides it. -#}
{% macro divided(number, by) %}{{ return(adapter.dispatch("divided", "ayrshare")(number, by)) }}{% endmacro %}

{% macro default__divided(number, by) -%}
({{ number }}) / {{ by }}
{%- endmacro %}

{% macro duckdb__divided(number, by) -%}
({{ number }}) // {{ by }}
{%- endmacro %}

{% macro snowflake__divided(number, by) -%}
case when {{ by }} = 1 then {{ number }} else cast(trunc(({{ number }}) / {{ by }}) as number(38, 0)) end
{%- endmacro %}

{% macro bigquery__divided(number, by) -%}
div({{ number }}, {{ by }})
{%- endmacro %}

{#- The earlier and the later of two, either of which may be null. -#}
{% macro earlier(first, second) -%}
case when {{ second }} is null or {{ first }} <= {{ second }} then {{ first }} else {{ second }} end
{%- endmacro %}

{% macro later(first, second) -%}
case when {{ second }} is null or {{ first }} >= {{ second }} then {{ first }} else {{ second }} end
{%- endmacro %}

{#-
  A metric's last reading before a snapshot and its first one at or after it, and the days to each: null where there is
  none. Nulls in between are no readings.
-#}
{% macro reading_before(metric, keys) %}{{ return(adapter.dispatch("reading_before", "ayrshare")(metric, keys)) }}{% endmacro %}
{% macro reading_after(metric, keys) %}{{ return(adapter.dispatch("reading_after", "ayrshare")(metric, keys)) }}{% endmacro %}
{% macro days_since(metric, keys) %}{{ return(adapter.dispatch("days_since", "ayrshare")(metric, keys)) }}{% endmacro %}
{% macro days_until(metric, keys) %}{{ return(adapter.dispatch("days_until", "ayrshare")(metric, keys)) }}{% endmacro %}

{% macro rows_before(keys) -%}
over (partition by {{ keys | join(", ") }} order by snapshot_date rows between unbounded preceding and 1 preceding)
{%- endmacro %}

{% macro rows_from_here(keys) -%}
over (partition by {{ keys | join(", ") }} order by snapshot_date desc rows between unbounded preceding and current row)
{%- endmacro %}

{% macro last_known(value, rows) %}{{ return(adapter.dispatch("last_known", "ayrshare")(value, rows)) }}{% endmacro %}

{% macro default__last_known(value, rows) -%}
last_value({{ value }} ignore nulls) {{ rows }}
{%- endmacro %}

{% macro snowflake__last_known(value, rows) -%}
last_value({{ value }}) ignore nulls {{ rows }}
{%- endmacro %}

{% macro day_of(metric) -%}
case when {{ metric }} is not null then snapshot_date end
{%- endmacro %}

{% macro default__reading_before(metric, keys) -%}
{{ ayrshare.last_known(metric, ayrshare.rows_before(keys)) }}
{%- endmacro %}

{% macro default__reading_after(metric, keys) -%}
{{ ayrshare.last_known(metric, ayrshare.rows_from_here(keys)) }}
{%- endmacro %}

{% macro default__days_since(metric, keys) -%}
{{ ayrshare.days_between(ayrshare.last_known(ayrshare.day_of(metric), ayrshare.rows_before(keys)), "snapshot_date") }}
{%- endmacro %}

{% macro default__days_until(metric, keys) -%}
{{ ayrshare.days_between("snapshot_date", ayrshare.last_known(ayrshare.day_of(metric), ayrshare.rows_from_here(keys))) }}
{%- endmacro %}

{#- PostgreSQL knows no IGNORE NULLS: the pair of day and value with the latest day, or the earliest, is what is sought. -#}
{% macro pair(metric) -%}
case when {{ metric }} is not null then array[cast(snapshot_date - date '1970-01-01' as bigint), cast({{ metric }} as bigint)] end
{%- endmacro %}

{% macro postgres__reading_before(metric, keys) -%}
(max({{ ayrshare.pair(metric) }}) {{ ayrshare.rows_before(keys) }})[2]
{%- endmacro %}

{% macro postgres__reading_after(metric, keys) -%}
(min({{ ayrshare.pair(metric) }}) {{ ayrshare.rows_from_here(keys) }})[2]
{%- endmacro %}

{% macro postgres__days_since(metric, keys) -%}
((snapshot_date - date '1970-01-01') - (max({{ ayrshare.pair(metric) }}) {{ ayrshare.rows_before(keys) }})[1])
{%- endmacro %}

{% macro postgres__days_until(metric, keys) -%}
((min({{ ayrshare.pair(metric) }}) {{ ayrshare.rows_from_here(keys) }})[1] - (snapshot_date - date '1970-01-01'))
{%- endmacro %}

{#- Of a group, the value that is not null on the latest date, or on the earliest. -#}
{% macro latest(column, order, is_text=false) %}
{{ return(adapter.dispatch("at_bound", "ayrshare")("max", column, order, is_text)) }}
{% endmacro %}

{% macro earliest(column, order, is_text=false) %}
{{ return(adapter.dispatch("at_bound", "ayrshare")("min", column, order, is_text)) }}
{% endmacro %}

{% macro default__at_bound(bound, column, order, is_text) -%}
{{ bound }}_by({{ column }}, case when {{ column }} is not null then {{ order }} end)
{%- endmacro %}

{% macro postgres__at_bound(bound, column, order, is_text) -%}
({{ bound }}(case when {{ column }} is not null then
    {%- if is_text %} array[cast({{ order }} as text), {{ column }}]
    {%- else %} array[cast({{ order }} - date '1970-01-01' as bigint), {{ column }}]
    {%- endif %} end))[2]
{%- endmacro %}

{#- A row for each whole number from 1 to a column of the relation before it, as positions.position. -#}
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
cross join unnest(array(select as struct position from unnest(generate_array(1, {{ count }})) as position)) as positions
{%- endmacro %}

{#- Indexes on these lists of columns, where a database plans by them: DuckDB's would cost more than they save. -#}
{% macro postgres_indexes() %}
{%- set indexes = [] -%}
{%- if target.type == "postgres" -%}
    {%- for columns in varargs -%}{%- do indexes.append({"columns": columns}) -%}{%- endfor -%}
{%- endif -%}
{{ return(indexes) }}
{% endmacro %}
