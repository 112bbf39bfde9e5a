{#- The promoted columns of posts, and of accounts what grows there. -#}
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

{#- Columns of text and no rows, for a stream that is not loaded. -#}
{% macro no_rows(columns) %}
    select
        {% for column in columns %}
        cast(null as {{ dbt.type_string() }}) as {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from (select 1 as nothing) as empty
    where 1 = 0
{%- endmacro %}

{#- Whether a stream with numbers of posts is loaded. -#}
{% macro has_posts() %}
  {{ return(has("post_analytics") or has("social_post_analytics") or has("social_posts")) }}
{% endmacro %}

{#- Columns as whole numbers: some targets load them wider, where no model gains from it. -#}
{% macro counts(columns) %}
    {%- for column in columns %}
        cast({{ column }} as bigint) as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{#- What else accounts report: over a time of the network's choice, so that no growth can be taken from it. -#}
{% macro account_totals() %}
  {{ return(["likes", "comments", "shares", "saves", "clicks", "impressions", "reach", "views", "video_views", "profile_views", "engagements"]) }}
{% endmacro %}
