select
    orders.country,
    countries.country_code,
    countries.region,
    count(*) as orders,
    {{ as_money('sum(' ~ net_revenue() ~ ')') }} as net_revenue
from {{ ref('stg_orders') }} as orders
left join {{ ref('countries') }} as countries on countries.country = orders.country
group by orders.country, countries.country_code, countries.region
