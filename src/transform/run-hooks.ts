import { resolvedScope } from './compile/run-scope.ts';
import { nodeContext } from './context/node-context.ts';
import { statementError } from './errors.ts';
import { contextOf, render, type Value } from './jinja/index.ts';
import type { Manifest, RunHook } from './reading/manifest.ts';
import { textTemplate } from './reading/node-template.ts';
import { runResults } from './run-results.ts';
import { momentOf, type Step } from './step.ts';

/** Runs the statements of `on-run-start` or `on-run-end`, those of packages included, one after the other. */
export async function runRunHooks(step: Step, at: RunHook['at']): Promise<number> {
  const { manifest } = step.project;
  const { database } = step.warehouse;
  const results = at === 'end' ? await runResults(step) : [];
  let count = 0;
  for (const hook of manifest.runHooks.filter((candidate) => candidate.at === at)) {
    const sql = (await renderHook(step, hook, results)).trim();
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

async function renderHook(step: Step, hook: RunHook, results: Value): Promise<string> {
  const { manifest } = step.project;
  const scope = resolvedScope(
    manifest,
    {
      home: { packageName: hook.packageName, dataset: undefined },
      model: { name: `on-run-${hook.at}`, resource_type: 'operation', package_name: hook.packageName },
      relation: undefined,
      entries: new Map(),
    },
    () => {},
  );
  const moment = momentOf(step, step.warehouse.database, { isIncremental: false, isFullRefresh: false });
  const context = nodeContext(manifest.scopes.get(hook.packageName) ?? manifest.scope, scope, moment);
  return await render(
    textTemplate(hook.text, hook.origin.file),
    contextOf(endValues(manifest, results), context),
  );
}

function endValues(manifest: Manifest, results: Value): Record<string, Value> {
  const built = [...manifest.byId.values()].filter((node) => node.kind !== 'test' && node.kind !== 'source');
  const schemas = [...new Set(built.map((node) => node.relation.schema))].sort();
  return {
    schemas,
    database_schemas: schemas.map((schema) => [manifest.scope.databaseName, schema]),
    results,
  };
}
