import { z } from 'zod';
import { readableIssues } from '../../config/zod-issues.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { PartitionsDefinition, WindowLength } from '../../core/partitions.ts';

/** Names of variables of a dbt project, by what of a partition they hold. */
export interface PartitionVariables {
  /** The first moment of the window, in the zone of the partitions. */
  readonly start?: string | undefined;
  /** The first one that is not part of it. */
  readonly end?: string | undefined;
  readonly key?: string | undefined;
}

const schema = z.strictObject({
  every: z.string().min(1),
  start: z.string().min(1),
  end: z.string().min(1).optional(),
  zone: z.string().min(1).optional(),
  end_offset: z.int().optional(),
  per_step: z.union([z.int().min(1), z.literal('all')]).optional(),
  sequential: z.boolean().optional(),
  vars: z
    .strictObject({
      start: z.string().min(1).optional(),
      end: z.string().min(1).optional(),
      key: z.string().min(1).optional(),
    })
    .optional(),
});

const lengths: readonly WindowLength[] = ['hour', 'day', 'week', 'month'];

/**
 * Partitions as YAML says them in `meta.millrace.partitions`. They are of one table, which one step at a time writes.
 * @throws ConfigError code `partitions_invalid`, at `origin`
 */
export function readWrittenPartitions(
  key: string,
  value: JsonValue,
  origin: Origin,
): { readonly partitions: PartitionsDefinition; readonly vars: PartitionVariables | undefined } {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ConfigError(`partitions of ${key}: ${readableIssues(parsed.error, schema)}`, {
      code: 'partitions_invalid',
      origin,
      next: "Write partitions: { every: day, start: '2024-01-01' }",
    });
  }
  const { every, start, end, zone = 'UTC', end_offset: endOffset, per_step, sequential, vars } = parsed.data;
  return {
    partitions: {
      dimensions: [
        {
          kind: 'time',
          name: 'time',
          every: lengths.find((length) => length === every) ?? { cron: every },
          zone,
          start,
          ...(end === undefined ? {} : { end }),
          ...(endOffset === undefined ? {} : { endOffset }),
        },
      ],
      ...(per_step === undefined ? {} : { partitionsPerStep: per_step }),
      ...(sequential === undefined ? {} : { sequential }),
      oneAtATime: true,
    },
    vars,
  };
}
