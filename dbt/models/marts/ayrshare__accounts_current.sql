{{ config(enabled=has("accounts"), materialized="table") }}

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
    from {{ ref("int_ayrshare__account_snapshots") }}
    group by profile, platform
    {% else %}
    {% set columns = {"profile": dbt.type_string(), "platform": dbt.type_string(), "account_name": dbt.type_string(), "snapshot_date": "date"} %}
    {% for metric in ayrshare.account_levels() %}{% do columns.update({metric: dbt.type_bigint()}) %}{% endfor %}
    {{ no_rows(columns) }}
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
    accounts.image_url,
    accounts.account_type,
    {{ instant("accounts.linked_at") }} as linked_at,
    numbers.snapshot_date,
    {% for metric in ayrshare.account_levels() %}
    numbers.{{ metric }},
    {% endfor %}
    {{ instant("accounts.extracted_at") }} as extracted_at
from linked as accounts
left join numbers
    on accounts.profile = numbers.profile and accounts.platform = numbers.platform
-- A network that is no longer linked is missing from the last run but stays in the table.
where accounts.extracted_at = accounts.last_run
