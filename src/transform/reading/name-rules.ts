import type { NodeScope, ProjectScope } from '../context/render-scope.ts';
import { nodeContext } from '../context/node-context.ts';
import { readingMoment } from '../context/render-scope.ts';
import { foldedName } from '../manifest/folded-name.ts';
import { contextOf, parseTemplate, renderSync, type Value } from '../jinja/index.ts';
import type { NodeConfig } from '../manifest/node-config.ts';
import type { RelationName } from '../manifest/transform-node.ts';

const schemaRule = parseTemplate('{{ generate_schema_name(custom_schema_name, node) }}', 'schema name');
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
    database: project.databaseName,
    schema: renderSync(schemaRule, contextOf(values, context)).trim(),
    identifier: renderSync(aliasRule, contextOf(values, context)).trim(),
  };
  return foldedName(name, { ...project.quoting, ...config.quoting }, project.dialectName);
}
