{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='order_date') }}

-- The last day that is there is built again: the shop may have sold more since.
select
    order_date,
    count(*) as orders,
    {{ as_money('sum(' ~ net_revenue() ~ ')') }} as net_revenue
from {{ ref('stg_orders') }}
{% if is_incremental() %}
where order_date >= (select max(order_date) from {{ this }})
{% endif %}
group by order_date
