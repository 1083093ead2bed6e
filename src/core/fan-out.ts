import { DataError } from './errors.ts';
import type { JsonValue } from './json.ts';
import { partitionLock } from './lock.ts';
import type { NodeKey } from './node.ts';
import type { Plan, PlanStep } from './plan.ts';

/** What a step found while it ran, and another node is made once for. */
export interface FoundItem {
  /** Tells it from the others; part of its step's key. */
  readonly key: string;
  /** Plain data without secrets: it is kept in the ledger. */
  readonly value: JsonValue;
}

/** A found item with the step of the plan that is made for each: the ledger keeps it with the step that is made for this one. */
export interface StepItem extends FoundItem {
  readonly of: NodeKey;
}

/** Most items of one step: their steps are part of the run, which is read whole. */
export const maxItems = 10_000;

export function itemStepKey({ of, key }: StepItem): NodeKey {
  return `${of}@${key}`;
}

/** The step that is made for an item, of which it holds the lock. Its template waits for it, and writes nothing itself. */
export function itemStep(template: PlanStep, item: StepItem): PlanStep {
  const { forEach: _, itemsAtOnce: __, ...step } = template;
  const locks = template.locks.map((lock) =>
    partitionLock(lock, { slice: `item ${item.key}`, from: 0, to: 1 }),
  );
  return { ...step, key: itemStepKey(item), node: template.node ?? template.key, locks, item };
}

/** The plan with a step for each item, before its template, which waits for them. */
export function withItems(plan: Plan, items: readonly StepItem[]): Plan {
  if (items.length === 0) return plan;
  const byTemplate = Map.groupBy(items, ({ of }) => of);
  const steps = plan.steps.flatMap((step) => {
    const made = (byTemplate.get(step.key) ?? []).map((item) => itemStep(step, item));
    if (made.length === 0) return [step];
    return [...made, { ...step, dependsOn: [...step.dependsOn, ...made.map(({ key }) => key)] }];
  });
  return { ...plan, steps };
}

/** Throws a `DataError` for items that cannot be told apart, or are too many. */
export function requireItems(stepKey: NodeKey, items: readonly FoundItem[]): void {
  const keys = new Set<string>();
  for (const { key } of items) {
    if (!isItemKey(key)) throw badItems(stepKey, `"${key}" cannot be the key of an item`, 'item_key_invalid');
    if (keys.has(key)) throw badItems(stepKey, `two items have the key "${key}"`, 'item_duplicate');
    keys.add(key);
  }
  if (items.length > maxItems)
    throw badItems(stepKey, `it found ${items.length} items; a step may find ${maxItems}`, 'items_too_many');
}

function isItemKey(key: string): boolean {
  return key !== '' && key.trim() === key && key.length <= 200 && !/[@\p{Cc}]/u.test(key);
}

function badItems(stepKey: NodeKey, what: string, code: string): DataError {
  return new DataError(`${stepKey}: ${what}`, {
    code,
    state: 'None of its items was worked on.',
    next: 'Return other items; their keys are texts of at most 200 letters without @.',
  });
}
