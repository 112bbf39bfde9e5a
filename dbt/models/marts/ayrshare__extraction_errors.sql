{{ config(enabled=has("extraction_errors"), materialized="view") }}

select
    {{ profile_name() }} as profile,
    stream,
    platform,
    resource_id,
    cast(snapshot_date as date) as snapshot_date,
    code,
    cast(http_status as {{ dbt.type_bigint() }}) as http_status,
    message,
    action,
    {{ instant("extracted_at") }} as extracted_at
from {{ source("ayrshare", "extraction_errors") }}
