import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Scope } from '../expression/expression.ts';

/** The scope after a hook: its outcome is found under `state.<id>`. */
export function withState(scope: Scope, id: string | undefined, outcome: JsonObject): Scope {
  if (id === undefined) return scope;
  return { ...scope, state: { ...partOf(scope, 'state'), [id]: outcome } };
}

/** Keeps values by name: `name` and `store.name` in the store, `env.NAME` among the variables; undefined removes one. */
export function withStored(scope: Scope, values: Readonly<Record<string, JsonValue | undefined>>): Scope {
  let after = scope;
  for (const [name, value] of Object.entries(values)) {
    const isVariable = name.startsWith('env.');
    const part = isVariable ? 'env' : 'store';
    const key = name.replace(/^(env|store)\./, '');
    const { [key]: _, ...others } = partOf(after, part);
    after = { ...after, [part]: value === undefined ? others : { ...others, [key]: value } };
  }
  return after;
}

/** The scope of a group with variables of its own. */
export function withVariables(scope: Scope, env: JsonObject): Scope {
  return { ...scope, env: { ...partOf(scope, 'env'), ...env } };
}

/** What the hooks of a list may pass on to later lists. */
export function keptOf({ state = {}, store = {}, env = {} }: Scope): Scope {
  return { state, store, env };
}

function partOf(scope: Scope, part: string): JsonObject {
  return (scope[part] ?? {}) as JsonObject;
}

/** How each hook with an id ended, for the ledger: without what it found, which may be large. */
export function statusesOf(scope: Scope): JsonObject {
  const state = Object.entries(partOf(scope, 'state')) as readonly (readonly [string, JsonObject])[];
  return Object.fromEntries(state.map(([id, outcome]) => [id, outcome['status'] ?? null]));
}
