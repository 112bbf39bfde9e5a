{#- A metric's deltas add up to its last reading minus its first: nothing is counted twice or invented. -#}
{% test growth_adds_up(model, column_name, keys) %}
with readings as (

    select
        {{ keys | join(", ") }},
        {{ column_name }} as reading,
        row_number() over (partition by {{ keys | join(", ") }} order by snapshot_date) as from_start,
        row_number() over (partition by {{ keys | join(", ") }} order by snapshot_date desc) as from_end
    from {{ model }}
    where {{ column_name }} is not null

),

spans as (

    select
        {{ keys | join(", ") }},
        max(case when from_end = 1 then reading end) - max(case when from_start = 1 then reading end) as grown
    from readings
    group by {{ keys | join(", ") }}

),

sums as (

    select
        {{ keys | join(", ") }},
        coalesce(sum({{ column_name }}_delta), 0) as added
    from {{ model }}
    group by {{ keys | join(", ") }}

)

select sums.*, spans.grown
from sums
left join spans on {% for key in keys %}sums.{{ key }} = spans.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}

where sums.added <> coalesce(spans.grown, 0)
{% endtest %}
