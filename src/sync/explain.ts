import { deliveryStages, type SyncPlan } from './plan.ts';
import type { Sync } from './sync.ts';

/** A sync, and what a run would do now, as lines for people. */
export function explainSync(sync: Sync, plan?: SyncPlan): string {
  const key = sync.primaryKey.join(', ');
  const calls = deliveryStages(sync).map(
    ({ endpoint, operations }) =>
      `  ${operations.join(' and ')}: ${endpoint.method} ${endpoint.path}, ${endpoint.batchSize} records a call`,
  );
  const limits = [
    ...(sync.rateLimit
      ? [`at most ${sync.rateLimit.requests} requests in ${sync.rateLimit.perSeconds} s`]
      : []),
    sync.onDelete === 'ignore'
      ? 'rows that left the model are left alone'
      : `at most ${sync.maxDeletes.kind === 'count' ? `${sync.maxDeletes.rows} rows` : `${sync.maxDeletes.share * 100}%`} deleted`,
  ];
  const lines = [
    `${sync.model} -> ${sync.destination}, told apart by ${key}`,
    ...sync.fields.map(({ field, column }) => `  ${field} <- ${column}`),
    ...calls,
    `  ${limits.join('; ')}`,
  ];
  if (!plan) return lines.join('\n');
  const invalid = plan.invalidKeys.nullRows + plan.invalidKeys.duplicateRows;
  return [
    ...lines,
    `now: ${plan.insert} to insert, ${plan.update} to update, ${plan.delete} to delete, in ${plan.calls} calls`,
    ...(invalid > 0 ? [`     ${invalid} rows have no usable key`] : []),
  ].join('\n');
}
