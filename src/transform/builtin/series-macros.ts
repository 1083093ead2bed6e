/** dbt's macros that make rows out of nothing. */
export const seriesMacros = `
{% macro get_intervals_between(start_date, end_date, datepart) %}
  {%- set found = run_query('select ' ~ dbt.datediff(start_date, end_date, datepart)) -%}
  {{ return(found.columns[0].values()[0] if found else 1) }}
{% endmacro %}

{% macro date_spine(datepart, start_date, end_date) %}
  select date_{{ datepart }} from (
    select {{ dbt.dateadd(datepart, 's.n', start_date) }} as date_{{ datepart }}
    from generate_series(0, cast({{ dbt.datediff(start_date, end_date, datepart) }} as integer) - 1) as s(n)
  ) as spine
  where date_{{ datepart }} <= {{ end_date }}
{% endmacro %}

{% macro get_powers_of_two(upper_bound) %}
  {%- if upper_bound <= 0 %}{{ exceptions.raise_compiler_error('upper bound must be positive') }}{% endif -%}
  {%- for n in range(1, 100) if upper_bound <= 2 ** n %}{{ return(n) }}{% endfor -%}
{% endmacro %}

{% macro generate_series(upper_bound) %}
  select cast(s.n as double precision) as generated_number
  from generate_series(1, {{ upper_bound }}) as s(n)
  order by generated_number
{% endmacro %}
`;
