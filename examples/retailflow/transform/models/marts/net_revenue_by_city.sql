-- Cities of the same name (London, Portland) are told apart by province and country.
select
    city || ', ' || province || ', ' || country as city_key,
    city,
    province,
    country,
    count(*) as orders,
    {{ as_money('sum(' ~ net_revenue() ~ ')') }} as net_revenue
from {{ ref('stg_orders') }}
group by city, province, country
