import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import { notYetSupported, unbuiltHookTypes } from './unsupported.ts';
import { parseExpression } from '../expression/expression.ts';

/** When a stream's hooks run. The merge hooks run in the transaction that publishes. */
export type HookMoment = 'pre' | 'post' | 'pre_merge' | 'post_merge';

export type StreamHooks = Readonly<Partial<Record<HookMoment, readonly Hook[]>>>;

/** One step of a hook list. Texts may hold `{variables}`. */
export type Hook = HookCommon & HookAction;

interface HookCommon {
  /** Under which its outcome is found: `state.<id>`. */
  readonly id?: string | undefined;
  /** Runs only when this is true. */
  readonly if?: string | undefined;
  readonly on_failure?: 'abort' | 'warn' | 'quiet' | undefined;
}

type HookAction =
  | { readonly type: 'query'; readonly connection?: string | undefined; readonly query: string }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly method?: string | undefined;
      readonly payload?: string | undefined;
      readonly headers?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly type: 'check'; readonly check: string; readonly failure_message?: string | undefined }
  | {
      readonly type: 'log';
      readonly message: string;
      readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined;
    }
  | { readonly type: 'store'; readonly key: string; readonly value: unknown }
  | { readonly type: 'command'; readonly command: string | readonly string[] }
  | { readonly type: 'group'; readonly steps: readonly Hook[] };

/** Commands run only where this variable of the environment says `true`. */
export const commandPermission = 'MILLRACE_ALLOW_COMMANDS';

const common = {
  id: z.string().optional(),
  if: z.string().optional(),
  on_failure: z.enum(['abort', 'warn', 'quiet']).optional(),
};
const text = z.string().min(1);

const hookSchema: z.ZodType<Hook> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ ...common, type: z.literal('query'), connection: text.optional(), query: text }),
    z.strictObject({
      ...common,
      type: z.literal('http'),
      url: text,
      method: z.string().optional(),
      payload: z.string().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
    z.strictObject({
      ...common,
      type: z.literal('check'),
      check: text,
      failure_message: z.string().optional(),
    }),
    z.strictObject({
      ...common,
      type: z.literal('log'),
      message: z.string(),
      level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
    }),
    z.strictObject({ ...common, type: z.literal('store'), key: text, value: z.unknown() }),
    z.strictObject({ ...common, type: z.literal('command'), command: z.union([text, z.array(text).min(1)]) }),
    z.strictObject({ ...common, type: z.literal('group'), steps: z.array(hookSchema).min(1) }),
  ]),
);

const moments: readonly HookMoment[] = ['pre', 'post', 'pre_merge', 'post_merge'];

/** What within a merge hook cannot be taken back when the transaction fails. */
const inTransaction: ReadonlySet<Hook['type']> = new Set(['query', 'check', 'log', 'store']);

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
    const origin = originOf(moment);
    const list = readList(written[moment], moment, origin);
    for (const hook of flat(list)) checkHook(hook, moment, mayRunCommands, origin);
    hooks[moment] = list;
  }
  return hooks;
}

function readList(written: unknown, moment: HookMoment, origin: Origin): readonly Hook[] {
  for (const item of Array.isArray(written) ? written : []) {
    const type = (item as JsonObject | null)?.['type'];
    if (typeof type !== 'string') continue;
    const alternative = unbuiltHookTypes[type];
    if (alternative !== undefined) throw notYetSupported(`hooks type: ${type}`, alternative, origin);
  }
  const parsed = z.array(hookSchema).safeParse(written);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(
    `hooks.${moment}[${issue?.path.join('.') ?? ''}]: ${issue?.message ?? 'is not a list'}`,
    {
      code: 'invalid_value',
      origin,
      next: 'Types: query, http, check, log, store, command, group; their keys are in docs/replications.md',
    },
  );
}

function checkHook(hook: Hook, moment: HookMoment, mayRunCommands: boolean, origin: Origin): void {
  for (const condition of [hook.if, hook.type === 'check' ? hook.check : undefined]) {
    if (condition === undefined) continue;
    try {
      parseExpression(condition);
    } catch (error) {
      throw new ConfigError(`hooks.${moment}: ${error instanceof Error ? error.message : ''}`, {
        code: 'expression_invalid',
        origin,
        next: 'Use names, numbers, quoted text, == != < <= > >= && || ! + - * / % and brackets',
      });
    }
  }
  if (hook.type === 'command' && !mayRunCommands) {
    throw new ConfigError(`hooks.${moment} runs a command, and commands are not allowed here`, {
      code: 'command_forbidden',
      origin,
      state: 'A replication file could otherwise run anything on this machine',
      next: `Set ${commandPermission}=true in the environment, or use a task of the project`,
    });
  }
  if (moment.endsWith('merge') && !inTransaction.has(hook.type)) {
    throw new ConfigError(
      `hooks.${moment} runs in the transaction that publishes, where ${hook.type} cannot be undone`,
      {
        code: 'hook_not_applicable',
        origin,
        next: 'Use query, check, log and store there, and the others in pre or post',
      },
    );
  }
}

function flat(hooks: readonly Hook[]): readonly Hook[] {
  return hooks.flatMap((hook) => (hook.type === 'group' ? [hook, ...flat(hook.steps)] : [hook]));
}
