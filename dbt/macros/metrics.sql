{#- Promoted columns of posts, and the account columns that accumulate. -#}
{% macro post_metrics() %}
  {{ return(["likes", "comments", "shares", "saves", "clicks", "impressions", "reach", "views", "video_views", "engagements"]) }}
{% endmacro %}

{% macro account_metrics() %}
  {{ return(["followers", "following", "posts_count"]) }}
{% endmacro %}

{#- Whether a stream is loaded. -#}
{% macro has(stream) %}
  {{ return(stream in var("ayrshare_streams")) }}
{% endmacro %}

{#- Text columns without rows, for a stream that is not loaded. -#}
{% macro no_rows(columns) %}
    select
        {% for column in columns %}
        cast(null as {{ dbt.type_string() }}) as {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from (select 1 as nothing) as empty
    where 1 = 0
{%- endmacro %}

{#- Whether any stream with post metrics is loaded. -#}
{% macro has_posts() %}
  {{ return(has("post_analytics") or has("social_post_analytics") or has("social_posts")) }}
{% endmacro %}

{#- Columns cast to integers: some targets load them as wider types, which no model needs. -#}
{% macro counts(columns) %}
    {%- for column in columns %}
        cast({{ column }} as bigint) as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{#- Other account metrics: they cover a period chosen by the network, so growth can't be derived from them. -#}
{% macro account_totals() %}
  {{ return(["likes", "comments", "shares", "saves", "clicks", "impressions", "reach", "views", "video_views", "profile_views", "engagements"]) }}
{% endmacro %}
