import type { SqlSession } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { CompiledSql } from './compile/compiled-sql.ts';
import { runScope } from './compile/run-scope.ts';
import { customMaterialization } from './context/macro-set.ts';
import { nodeContext } from './context/node-context.ts';
import type { Moment } from './context/render-scope.ts';
import { callMacro, contextOf, Dict, type Value } from './jinja/index.ts';
import type { Hook } from './manifest/hook.ts';
import type { RefNode } from './manifest/transform-node.ts';
import { scopeOf } from './reading/manifest.ts';
import type { Step } from './step.ts';

/** Runs a `{% materialization %}` of the project or a package. It runs the node's hooks itself, by `run_hooks`. */
export async function materializeByMacro(
  step: Step,
  node: RefNode,
  compiled: CompiledSql,
  where: { readonly session: SqlSession; readonly moment: Moment },
): Promise<void> {
  const { manifest } = step.project;
  const scope = scopeOf(manifest, node);
  const name = node.config.customMaterialization ?? '';
  const macro = customMaterialization(scope.macros, name);
  if (macro === undefined) {
    throw new ConfigError(`there is no materialization "${name}"`, {
      code: 'macro_missing',
      origin: node.origin,
    });
  }
  const context = contextOf(
    {
      sql: compiled.sql,
      compiled_code: compiled.sql,
      pre_hooks: node.config.preHooks.map(hookValue),
      post_hooks: node.config.postHooks.map(hookValue),
    },
    nodeContext(scope, runScope(manifest, node, where.moment), where.moment),
  );
  step.context.log(compiled.sql, 'debug');
  await callMacro(macro, context);
}

function hookValue(hook: Hook, index: number): Value {
  return new Dict([
    ['sql', hook.sql],
    ['transaction', hook.isInTransaction],
    ['index', index],
  ]);
}
