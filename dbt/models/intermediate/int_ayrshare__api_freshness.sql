{{ config(materialized="view") }}

{#- How old the numbers were that the API gave in the newest snapshot of each stream: it answers from its own cache. -#}
{% set streams = [] %}
{% for stream in ["post_analytics", "social_posts", "social_post_analytics", "social_analytics"] if has(stream) %}
{% do streams.append(stream) %}
{% endfor %}

{% for stream in streams %}
select
    {{ profile_name() }} as profile,
    '{{ stream }}' as stream,
    min({{ instant("api_last_updated") }}) as oldest_update,
    max({{ instant("extracted_at") }}) as read_at
from {{ source("ayrshare", stream) }}
where snapshot_date = (select max(snapshot_date) from {{ source("ayrshare", stream) }})
group by {{ profile_name() }}
{% if not loop.last %}union all{% endif %}
{% endfor %}
{% if not streams %}
{{ no_rows({"profile": dbt.type_string(), "stream": dbt.type_string(), "oldest_update": dbt.type_timestamp(), "read_at": dbt.type_timestamp()}) }}
{% endif %}
