select email, currency, sum(amount) as spent
from {{ ref('clean_orders') }}
where email is not null
group by email, currency
