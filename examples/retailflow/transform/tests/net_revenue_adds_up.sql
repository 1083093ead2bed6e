-- The same money, counted four ways. A row here is a total that differs from revenue less discount.
with expected as (
    select total_revenue.total_revenue - total_discount.total_discount as amount
    from {{ ref('total_revenue') }} as total_revenue
    cross join {{ ref('total_discount') }} as total_discount
),

totals as (
    {% for model in ['net_revenue_by_city', 'net_revenue_by_state', 'net_revenue_by_country'] -%}
    select '{{ model }}' as model, sum(net_revenue) as amount from {{ ref(model) }}
    union all
    {% endfor -%}
    select 'customer_lifetime_value', sum(lifetime_value) from {{ ref('customer_lifetime_value') }}
)

select totals.model, totals.amount, expected.amount as expected
from totals
cross join expected
where totals.amount <> expected.amount
