import type { Progress } from '../../core/executor.ts';
import type { StreamPlan } from './stream-plan.ts';

/** Rows that a reading will give by the statistics of the source, for its progress; nothing where they cannot tell. */
export function ofExpected({
  read,
  estimatedRows = 0,
  watermarkBefore,
}: StreamPlan): Pick<Progress, 'totalRows'> {
  const isPart = watermarkBefore !== undefined || read.where !== undefined || read.sql !== undefined;
  if (estimatedRows <= 0 || isPart) return {};
  return { totalRows: Math.min(estimatedRows, read.limit ?? Infinity) };
}
