-- Categories bought by the same customers. No report and no sync reads this any more.
with bought as (
    select distinct customer_id, product_category
    from {{ ref('stg_orders') }}
)

select
    a.product_category as category,
    b.product_category as other_category,
    count(*) as customers
from bought as a
inner join bought as b on b.customer_id = a.customer_id and b.product_category > a.product_category
group by a.product_category, b.product_category
