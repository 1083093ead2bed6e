-- One row per customer: what the CRM is told.
with customers as (
    select
        customer_id,
        max(customer_name) as customer_name,
        max(city) as city,
        max(province) as province,
        max(country) as country,
        count(*) as orders,
        {{ as_money('sum(' ~ net_revenue() ~ ')') }} as lifetime_value,
        min(purchased_at) as first_order_at,
        max(purchased_at) as last_order_at
    from {{ ref('stg_orders') }}
    group by customer_id
)

select
    *,
    case
        when lifetime_value >= 2500 then 'gold'
        when lifetime_value >= 500 then 'silver'
        else 'bronze'
    end as tier
from customers
