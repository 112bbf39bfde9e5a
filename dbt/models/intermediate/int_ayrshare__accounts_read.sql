{{ config(enabled=has("social_analytics") or has_posts(), materialized="table") }}

{#-
  The accounts that a profile's network has been linked to, one after the other, and since when each is read: what is
  published after that is read from its beginning. The first reading of an account or of a post decides; where the
  network has no numbers of accounts, the first complete run does.
-#}
{% set text, time, bigint = dbt.type_string(), dbt.type_timestamp(), dbt.type_bigint() %}

with accounts as (

    {% if has("social_analytics") %}
    select
        profile,
        platform,
        cast(account_number as {{ bigint }}) as account_number,
        max(account_id) as account_id,
        {{ latest("account_name", "snapshot_date", is_text=true) }} as account_name,
        min(read_at) as first_read_at,
        min(snapshot_date) as first_day,
        max(snapshot_date) as last_day
    from {{ ref("int_ayrshare__account_snapshots") }}
    group by profile, platform, account_number
    {% else %}
    {{ no_rows({"profile": text, "platform": text, "account_number": bigint, "account_id": text, "account_name": text, "first_read_at": time, "first_day": "date", "last_day": "date"}) }}
    {% endif %}

),

posts as (

    {% if has_posts() %}
    select profile, platform, min(read_at) as first_read_at, min(snapshot_date) as first_day, max(snapshot_date) as last_day
    from {{ ref("int_ayrshare__post_readings") }}
    where not is_gone
    group by profile, platform
    {% else %}
    {{ no_rows({"profile": text, "platform": text, "first_read_at": time, "first_day": "date", "last_day": "date"}) }}
    {% endif %}

),

runs as (

    {% if has("sync_runs") %}
    select {{ profile_name() }} as profile, min({{ instant("extracted_at") }}) as first_run_at
    from {{ source("ayrshare", "sync_runs") }}
    where status = 'complete' and stream in ('post_analytics', 'social_post_analytics', 'social_posts')
    group by {{ profile_name() }}
    {% else %}
    {{ no_rows({"profile": text, "first_run_at": time}) }}
    {% endif %}

),

known as (

    select profile, platform, account_number, account_id, account_name, first_read_at, first_day, last_day
    from accounts
    union all
    select
        posts.profile,
        posts.platform,
        cast(1 as {{ bigint }}) as account_number,
        cast(null as {{ text }}) as account_id,
        cast(null as {{ text }}) as account_name,
        runs.first_run_at as first_read_at,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from posts
    left join runs
        on posts.profile = runs.profile
    left join accounts
        on posts.profile = accounts.profile and posts.platform = accounts.platform
    where accounts.profile is null

),

numbered as (

    select
        known.*,
        posts.first_read_at as first_post_read_at,
        posts.first_day as first_post_day,
        posts.last_day as last_post_day,
        max(known.account_number) over (partition by known.profile, known.platform) as last_number,
        lead(known.first_read_at) over (
            partition by known.profile, known.platform order by known.account_number
        ) as next_read_at
    from known
    left join posts
        on known.profile = posts.profile and known.platform = posts.platform

)

select
    profile,
    platform,
    account_number,
    account_id,
    account_name,
    case
        when account_number > 1 then first_read_at
        else {{ earlier("first_post_read_at", "first_read_at") }}
    end as read_since,
    {# Whatever was read before the first reading of the account, or after the last, is of the first and the last. #}
    case when account_number > 1 then first_read_at end as begins_at,
    next_read_at as ends_at,
    case when account_number > 1 then first_day else {{ earlier("first_post_day", "first_day") }} end as first_day,
    case when account_number < last_number then last_day else {{ later("last_post_day", "last_day") }} end as last_day
from numbered
