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
  checkDatabaseName(project, config, context, values);
  const name = {
    database: project.databaseName,
    schema: renderSync(schemaRule, contextOf(values, context)).trim(),
    identifier: renderSync(aliasRule, contextOf(values, context)).trim(),
  };
  return foldedName(name, { ...project.quoting, ...config.quoting }, project.dialectName);
}

/** A project's own `generate_database_name` may say what it likes, as long as it is the target's database. */
function checkDatabaseName(
  project: ProjectScope,
  config: NodeConfig,
  context: RenderContext,
  values: Readonly<Record<string, Value>>,
): void {
  if (overridingMacro(project.macros, 'generate_database_name') === undefined) return;
  const custom = typeof config.all['database'] === 'string' ? config.all['database'] : null;
  const given = { ...values, custom_database_name: custom };
  const name = renderSync(databaseRule, contextOf(given, context)).trim();
  if (name === '' || name.toLowerCase() === project.databaseName.toLowerCase()) return;
  throw new ConfigError(
    `generate_database_name gives "${name}"; everything is built in the target's database "${project.databaseName}"`,
    { code: 'not_yet_supported' },
  );
}
