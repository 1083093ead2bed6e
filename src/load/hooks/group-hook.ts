import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Scope } from '../expression/expression.ts';
import type { GroupHook, Hook, RoutineHook } from '../replication/hook.ts';
import { unbraced } from '../replication/hook-list.ts';
import type { HookEnd } from './hook-end.ts';
import { evaluate } from './hook-expression.ts';
import type { HookPlace } from './hook-place.ts';
import { withState, withVariables } from './hook-scope.ts';
import { fillValue } from './hook-text.ts';

/** Runs a list and gives what is deferred instead of throwing it. */
type RunList = (hooks: readonly Hook[], place: HookPlace) => Promise<HookEnd>;

/** Runs the steps of a routine, or of a group: once, or once for each item of its loop. */
export async function runGroup(
  hook: (GroupHook | RoutineHook) & { readonly id?: string | undefined },
  place: HookPlace,
  runList: RunList,
): Promise<HookEnd> {
  const isGroup = hook.type === 'group';
  const scope = {
    ...withVariables(place.scope, fillValue(hook.env ?? {}, place) as JsonObject),
    ...(isGroup ? {} : { params: fillValue(hook.params ?? {}, place) }),
  };
  let hasWarned = false;
  const onWarning = (message: string): void => {
    hasWarned = true;
    place.onWarning?.(message);
  };
  const inner = { ...place, scope, onWarning };
  const end =
    !isGroup || hook.loop === undefined
      ? await runList(hook.steps, inner)
      : await runLoop(hook, loopItems(hook.loop, inner), inner, runList);
  if (end.deferred !== undefined) throw end.deferred;
  const left = withOuter(end.scope, place.scope);
  const restored = hook.env === undefined ? left : { ...left, env: place.scope['env'] ?? {} };
  const isOnce = !isGroup || hook.loop === undefined;
  const ending = end.ending === 'skip' && isOnce ? 'skip' : 'done';
  const status = hasWarned ? 'warning' : 'success';
  return { scope: withState(restored, hook.id, { status }), ending };
}

/** The scope after a group: its own `loop` and `params` end with it, and those around it count again. */
function withOuter({ loop: _loop, params: _params, ...left }: Scope, { loop, params }: Scope): Scope {
  return { ...left, ...(loop === undefined ? {} : { loop }), ...(params === undefined ? {} : { params }) };
}

function loopItems(loop: NonNullable<GroupHook['loop']>, place: HookPlace): readonly JsonValue[] {
  const items = typeof loop === 'string' ? evaluate(unbraced(loop), place) : fillValue(loop, place);
  if (Array.isArray(items)) return items as readonly JsonValue[];
  throw new ConfigError(`the loop '${String(loop)}' is not a list`, {
    code: 'hook_not_applicable',
    origin: place.origin,
    next: 'Write a list, or an expression that gives one, such as state.files.result',
  });
}

async function runLoop(
  hook: GroupHook,
  items: readonly JsonValue[],
  place: HookPlace,
  runList: RunList,
): Promise<HookEnd> {
  const lanes = hook.concurrency ?? 1;
  const pass = (index: number, scope: Scope): Promise<HookEnd> =>
    runList(hook.steps, {
      ...place,
      key: `${place.key}/${index}`,
      scope: { ...scope, loop: { index, value: items[index] ?? null } },
    });
  if (lanes === 1) return inOrder(items, pass, place.scope);
  return sideBySide(items, lanes, pass, place.scope);
}

type Pass = (index: number, scope: Scope) => Promise<HookEnd>;

async function inOrder(items: readonly JsonValue[], pass: Pass, before: Scope): Promise<HookEnd> {
  let scope = before;
  let deferred: unknown;
  for (const index of items.keys()) {
    const end = await pass(index, scope);
    scope = end.scope;
    deferred ??= end.deferred;
    if (end.ending === 'break') break;
  }
  return { scope, ending: 'done', deferred };
}

/** Passes see what was there before the loop, not each other; what they leave is put together in order. */
async function sideBySide(
  items: readonly JsonValue[],
  lanes: number,
  pass: Pass,
  before: Scope,
): Promise<HookEnd> {
  const ends: HookEnd[] = [];
  const waiting = [...items.keys()];
  let isStopped = false;
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined && !isStopped; index = waiting.shift()) {
      try {
        const end = await pass(index, before);
        ends[index] = end;
        isStopped ||= end.ending === 'break';
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const done = ends.filter((end) => end !== undefined);
  return {
    scope: done.reduce((scope, end) => mergeScopes(scope, before, end.scope), before),
    ending: 'done',
    deferred: done.find((end) => end.deferred !== undefined)?.deferred,
  };
}

/** `scope` with what `after` has beyond `before` in state, store and env. */
function mergeScopes(scope: Scope, before: Scope, after: Scope): Scope {
  const merged = ['state', 'store', 'env'].map((part) => {
    const known = (before[part] ?? {}) as JsonObject;
    const changed = Object.entries((after[part] ?? {}) as JsonObject).filter(
      ([key, value]) => known[key] !== value,
    );
    return [part, { ...(scope[part] as JsonObject | undefined), ...Object.fromEntries(changed) }] as const;
  });
  return { ...scope, ...Object.fromEntries(merged) };
}
