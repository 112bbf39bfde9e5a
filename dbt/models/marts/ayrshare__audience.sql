{{ config(enabled=has("account_demographics"), materialized="table", cluster_by=["profile", "platform"]) }}

{% set double = type_double() %}

with snapshots as (

    select
        {{ profile_name() }} as profile,
        platform,
        audience,
        dimension,
        bucket,
        cast(snapshot_date as date) as read_on,
        {{ instant("extracted_at") }} as read_at,
        cast(value as {{ double }}) as value,
        unit
    from {{ source("ayrshare", "account_demographics") }}

),

latest as (

    select
        dated.*,
        sum(case when unit = 'count' then value end) over (partition by profile, platform, audience, dimension) as listed
    from (
        select
            snapshots.*,
            -- Groups that a network no longer lists are no part of the latest snapshot.
            max(read_on) over (partition by profile, platform, audience, dimension) as latest_on
        from {{ once("snapshots", ["profile", "platform", "audience", "dimension", "bucket", "read_on"]) }} as snapshots
    ) as dated
    where read_on = latest_on

)

select
    profile,
    platform,
    audience,
    dimension,
    bucket,
    {{ closing_day("read_at") }} as snapshot_date,
    value,
    unit,
    case unit when 'share' then value when 'count' then value / nullif(listed, 0) end as share,
    case unit when 'share' then 'reported' when 'count' then 'listed' end as share_basis
from latest
