import type { SqlSession } from '../connector/connection.ts';
import { renderHook } from './compile/compile-node.ts';
import type { Moment } from './context/render-scope.ts';
import type { Hook } from './manifest/hook.ts';
import type { RefNode } from './manifest/transform-node.ts';
import { runStatement, type Step } from './step.ts';

/** Renders the hooks and runs those that belong inside (or outside) of the publishing transaction. */
export async function runHooks(
  step: Step,
  node: RefNode,
  hooks: readonly Hook[],
  where: { readonly isInTransaction: boolean; readonly session: SqlSession; readonly moment: Moment },
): Promise<void> {
  for (const hook of hooks) {
    if (hook.isInTransaction !== where.isInTransaction && !saysWhen(hook.sql)) continue;
    const rendered = await renderHook(step.project.manifest, node, hook.sql, where.moment);
    const { sql, isInTransaction } = readHook(rendered, hook);
    if (sql === '' || isInTransaction !== where.isInTransaction) continue;
    const statement = { sql, parts: [] };
    await runStatement(step, node, statement, (text) => where.session.execute(text, [], step.context.signal));
  }
}

/** Whether the text itself says when it runs; any other hook is rendered once, as its macros may change things. */
function saysWhen(text: string): boolean {
  return /\b(after_commit|before_begin|in_transaction)\s*\(/.test(text) || text.trimStart().startsWith('{"');
}

/** `after_commit(...)` and its like render to JSON that says when the hook runs. */
function readHook(rendered: string, hook: Hook): Hook {
  if (!rendered.startsWith('{')) return { ...hook, sql: rendered };
  try {
    const said = JSON.parse(rendered) as { sql?: string; transaction?: boolean };
    return { sql: said.sql ?? '', isInTransaction: said.transaction !== false };
  } catch {
    return { ...hook, sql: rendered };
  }
}
