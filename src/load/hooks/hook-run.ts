import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ConnectionProvider, SqlSession } from '../../connector/connection.ts';
import { ConfigError, DataError, FatalError, TransientError } from '../../core/errors.ts';
import type { StepContext } from '../../core/executor.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import { isTrue, parseExpression, valueAt, type Scope } from '../expression/expression.ts';
import type { Hook } from '../replication/hook.ts';

/** What hooks may see and use. */
export interface HookPlace {
  readonly context: StepContext;
  readonly origin: Origin;
  readonly open: ConnectionProvider;
  /** Connection of queries that name none. */
  readonly connection: string;
  /** The transaction that publishes, for queries of merge hooks. */
  readonly session?: SqlSession;
  /** Values by name; outcomes are added under `state` and `store`. */
  readonly scope: Scope;
}

const httpTimeoutSeconds = 60;

/** Runs a list of hooks in order. Gives the scope with their outcomes. */
export async function runHooks(hooks: readonly Hook[], place: HookPlace): Promise<Scope> {
  let { scope } = place;
  for (const hook of hooks) {
    if (hook.if !== undefined && !isTrue(parseExpression(hook.if)(scope))) continue;
    const here = { ...place, scope };
    try {
      const outcome = await runHook(hook, here);
      scope = withOutcome(scope, hook, outcome);
    } catch (error) {
      if (place.context.signal.aborted || (hook.on_failure ?? 'abort') === 'abort') throw error;
      const message = error instanceof Error ? error.message : String(error);
      if (hook.on_failure === 'warn') place.context.log(`hook ${hook.id ?? hook.type}: ${message}`, 'warn');
      scope = withOutcome(scope, hook, { status: 'error', error: message });
    }
  }
  return scope;
}

async function runHook(hook: Hook, place: HookPlace): Promise<JsonObject> {
  switch (hook.type) {
    case 'log':
      place.context.log(fillText(hook.message, place), hook.level ?? 'info');
      return { status: 'success' };
    case 'check':
      return check(hook, place);
    case 'store':
      return { status: 'success' };
    case 'query':
      return await query(hook, place);
    case 'http':
      return await request(hook, place);
    case 'command':
      return await command(hook, place);
    case 'group':
      return { status: 'success', scope: await runHooks(hook.steps, place) };
  }
}

function withOutcome(scope: Scope, hook: Hook, outcome: JsonObject): Scope {
  const { scope: inner, ...own } = outcome;
  const base = (inner as Scope | undefined) ?? scope;
  const stored = base['store'] as JsonObject | undefined;
  const store =
    hook.type === 'store' ? { ...stored, [hook.key]: filled(hook.value, { scope: base }) } : (stored ?? {});
  const state = {
    ...(base['state'] as JsonObject | undefined),
    ...(hook.id === undefined ? {} : { [hook.id]: own }),
  };
  return { ...base, store, state };
}

function check(hook: Hook & { type: 'check' }, place: HookPlace): JsonObject {
  if (isTrue(parseExpression(hook.check)(place.scope))) return { status: 'success' };
  const message =
    hook.failure_message === undefined
      ? `the check ${hook.check} failed`
      : fillText(hook.failure_message, place);
  throw new DataError(`hook ${hook.id ?? 'check'}: ${message}`, {
    code: 'hook_check_failed',
    origin: place.origin,
  });
}

async function query(hook: Hook & { type: 'query' }, place: HookPlace): Promise<JsonObject> {
  const sql = fillText(hook.query, place);
  const { signal } = place.context;
  const name = hook.connection === undefined ? place.connection : fillText(hook.connection, place);
  if (place.session && name.toLowerCase() !== place.connection.toLowerCase()) {
    throw new ConfigError(`a merge hook queries ${name}, and the transaction is one of ${place.connection}`, {
      code: 'hook_not_applicable',
      origin: place.origin,
      next: 'Move it to pre or post, or leave connection: out',
    });
  }
  const session = place.session ?? (await place.open(name)).database;
  if (!session) throw noSql(name, place);
  const { columns, rows } = await session.query(sql, [], signal);
  const result = rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column.name, plain(row[index])])),
  );
  return { status: 'success', result };
}

async function request(hook: Hook & { type: 'http' }, place: HookPlace): Promise<JsonObject> {
  const url = fillText(hook.url, place);
  const headers = Object.entries(hook.headers ?? {}).map(
    ([key, value]) => [key, fillText(value, place)] as const,
  );
  const where = `hook ${hook.id ?? 'http'}`;
  const response = await fetch(url, {
    method: hook.method ?? (hook.payload === undefined ? 'GET' : 'POST'),
    headers: Object.fromEntries(headers),
    ...(hook.payload === undefined ? {} : { body: fillText(hook.payload, place) }),
    signal: AbortSignal.any([place.context.signal, AbortSignal.timeout(httpTimeoutSeconds * 1000)]),
  }).catch((error: unknown) => {
    throw new TransientError(`${where}: the address did not answer`, {
      code: 'http_unreachable',
      cause: error,
    });
  });
  const body = await response.text();
  if (response.ok) return { status: 'success', response: { status: response.status, text: body } };
  const Failure = response.status >= 500 || response.status === 429 ? TransientError : FatalError;
  throw new Failure(`${where}: the address answered ${response.status}`, {
    code: 'http_failed',
    origin: place.origin,
  });
}

async function command(hook: Hook & { type: 'command' }, place: HookPlace): Promise<JsonObject> {
  const [file = '', ...parameters] =
    typeof hook.command === 'string'
      ? ['/bin/sh', '-c', fillText(hook.command, place)]
      : hook.command.map((part) => fillText(part, place));
  try {
    const { stdout } = await promisify(execFile)(file, parameters, { signal: place.context.signal });
    for (const line of stdout.split('\n').filter((one) => one !== '')) place.context.log(line);
    return { status: 'success', output: stdout };
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    throw new FatalError(`hook ${hook.id ?? 'command'}: the command ended with ${code}`, {
      code: 'command_failed',
      origin: place.origin,
      cause: error,
    });
  }
}

/** `{stream.name}` and the like; a name without a value is an error, never dropped. */
function fillText(text: string, { scope, origin }: Pick<HookPlace, 'scope' | 'origin'>): string {
  return text.replaceAll(/\{([A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*)\}/g, (whole, path: string) => {
    const value = valueAt(scope, path) ?? valueAt(scope, path.replace('_', '.'));
    if (value === undefined) {
      throw new ConfigError(`the variable ${whole} has no value in this hook`, {
        code: 'variable_unknown',
        origin,
        next: `Known here: ${Object.keys(scope).join(', ')}, and what is in them`,
      });
    }
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** A stored value: the value itself when it is one variable, else its text. */
function filled(value: unknown, { scope }: Pick<HookPlace, 'scope'>): JsonValue {
  const only = typeof value === 'string' ? /^\{([\w.[\]]+)\}$/.exec(value)?.[1] : undefined;
  if (only !== undefined) return valueAt(scope, only) ?? null;
  return plain(value);
}

function plain(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
}

function noSql(name: string, place: HookPlace): ConfigError {
  return new ConfigError(`a hook queries ${name}, which runs no SQL`, {
    code: 'hook_not_applicable',
    origin: place.origin,
    next: 'Name a database under connection:',
  });
}
