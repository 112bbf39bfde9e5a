{#- The lists of metrics; their one home is schemas/metrics.json. -#}
{% macro post_metrics() %}{{ return(ayrshare_definitions()["lists"]["post_metrics"]) }}{% endmacro %}
{#- Metrics read from several fields that count differently, and those with an optional part of their own name. -#}
{% macro metrics_of_kinds() %}{{ return(ayrshare_definitions()["lists"]["of_kinds"]) }}{% endmacro %}
{% macro metrics_with_own() %}{{ return(ayrshare_definitions()["lists"]["with_own"]) }}{% endmacro %}
{#- The columns of readings that are an optional part of a metric, and for which networks. -#}
{% macro optional_parts() %}
{%- set found = {} -%}
{%- for networks in ayrshare_definitions()["optional"].values() -%}
    {%- for network, parts in networks.items() -%}
        {%- for part in parts -%}
            {%- if part not in found -%}{%- do found.update({part: []}) -%}{%- endif -%}
            {%- if network not in found[part] -%}{%- do found[part].append(network) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
{{ return(found) }}
{% endmacro %}
{% macro kind_columns() %}
{%- set columns = {} -%}
{%- for metric in ayrshare.metrics_of_kinds() -%}{%- do columns.update({metric: metric ~ "_kind"}) -%}{%- endfor -%}
{{ return(columns) }}
{% endmacro %}
{% macro additive_post_metrics() %}{{ return(ayrshare_definitions()["lists"]["additive_post_metrics"]) }}{% endmacro %}
{% macro account_levels() %}{{ return(ayrshare_definitions()["lists"]["account_levels"]) }}{% endmacro %}
{% macro account_totals() %}{{ return(ayrshare_definitions()["lists"]["account_totals"]) }}{% endmacro %}

{#- The columns that the tap promotes at a level. -#}
{% macro promoted(level) %}{{ return(ayrshare_definitions()["promoted"][level]) }}{% endmacro %}

{#-
  The metrics of a relation, comparable between networks: the promoted column, unless schemas/metrics.json says how the
  network's metric is read from its own object.

  relation: has `platform`, `analytics`, the promoted columns of the level and `kept`; the result has `kept` and the metrics.
  A metric that adds up others is computed last. For each of `kinds`, <metric>_kind says which of the network's fields it
  was read from; for each of `own`, own_<metric> is the promoted column of the same name.
-#}
{% macro comparable_metrics(relation, level, metrics, kept, kinds=[], own=[]) %}
{%- set definitions = ayrshare_definitions()["metrics"][level] -%}
{%- set sums = ["engagements"] -%}
select
    {{ kept | join(", ") }},
    {% for metric in metrics %}
    {% if metric in sums -%}
        {{ ayrshare.read_metric(metric, definitions.get(metric, {}), metrics, level, true) }} as {{ metric }}
    {%- else -%}
        {{ metric }}
    {%- endif %}{% if not loop.last %},{% endif %}
    {% endfor %}
    {%- for metric in kinds %}, {{ metric }}_kind{% endfor %}
    {%- for metric in own %}, own_{{ metric }}{% endfor %}

from (
    select
        {{ kept | join(", ") }},
        platform as read_platform,
        analytics as read_analytics,
        {% for metric in metrics %}
        {% if metric in sums -%}
            {{ "cast(" ~ metric ~ " as " ~ dbt.type_bigint() ~ ")" if metric in promoted(level) else "cast(null as " ~ dbt.type_bigint() ~ ")" }} as {{ metric }}
        {%- else -%}
            {{ ayrshare.read_metric(metric, definitions.get(metric, {}), [], level, false) }} as {{ metric }}
        {%- endif %}{% if not loop.last %},{% endif %}
        {% endfor %}
        {%- for metric in kinds %},
        {{ ayrshare.read_kind(definitions.get(metric, {}), level) }} as {{ metric }}_kind
        {%- endfor %}
        {%- for metric in own %},
        cast({{ metric if metric in promoted(level) else "null" }} as {{ dbt.type_bigint() }}) as own_{{ metric }}
        {%- endfor %}
    from {{ relation }} as read_from
) as read_metrics
{% endmacro %}

{#- One metric, by network. computed: names of metrics that are columns already. -#}
{% macro read_metric(metric, networks, computed, level, last) %}
{%- set platform = "read_platform" if last else "platform" -%}
{%- set analytics = "read_analytics" if last else "analytics" -%}
{%- set own = metric if last or metric in promoted(level) else "null" -%}
{%- if not networks -%}
    {{ return("cast(" ~ own ~ " as " ~ dbt.type_bigint() ~ ")") }}
{%- endif -%}
{%- set cases = [] -%}
{%- for network, entry in networks.items() -%}
    {%- if not entry -%}
        {%- set value = "null" -%}
    {%- else -%}
        {%- set terms = [] -%}
        {%- for part in entry.get("paths", []) + entry.get("parts", []) -%}
            {%- do terms.append(ayrshare.read_part(part, computed, level, analytics)) -%}
        {%- endfor -%}
        {%- if "paths" in entry -%}
            {%- set value = "coalesce(" ~ terms | join(", ") ~ ")" if terms | length > 1 else terms[0] -%}
            {%- if "factor" in entry -%}{%- set value = "round(" ~ value ~ " * " ~ entry["factor"] ~ ")" -%}{%- endif -%}
        {%- else -%}
            {%- for part in entry.get("optional", []) -%}
                {%- do terms.append("coalesce(" ~ ayrshare.read_part(part, computed, level, analytics) ~ ", 0)") -%}
            {%- endfor -%}
            {%- set value = terms | join(" + ") -%}
        {%- endif -%}
    {%- endif -%}
    {%- do cases.append("when '" ~ network ~ "' then cast(" ~ value ~ " as " ~ dbt.type_bigint() ~ ")") -%}
{%- endfor -%}
{{ return("case " ~ platform ~ " " ~ cases | join(" ") ~ " else cast(" ~ own ~ " as " ~ dbt.type_bigint() ~ ") end") }}
{% endmacro %}

{#- Which of a network's fields a metric is read from, by its position; null for networks that have only one. -#}
{% macro read_kind(networks, level) %}
{%- set cases = [] -%}
{%- for network, entry in networks.items() if entry and entry.get("paths", []) | length > 1 -%}
    {%- set fields = [] -%}
    {%- for part in entry["paths"] -%}
        {%- do fields.append("when " ~ ayrshare.read_part(part, [], level, "analytics") ~ " is not null then " ~ loop.index) -%}
    {%- endfor -%}
    {%- do cases.append("when '" ~ network ~ "' then case " ~ fields | join(" ") ~ " end") -%}
{%- endfor -%}
{{ return("cast(" ~ ("case platform " ~ cases | join(" ") ~ " end" if cases else "null") ~ " as " ~ dbt.type_bigint() ~ ")") }}
{% endmacro %}

{% macro read_part(part, computed, level, analytics) %}
{%- if part in computed or part in promoted(level) -%}{{ return(part) }}{%- endif -%}
{{ return(ayrshare.json_number(analytics, part)) }}
{% endmacro %}

{#- What a network says of a post beside its metrics: media_type, post_format, thumbnail_url. -#}
{% macro post_attribute(attribute) %}
{%- set cases = [] -%}
{%- for network, paths in ayrshare_definitions()["attributes"][attribute].items() -%}
    {%- set terms = [] -%}
    {%- for path in paths -%}{%- do terms.append(ayrshare.json_text("analytics", path)) -%}{%- endfor -%}
    {%- do cases.append("when '" ~ network ~ "' then " ~ ("coalesce(" ~ terms | join(", ") ~ ")" if terms | length > 1 else terms[0])) -%}
{%- endfor -%}
{{ return("case platform " ~ cases | join(" ") ~ " end") }}
{% endmacro %}

{#- A network's word for a kind of media, in the words of all networks: image, video, carousel, text, gif. -#}
{% macro media_word(word) %}
{%- set cases = [] -%}
{%- for found, name in ayrshare_definitions()["attributes"]["media_types"].items() -%}
    {%- do cases.append("when '" ~ found ~ "' then '" ~ name ~ "'") -%}
{%- endfor -%}
{{ return("case lower(" ~ word ~ ") " ~ cases | join(" ") ~ " else lower(" ~ word ~ ") end") }}
{% endmacro %}

{#- What kind of media was sent with a post, by the number of files and the ending of the first one's name. -#}
{% macro sent_media_type(files) %}
{%- set files = ayrshare.array_as_json(files) -%}
{%- set first, second = ayrshare.json_text(files, "0"), ayrshare.json_text(files, "1") -%}
case
    when {{ ayrshare.json_as_text(files) }} = '[]' then 'text'
    when {{ ayrshare.ends_with(first, ["mp4", "mov", "m4v", "webm", "avi"]) }} then 'video'
    when {{ second }} is not null then 'carousel'
    when {{ ayrshare.ends_with(first, ["jpg", "jpeg", "png", "webp", "heic"]) }} then 'image'
    when {{ ayrshare.ends_with(first, ["gif"]) }} then 'gif'
end
{%- endmacro %}

{#- Whether an address names a file with one of these endings. -#}
{% macro ends_with(address, endings) -%}
(
    {%- for ending in endings -%}
    lower({{ address }}) like '%.{{ ending }}' or lower({{ address }}) like '%.{{ ending }}?%'
    {%- if not loop.last %} or {% endif -%}
    {%- endfor -%}
)
{%- endmacro %}

{#- What ayrshare__post_facts has at which ages of a post, in days. -#}
{% macro aged_metrics() %}{{ return(["engagements", "impressions", "views"]) }}{% endmacro %}
{% macro ages_of_posts() %}{{ return([1, 7, 28]) }}{% endmacro %}

{#- Whether a stream is loaded. -#}
{% macro has(stream) %}{{ return(stream in var("ayrshare_streams")) }}{% endmacro %}

{#- Whether any stream with post metrics is loaded. -#}
{% macro has_posts() %}
{{ return(has("post_analytics") or has("social_post_analytics") or has("social_posts")) }}
{% endmacro %}

{#- Columns without rows, by name and type, for a stream that is not loaded. -#}
{% macro no_rows(columns) %}
    select
        {% for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from (select 1 as nothing) as empty
    where 1 = 0
{%- endmacro %}
