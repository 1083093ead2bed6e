import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stringify } from 'yaml';
import { DataError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isTrue } from '../expression/expression.ts';
import type {
  CheckHook,
  GroupHook,
  Hook,
  ReplicationHook,
  RoutineHook,
  StoreHook,
} from '../replication/hook.ts';
import { runCommand } from './command-hook.ts';
import { useFiles } from './file-hook.ts';
import { runGroup } from './group-hook.ts';
import type { HookEnd } from './hook-end.ts';
import { evaluate } from './hook-expression.ts';
import { answerHook } from './hook-questions.ts';
import type { HookPlace, ReplicationRequest } from './hook-place.ts';
import { withState, withStored } from './hook-scope.ts';
import { fillMessage, fillOuter, fillText, fillValue } from './hook-text.ts';
import { sendRequest } from './http-hook.ts';
import { locate } from './location.ts';
import { runQuery } from './query-hook.ts';

/** One that has no steps of its own. */
type SimpleHook = Exclude<Hook, GroupHook | RoutineHook>;

/**
 * Runs a list of hooks in order.
 * @throws what a hook throws, unless its `on_failure` lets the list go on; what is deferred comes at the end
 */
export async function runHooks(hooks: readonly Hook[], place: HookPlace): Promise<HookEnd> {
  const end = await runList(hooks, place);
  if (end.deferred !== undefined) throw end.deferred;
  return end;
}

async function runList(hooks: readonly Hook[], place: HookPlace): Promise<HookEnd> {
  let { scope } = place;
  let deferred: unknown;
  for (const [index, hook] of hooks.entries()) {
    const end = await runHook(hook, { ...place, scope, key: `${place.key}/${index}` });
    scope = end.scope;
    deferred ??= end.deferred;
    if (end.ending !== 'done') return { scope, ending: end.ending, deferred };
  }
  return { scope, ending: 'done', deferred };
}

/** Runs one hook, if its condition holds, and does what its `on_failure` says. */
export async function runHook(hook: Hook, place: HookPlace): Promise<HookEnd> {
  const { scope, context } = place;
  await answerHook(hook, place);
  if (hook.if !== undefined && !isTrue(evaluate(hook.if, place)))
    return { scope: withState(scope, hook.id, { status: 'skipped' }), ending: 'done' };
  const policy = hook.on_failure ?? 'abort';
  try {
    return await act(hook, place);
  } catch (error) {
    if (context.signal.aborted || policy === 'abort' || policy === 'error') throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (policy !== 'quiet') context.log(`hook ${nameOf(hook)}: ${message}`, 'warn');
    if (policy === 'warn')
      place.onWarning?.(message.startsWith('hook ') ? message : `hook ${nameOf(hook)}: ${message}`);
    if (policy === 'retry') {
      await setTimeout((place.retryDelaySeconds ?? 5) * 1000, undefined, { signal: context.signal });
      return await act(hook, place);
    }
    const status = policy === 'warn' ? 'warning' : 'error';
    const after = withState(scope, hook.id, { status, error: message });
    if (policy === 'skip' || policy === 'break') return { scope: after, ending: policy };
    return { scope: after, ending: 'done', ...(policy === 'defer' ? { deferred: error } : {}) };
  }
}

async function act(hook: Hook, place: HookPlace): Promise<HookEnd> {
  if ('steps' in hook) return { ...(await runGroup(hook, place, runList)), didAct: true };
  const outcome = await outcomeOf(hook, place);
  const scope = withState(place.scope, hook.id, outcome);
  return { scope: withStored(scope, storedBy(hook, outcome, place)), ending: 'done', didAct: true };
}

async function outcomeOf(hook: SimpleHook, place: HookPlace): Promise<JsonObject> {
  const name = nameOf(hook);
  switch (hook.type) {
    case 'log':
      place.context.log(fillMessage(hook.message, place), hook.level ?? 'info');
      return { status: 'success' };
    case 'check':
      return check(hook, name, place);
    case 'store':
      return { status: 'success' };
    case 'query':
      return runQuery(hook, place);
    case 'http':
      return sendRequest(hook, name, place);
    case 'command':
      return runCommand(hook, name, place);
    case 'replication':
      return replicate(hook, place);
    default:
      return useFiles(hook, place);
  }
}

function nameOf(hook: Hook): string {
  return hook.id ?? hook.name ?? hook.type;
}

/** The values that a hook keeps: those of a store hook, and the result that has an `into`. */
function storedBy(
  hook: SimpleHook,
  outcome: JsonObject,
  place: HookPlace,
): Readonly<Record<string, JsonValue | undefined>> {
  if (hook.type === 'store') return storeValues(hook, place);
  if (!('into' in hook) || hook.into === undefined) return {};
  return { [hook.into]: outcome['result'] ?? outcome['content'] ?? null };
}

function storeValues(hook: StoreHook, place: HookPlace): Readonly<Record<string, JsonValue | undefined>> {
  const written = hook.map ?? { [hook.key ?? '']: hook.value };
  const keep = (value: unknown): JsonValue | undefined => (hook.delete ? undefined : fillValue(value, place));
  return Object.fromEntries(
    Object.entries(written).map(([name, value]) => [fillText(name, place), keep(value)]),
  );
}

function check(hook: CheckHook, name: string, place: HookPlace): JsonObject {
  if (isTrue(evaluate(hook.check, place))) {
    if (hook.success_message !== undefined) place.context.log(fillMessage(hook.success_message, place));
    return { status: 'success' };
  }
  const message =
    hook.failure_message === undefined
      ? `the check ${hook.check} failed`
      : fillMessage(hook.failure_message, place);
  throw new DataError(`hook ${name}: ${message}`, { code: 'hook_check_failed', origin: place.origin });
}

async function replicate(hook: ReplicationHook, place: HookPlace): Promise<JsonObject> {
  const source = await sourceOf(hook, place);
  const text = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : fillText(value, place);
  const request = {
    ...source,
    streams: (hook.streams ?? []).map((stream) => fillText(stream, place)),
    mode: text(hook.mode),
    range: text(hook.range),
    env: Object.fromEntries(
      Object.entries(hook.env ?? {}).map(([key, value]) => [key, fillText(String(value), place)]),
    ),
    key: place.key,
    memory: place.memory,
  };
  const figures = await place.services.replicate(request, place.context);
  for (const warning of (figures['warnings'] ?? []) as readonly string[]) place.onWarning?.(warning);
  return { status: 'success', ...figures };
}

/** The file that a hook names, or what it holds itself. */
async function sourceOf(
  { path, replication }: ReplicationHook,
  place: HookPlace,
): Promise<Pick<ReplicationRequest, 'path' | 'text'>> {
  if (path !== undefined) {
    const found = await locate(fillText(path, place), place);
    return { path: found.path, text: undefined };
  }
  const file = join(place.services.projectFolder, place.origin.file);
  return { path: `${file}#${place.key}`, text: stringify(fillOuter(replication, place)) };
}
