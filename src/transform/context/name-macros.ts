import {
  type CallArguments,
  jinjaAttribute,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';

/** dbt's rules for schema and alias, which a project may override by macros of the same name. */
export function nameMacros(targetSchema: string): ReadonlyMap<string, TemplateFunction> {
  const schemaName = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_schema_name'));
    return custom === undefined ? targetSchema : `${targetSchema}_${custom}`;
  };
  const schemaNameForEnvironment = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_schema_name'));
    const target = args.site.lookup('target');
    const isProduction =
      typeof target === 'object' && target !== null && attribute(target, 'name') === 'prod';
    return isProduction && custom !== undefined ? custom : targetSchema;
  };
  const aliasName = (args: CallArguments): Value => {
    const custom = given(args.get(0, 'custom_alias_name'));
    const node = args.get(1, 'node');
    if (custom !== undefined) return custom;
    return typeof node === 'object' && node !== null ? printed(attribute(node, 'name') ?? '') : '';
  };
  return new Map<string, TemplateFunction>([
    ['generate_schema_name', schemaName],
    ['default__generate_schema_name', schemaName],
    ['generate_schema_name_for_env', schemaNameForEnvironment],
    ['generate_alias_name', aliasName],
    ['default__generate_alias_name', aliasName],
  ]);
}

function given(value: Value | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = printed(value).trim();
  return text === '' ? undefined : text;
}

function attribute(value: object, name: string): Value | undefined {
  const read = (value as TemplateObject)[jinjaAttribute];
  if (read) return read.call(value, name);
  if (value instanceof Map) return value.get(name) as Value | undefined;
  return Object.hasOwn(value, name) ? ((value as Record<string, Value>)[name] ?? undefined) : undefined;
}
