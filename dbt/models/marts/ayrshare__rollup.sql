{{ config(enabled=has_posts(), materialized="view") }}

with accounts as (

    {% if has("accounts") %}
    select profile, platform, account_id, account_name
    from {{ ref("ayrshare__accounts_current") }}
    {% else %}
    {{ no_rows({"profile": dbt.type_string(), "platform": dbt.type_string(), "account_id": dbt.type_string(), "account_name": dbt.type_string()}) }}
    {% endif %}

)

select
    posts.published_at as created_timestamp,
    posts.social_post_id as post_id,
    posts.message as post_message,
    coalesce(posts.account_id, accounts.account_id) as page_id,
    coalesce(posts.account_name, accounts.account_name) as page_name,
    posts.post_url,
    posts.profile as source_relation,
    posts.platform,
    {% for metric in ayrshare.post_metrics() %}
    posts.{{ metric }},
    {% endfor %}
    posts.engagement_rate,
    posts.followers,
    posts.thread_index,
    posts.ayrshare_post_id,
    posts.snapshot_date
from {{ ref("ayrshare__post_metrics_latest") }} as posts
left join accounts
    on posts.profile = accounts.profile and posts.platform = accounts.platform
