{{ config(enabled=has("review_totals"), materialized="table") }}

with numbered as (

    select
        {{ profile_name() }} as profile,
        platform,
        {{ closing_day(instant("extracted_at"), profile_name()) }} as snapshot_date,
        cast(average_rating as {{ type_double() }}) as average_rating,
        cast(total_reviews as {{ dbt.type_bigint() }}) as total_reviews,
        extracted_at,
        snapshot_date as read_on
    from {{ source("ayrshare", "review_totals") }}

),

positioned as (

    select
        numbered.*,
        -- Two readings can close the same day: the later one counts.
        row_number() over (
            partition by profile, platform, snapshot_date order by extracted_at desc, read_on desc
        ) as position
    from numbered

),

snapshots as (

    select * from positioned where position = 1

),

growth as (

    {{ with_growth("snapshots", ["profile", "platform"], ["total_reviews"], details=["average_rating"]) }}

)

select
    profile,
    platform,
    snapshot_date,
    is_snapshot,
    cast(days_covered as {{ dbt.type_bigint() }}) as days_covered,
    average_rating,
    total_reviews,
    total_reviews_delta,
    corrected_metrics
from growth
