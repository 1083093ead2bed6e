import type { JsonObject, JsonValue } from '../../core/json.ts';

/** What works within a step keep for the next attempt at it, by name. */
export interface StepMemory {
  recall(name: string): JsonValue | undefined;
  /** Durable when it resolves; undefined forgets it. */
  keep(name: string, value: JsonValue | undefined): Promise<void>;
}

/**
 * A memory that is kept as one value.
 * @param before what the last attempt left
 * @param save keeps all of it
 */
export function stepMemory(
  before: JsonValue | undefined,
  save: (all: JsonObject) => Promise<void>,
): StepMemory {
  let all = (before ?? {}) as JsonObject;
  return {
    recall: (name) => all[name],
    keep: async (name, value) => {
      const { [name]: _, ...others } = all;
      all = value === undefined ? others : { ...others, [name]: value };
      await save(all);
    },
  };
}
