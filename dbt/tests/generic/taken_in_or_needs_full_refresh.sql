{#-
  Readings have every loaded snapshot. Where they don't, some were loaded with dates before those that are compared
  again (`ayrshare_lookback_days`): only a full refresh takes them in.

-#}
{% test taken_in_or_needs_full_refresh(model, streams=none, arguments={}) %}
{%- set streams = streams or arguments["streams"] -%}
{%- set loaded = [] -%}
{%- for stream in streams if ayrshare.has(stream) -%}
    {%- do loaded.append("(select count(*) from " ~ source("ayrshare", stream) ~ ")") -%}
{%- endfor -%}
select *
from (
    select
        {{ loaded | join(" + ") or "0" }} as loaded,
        (select count(*) from {{ model }} where not is_gone) as taken_in
) as counts
where loaded <> taken_in
{% endtest %}
