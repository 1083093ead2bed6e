/** dbt's macros around relations, for materializations and hooks that call them by name. */
export const relationMacros = `
{% macro load_cached_relation(relation) %}{{ return(load_relation(relation)) }}{% endmacro %}

{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
  {%- set ending = suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f') -%}
  {%- set room = 63 - ending | length -%}
  {{ return(base_relation.incorporate(
    path={'identifier': base_relation.identifier[:room] ~ ending, 'schema': none, 'database': none}, type='table')) }}
{% endmacro %}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') %}
  {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{% endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') %}
  {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix}, type=backup_relation_type)) }}
{% endmacro %}

{% macro drop_relation_if_exists(relation) %}
  {% if relation is not none %}{% do adapter.drop_relation(relation) %}{% endif %}
{% endmacro %}

{% macro get_or_create_relation(database, schema, identifier, type) %}
  {%- set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) -%}
  {%- if found %}{{ return([true, found]) }}{% endif -%}
  {{ return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) }}
{% endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') %}
  {%- set header = config.get('sql_header') -%}
  {{ header if header else '' }}
  create {% if temporary %}temporary {% endif %}table {{ relation.include(database=not temporary, schema=not temporary) }} as (
{{ compiled_code }}
  )
{% endmacro %}
{% macro get_create_table_as_sql(temporary, relation, sql) %}{{ return(create_table_as(temporary, relation, sql)) }}{% endmacro %}

{% macro create_view_as(relation, sql) %}
  {%- set header = config.get('sql_header') -%}
  {{ header if header else '' }}
  create view {{ relation }} as (
{{ sql }}
  )
{% endmacro %}
{% macro get_create_view_as_sql(relation, sql) %}{{ return(create_view_as(relation, sql)) }}{% endmacro %}

{% macro create_schema(relation) %}{% do adapter.create_schema(relation) %}{% endmacro %}
{% macro drop_schema(relation) %}{% do adapter.drop_schema(relation) %}{% endmacro %}
{% macro drop_relation(relation) %}{% do adapter.drop_relation(relation) %}{% endmacro %}
{% macro truncate_relation(relation) %}{% do adapter.truncate_relation(relation) %}{% endmacro %}
{% macro rename_relation(from_relation, to_relation) %}{% do adapter.rename_relation(from_relation, to_relation) %}{% endmacro %}
{% macro get_columns_in_relation(relation) %}{{ return(adapter.get_columns_in_relation(relation)) }}{% endmacro %}
{% macro get_columns_in_query(select_sql) %}
  {{ return(adapter.get_column_schema_from_query(select_sql) | map(attribute='name') | list) }}
{% endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
  {% for column in add_columns or [] %}
    {% do run_query('alter table ' ~ relation ~ ' add column ' ~ column.quoted ~ ' ' ~ column.data_type) %}
  {% endfor %}
  {% for column in remove_columns or [] %}
    {% do run_query('alter table ' ~ relation ~ ' drop column ' ~ column.quoted) %}
  {% endfor %}
{% endmacro %}

{% macro diff_columns(source_columns, target_columns) %}
  {%- set known = target_columns | map(attribute='name') | map('lower') | list -%}
  {%- set missing = [] -%}
  {%- for column in source_columns if column.name | lower not in known %}{% do missing.append(column) %}{% endfor -%}
  {{ return(missing) }}
{% endmacro %}

{% macro get_quoted_csv(column_names) %}
  {%- set quoted = [] -%}
  {%- for name in column_names %}{% do quoted.append(adapter.quote(name)) %}{% endfor -%}
  {{ return(quoted | join(', ')) }}
{% endmacro %}

{% macro run_hooks(hooks, inside_transaction=True) %}
  {%- for hook in hooks if (hook.get('transaction', true) == inside_transaction) -%}
    {%- set rendered = render(hook.get('sql')) | trim -%}
    {%- if rendered %}{% do run_query(rendered) %}{% endif -%}
  {%- endfor -%}
{% endmacro %}

{% macro should_store_failures() %}
  {%- set configured = config.get('store_failures') -%}
  {{ return((flags.STORE_FAILURES if configured is none else configured) or false) }}
{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
  {{ return(existing_relation is not none) }}
{% endmacro %}
{% macro copy_grants() %}{{ return(true) }}{% endmacro %}
{% macro get_grant_sql(relation, privilege, grantees) -%}
  grant {{ privilege }} on {{ relation }} to {{ grantees | join(', ') }}
{%- endmacro %}
{% macro get_revoke_sql(relation, privilege, grantees) -%}
  revoke {{ privilege }} on {{ relation }} from {{ grantees | join(', ') }}
{%- endmacro %}
{% macro apply_grants(relation, grant_config, should_revoke=True) %}
  {%- if grant_config and target.type == 'duckdb' -%}
    {% do log('DuckDB has no grants: those that are configured are left out', info=true) %}
  {%- elif grant_config -%}
    {%- set wanted = {} -%}
    {%- for privilege, grantees in grant_config.items() -%}
      {% do wanted.update({privilege: [grantees] if grantees is string else grantees}) %}
    {%- endfor -%}
    {%- set current = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) if should_revoke else {} -%}
    {%- for privilege, grantees in diff_of_two_dicts(current, wanted).items() if grantees -%}
      {% do run_query(get_revoke_sql(relation, privilege, grantees)) %}
    {%- endfor -%}
    {%- for privilege, grantees in diff_of_two_dicts(wanted, current).items() if grantees -%}
      {% do run_query(get_grant_sql(relation, privilege, grantees)) %}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}
{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}{% endmacro %}
{% macro create_indexes(relation) %}{% endmacro %}
{% macro set_sql_header(config) %}{% do config.set('sql_header', caller()) %}{% endmacro %}
`;
