{#-
  Profiles that were renamed: `ayrshare_profile_aliases` maps a former name to the present one, and the models know a
  profile by its present name only.
-#}
{% macro profile_name(column="profile") %}
{%- set aliases = var("ayrshare_profile_aliases") or {} -%}
{%- if not aliases -%}{{ return(column) }}{%- endif -%}
{%- set cases = [] -%}
{%- for former, present in aliases.items() -%}
    {%- do cases.append("when " ~ dbt.string_literal(dbt.escape_single_quotes(former)) ~ " then " ~ dbt.string_literal(dbt.escape_single_quotes(present))) -%}
{%- endfor -%}
{{ return("case " ~ column ~ " " ~ cases | join(" ") ~ " else " ~ column ~ " end") }}
{% endmacro %}

{#- Rows of a CTE, each key once: on the day of a renaming, a snapshot may be there under both names. -#}
{% macro once(relation, keys, newest="read_at") %}
{%- if not var("ayrshare_profile_aliases") -%}{{ return(relation) }}{%- endif -%}
(
    select * from (
        select rows_of_key.*, row_number() over (partition by {{ keys | join(", ") }} order by {{ newest }} desc) as row_of_key
        from {{ relation }} as rows_of_key
    ) as numbered_rows
    where row_of_key = 1
)
{%- endmacro %}

{#- The network's id of the account that a row of social_analytics is of. -#}
{% macro account_id() -%}
coalesce(account_id, {{ ayrshare.json_text("analytics", "id") }})
{%- endmacro %}

{#-
  The readings of accounts as one row per profile, network and day, each with the account that was linked.

  readings: the relation with the readings, `columns` of which are kept. Two readings can close the same day: the later
  one counts. account_number counts the accounts that the profile's network has been linked to: a reading that doesn't
  say whose it is belongs to the account before.
-#}
{% macro account_snapshots(readings, columns) %}
select
    {{ columns | join(", ") }},
    coalesce(account_id, previous_id) as account_id,
    1 + sum(case when account_id <> previous_id then 1 else 0 end) over (
        partition by profile, platform order by snapshot_date rows between unbounded preceding and current row
    ) as account_number
from (
    select
        numbered.*,
        {{ ayrshare.last_known_text("account_id", ["profile", "platform"]) }} as previous_id
    from (
        select
            readings.*,
            row_number() over (
                partition by profile, platform, snapshot_date order by read_at desc, read_on desc
            ) as position
        from {{ readings }} as readings
        where not is_gone
    ) as numbered
    where position = 1
) as compared
{% endmacro %}

{#- A text's last value that is not null on an earlier day. -#}
{% macro last_known_text(column, keys) %}{{ return(adapter.dispatch("last_known_text", "ayrshare")(column, keys)) }}{% endmacro %}

{% macro default__last_known_text(column, keys) -%}
{{ ayrshare.last_known(column, ayrshare.rows_before(keys)) }}
{%- endmacro %}

{% macro postgres__last_known_text(column, keys) -%}
(max(case when {{ column }} is not null then array[cast(snapshot_date as text), {{ column }}] end) {{ ayrshare.rows_before(keys) }})[2]
{%- endmacro %}
