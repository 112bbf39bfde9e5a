{{ config(enabled=has("social_analytics") or has_posts(), materialized="view") }}

select
    profile,
    platform,
    account_number,
    account_id,
    account_name,
    first_day,
    last_day,
    -- The growth of a day takes a reading of the day before.
    {{ days_after("first_day", 1) }} as covered_from,
    last_day as covered_until,
    {{ time_zone() }} as time_zone
from {{ ref("int_ayrshare__accounts_read") }}
where first_day is not null
