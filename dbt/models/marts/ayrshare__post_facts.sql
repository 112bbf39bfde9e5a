{{ config(
    enabled=has_posts(),
    materialized="table",
    indexes=postgres_indexes(["profile", "platform", "post_key"], ["published_date"]),
    cluster_by=["profile", "platform"],
) }}

{#-
  A post on a network as people see it: the parts of a thread are one, and what may be added up over them is. The same
  post on several networks has one post_key.
-#}
{% set bigint, double, text = dbt.type_bigint(), type_double(), dbt.type_string() %}
{% set posts = ["profile", "platform", "post_key"] %}
{% set additive = ayrshare.additive_post_metrics() %}
{% set one_by_one = [] %}
{% for metric in ayrshare.post_metrics() if metric not in additive %}{% do one_by_one.append(metric) %}{% endfor %}
{% set kept = ["ayrshare_post_id", "social_post_id", "account_id", "account_name", "snapshot_date", "published_at",
    "published_date", "published_hour", "published_weekday", "age_days", "message", "post_url", "thumbnail_url",
    "post_format", "media_type", "followers_at_publication"] %}

with parts as (

    select
        latest.*,
        {% for metric in aged_metrics() %}{% for age in ages_of_posts() %}
        ages.{{ metric }}_day_{{ age }},
        {% endfor %}{% endfor %}
        coalesce(latest.ayrshare_post_id, latest.social_post_id) as post_key
    from {{ ref("ayrshare__post_metrics_latest") }} as latest
    left join {{ ref("int_ayrshare__post_ages") }} as ages
        on latest.profile = ages.profile
        and latest.platform = ages.platform
        and latest.social_post_id = ages.social_post_id
        and latest.thread_index = ages.thread_index

),

wholes as (

    select
        profile,
        platform,
        post_key,
        {{ kept | join(", ") }},
        row_number() over ({{ "partition by " ~ posts | join(", ") }} order by thread_index, social_post_id) as position,
        count(*) over (partition by {{ posts | join(", ") }}) as parts,
        {% for metric in additive %}
        cast(sum({{ metric }}) over (partition by {{ posts | join(", ") }}) as {{ bigint }}) as {{ metric }},
        {% endfor %}
        {% for metric in aged_metrics() %}{% for age in ages_of_posts() %}
        cast(sum({{ metric }}_day_{{ age }}) over (partition by {{ posts | join(", ") }}) as {{ bigint }}) as {{ metric }}_day_{{ age }},
        {% endfor %}{% endfor %}
        {% for metric in one_by_one %}
        case when count(*) over (partition by {{ posts | join(", ") }}) = 1 then {{ metric }} end as {{ metric }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from parts

),

usual as (

    select profile, platform, {{ median("engagements") }} as engagements
    from wholes
    where position = 1 and age_days >= 2 and engagements is not null
    group by profile, platform

),

words as (

    {% if has("posts") %}
    select
        {{ profile_name() }} as profile,
        post_id as ayrshare_post_id,
        cast(null as {{ text }}) as platform,
        cast(null as {{ text }}) as social_post_id,
        {{ json_as_text(array_as_json("hashtags")) }} as hashtags,
        {{ json_as_text(array_as_json("mentions")) }} as mentions,
        notes,
        {{ json_as_text(array_as_json("urls")) }} as urls,
        {{ instant("extracted_at") }} as read_at
    from {{ source("ayrshare", "posts") }}
    {% else %}
    {{ no_rows({"profile": text, "ayrshare_post_id": text, "platform": text, "social_post_id": text, "hashtags": text, "mentions": text, "notes": text, "urls": text, "read_at": dbt.type_timestamp()}) }}
    {% endif %}

),

native_words as (

    {% if has("social_posts") %}
    select profile, platform, social_post_id, hashtags, mentions
    from (
        select
            {{ profile_name() }} as profile,
            platform,
            social_post_id,
            {{ json_as_text(array_as_json("hashtags")) }} as hashtags,
            {{ json_as_text(array_as_json("mentions")) }} as mentions,
            row_number() over (
                partition by {{ profile_name() }}, platform, social_post_id order by snapshot_date desc
            ) as position
        from {{ source("ayrshare", "social_posts") }}
        where
            {{ json_as_text(array_as_json("hashtags")) }} is not null
            or {{ json_as_text(array_as_json("mentions")) }} is not null
    ) as native_days
    where position = 1
    {% else %}
    {{ no_rows({"profile": text, "platform": text, "social_post_id": text, "hashtags": text, "mentions": text}) }}
    {% endif %}

),

described as (

    select
        wholes.*,
        coalesce(words.hashtags, native_words.hashtags) as hashtags,
        coalesce(words.mentions, native_words.mentions) as mentions,
        words.notes,
        words.urls
    from wholes
    left join {{ once("words", ["profile", "ayrshare_post_id"]) }} as words
        on wholes.profile = words.profile and wholes.ayrshare_post_id = words.ayrshare_post_id
    left join native_words
        on wholes.profile = native_words.profile
        and wholes.platform = native_words.platform
        and wholes.social_post_id = native_words.social_post_id
    where wholes.position = 1

)

{% if var("ayrshare_campaigns") %}
, campaigns as (

    select profile, platform, post_key, min(campaign) as campaign
    from described
    inner join {{ ref(var("ayrshare_campaigns")) }} as known
        on (known.kind = 'hashtag' and lower(described.hashtags) like concat('%"', lower(known.word), '"%'))
        or (known.kind = 'note' and lower(described.notes) like concat('%', lower(known.word), '%'))
        or (
            known.kind = 'utm'
            and lower(concat(coalesce(described.urls, ''), ' ', coalesce(described.message, '')))
                like concat('%utm_campaign=', lower(known.word), '%')
        )
    group by profile, platform, post_key

)
{% endif %}

select
    described.profile,
    described.platform,
    described.post_key,
    {% for column in kept if column not in ("message", "followers_at_publication") %}
    described.{{ column }},
    {% endfor %}
    described.message,
    described.hashtags,
    described.mentions,
    {{ "campaigns.campaign" if var("ayrshare_campaigns") else "cast(null as " ~ text ~ ")" }} as campaign,
    cast(described.parts as {{ bigint }}) as parts,
    {% for metric in ayrshare.post_metrics() %}
    described.{{ metric }},
    {% endfor %}
    {% for metric in aged_metrics() %}{% for age in ages_of_posts() %}
    described.{{ metric }}_day_{{ age }},
    {% endfor %}{% endfor %}
    described.followers_at_publication,
    cast(described.engagements as {{ double }}) / nullif(coalesce(described.impressions, described.views), 0) as engagement_rate,
    cast(described.engagements as {{ double }}) / nullif(described.impressions, 0) as engagement_rate_by_impressions,
    cast(described.engagements as {{ double }}) / nullif(described.reach, 0) as engagement_rate_by_reach,
    cast(described.engagements as {{ double }}) / nullif(described.followers_at_publication, 0) as engagement_rate_by_followers,
    case when described.age_days >= 2 then cast(described.engagements as {{ double }}) / nullif(usual.engagements, 0) end
        as times_usual
from described
left join usual
    on described.profile = usual.profile and described.platform = usual.platform
{% if var("ayrshare_campaigns") %}
left join campaigns
    on described.profile = campaigns.profile
    and described.platform = campaigns.platform
    and described.post_key = campaigns.post_key
{% endif %}
