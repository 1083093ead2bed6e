select city, sum(amount) as revenue, count(*) as orders
from {{ source('raw', 'orders') }}
group by city
