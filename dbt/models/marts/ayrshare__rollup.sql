{{ config(enabled=has_posts()) }}

{#- The grain and columns of fivetran/dbt_social_media_reporting, plus columns it lacks; nulls stay null. -#}
with accounts as (

    {% if has("accounts") %}
    select profile, platform, account_id, account_name, followers
    from {{ ref("ayrshare__accounts_current") }}
    {% else %}
    {{ no_rows(["profile", "platform", "account_id", "account_name", "followers"]) }}
    {% endif %}

)

select
    posts.published_at as created_timestamp,
    posts.social_post_id as post_id,
    posts.message as post_message,
    accounts.account_id as page_id,
    accounts.account_name as page_name,
    posts.post_url,
    posts.profile as source_relation,
    posts.platform,
    posts.clicks,
    posts.impressions,
    posts.likes,
    posts.shares,
    posts.comments,
    posts.reach,
    posts.saves,
    posts.views,
    posts.video_views,
    posts.engagements,
    -- The network's own interaction count, otherwise the sum of those it reports, divided by impressions.
    cast(
        coalesce(
            posts.engagements,
            case
                when coalesce(posts.likes, posts.comments, posts.shares, posts.saves) is not null
                    then coalesce(posts.likes, 0) + coalesce(posts.comments, 0)
                        + coalesce(posts.shares, 0) + coalesce(posts.saves, 0)
            end
        ) as double precision
    ) / nullif(posts.impressions, 0) as engagement_rate,
    accounts.followers,
    posts.thread_index,
    posts.ayrshare_post_id,
    posts.snapshot_date
from {{ ref("ayrshare__post_metrics_latest") }} as posts
left join accounts
    on posts.profile = accounts.profile and posts.platform = accounts.platform
