{{ config(enabled=has("social_analytics"), materialized="view") }}

{#- One row per account and day. In another time zone, two nights can fall on the same day: the later one counts. -#}
select *
from (
    select
        readings.*,
        row_number() over (
            partition by profile, platform, snapshot_date order by read_at desc, read_on desc
        ) as position
    from {{ ref("int_ayrshare__account_readings") }} as readings
    where not is_gone
) as numbered
where position = 1
