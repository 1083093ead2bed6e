import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { valueAt, type Scope } from '../expression/expression.ts';
import type { HookPlace } from './hook-place.ts';

type TextPlace = Pick<HookPlace, 'scope' | 'origin'>;

/** `{stream.name}` and the like; a name without a value is an error, never dropped. */
export function fillText(text: string, place: TextPlace): string {
  return text.replaceAll(/\{([A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*)\}/g, (whole, path: string) => {
    const value = variableAt(path, place.scope);
    if (value === undefined) throw unknownVariable(whole, place);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** A value as written: of a text that is one variable its value, of other texts what they say, of lists and maps theirs. */
export function fillValue(value: unknown, place: TextPlace): JsonValue {
  if (typeof value === 'string') {
    const only = /^\{([\w.[\]]+)\}$/.exec(value)?.[1];
    const found = only === undefined ? undefined : variableAt(only, place.scope);
    return found ?? fillText(value, place);
  }
  if (Array.isArray(value)) return value.map((item) => fillValue(item, place));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, place)]));
  return plainValue(value);
}

/** A value of a database as JSON has it. */
export function plainValue(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
}

/** All that hooks see, without the variables, which may hold secrets. */
const everything = 'runtime_state';

/** `stream_table` and `stream.table` are one variable. */
function variableAt(path: string, scope: Scope): JsonValue | undefined {
  if (path === everything) return withoutEnv(scope);
  return valueAt(scope, path) ?? valueAt(scope, path.replace('_', '.'));
}

function withoutEnv(scope: Scope): JsonObject {
  const { env: _, ...rest } = scope;
  return rest;
}

function unknownVariable(variable: string, { scope, origin }: TextPlace): ConfigError {
  return new ConfigError(`the variable ${variable} has no value in this hook`, {
    code: 'variable_unknown',
    origin,
    next: `Known here: ${Object.keys(scope).join(', ')}, and what is in them`,
  });
}
