{{ config(enabled=has("accounts"), materialized="table") }}

{% set once_columns = ["platform", "ref_id", "profile_title", "account_id", "display_name", "username", "profile_url",
    "image_url", "account_type", "linked_at"] %}

with numbers as (

    {% if has("social_analytics") %}
    select
        profile,
        platform,
        max(snapshot_date) as snapshot_date,
        {{ latest("account_name", "snapshot_date", is_text=true) }} as account_name,
        {% for metric in ayrshare.account_levels() %}
        {{ latest(metric, "snapshot_date") }} as {{ metric }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from (
        select snapshots.*, max(account_number) over (partition by profile, platform) as last_number
        from {{ ref("int_ayrshare__account_snapshots") }} as snapshots
    ) as numbered
    where account_number = last_number
    group by profile, platform
    {% else %}
    {% set columns = {"profile": dbt.type_string(), "platform": dbt.type_string(), "account_name": dbt.type_string(), "snapshot_date": "date"} %}
    {% for metric in ayrshare.account_levels() %}{% do columns.update({metric: dbt.type_bigint()}) %}{% endfor %}
    {{ no_rows(columns) }}
    {% endif %}

),

linked as (

    select
        {{ once_columns | join(", ") }},
        {{ profile_name() }} as profile,
        {{ instant("extracted_at") }} as read_at,
        max({{ instant("extracted_at") }}) over (partition by {{ profile_name() }}) as last_read_at
    from {{ source("ayrshare", "accounts") }}

),

runs as (

    {% if has("sync_runs") %}
    select {{ profile_name() }} as profile, max({{ instant("extracted_at") }}) as last_run_at
    from {{ source("ayrshare", "sync_runs") }}
    where stream = 'accounts' and status = 'complete'
    group by {{ profile_name() }}
    {% else %}
    {{ no_rows({"profile": dbt.type_string(), "last_run_at": dbt.type_timestamp()}) }}
    {% endif %}

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
    accounts.image_url,
    accounts.account_type,
    {{ instant("accounts.linked_at") }} as linked_at,
    numbers.snapshot_date,
    {% for metric in ayrshare.account_levels() %}
    numbers.{{ metric }},
    {% endfor %}
    accounts.read_at as extracted_at
from {{ once("linked", ["profile", "platform"]) }} as accounts
left join runs
    on accounts.profile = runs.profile
left join numbers
    on accounts.profile = numbers.profile and accounts.platform = numbers.platform
-- A network that is no longer linked is missing from the last run but stays in the table, as do all of them if none is.
where accounts.read_at = accounts.last_read_at
    and (runs.last_run_at is null or accounts.read_at >= runs.last_run_at)
