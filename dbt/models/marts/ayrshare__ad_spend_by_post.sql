{{ config(enabled=has("ad_spend_daily") and has_posts(), materialized="view") }}

{#- What was paid for a post beside what it did: its ads added up, by currency. -#}
with spend as (

    select
        profile,
        platform,
        ayrshare_post_id,
        currency,
        sum(spend) as spend,
        sum(impressions) as paid_impressions,
        sum(clicks) as paid_clicks,
        count(distinct ad_id) as ads,
        min(spend_date) as first_spend_date,
        max(spend_date) as last_spend_date
    from {{ ref("ayrshare__ad_spend_daily") }}
    where ayrshare_post_id is not null
    group by profile, platform, ayrshare_post_id, currency

)

select
    posts.profile,
    posts.platform,
    posts.post_key,
    posts.social_post_id,
    posts.published_date,
    posts.message,
    spend.currency,
    {{ money("spend.spend") }} as spend,
    cast(spend.paid_impressions as {{ dbt.type_bigint() }}) as paid_impressions,
    cast(spend.paid_clicks as {{ dbt.type_bigint() }}) as paid_clicks,
    cast(spend.ads as {{ dbt.type_bigint() }}) as ads,
    spend.first_spend_date,
    spend.last_spend_date,
    posts.impressions,
    posts.engagements
from spend
inner join {{ ref("ayrshare__post_facts") }} as posts
    on spend.profile = posts.profile
    and spend.platform = posts.platform
    and (spend.ayrshare_post_id = posts.ayrshare_post_id or spend.ayrshare_post_id = posts.social_post_id)
