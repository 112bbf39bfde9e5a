{{ config(enabled=has("link_analytics"), materialized="table", post_hook="{{ ayrshare.analyze() }}", indexes=postgres_indexes(["profile", "short_url"])) }}

{#- Links with a reading that changed. -#}
{% set since = built_up_to(["ayrshare__link_clicks_daily"]) %}
{% set readings = ref("int_ayrshare__link_readings") %}

select distinct
    readings.profile,
    readings.short_url,
    upto.changed_upto
from {{ readings }} as readings
cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
where {{ "readings.changed_at > cast('" ~ since ~ "' as " ~ dbt.type_timestamp() ~ ")" if since else "1 = 0" }}
