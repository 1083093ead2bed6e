{# What the customer pays for the goods: shipping is passed on to the carrier and is no revenue. #}
{% macro net_revenue() -%}
(quantity * price - discount)
{%- endmacro %}

{# Sums of money, exact to the cent on every database. #}
{% macro as_money(amount) -%}
cast({{ amount }} as decimal(18, 2))
{%- endmacro %}
