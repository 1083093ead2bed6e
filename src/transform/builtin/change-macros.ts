/** dbt's macros that write statements of change, for materializations and strategies of a project that call them by name. */
export const changeMacros = `
{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) %}
  {%- if select_sql_header is not none %}{{ select_sql_header }}{% endif %}
  select * from (
    {{ select_sql }}
  ) as __dbt_sbq
  where false
  limit 0
{% endmacro %}

{% macro get_limit_subquery_sql(sql, limit) %}
  {{ sql }}
  {% if limit is not none %}limit {{ limit }}{% endif %}
{% endmacro %}

{% macro get_rename_table_sql(relation, new_name) %}alter table {{ relation }} rename to {{ new_name }}{% endmacro %}
{% macro get_rename_view_sql(relation, new_name) %}alter view {{ relation }} rename to {{ new_name }}{% endmacro %}
{% macro drop_table(relation) %}drop table if exists {{ relation }} cascade{% endmacro %}
{% macro drop_view(relation) %}drop view if exists {{ relation }} cascade{% endmacro %}
{% macro get_drop_sql(relation) %}
  {%- if relation.is_view %}{{ drop_view(relation) }}{% else %}{{ drop_table(relation) }}{% endif -%}
{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {%- set quoted = model['config'].get('quote_columns', none) -%}
  {%- set names = [] -%}
  {%- for name in column_names %}{% do names.append(adapter.quote_seed_column(name, quoted)) %}{% endfor -%}
  {{ return(names | join(', ')) }}
{% endmacro %}

{% macro get_incremental_append_sql(arg_dict) %}
  {{ return(get_insert_into_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'])) }}
{% endmacro %}

{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) %}
  {%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  insert into {{ target_relation }} ({{ names }})
  (
    select {{ names }}
    from {{ temp_relation }}
  )
{% endmacro %}

{% macro get_incremental_delete_insert_sql(arg_dict) %}
  {{ return(get_delete_insert_merge_sql(
    arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'],
    arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}
{% endmacro %}

{% macro get_incremental_default_sql(arg_dict) %}
  {%- if arg_dict['unique_key'] %}{{ return(get_incremental_delete_insert_sql(arg_dict)) }}{% endif -%}
  {{ return(get_incremental_append_sql(arg_dict)) }}
{% endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
  {%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- if unique_key %}
  delete from {{ target }} as DBT_INTERNAL_DEST
  where
    {%- if unique_key is sequence and unique_key is not string %}
    ({{ unique_key | join(', ') }}) in (select distinct {{ unique_key | join(', ') }} from {{ source }})
    {%- else %}
    ({{ unique_key }}) in (select distinct {{ unique_key }} from {{ source }})
    {%- endif %}
    {%- for predicate in incremental_predicates or [] %}
    and {{ predicate }}
    {%- endfor %};
  {% endif %}
  insert into {{ target }} ({{ names }})
  (
    select {{ names }}
    from {{ source }}
  )
{% endmacro %}

{% macro get_incremental_merge_sql(arg_dict) %}
  {{ return(get_merge_sql(
    arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'],
    arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}
{% endmacro %}

{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {%- if merge_update_columns and merge_exclude_columns -%}
    {{ exceptions.raise_compiler_error('Model cannot specify merge_update_columns and merge_exclude_columns') }}
  {%- endif -%}
  {%- if merge_update_columns %}{{ return(merge_update_columns) }}{% endif -%}
  {%- set excluded = (merge_exclude_columns or []) | map('lower') | list -%}
  {%- set updated = [] -%}
  {%- for column in dest_columns if column.name | lower not in excluded %}{% do updated.append(column.quoted) %}{% endfor -%}
  {{ return(updated) }}
{% endmacro %}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
  {%- set predicates = (incremental_predicates or []) | list -%}
  {%- set keys = ([unique_key] if unique_key is string else unique_key) or [] -%}
  {%- set names = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set updated = get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
  {%- for key in keys %}{% do predicates.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) %}{% endfor -%}
  {%- if not keys %}{% do predicates.append('FALSE') %}{% endif -%}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on ({{ predicates | join(') and (') }})
  {%- if keys %}
  when matched then update set
    {%- for column in updated %}
    {{ column }} = DBT_INTERNAL_SOURCE.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
  {%- endif %}
  when not matched then insert ({{ names }})
  values ({{ names }})
{% endmacro %}

{% macro get_show_grant_sql(relation) %}
  select grantee, privilege_type from information_schema.role_table_grants
  where grantor = current_role and grantee != current_role
    and table_schema = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
{% endmacro %}
{% macro get_show_indexes_sql(relation) %}
  select i.relname as name, m.amname as method, ix.indisunique as "unique",
    array_to_string(array_agg(a.attname), ',') as column_names
  from pg_index ix
  join pg_class i on i.oid = ix.indexrelid
  join pg_am m on m.oid = i.relam
  join pg_class t on t.oid = ix.indrelid
  join pg_namespace n on n.oid = t.relnamespace
  join pg_attribute a on a.attrelid = t.oid and a.attnum = any(ix.indkey)
  where t.relname = '{{ relation.identifier }}' and n.nspname = '{{ relation.schema }}' and t.relkind in ('r', 'm')
  group by 1, 2, 3
  order by 1, 2, 3
{% endmacro %}
{% macro get_create_index_sql(relation, index_dict) %}
  create {% if index_dict.get('unique') %}unique {% endif %}index if not exists
  "{{ local_md5(relation ~ index_dict['columns'] | join('_') ~ run_started_at) }}"
  on {{ relation }} {% if index_dict.get('type') %}using {{ index_dict['type'] }} {% endif -%}
  ({{ get_quoted_csv(index_dict['columns']) }})
{% endmacro %}

{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') %}
  {%- set first = modules.datetime.datetime.strptime(start_date_str, in_fmt) -%}
  {%- set last = modules.datetime.datetime.strptime(end_date_str, in_fmt) if end_date_str else first -%}
  {%- set found = [] -%}
  {%- for day in range((last - first).days + 1) -%}
    {%- do found.append((first + modules.datetime.timedelta(days=day)).strftime(out_fmt)) -%}
  {%- endfor -%}
  {{ return(found) }}
{% endmacro %}

{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
  {%- set ends = (raw_partition_date | string).split(',') -%}
  {{ return(dates_in_range(ends[0], ends[-1], in_fmt=date_fmt)) }}
{% endmacro %}
{% macro py_current_timestring() %}{{ return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) }}{% endmacro %}
`;
