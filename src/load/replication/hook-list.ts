import { z } from 'zod';
import { parseLeniently, type UnknownKey } from '../../config/unknown-keys.ts';
import type { YamlPath } from '../../config/yaml-file.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import { parseExpression } from '../expression/expression.ts';
import {
  allHooks,
  commandPermission,
  type Hook,
  type HookMoment,
  type ReplicationHooks,
  type StreamHooks,
} from './hook.ts';
import { hookKeys, hookSchema } from './hook-schema.ts';
import { spelledOut } from './hook-spelling.ts';
import { ignoredKey, type TellWarning } from './reading-warning.ts';
import { insteadOfHookKey, notYetSupported, unbuiltHookTypes } from './unsupported.ts';

const moments: readonly HookMoment[] = ['pre', 'post', 'pre_merge', 'post_merge'];

const types: readonly Hook['type'][] = [
  'query',
  'http',
  'check',
  'log',
  'store',
  'command',
  'copy',
  'delete',
  'write',
  'read',
  'list',
  'inspect',
  'replication',
  'group',
  'routine',
];

/** What within a merge hook can be taken back, or does no harm, when the transaction fails. */
const inTransaction: ReadonlySet<Hook['type']> = new Set(['query', 'check', 'log', 'store']);

/** What a failure may mean within a transaction, which cannot go on by halves. */
const transactionPolicies: ReadonlySet<string> = new Set(['abort', 'error', 'warn', 'quiet']);

/** Where hooks are written, and what is allowed there. */
export interface HooksPlace {
  /** Of the list of a moment, or of what is in it. */
  readonly originOf: (path: YamlPath) => Origin;
  readonly mayRunCommands: boolean;
  readonly warn: TellWarning;
}

/**
 * Reads a stream's `hooks:`.
 * @throws ConfigError for types that are not built, bad values, expressions and commands without permission
 */
export function streamHooks(written: Readonly<Record<string, unknown>>, place: HooksPlace): StreamHooks {
  const hooks: Partial<Record<HookMoment, readonly Hook[]>> = {};
  for (const moment of moments) {
    if (written[moment] === undefined || written[moment] === null) continue;
    const listPlace = placeOf(moment, place);
    const list = readHooks(written[moment], listPlace);
    for (const hook of allHooks(list)) {
      refuseGoto(hook, listPlace);
      if (moment.endsWith('merge')) checkMergeHook(hook, listPlace);
    }
    hooks[moment] = list;
  }
  return hooks;
}

/**
 * Reads the `hooks:` at the top of a file.
 * @throws ConfigError as `streamHooks`
 */
export function replicationHooks(
  written: Readonly<Record<string, unknown>>,
  place: HooksPlace,
): ReplicationHooks {
  const read = (moment: 'start' | 'end'): readonly Hook[] => {
    const listPlace = placeOf(moment, place);
    const list = readHooks(written[moment] ?? [], listPlace);
    for (const hook of allHooks(list)) refuseGoto(hook, listPlace);
    return list;
  };
  return { start: read('start'), end: read('end') };
}

function placeOf(moment: string, { originOf, ...place }: HooksPlace): HookListPlace {
  return {
    ...place,
    where: `hooks.${moment}`,
    origin: originOf([moment]),
    originOf: (path) => originOf([moment, ...path]),
  };
}

/** Where a list of hooks is written, and what is allowed there. */
export interface HookListPlace {
  /** As messages call it. */
  readonly where: string;
  /** Place of its first hook in the list that is written. Default: 0. */
  readonly firstIndex?: number;
  readonly origin: Origin;
  /** Of what is within the list. Default: `origin`. */
  readonly originOf?: (path: YamlPath) => Origin;
  readonly mayRunCommands: boolean;
  readonly warn?: TellWarning;
}

/** @throws ConfigError as `streamHooks` */
export function readHooks(written: unknown, place: HookListPlace): readonly Hook[] {
  const spelled = spelledOut(written);
  refuseUnbuiltTypes(spelled, place.origin);
  const keysAt = (path: YamlPath): readonly string[] => hookKeys(typeAt(spelled, path));
  const { parsed, ignored } = parseLeniently(z.array(hookSchema), spelled, () => true, keysAt);
  for (const { path, key } of ignored) {
    const type = typeAt(spelled, path.slice(0, -1));
    const instead = insteadOfHookKey(type, key);
    const origin = place.originOf?.(path) ?? place.origin;
    if (instead !== undefined)
      throw notYetSupported(`${key} of hooks of type ${String(type)}`, instead, origin);
  }
  if (!parsed.success) throw malformed(spelled, parsed.error, place);
  for (const key of ignored) place.warn?.(ignoredHookKey(key, place));
  for (const hook of allHooks(parsed.data)) checkHook(hook, place);
  return parsed.data;
}

function ignoredHookKey(key: UnknownKey, place: HookListPlace): ReturnType<typeof ignoredKey> {
  const origin = place.originOf?.(key.path) ?? place.origin;
  return ignoredKey(key, origin, pathText(key.path.slice(0, -1), place));
}

/** `hooks.end[2].steps[0]` */
function pathText(path: readonly PropertyKey[], { where, firstIndex = 0 }: HookListPlace): string {
  const shown = path.map((step, index) =>
    typeof step === 'number' ? `[${index === 0 ? step + firstIndex : step}]` : `.${String(step)}`,
  );
  return `${where}${shown.join('')}`;
}

function refuseUnbuiltTypes(written: unknown, origin: Origin): void {
  for (const item of Array.isArray(written) ? (written as readonly (JsonObject | null)[]) : []) {
    const type = item?.['type'];
    if (typeof type !== 'string') continue;
    const alternative = unbuiltHookTypes[type];
    if (alternative !== undefined) throw notYetSupported(`hooks type: ${type}`, alternative, origin);
    if (type === 'group' || type === 'routine') refuseUnbuiltTypes(item?.['steps'], origin);
  }
}

function malformed(written: unknown, error: z.ZodError, place: HookListPlace): ConfigError {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const key = path.at(-1);
  const named = path.filter((step): step is string | number => typeof step !== 'symbol');
  const type = key === 'type' ? valueAt(written, path) : undefined;
  const near = typeof type === 'string' ? nearest(type, types) : undefined;
  const isMissing = issue?.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const says = (text: string): ConfigError =>
    new ConfigError(text, {
      code: 'invalid_value',
      origin: place.originOf?.(named) ?? place.origin,
      next: nextOf(typeAt(written, path.slice(0, -1))),
    });
  if (typeof type === 'string')
    return says(`${pathText(path, place)}: unknown type '${type}'${near ? `, did you mean '${near}'?` : ''}`);
  if (isMissing || key === 'type')
    return says(`${pathText(path.slice(0, -1), place)}: '${String(key)}' is missing`);
  return says(`${pathText(path, place)}: ${issue?.message ?? 'is not a list'}`);
}

/** What a person may do about a hook of a type. */
function nextOf(type: unknown): string {
  const keys = hookKeys(type);
  return keys.length === 0
    ? `Types: ${types.join(', ')}; their keys are in docs/replications.md`
    : `Keys of type ${String(type)}: ${keys.filter((key) => key !== 'type').join(', ')}`;
}

function typeAt(written: unknown, path: readonly PropertyKey[]): unknown {
  return (valueAt(written, path) as Readonly<Record<string, unknown>> | null | undefined)?.['type'];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) current = (current as Readonly<Record<PropertyKey, unknown>> | null)?.[step];
  return current;
}

function checkHook(hook: Hook, { where, origin, mayRunCommands }: HookListPlace): void {
  const loop = hook.type === 'group' && typeof hook.loop === 'string' ? unbraced(hook.loop) : undefined;
  for (const expression of [hook.if, hook.type === 'check' ? hook.check : undefined, loop]) {
    if (expression === undefined) continue;
    try {
      parseExpression(expression);
    } catch (error) {
      throw new ConfigError(`${where}: ${error instanceof Error ? error.message : ''}`, {
        code: 'expression_invalid',
        origin,
        next: 'Use names, numbers, quoted text, functions, == != in < <= > >= && || ! + - * / % ? : and brackets',
      });
    }
  }
  if (hook.type === 'store' && (hook.key === undefined) === (hook.map === undefined)) {
    throw new ConfigError(`${where}: a store hook has either key or map`, {
      code: 'invalid_value',
      origin,
      next: 'Write { type: store, key: name, value: text }, or { type: store, map: { name: text } }',
    });
  }
  if (hook.type === 'command' && !mayRunCommands) {
    throw new ConfigError(`${where} runs a command, and commands are not allowed here`, {
      code: 'command_forbidden',
      origin,
      state: 'A file could otherwise run anything on this machine',
      next: `Set ${commandPermission}=true in the environment, or use a task of the project`,
    });
  }
}

/** A loop may be written as an expression or as a variable in braces. */
export function unbraced(expression: string): string {
  return /^\{(.*)\}$/s.exec(expression.trim())?.[1] ?? expression;
}

function refuseGoto(hook: Hook, { where, origin }: HookListPlace): void {
  if (hook.goto === undefined) return;
  throw new ConfigError(`${where}: goto is for the steps of a pipeline`, {
    code: 'hook_not_applicable',
    origin,
    next: 'Use if:, or make it a pipeline',
  });
}

function checkMergeHook(hook: Hook, { where, origin }: HookListPlace): void {
  if (!inTransaction.has(hook.type)) {
    throw new ConfigError(
      `${where} runs in the transaction that publishes, where ${hook.type} cannot be undone`,
      {
        code: 'hook_not_applicable',
        origin,
        next: 'Use query, check, log and store there, and the others in pre or post',
      },
    );
  }
  if (hook.on_failure === undefined || transactionPolicies.has(hook.on_failure)) return;
  throw new ConfigError(`${where} runs in a transaction, where on_failure cannot be ${hook.on_failure}`, {
    code: 'hook_not_applicable',
    origin,
    next: `Use one of: ${[...transactionPolicies].join(', ')}`,
  });
}
