import { ConfigError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { valueAt, type Scope } from '../expression/expression.ts';
import { evaluate } from './hook-expression.ts';
import type { HookPlace } from './hook-place.ts';

type TextPlace = Pick<HookPlace, 'scope' | 'origin'>;

const name = String.raw`[A-Za-z_][\w.]*(?:\[(?:\d+|"[^"]*"|'[^']*')\][\w.]*)*`;
const call = String.raw`[A-Za-z_]\w*\((?:[^{}'"]|'[^']*'|"[^"]*")*`;
const variable = new RegExp(String.raw`\{\s*(?:(${name})|(${call}))\s*\}`, 'g');

/**
 * `{stream.name}`, `{upper(stream.name)}` and the like. A name without a value is an error, never dropped; braces around what is
 * no name that hooks know stay as they are.
 */
export function fillText(text: string, place: TextPlace): string {
  return text.replaceAll(variable, (whole, path: string | undefined, expression: string | undefined) => {
    const value =
      expression === undefined ? variableAt(path ?? '', place.scope) : evaluate(expression, place);
    if (value === undefined) {
      if (path !== undefined && !isOfScope(path, place.scope)) return whole;
      throw unknownVariable(whole, place);
    }
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** The same for messages to people, in which a name without a value stays as it is. */
export function fillMessage(text: string, place: TextPlace): string {
  return text.replaceAll(variable, (whole, path: string | undefined) => {
    const isMissing = path !== undefined && variableAt(path, place.scope) === undefined;
    return isMissing ? whole : fillText(whole, place);
  });
}

/** A value as written: of a text that is one variable its value, of other texts what they say, of lists and maps theirs. */
export function fillValue(value: unknown, place: TextPlace): JsonValue {
  if (typeof value === 'string') {
    const [whole, path, expression] = [...value.matchAll(variable)][0] ?? [];
    if (whole !== value) return fillText(value, place);
    if (expression !== undefined) return evaluate(expression, place);
    return variableAt(path ?? '', place.scope) ?? fillText(value, place);
  }
  if (Array.isArray(value)) return value.map((item) => fillValue(item, place));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, place)]));
  return plainValue(value);
}

/** What a replication within a hook takes from around it; `{stream_table}` and the like are its own. */
const outer = /^(env|store|state|loop|params)\./;

/** A replication that a hook holds, with the values that the hook knows and its streams do not. */
export function fillOuter(value: unknown, place: TextPlace): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(variable, (whole, path: string | undefined) => {
      if (path === undefined || !outer.test(path)) return whole;
      return fillText(whole, place);
    });
  }
  if (Array.isArray(value)) return value.map((item) => fillOuter(item, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [fillOuter(key, place), fillOuter(item, place)]),
  );
}

/** A value of a database as JSON has it. */
export function plainValue(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue);
}

/** All that hooks see, without the variables, which may hold secrets. */
const everything = 'runtime_state';

/** `stream_table` and `stream.table` are one variable. The file's own variables come first, as in the rest of it. */
function variableAt(path: string, scope: Scope): JsonValue | undefined {
  if (path === everything) return withoutEnv(scope);
  const own = ((scope['env'] ?? {}) as JsonObject)[path];
  if (own !== undefined) return own;
  return valueAt(scope, path) ?? valueAt(scope, path.replace('_', '.'));
}

/** True if the first word of a path is known here, or looks like one that is: what is in it may be misspelled. */
function isOfScope(path: string, scope: Scope): boolean {
  const [word = ''] = path.split(/[._[]/);
  const roots = Object.keys(scope);
  return roots.includes(word) || (path.includes('.') && nearest(word, roots) !== undefined);
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
