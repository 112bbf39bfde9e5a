{#-
  The readings of posts as one row per post, network and day: of its streams, the first that has the day wins.

  changes: the relation that names the posts to read; none for all of them. with_message: also the text in the latest
  list of native posts.

  A reading without the network's id of the post takes it from other days of the same Ayrshare post.
-#}
{% macro post_snapshots(changes=none, with_message=false) %}
{%- set readings = ref("int_ayrshare__post_readings") -%}
with wanted as (

    {% if changes %}
    select profile, platform, social_post_id, changed_upto from {{ changes }}
    {% else %}
    select max(changed_at) as changed_upto from {{ readings }}
    {% endif %}

),

{% if changes %}
ayrshare_posts as (

    select readings.profile, readings.platform, readings.source_id
    from {{ readings }} as readings
    inner join wanted
        on readings.profile = wanted.profile
        and readings.platform = wanted.platform
        and readings.own_post_id = wanted.social_post_id
    where readings.preference = 1
    union distinct
    select profile, platform, social_post_id as source_id from wanted

),
{% endif %}

picked as (

    {% if changes %}
    select readings.*
    from {{ readings }} as readings
    inner join ayrshare_posts
        on readings.profile = ayrshare_posts.profile
        and readings.platform = ayrshare_posts.platform
        and readings.source_id = ayrshare_posts.source_id
    where readings.preference = 1 and not readings.is_gone
    union all
    select readings.*
    from {{ readings }} as readings
    inner join wanted
        on readings.profile = wanted.profile
        and readings.platform = wanted.platform
        and readings.own_post_id = wanted.social_post_id
    where readings.preference > 1 and not readings.is_gone
    {% else %}
    select * from {{ readings }} where not is_gone
    {% endif %}

),

identified as (

    select
        picked.*,
        case
            when preference > 1 then own_post_id
            else coalesce(
                own_post_id,
                max(own_post_id) over (partition by profile, platform, preference, source_id, thread_index),
                source_id
            )
        end as social_post_id
    from picked

),

known as (

    select
        identified.*,
        min(preference) over (partition by profile, platform, social_post_id, snapshot_date) as best,
        max(case when preference = 1 then source_id end) over (partition by profile, platform, social_post_id)
            as ayrshare_post_id,
        min(published_at) over (partition by profile, platform, social_post_id) as known_published_at,
        {% if with_message %}
        first_value(message) over (
            partition by profile, platform, social_post_id
            order by case when message is null then 1 else 0 end, read_on desc
        ) as native_message,
        {% endif %}
        -- The list of native posts has no thread positions.
        case
            when preference < 3 then thread_index
            else coalesce(min(case when preference < 3 then thread_index end) over (
                partition by profile, platform, social_post_id
            ), 0)
        end as known_thread_index
    from identified

),

numbered as (

    select
        known.*,
        row_number() over (
            partition by profile, platform, social_post_id, known_thread_index, snapshot_date
            order by read_at desc, read_on desc, source_id
        ) as position
    from known
    where preference = best

)

select
    numbered.profile,
    numbered.platform,
    numbered.social_post_id,
    numbered.known_thread_index as thread_index,
    numbered.ayrshare_post_id,
    numbered.snapshot_date,
    numbered.read_at,
    numbered.known_published_at as published_at,
    numbered.post_url,
    numbered.media_type,
    numbered.post_format,
    numbered.thumbnail_url,
    {% if with_message %}numbered.native_message as message,{% endif %}
    case numbered.preference
        when 1 then 'post_analytics' when 2 then 'social_post_analytics' else 'social_posts'
    end as source_stream,
    {% for metric in ayrshare.post_metrics() %}
    numbered.{{ metric }},
    {% endfor %}
    wanted.changed_upto as changed_at
from numbered
{% if changes %}
inner join wanted
    on numbered.profile = wanted.profile
    and numbered.platform = wanted.platform
    and numbered.social_post_id = wanted.social_post_id
{% else %}
cross join wanted
{% endif %}
where numbered.position = 1
{% endmacro %}
