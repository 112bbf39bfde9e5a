{{ config(enabled=has_posts(), materialized="table", post_hook="{{ ayrshare.analyze() }}",
    indexes=postgres_indexes(["profile", "platform", "social_post_id"])) }}

{#-
  Posts with a reading that changed, by each of the ids under which they may be built, and those of which it has become
  known, or is no longer, that they have been read from the beginning, or of which account they are.
-#}
{% set since = built_up_to(["ayrshare__post_metrics_daily", "int_ayrshare__post_latest", "int_ayrshare__post_ages"]) %}
{% set readings = ref("int_ayrshare__post_readings") %}
{% set latest = built_relation("int_ayrshare__post_latest") if since else none %}
-- depends_on: {{ ref("int_ayrshare__accounts_read") }}

with changed as (

    select *
    from {{ readings }}
    where {{ "changed_at > cast('" ~ since ~ "' as " ~ dbt.type_timestamp() ~ ")" if since else "1 = 0" }}

),

ayrshare_posts as (

    select distinct profile, platform, source_id from changed where preference = 1

),

ids as (

    select profile, platform, own_post_id as social_post_id from changed
    union distinct
    select profile, platform, replaced_own_post_id as social_post_id from changed
    union distinct
    select profile, platform, source_id as social_post_id from ayrshare_posts
    union distinct
    select readings.profile, readings.platform, readings.own_post_id as social_post_id
    from {{ readings }} as readings
    inner join ayrshare_posts
        on readings.profile = ayrshare_posts.profile
        and readings.platform = ayrshare_posts.platform
        and readings.source_id = ayrshare_posts.source_id
    where readings.preference = 1
    {% if latest %}
    union distinct
    select latest.profile, latest.platform, latest.social_post_id
    from {{ latest }} as latest
    inner join {{ ref("int_ayrshare__accounts_read") }} as accounts
        on latest.profile = accounts.profile
        and latest.platform = accounts.platform
        and (accounts.begins_at is null or latest.first_read_at >= accounts.begins_at)
        and (accounts.ends_at is null or latest.first_read_at < accounts.ends_at)
    where latest.is_counted_from_zero <> coalesce(latest.published_at >= accounts.read_since, false)
        or latest.account_id is distinct from accounts.account_id
        or latest.account_name is distinct from accounts.account_name
    {% endif %}

)

select
    ids.profile,
    ids.platform,
    ids.social_post_id,
    upto.changed_upto
from ids
cross join (select max(changed_at) as changed_upto from {{ readings }}) as upto
where ids.social_post_id is not null
