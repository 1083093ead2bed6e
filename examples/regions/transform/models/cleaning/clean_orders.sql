select
    id as order_id,
    lower(email) as email,
    cast(amount as decimal(18, 2)) / {{ var('minor_units') }} as amount,
    '{{ var("currency") }}' as currency
    {%- if var('region') == 'eu' %},
    cast(vat as decimal(18, 2)) / {{ var('minor_units') }} as vat
    {%- endif %}
from {{ source('raw', 'orders') }}
