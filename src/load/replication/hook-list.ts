import { z } from 'zod';
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
import { hookSchema } from './hook-schema.ts';
import { spelledOut } from './hook-spelling.ts';
import { notYetSupported, unbuiltHookTypes } from './unsupported.ts';

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

/**
 * Reads a stream's `hooks:`.
 * @throws ConfigError for types that are not built, bad keys, expressions and commands without permission
 */
export function streamHooks(
  written: Readonly<Record<string, unknown>>,
  mayRunCommands: boolean,
  originOf: (moment: HookMoment) => Origin,
): StreamHooks {
  const hooks: Partial<Record<HookMoment, readonly Hook[]>> = {};
  for (const moment of moments) {
    if (written[moment] === undefined || written[moment] === null) continue;
    const place = { where: `hooks.${moment}`, origin: originOf(moment), mayRunCommands };
    const list = readHooks(written[moment], place);
    for (const hook of allHooks(list)) {
      refuseGoto(hook, place);
      if (moment.endsWith('merge')) checkMergeHook(hook, place);
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
  mayRunCommands: boolean,
  originOf: (moment: string) => Origin,
): ReplicationHooks {
  const read = (moment: 'start' | 'end'): readonly Hook[] => {
    const place = { where: `hooks.${moment}`, origin: originOf(moment), mayRunCommands };
    const list = readHooks(written[moment] ?? [], place);
    for (const hook of allHooks(list)) refuseGoto(hook, place);
    return list;
  };
  return { start: read('start'), end: read('end') };
}

/** Where a list of hooks is written, and what is allowed there. */
export interface HookListPlace {
  /** As messages call it. */
  readonly where: string;
  /** Place of its first hook in the list that is written. Default: 0. */
  readonly firstIndex?: number;
  readonly origin: Origin;
  readonly mayRunCommands: boolean;
}

/** @throws ConfigError as `streamHooks` */
export function readHooks(written: unknown, place: HookListPlace): readonly Hook[] {
  const spelled = spelledOut(written);
  refuseUnbuiltTypes(spelled, place.origin);
  const parsed = z.array(hookSchema).safeParse(spelled);
  if (!parsed.success) throw malformed(spelled, parsed.error, place);
  for (const hook of allHooks(parsed.data)) checkHook(hook, place);
  return parsed.data;
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
  const { where, origin, firstIndex = 0 } = place;
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const shown = path.map((step, index) => (index === 0 ? Number(step) + firstIndex : step)).join('.');
  const type = path.at(-1) === 'type' ? valueAt(written, path) : undefined;
  const near = typeof type === 'string' ? nearest(type, types) : undefined;
  const said =
    typeof type === 'string'
      ? `unknown type '${type}'${near ? `, did you mean '${near}'?` : ''}`
      : (issue?.message ?? 'is not a list');
  return new ConfigError(`${where}[${shown}]: ${said}`, {
    code: 'invalid_value',
    origin,
    next: `Types: ${types.join(', ')}; their keys are in docs/replications.md`,
  });
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
