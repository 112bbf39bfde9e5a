{#-
  Days and the time zones they belong to. `ayrshare_timezone` is the zone of all profiles, `ayrshare_timezones` names
  others by profile.
-#}

{#- A time zone as SQL, by the column with the profile's name. -#}
{% macro time_zone(profile="profile") %}
{%- set others = var("ayrshare_timezones") or {} -%}
{%- set usual = dbt.string_literal(var("ayrshare_timezone")) -%}
{%- if not others -%}{{ return(usual) }}{%- endif -%}
{%- set cases = [] -%}
{%- for name, zone in others.items() -%}
    {%- do cases.append("when " ~ dbt.string_literal(dbt.escape_single_quotes(name)) ~ " then " ~ dbt.string_literal(zone)) -%}
{%- endfor -%}
{{ return("case " ~ profile ~ " " ~ cases | join(" ") ~ " else " ~ usual ~ " end") }}
{% endmacro %}

{#- An instant in UTC as wall-clock time of the profile's zone. -#}
{% macro local_time(instant, profile="profile") %}
{%- if var("ayrshare_timezone") == "UTC" and not var("ayrshare_timezones") -%}
    {{ return(instant) }}
{%- endif -%}
{{ return(adapter.dispatch("local_time", "ayrshare")(instant, ayrshare.time_zone(profile))) }}
{% endmacro %}

{% macro default__local_time(instant, zone) -%}
(({{ instant }} at time zone 'UTC') at time zone ({{ zone }}))
{%- endmacro %}

{% macro snowflake__local_time(instant, zone) -%}
convert_timezone('UTC', {{ zone }}, {{ instant }})
{%- endmacro %}

{% macro bigquery__local_time(instant, zone) -%}
datetime({{ instant }}, {{ zone }})
{%- endmacro %}

{% macro local_date(instant, profile="profile") -%}
cast({{ ayrshare.local_time(instant, profile) }} as date)
{%- endmacro %}

{#-
  The day that a reading closes: a run in the night or the morning reads what the day before has brought, so a reading
  before `ayrshare_closing_hour` belongs to the day before.
-#}
{% macro closing_day(instant, profile="profile") -%}
cast({{ dbt.dateadd("hour", -(var("ayrshare_closing_hour") | int), ayrshare.local_time(instant, profile)) }} as date)
{%- endmacro %}

{#- The closing day of a reading of a post, which is never before the post was published. -#}
{% macro closing_day_of_post(instant, published, profile="profile") -%}
{%- set closing = ayrshare.closing_day(instant, profile) -%}
{%- set day = ayrshare.local_date(published, profile) -%}
case when {{ day }} > {{ closing }} and {{ published }} <= {{ instant }} then {{ day }} else {{ closing }} end
{%- endmacro %}

{#- The first day of a day's month, and of one some months later. -#}
{% macro month_of(day) -%}
cast({{ dbt.date_trunc("month", day) }} as date)
{%- endmacro %}

{% macro months_after(month, count) -%}
cast({{ dbt.dateadd("month", count, month) }} as date)
{%- endmacro %}
