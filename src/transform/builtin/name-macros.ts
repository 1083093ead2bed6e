import { type CallArguments, mappingOf, printed, type TemplateFunction, type Value } from '../jinja/index.ts';

/** dbt's rules for schema and alias, which a project may override by macros of the same name. */
export function nameMacros(targetSchema: string): ReadonlyMap<string, TemplateFunction> {
  const schemaName = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_schema_name'));
    return custom === undefined ? targetSchema : `${targetSchema}_${custom}`;
  };
  const schemaNameForEnvironment = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_schema_name'));
    const target = args.site.lookup('target');
    const isProduction = mappingOf(target ?? null)?.get('name') === 'prod';
    return isProduction && custom !== undefined ? custom : targetSchema;
  };
  const databaseName = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_database_name'));
    return custom ?? mappingOf(args.site.lookup('target') ?? null)?.get('database') ?? null;
  };
  const aliasName = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_alias_name'));
    const node = args.get(1, 'node');
    if (custom !== undefined) return custom;
    const name = printed(mappingOf(node ?? null)?.get('name') ?? '');
    const version = mappingOf(node ?? null)?.get('version');
    return version === undefined || version === null
      ? name
      : `${name}_v${printed(version).replaceAll('.', '_')}`;
  };
  return new Map<string, TemplateFunction>([
    ['generate_database_name', (args) => given(args.get(0, 'custom_database_name')) ?? ''],
    ['generate_schema_name', schemaName],
    ['default__generate_schema_name', schemaName],
    ['generate_schema_name_for_env', schemaNameForEnvironment],
    ['generate_database_name', databaseName],
    ['generate_alias_name', aliasName],
    ['default__generate_alias_name', aliasName],
  ]);
}

function given(value: Value | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = printed(value).trim();
  return text === '' ? undefined : text;
}
