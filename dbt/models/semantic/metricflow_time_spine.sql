{{ config(enabled=var("ayrshare_semantic_layer"), materialized="table") }}

select {{ days_after("cast('2015-01-01' as date)", "positions.position - 1") }} as date_day
from (select 9131 as days) as years
{{ each_up_to("years.days") }}
