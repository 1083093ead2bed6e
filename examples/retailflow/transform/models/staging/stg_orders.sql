select
    order_id,
    customer_id,
    cust_name as customer_name,
    product_id,
    product,
    product_category,
    cast(quantity as integer) as quantity,
    cast(price as decimal(10, 2)) as price,
    cast(discount as decimal(10, 2)) as discount,
    cast(shipping_cost as decimal(10, 2)) as shipping_cost,
    cast(purchased_at as timestamp) as purchased_at,
    cast(order_date_at as date) as order_date,
    city,
    province,
    country
from {{ source('shop', 'orders') }}
