import { createHash } from 'node:crypto';
import type { Plan } from '../../core/plan.ts';

/** A plan as it is kept: once, however many runs have it. */
export interface PlanRow {
  readonly digest: string;
  /** JSON. */
  readonly plan: string;
}

export function toPlanRow(plan: Plan): PlanRow {
  const json = JSON.stringify(plan);
  return { digest: createHash('sha256').update(json).digest('base64url'), plan: json };
}
