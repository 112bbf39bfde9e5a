{{ config(enabled=has("reviews"), materialized="view") }}

select
    {{ profile_name() }} as profile,
    platform,
    review_id,
    rating,
    cast(rating_value as {{ type_double() }}) as rating_value,
    is_recommended,
    text,
    {{ instant("created_at") }} as created_at,
    {{ local_date(instant("created_at"), profile_name()) }} as created_date,
    {{ instant("updated_at") }} as updated_at,
    reply_text,
    {{ instant("reply_updated_at") }} as reply_updated_at,
    reply_text is not null or reply_updated_at is not null as is_answered,
    cast(last_seen as date) as last_seen,
    last_seen = max(last_seen) over (partition by {{ profile_name() }}, platform) as is_in_latest_reading
from {{ source("ayrshare", "reviews") }}
