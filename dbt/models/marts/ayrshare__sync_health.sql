{{ config(enabled=has("sync_runs"), materialized="view") }}

with runs as (

    select
        sync_runs.*,
        case when status = 'complete' then cast(snapshot_date as date) end as complete_date,
        case when status = 'complete' then {{ instant("ended_at") }} end as complete_at,
        max(cast(snapshot_date as date)) over () as newest_date,
        max(case when status = 'complete' then started_at end) over (partition by profile, stream) as last_complete_start,
        row_number() over (partition by profile, stream order by started_at desc, run_id desc) as age
    from {{ source("ayrshare", "sync_runs") }} as sync_runs

),

streams as (

    select
        profile,
        stream,
        max(complete_date) as last_complete_date,
        max(complete_at) as last_complete_at,
        max(newest_date) as newest_date,
        count(case when last_complete_start is null or started_at > last_complete_start then 1 end) as runs_since_complete
    from runs
    group by profile, stream

)

select
    streams.profile,
    streams.stream,
    streams.last_complete_date,
    streams.last_complete_at,
    cast({{ days_between("streams.last_complete_date", "streams.newest_date") }} as {{ dbt.type_bigint() }}) as days_since_complete,
    {{ instant("runs.started_at") }} as last_run_at,
    runs.status as last_status,
    runs.reason as last_reason,
    cast(streams.runs_since_complete as {{ dbt.type_bigint() }}) as runs_since_complete,
    cast(runs.errors as {{ dbt.type_bigint() }}) as last_errors,
    cast(runs.{{ adapter.quote("left") }} as {{ dbt.type_bigint() }}) as last_left,
    cast(runs.oldest_covered as {{ dbt.type_string() }}) as oldest_covered,
    cast(runs.newest_covered as {{ dbt.type_string() }}) as newest_covered
from streams
inner join runs
    on streams.profile = runs.profile and streams.stream = runs.stream and runs.age = 1
