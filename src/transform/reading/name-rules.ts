import type { NodeScope, ProjectScope } from '../context/render-scope.ts';
import { nodeContext } from '../context/node-context.ts';
import { readingMoment } from '../context/render-scope.ts';
import { foldedName } from '../manifest/folded-name.ts';
import { ConfigError } from '../../core/errors.ts';
import { overridingMacro } from '../context/macro-set.ts';
import { contextOf, parseTemplate, type RenderContext, renderSync, type Value } from '../jinja/index.ts';
import type { NodeConfig } from '../manifest/node-config.ts';
import type { RelationName } from '../manifest/transform-node.ts';

const schemaRule = parseTemplate('{{ generate_schema_name(custom_schema_name, node) }}', 'schema name');
const databaseRule = parseTemplate(
  '{{ generate_database_name(custom_database_name, node) }}',
  'database name',
);
const aliasRule = parseTemplate('{{ generate_alias_name(custom_alias_name, node) }}', 'alias');

/** Where a model or seed is kept, by the project's naming macros or dbt's own. */
export function relationNameOf(
  project: ProjectScope,
  scope: NodeScope,
  config: NodeConfig,
  node: Readonly<Record<string, Value>>,
): RelationName {
  const context = nodeContext(project, scope, readingMoment);
  const values = {
    node,
    custom_schema_name: config.schema ?? null,
    custom_alias_name: config.alias ?? null,
  };
  const name = {
    database: databaseNameOf(project, config, context, values),
    schema: renderSync(schemaRule, contextOf(values, context)).trim(),
    identifier: renderSync(aliasRule, contextOf(values, context)).trim(),
  };
  return foldedName(name, { ...project.quoting, ...config.quoting }, project.dialectName);
}

/** The target's database, unless the configuration or the project's own `generate_database_name` says another. */
function databaseNameOf(
  project: ProjectScope,
  config: NodeConfig,
  context: RenderContext,
  values: Readonly<Record<string, Value>>,
): string {
  const isOverridden = overridingMacro(project.macros, 'generate_database_name') !== undefined;
  const given = { ...values, custom_database_name: config.database ?? null };
  const said = isOverridden ? renderSync(databaseRule, contextOf(given, context)) : (config.database ?? '');
  const name = said.trim();
  if (name === '' || name.toLowerCase() === project.databaseName.toLowerCase()) return project.databaseName;
  if (project.dialectName === 'duckdb' || project.toleratesUndefined) return name;
  throw new ConfigError(
    `this is to be built in the database "${name}"; PostgreSQL writes only to the one it is connected to`,
    { code: 'other_database', next: 'Remove the configuration "database".' },
  );
}
