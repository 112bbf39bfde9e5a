{#-
  How the models grow. A night's cost is that of what changed in it:

  1. Readings (int_ayrshare__*_readings) hold the loaded snapshots, typed and comparable, each row out of one loaded row.
     Each run compares the snapshots of the last `ayrshare_lookback_days` with the loaded tables and takes in what is new,
     corrected or gone; changed_at says when.
  2. Changes (int_ayrshare__*_changes) name what has to be built again: whatever has a reading that changed since the
     models below were built.
  3. The daily models forget what changed and build it again from its readings, just as a full refresh would.
-#}

{#- The first snapshot date that is compared again, as text; none when everything is read. -#}
{% macro compared_from() %}
{%- if not (execute and is_incremental()) -%}{{ return(none) }}{%- endif -%}
{%- set query = "select " ~ ayrshare.days_after("max(read_on)", -(var("ayrshare_lookback_days") | int)) ~ " from " ~ this -%}
{{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}

{#- A condition on a loaded table that reads no more than has to be compared. -#}
{% macro recent(from_date) -%}
{% if from_date %}where snapshot_date >= '{{ from_date }}'{% endif %}
{%- endmacro %}

{#-
  What changed between the readings that are stored and those that are loaded.

  loaded: a CTE with the columns `keys` and `columns`; from_date: as `compared_from` returns it; replaced: a column whose
  former value is kept, where it changed, as replaced_<column>.
-#}
{% macro changed_readings(loaded, keys, columns, from_date, replaced=none) %}
{%- set loaded = ayrshare.once(loaded, keys) -%}
{%- set now = "cast('" ~ run_started_at.astimezone(modules.pytz.utc).strftime("%Y-%m-%d %H:%M:%S.%f") ~ "' as " ~ dbt.type_timestamp() ~ ")" -%}
{%- if not from_date -%}
select
    {{ (keys + columns) | join(", ") }},
    {% if replaced %}cast(null as {{ dbt.type_string() }}) as replaced_{{ replaced }},{% endif %}
    false as is_gone,
    {{ now }} as changed_at
from {{ loaded }}
{%- else -%}
select
    {% for column in keys + columns %}loaded.{{ column }}, {% endfor %}
    {% if replaced -%}
    case when loaded.{{ replaced }} is distinct from stored.{{ replaced }} then stored.{{ replaced }} end as replaced_{{ replaced }},
    {%- endif %}
    false as is_gone,
    {{ now }} as changed_at
from {{ loaded }} as loaded
left join {{ this }} as stored
    on {% for key in keys %}loaded.{{ key }} = stored.{{ key }} and {% endfor %} stored.read_on >= '{{ from_date }}'
where stored.{{ keys[0] }} is null
    or stored.is_gone
    {% for column in columns %}
    or loaded.{{ column }} is distinct from stored.{{ column }}
    {% endfor %}
union all
select
    {% for column in keys + columns %}stored.{{ column }}, {% endfor %}
    {% if replaced %}cast(null as {{ dbt.type_string() }}) as replaced_{{ replaced }},{% endif %}
    true as is_gone,
    {{ now }} as changed_at
from {{ this }} as stored
left join {{ loaded }} as loaded
    on {% for key in keys %}loaded.{{ key }} = stored.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}

where stored.read_on >= '{{ from_date }}'
    and not stored.is_gone
    and loaded.{{ keys[0] }} is null
{%- endif -%}
{% endmacro %}

{#-
  Up to which change of the readings all of the models are built, as text; none where all are built in full next, either
  because none exists or because this run refreshes everything.
-#}
{% macro built_up_to(names) %}
{%- if not execute or flags.FULL_REFRESH -%}{{ return(none) }}{%- endif -%}
{%- set found = [] -%}
{%- for name in names -%}
    {%- set relation = ayrshare.built_relation(name) -%}
    {%- if relation is not none -%}
        {%- set upto = run_query("select max(changed_at) from " ~ relation).columns[0].values()[0] -%}
        {%- do found.append(upto | string if upto is not none else "1970-01-01 00:00:00") -%}
    {%- endif -%}
{%- endfor -%}
{{ return(found | min if found else none) }}
{% endmacro %}

{#- The table of a model of this package, by its name, without depending on it; none where it does not exist. -#}
{% macro built_relation(name) %}
{%- set node = graph.nodes["model.ayrshare." ~ name] -%}
{{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{% endmacro %}

{#- Forget what is built again. changes: the relation that names it; since: its column with the last day that stays. -#}
{% macro forget(changes, keys, since=none) %}
{%- if is_incremental() -%}
delete from {{ this }}
where exists (
    select 1 from {{ changes }} as changes
    where {% for key in keys %}changes.{{ key }} = {{ this.identifier }}.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}
    {% if since %}and {{ this.identifier }}.snapshot_date > changes.{{ since }}{% endif %}

)
{%- endif -%}
{% endmacro %}

{#- Statistics of a table that was just built, where the database plans by them and gathers them later on its own. -#}
{% macro analyze() %}
{%- if target.type == "postgres" -%}analyze {{ this }}{%- endif -%}
{% endmacro %}

{% macro analyze_once() %}
{%- if not is_incremental() -%}{{ ayrshare.analyze() }}{%- endif -%}
{% endmacro %}

{#-
  `dbt run-operation index_sources`: indexes by date on the loaded tables, so that a night's build doesn't read all of
  their history. For PostgreSQL, by a user who owns the tables; once is enough.
-#}
{% macro index_sources() %}
{%- if target.type != "postgres" -%}
    {{ exceptions.raise_compiler_error("index_sources is for PostgreSQL: " ~ target.type ~ " needs no indexes") }}
{%- endif -%}
{%- for stream in ["post_analytics", "social_post_analytics", "social_posts", "social_analytics", "link_analytics"] if has(stream) -%}
    {%- set relation = source("ayrshare", stream) -%}
    {%- do run_query("create index if not exists " ~ stream ~ "_snapshot_date on " ~ relation ~ " (snapshot_date)") -%}
    {%- do run_query("analyze " ~ relation) -%}
    {%- do log("indexed " ~ relation, info=true) -%}
{%- endfor -%}
{%- do run_query("commit") -%}
{% endmacro %}
