{% set keys = ["profile", "platform", "post_id", "comment_id"] %}
{{ config(
    enabled=has("comments") or has("social_post_comments"),
    materialized="table",
    indexes=postgres_indexes(keys, ["created_date"]),
    cluster_by=["profile", "platform"],
) }}

{#- How deep threads are followed. Each step is a join: BigQuery takes a recursive query only at the top level. -#}
{% set deepest = 10 %}
{% set authors = var("ayrshare_comment_authors") %}
{#- Comments on posts sent through Ayrshare, and on native posts: no post is in both. -#}
{% set streams = [
    {"name": "comments", "post_id": "post_id", "ayrshare_post_id": "post_id"},
    {"name": "social_post_comments", "post_id": "social_post_id", "ayrshare_post_id": "cast(null as " ~ dbt.type_string() ~ ")"},
] %}
{% set loaded_streams = [] %}
{% for stream in streams if has(stream.name) %}{% do loaded_streams.append(stream) %}{% endfor %}

with accounts as (

    {% if authors and has("accounts") %}
    select {{ profile_name() }} as profile, platform, account_id, lower(username) as username, extracted_at
    from {{ source("ayrshare", "accounts") }}
    {% else %}
    {{ no_rows({"profile": dbt.type_string(), "platform": dbt.type_string(), "account_id": dbt.type_string(), "username": dbt.type_string(), "extracted_at": dbt.type_timestamp()}) }}
    {% endif %}

),

loaded as (

    {% for stream in loaded_streams %}
    select
        {{ profile_name() }} as profile,
        platform,
        {{ stream.post_id }} as post_id,
        {{ stream.ayrshare_post_id }} as ayrshare_post_id,
        social_post_id,
        comment_id,
        parent_comment_id,
        published_at,
        created_at,
        text,
        hidden,
        likes,
        {% if authors %}
        author_id,
        comment,
        {% endif %}
        last_seen
    from {{ source("ayrshare", stream.name) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

comments as (

    select
        loaded.profile,
        loaded.platform,
        loaded.post_id,
        loaded.comment_id,
        loaded.ayrshare_post_id,
        loaded.social_post_id,
        loaded.parent_comment_id,
        {{ instant("loaded.published_at") }} as published_at,
        {{ instant("loaded.created_at") }} as created_at,
        loaded.text,
        loaded.hidden as is_hidden,
        cast(loaded.likes as {{ dbt.type_bigint() }}) as likes,
        cast(loaded.last_seen as date) as last_seen,
        max(cast(loaded.last_seen as date)) over (partition by loaded.profile, loaded.platform, loaded.post_id) as last_read,
        {% if authors %}
        case
            when {{ json_text("loaded.comment", "isReplyOwnedByMe") }} = 'true' then true
            when {{ json_text("loaded.comment", "isReplyOwnedByMe") }} = 'false' then false
            when loaded.author_id = accounts.account_id then true
            -- Usernames are unique there. Another name may be a former one of the account.
            when loaded.platform = 'instagram'
                and lower(coalesce({{ json_text("loaded.comment", "username") }}, {{ json_text("loaded.comment", "from.username") }}))
                    = accounts.username
                then true
        end as is_own,
        {{ json_length("loaded.comment", "replies") }} as listed_replies
        {% else %}
        cast(null as {{ dbt.type_boolean() }}) as is_own,
        cast(null as {{ dbt.type_bigint() }}) as listed_replies
        {% endif %}
    from {{ once("loaded", keys, newest="last_seen") }} as loaded
    left join {{ once("accounts", ["profile", "platform"], newest="extracted_at") }} as accounts
        on loaded.profile = accounts.profile and loaded.platform = accounts.platform

),

answers as (

    select
        {% for key in keys %}parents.{{ key }}, {% endfor %}
        count(*) as replies,
        sum(case when replies.is_own then 1 else 0 end) as own_replies,
        sum(case when not replies.is_own then 1 else 0 end) as replies_of_others,
        min(case when replies.is_own then replies.created_at end) as answered_at
    from comments as replies
    inner join comments as parents
        on replies.profile = parents.profile
        and replies.platform = parents.platform
        and replies.post_id = parents.post_id
        and replies.parent_comment_id = parents.comment_id
    -- A reply that came with an earlier reading of its parent only was deleted since.
    where replies.last_seen >= parents.last_seen and replies.comment_id <> parents.comment_id
    group by {% for key in keys %}parents.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}

)

select
    comments.profile,
    comments.platform,
    comments.post_id,
    comments.comment_id,
    comments.ayrshare_post_id,
    comments.social_post_id,
    comments.parent_comment_id,
    case
        when comments.parent_comment_id is null then comments.comment_id
        {% for step in range(1, deepest + 1) %}
        when above_{{ step }}.comment_id is null then null
        when above_{{ step }}.parent_comment_id is null then above_{{ step }}.comment_id
        {% endfor %}
    end as thread_comment_id,
    cast(case
        when comments.parent_comment_id is null then 0
        {% for step in range(1, deepest + 1) %}
        when above_{{ step }}.comment_id is null then null
        when above_{{ step }}.parent_comment_id is null then {{ step }}
        {% endfor %}
    end as {{ dbt.type_bigint() }}) as depth,
    comments.published_at,
    comments.created_at,
    {{ local_date("comments.created_at", "comments.profile") }} as created_date,
    comments.text,
    comments.is_hidden,
    comments.likes,
    cast(coalesce(answers.replies, 0) as {{ dbt.type_bigint() }}) as replies,
    comments.is_own,
    case
        when answers.own_replies > 0 then true
        when comments.listed_replies = coalesce(answers.replies_of_others, 0)
            and comments.listed_replies = coalesce(answers.replies, 0)
            then false
    end as is_answered,
    answers.answered_at,
    comments.last_seen,
    comments.last_seen = comments.last_read as is_in_latest_reading
from comments
left join answers
    on {% for key in keys %}comments.{{ key }} = answers.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}

{% for step in range(1, deepest + 1) %}
{% set below = "above_" ~ (step - 1) if step > 1 else "comments" %}
left join comments as above_{{ step }}
    on {{ below }}.profile = above_{{ step }}.profile
    and {{ below }}.platform = above_{{ step }}.platform
    and {{ below }}.post_id = above_{{ step }}.post_id
    and {{ below }}.parent_comment_id = above_{{ step }}.comment_id
{% endfor %}
