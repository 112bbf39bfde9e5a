{{ config(enabled=has("sync_runs"), materialized="view") }}

{#- `left` is a reserved word, which Snowflake's loaders write in capitals. -#}
{% set left_unread = adapter.quote("LEFT" if target.type == "snowflake" else "left") %}

with runs as (

    select
        {{ profile_name() }} as profile,
        stream,
        {{ instant("extracted_at") }} as run_at,
        cast(snapshot_date as date) as run_date,
        {{ instant("ended_at") }} as ended_at,
        status,
        reason,
        cast(errors as {{ dbt.type_bigint() }}) as errors,
        cast({{ left_unread }} as {{ dbt.type_bigint() }}) as unread,
        {{ instant("oldest_covered") }} as oldest_covered,
        {{ instant("newest_covered") }} as newest_covered,
        row_number() over (partition by {{ profile_name() }}, stream order by extracted_at desc, run_id desc) as age
    from {{ source("ayrshare", "sync_runs") }}

),

streams as (

    select
        profile,
        stream,
        max(case when status = 'complete' then run_date end) as last_complete_date,
        max(case when status = 'complete' then ended_at end) as last_complete_at,
        coalesce(min(case when status = 'complete' then age end), count(*) + 1) - 1 as runs_since_complete
    from runs
    group by profile, stream

)

select
    streams.profile,
    streams.stream,
    streams.last_complete_date,
    streams.last_complete_at,
    cast({{ days_between("streams.last_complete_date", "newest.run_date") }} as {{ dbt.type_bigint() }}) as days_since_complete,
    runs.run_at as last_run_at,
    runs.status as last_status,
    runs.reason as last_reason,
    cast(streams.runs_since_complete as {{ dbt.type_bigint() }}) as runs_since_complete,
    runs.errors as last_errors,
    runs.unread as last_left,
    runs.oldest_covered,
    runs.newest_covered,
    freshness.oldest_update as data_as_of,
    cast({{ dbt.datediff("freshness.oldest_update", "freshness.read_at", "minute") }} as {{ type_double() }}) / 60 as hours_behind
from streams
inner join runs
    on streams.profile = runs.profile and streams.stream = runs.stream and runs.age = 1
left join {{ ref("int_ayrshare__api_freshness") }} as freshness
    on streams.profile = freshness.profile and streams.stream = freshness.stream
cross join (select max(run_date) as run_date from runs) as newest
