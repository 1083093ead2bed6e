select
    sum(case when discount > 0 then 1 else 0 end) as discounted_orders,
    {{ as_money('sum(discount)') }} as total_discount
from {{ ref('stg_orders') }}
