import { ConfigError } from '../core/errors.ts';
import { resolvedScope } from './compile/run-scope.ts';
import { nodeContext } from './context/node-context.ts';
import { statementError } from './errors.ts';
import { contextOf, render, type TemplateObject, type Value } from './jinja/index.ts';
import type { Manifest, RunHook } from './reading/manifest.ts';
import { momentOf, type Step } from './step.ts';

/** What dbt knows about the steps of a run when it ends, and a step does not. */
const results: TemplateObject = {
  jinjaIterate: () => {
    throw new ConfigError('"results" is not yet supported in on-run-end', {
      code: 'not_yet_supported',
      next: 'The outcome of every step is in the ledger: millrace runs show.',
    });
  },
};

/** Runs the statements of `on-run-start` or `on-run-end`, those of packages included, one after the other. */
export async function runRunHooks(step: Step, at: RunHook['at']): Promise<number> {
  const { manifest } = step.project;
  const { database } = step.warehouse;
  let count = 0;
  for (const hook of manifest.runHooks.filter((candidate) => candidate.at === at)) {
    const sql = (await renderHook(step, hook)).trim();
    if (sql === '') continue;
    step.context.log(sql, 'debug');
    try {
      await database.execute(sql, [], step.context.signal);
    } catch (error) {
      throw statementError(error, { sql, parts: [] }, hook.origin);
    }
    count += 1;
  }
  return count;
}

async function renderHook(step: Step, hook: RunHook): Promise<string> {
  const { manifest } = step.project;
  const scope = resolvedScope(
    manifest,
    {
      packageName: hook.packageName,
      model: { name: `on-run-${hook.at}`, resource_type: 'operation', package_name: hook.packageName },
      relation: undefined,
      entries: new Map(),
    },
    () => {},
  );
  const moment = momentOf(step, step.warehouse.database, { isIncremental: false, isFullRefresh: false });
  const context = nodeContext(manifest.scopes.get(hook.packageName) ?? manifest.scope, scope, moment);
  return await render(hook.template, contextOf(endValues(manifest), context));
}

function endValues(manifest: Manifest): Record<string, Value> {
  const built = [...manifest.byId.values()].filter((node) => node.kind !== 'test' && node.kind !== 'source');
  const schemas = [...new Set(built.map((node) => node.relation.schema))].sort();
  return {
    schemas,
    database_schemas: schemas.map((schema) => [manifest.scope.databaseName, schema]),
    results,
  };
}
