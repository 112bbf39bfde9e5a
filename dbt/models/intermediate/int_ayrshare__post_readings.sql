{% set keys = ["preference", "profile", "platform", "source_id", "thread_index", "read_on"] %}
{% set columns = ["own_post_id", "snapshot_date", "read_at", "published_at", "post_url", "message", "media_type", "post_format", "thumbnail_url"] %}
{{ config(
    enabled=has_posts(),
    materialized="incremental",
    unique_key=keys,
    on_schema_change="fail",
    post_hook="{{ ayrshare.analyze_once() }}",
    indexes=postgres_indexes(["profile", "platform", "source_id"], ["profile", "platform", "own_post_id"], ["read_on"], ["changed_at"]),
    cluster_by=["profile", "platform", "source_id"],
) }}

{#- Of a post's streams, the first that has a day wins. `source_id` is the id in the stream's own key. -#}
{% set streams = [
    {"name": "post_analytics", "preference": 1, "level": "post", "source_id": "post_id"},
    {"name": "social_post_analytics", "preference": 2, "level": "post", "source_id": "social_post_id"},
    {"name": "social_posts", "preference": 3, "level": "native", "source_id": "social_post_id", "message": "text", "format": "format"},
] %}
{% set loaded_streams = [] %}
{% for stream in streams if has(stream.name) %}{% do loaded_streams.append(stream) %}{% endfor %}
{% set metrics = ayrshare.post_metrics() %}
{% set kinds = metrics_of_kinds() %}
{% set own = metrics_with_own() %}
{% set compared = metrics | list %}
{% for metric in kinds %}{% do compared.append(metric ~ "_kind") %}{% endfor %}
{% for metric in own %}{% do compared.append("own_" ~ metric) %}{% endfor %}
{% set from_date = compared_from() %}

with

{% for stream in loaded_streams %}
{{ stream.name }}_rows as (

    select
        {{ stream.preference }} as preference,
        {{ profile_name() }} as profile,
        platform,
        {{ stream.source_id }} as source_id,
        cast({{ "thread_index" if stream.preference < 3 else "0" }} as {{ dbt.type_bigint() }}) as thread_index,
        cast(snapshot_date as date) as read_on,
        social_post_id as own_post_id,
        {{ closing_day_of_post(instant("extracted_at"), instant("published_at"), profile_name()) }} as snapshot_date,
        {{ instant("extracted_at") }} as read_at,
        {{ instant("published_at") }} as published_at,
        post_url,
        {{ stream.message or "cast(null as " ~ dbt.type_string() ~ ")" }} as message,
        {{ media_word("coalesce(" ~ post_attribute("media_type") ~ ", " ~ stream.format ~ ")" if stream.format else post_attribute("media_type")) }} as media_type,
        lower({{ post_attribute("post_format") }}) as post_format,
        {{ post_attribute("thumbnail_url") }} as thumbnail_url,
        analytics,
        {{ promoted(stream.level) | join(", ") }}
    from {{ source("ayrshare", stream.name) }}
    {{ recent(from_date) }}

),

{% endfor %}
loaded as (

    {% for stream in loaded_streams %}
    {{ comparable_metrics(stream.name ~ "_rows", stream.level, metrics, keys + columns, kinds, own) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

{{ changed_readings("loaded", keys, columns + compared, from_date, "own_post_id") }}
