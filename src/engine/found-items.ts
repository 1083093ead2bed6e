import type { Failure } from '../core/errors.ts';
import { toFailure } from '../core/errors.ts';
import type { StepOutcome, UpstreamStep } from '../core/executor.ts';
import { requireItems, type FoundItem, type StepItem } from '../core/fan-out.ts';
import type { PlanStep } from '../core/plan.ts';
import type { Redact } from './redaction.ts';

export interface Found {
  /** With their number instead of the items. */
  readonly outcome: StepOutcome;
  /** For each of the steps that are made for each of them. */
  readonly items: readonly StepItem[];
  /** Why they cannot be worked on. */
  readonly failure: Failure | undefined;
}

/** What an outcome means for the steps that are made for each item of it. */
export function findItems(
  redact: Redact,
  templates: readonly PlanStep[],
  step: PlanStep,
  { items, ...rest }: StepOutcome,
): Found {
  if (!items) {
    const [template] = templates;
    const failure = template && noItems(step, template);
    return { outcome: rest, items: [], failure };
  }
  const outcome = { ...rest, metadata: { ...rest.metadata, items: items.length } };
  const failure = itemFailure(redact, step, items);
  const found = templates.flatMap(({ key: of }) => items.map(({ key, value }) => ({ key, value, of })));
  return { outcome, items: failure ? [] : found, failure };
}

/** What the step that stands for all items says of them. */
export function gatherItems(template: PlanStep, upstream: readonly UpstreamStep[]): StepOutcome {
  const outcomes = upstream.filter(({ item }) => item?.of === template.key).map(({ outcome }) => outcome);
  const sum = (figure: 'rows' | 'bytes'): Partial<StepOutcome> => {
    const known = outcomes.flatMap((outcome) => outcome?.[figure] ?? []);
    return known.length === 0 ? {} : { [figure]: known.reduce((total, one) => total + one, 0) };
  };
  return { ...sum('rows'), ...sum('bytes'), metadata: { items: outcomes.length } };
}

function itemFailure(redact: Redact, step: PlanStep, items: readonly FoundItem[]): Failure | undefined {
  try {
    requireItems(step.key, items);
  } catch (error) {
    return toFailure(error);
  }
  const leaky = items.find((item) => redact(JSON.stringify(item)) !== JSON.stringify(item));
  if (!leaky) return undefined;
  return {
    kind: 'data',
    code: 'item_secret',
    message: `${step.key}: the item "${redact(leaky.key)}" holds a secret, and items are kept in the ledger`,
    state: 'None of its items was worked on.',
    next: 'Return the name of a connection or of an environment variable instead.',
  };
}

function noItems(step: PlanStep, template: PlanStep): Failure {
  return {
    kind: 'data',
    code: 'items_missing',
    message: `${step.key} returned no list of items, and ${template.key} is made for each of them`,
    state: 'It was not run.',
    next: 'Return { items: [...] }; an empty list is fine.',
  };
}
