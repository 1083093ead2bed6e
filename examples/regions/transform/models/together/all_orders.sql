select * from {{ ref_all('clean_orders') }} as orders
