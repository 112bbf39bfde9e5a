{#-
  The readings of posts as one row per post, network and day: of its streams, the first that has the day wins.

  changes: the relation that names the posts to read; none for all of them. with_message: also the text in the latest
  list of native posts.

  A reading without the network's id of the post takes it from other days of the same Ayrshare post. is_counted_from_zero
  tells whether the account was being read when the post was published: then its first reading is growth too.
-#}
{% macro post_snapshots(changes=none, with_message=false) %}
{%- set readings = ref("int_ayrshare__post_readings") -%}
{%- set metrics, kinds, parts = ayrshare.post_metrics(), ayrshare.metrics_of_kinds(), ayrshare.optional_parts() -%}
{%- set keys = ["profile", "platform", "social_post_id", "thread_index"] -%}
{%- set columns = ["profile", "platform", "social_post_id", "preference", "ayrshare_post_id", "snapshot_date", "read_at",
    "first_read_at", "known_published_at", "post_url", "post_format", "thumbnail_url"] + metrics -%}
{%- for metric in kinds -%}{%- do columns.append(metric ~ "_kind") -%}{%- endfor -%}
{%- for metric in ayrshare.metrics_with_own() -%}{%- do columns.append("own_" ~ metric) -%}{%- endfor -%}
{%- if with_message -%}{%- do columns.append("native_message") -%}{%- do columns.append("known_media_type") -%}{%- endif -%}
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
        min(read_at) over (partition by profile, platform, social_post_id) as first_read_at,
        {% if with_message %}
        first_value(message) over (
            partition by profile, platform, social_post_id
            order by case when message is null then 1 else 0 end, read_on desc
        ) as native_message,
        -- The post's own numbers say it best, then the network's list.
        coalesce(
            max(case when preference < 3 then media_type end) over (partition by profile, platform, social_post_id),
            max(media_type) over (partition by profile, platform, social_post_id)
        ) as known_media_type,
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

),

days as (

    select
        numbered.*
        {%- for part, networks in parts.items() %},
        {{ ayrshare.reading_before("case when platform in ('" ~ networks | join("', '") ~ "') then " ~ part ~ " end", keys) }}
            as {{ part }}_before
        {%- endfor %}

    from (
        select
            {{ columns | join(", ") }},
            known_thread_index as thread_index
        from numbered
        where position = 1
    ) as numbered

)

select
    days.profile,
    days.platform,
    days.social_post_id,
    days.thread_index,
    days.ayrshare_post_id,
    days.snapshot_date,
    days.read_at,
    days.first_read_at,
    days.known_published_at as published_at,
    coalesce(days.known_published_at >= accounts.read_since, false) as is_counted_from_zero,
    accounts.account_id,
    accounts.account_name,
    days.post_url,
    {% if with_message %}days.known_media_type as media_type,{% endif %}
    days.post_format,
    days.thumbnail_url,
    {% if with_message %}days.native_message as message,{% endif %}
    case days.preference
        when 1 then 'post_analytics' when 2 then 'social_post_analytics' else 'social_posts'
    end as source_stream,
    {% for metric in metrics %}
    {{ ayrshare.with_missing_parts(metric) }} as {{ metric }},
    {% endfor %}
    {% for metric in kinds %}
    days.{{ metric }}_kind,
    {% endfor %}
    wanted.changed_upto as changed_at
from days
left join {{ ref("int_ayrshare__accounts_read") }} as accounts
    on days.profile = accounts.profile
    and days.platform = accounts.platform
    and (accounts.begins_at is null or days.first_read_at >= accounts.begins_at)
    and (accounts.ends_at is null or days.first_read_at < accounts.ends_at)
{% if changes %}
inner join wanted
    on days.profile = wanted.profile
    and days.platform = wanted.platform
    and days.social_post_id = wanted.social_post_id
{% else %}
cross join wanted
{% endif %}
{% endmacro %}

{#-
  A metric with those of its optional parts that a reading lacks as they were last reported: a part that is missing for
  a night is not a fall.
-#}
{% macro with_missing_parts(metric) %}
{%- set missing = [] -%}
{%- for network, parts in ayrshare_definitions()["optional"].get(metric, {}).items() -%}
    {%- set terms = [] -%}
    {%- for part in parts -%}
        {%- do terms.append("case when days." ~ part ~ " is null then coalesce(days." ~ part ~ "_before, 0) else 0 end") -%}
    {%- endfor -%}
    {%- do missing.append("when '" ~ network ~ "' then " ~ terms | join(" + ")) -%}
{%- endfor -%}
{{ return("days." ~ metric ~ (" + case days.platform " ~ missing | join(" ") ~ " else 0 end" if missing else "")) }}
{% endmacro %}
