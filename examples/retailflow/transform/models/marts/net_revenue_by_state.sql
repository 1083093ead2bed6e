select
    province || ', ' || country as state_key,
    province as state,
    country,
    count(*) as orders,
    {{ as_money('sum(' ~ net_revenue() ~ ')') }} as net_revenue
from {{ ref('stg_orders') }}
group by province, country
