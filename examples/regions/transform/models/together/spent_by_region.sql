select region, currency, count(*) as customers, sum(spent) as spent
from {{ ref_all('customers') }} as customers
group by region, currency
