import { answerQuestions } from '../expression/functions/jq.ts';
import type { Hook } from '../replication/hook.ts';
import { unbraced } from '../replication/hook-list.ts';
import { evaluate } from './hook-expression.ts';
import type { HookPlace } from './hook-place.ts';
import { fillValue } from './hook-text.ts';

const expressionKeys: ReadonlySet<string> = new Set(['if', 'check', 'loop']);

/** Asks `jq` all that the texts of a hook ask it, so that they can be filled; what its own steps ask comes with them. */
export async function answerHook(hook: Hook, place: HookPlace): Promise<void> {
  for (const [key, value] of Object.entries(hook)) {
    if (key === 'steps' || !/\bjq\(/.test(JSON.stringify(value) ?? '')) continue;
    const isExpression = expressionKeys.has(key) && typeof value === 'string';
    await answerQuestions(() => (isExpression ? evaluate(unbraced(value), place) : fillValue(value, place)));
  }
}
