import type { JsonObject } from '../../core/json.ts';
import type { UpstreamStep } from '../../core/executor.ts';
import type { Scope } from '../expression/expression.ts';

/** What the hooks of a stream leave for those at the end of its file. Kept in the ledger, so large values are left out. */
export interface HookLeavings extends JsonObject {
  readonly state: JsonObject;
  readonly store: JsonObject;
}

/** Of one value, as JSON. */
const mostLetters = 16_384;

/** @param known what was stored before the stream's hooks ran */
export function leavingsOf({ state, store }: Scope, known: JsonObject): HookLeavings | undefined {
  const stored = Object.entries((store ?? {}) as JsonObject).filter(([name, value]) => known[name] !== value);
  const left = {
    state: small(Object.entries((state ?? {}) as JsonObject)),
    store: small(stored),
  };
  return Object.keys(left.state).length + Object.keys(left.store).length === 0 ? undefined : left;
}

/** Of all streams of a file; of one name the last in their order. */
export function leftBy(steps: readonly UpstreamStep[]): HookLeavings {
  const all = steps.flatMap(({ outcome }) => (outcome?.metadata['hooksLeft'] ?? []) as HookLeavings);
  return {
    state: Object.assign({}, ...all.map(({ state }) => state)) as JsonObject,
    store: Object.assign({}, ...all.map(({ store }) => store)) as JsonObject,
  };
}

function small(entries: readonly (readonly [string, JsonObject[string]])[]): JsonObject {
  return Object.fromEntries(
    entries.filter(([, value]) => (JSON.stringify(value) ?? '').length <= mostLetters),
  );
}
