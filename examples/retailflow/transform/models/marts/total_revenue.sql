select
    count(*) as orders,
    {{ as_money('sum(quantity * price)') }} as total_revenue
from {{ ref('stg_orders') }}
