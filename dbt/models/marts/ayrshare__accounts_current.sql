{{ config(enabled=has("accounts")) }}

with numbers as (

    {% if has("social_analytics") %}
    select *
    from (
        select
            snapshots.*,
            row_number() over (partition by profile, platform order by snapshot_date desc) as age
        from {{ ref("int_ayrshare__account_snapshots") }} as snapshots
    ) as aged
    where age = 1
    {% else %}
    {{ no_rows(["profile", "platform", "account_name", "followers", "following", "posts_count", "snapshot_date"]) }}
    {% endif %}

),

linked as (

    select
        accounts.*,
        max(extracted_at) over (partition by profile) as last_run
    from {{ source("ayrshare", "accounts") }} as accounts

)

select
    accounts.profile,
    accounts.platform,
    accounts.ref_id,
    accounts.profile_title,
    accounts.account_id,
    coalesce(numbers.account_name, accounts.display_name, accounts.username) as account_name,
    accounts.username,
    accounts.profile_url,
    accounts.account_type,
    accounts.linked_at,
    numbers.snapshot_date,
    numbers.followers,
    numbers.following,
    numbers.posts_count,
    accounts.extracted_at
from linked as accounts
left join numbers
    on accounts.profile = numbers.profile and accounts.platform = numbers.platform
-- A network that is no longer linked is missing from the last run but stays in the table.
where accounts.extracted_at = accounts.last_run
