import { FatalError } from '../../core/errors.ts';
import type { PartitionBatch, PartitionValue } from '../../core/partitions.ts';
import type { CodeNode, PartitionList } from './code-definitions.ts';

/** The partitions of a step, as far as its function is told of them. */
export type GivenBatch = Pick<PartitionBatch, 'text' | 'count' | 'values'>;

interface GivenPartitions {
  readonly partition?: unknown;
  readonly partitions?: PartitionList<unknown>;
}

/** What the function of a task or asset with partitions is given of them: see `defineAsset`. */
export function givenPartitions(definition: CodeNode, batch: GivenBatch | undefined): GivenPartitions {
  const { partitions, partitionsPerStep, key } = definition;
  if (!partitions) return {};
  if (!batch) {
    throw new FatalError(`${key} has partitions, but was not told which to make`, {
      code: 'partitions_missing',
      next: 'Start a new run: millrace run',
    });
  }
  const isOne = partitions.dimensions.length === 1;
  const values = function* (): Generator {
    for (const value of batch.values()) yield asGiven(value, isOne);
  };
  if (partitionsPerStep === undefined) return { partition: values().next().value };
  return { partitions: { text: batch.text, count: batch.count, [Symbol.iterator]: values } };
}

/** Of one dimension its key and window; of several the whole key, and each by its name. */
function asGiven({ key, dimensions }: PartitionValue, isOne: boolean): unknown {
  const parts = Object.entries(dimensions).map(([name, { key: own, startMs, endMs }]) => {
    const window =
      startMs === undefined || endMs === undefined ? {} : { start: new Date(startMs), end: new Date(endMs) };
    return [name, { key: own, ...window }] as const;
  });
  return isOne ? parts[0]?.[1] : { key, ...Object.fromEntries(parts) };
}
