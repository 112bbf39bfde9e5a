{{ config(enabled=has("ad_spend_daily"), materialized="view") }}

select
    {{ profile_name() }} as profile,
    platform,
    account_id,
    ad_id,
    cast(date as date) as spend_date,
    ad_name,
    post_id as ayrshare_post_id,
    currency,
    {{ money("spend") }} as spend,
    cast(impressions as {{ dbt.type_bigint() }}) as impressions,
    cast(reach as {{ dbt.type_bigint() }}) as reach,
    cast(clicks as {{ dbt.type_bigint() }}) as clicks,
    {{ money("budget_daily") }} as budget_daily,
    budget_type,
    status,
    delivery_status,
    {{ instant("extracted_at") }} as extracted_at
from {{ source("ayrshare", "ad_spend_daily") }}
