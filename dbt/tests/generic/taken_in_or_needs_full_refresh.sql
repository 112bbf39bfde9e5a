{#-
  Readings have every loaded snapshot under its profile's name. Where they don't, some were loaded with dates before
  those that are compared again (`ayrshare_lookback_days`), or a profile was renamed: only a full refresh takes them in.

  arguments: streams, with the column that is the key of what is read, beside profile, platform and day.
-#}
{% test taken_in_or_needs_full_refresh(model, streams=none, arguments={}) %}
{%- set streams = streams or arguments["streams"] -%}
{%- set aliases = var("ayrshare_profile_aliases") or {} -%}
{%- set loaded = [] -%}
{%- for stream, keys in streams.items() if ayrshare.has(stream) -%}
    {%- if aliases -%}
        {%- do loaded.append("select distinct " ~ ayrshare.profile_name() ~ " as profile, snapshot_date, " ~ keys | join(", ") ~ " from " ~ source("ayrshare", stream)) -%}
    {%- else -%}
        {%- do loaded.append("select profile from " ~ source("ayrshare", stream)) -%}
    {%- endif -%}
{%- endfor -%}
with loaded as (

    {% for rows in loaded %}
    select profile, count(*) as loaded from ({{ rows }}) as rows_of_stream group by profile
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

taken_in as (

    select profile, count(*) as taken_in from {{ model }} where not is_gone group by profile

),

both_counts as (

    select profile, sum(loaded) as loaded, 0 as taken_in from loaded group by profile
    union all
    select profile, 0 as loaded, taken_in from taken_in

)

select profile, sum(loaded) as loaded, sum(taken_in) as taken_in
from both_counts
group by profile
having sum(loaded) <> sum(taken_in)
{% endtest %}
