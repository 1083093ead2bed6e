import type { GraphNode } from '../core/node.ts';
import type { DimensionDefinition, PartitionsDefinition, WindowLength } from '../core/partitions.ts';
import { asset } from './project.fixture.ts';

/** Windows since 2024 in UTC. */
export function windows(every: WindowLength = 'day', name = 'time'): DimensionDefinition {
  return { kind: 'time', name, every, zone: 'UTC', start: '2024-01-01' };
}

export function keys(...list: readonly string[]): DimensionDefinition {
  return { kind: 'static', name: 'key', keys: list };
}

export function partitioned(
  key: string,
  reads: readonly string[],
  dimensions: readonly DimensionDefinition[],
  more: Partial<GraphNode> & Omit<PartitionsDefinition, 'dimensions'> = {},
): GraphNode {
  const { partitionsPerStep, sequential, oneAtATime, ...node } = more;
  return asset(key, reads, {
    ...node,
    partitions: {
      dimensions,
      ...(partitionsPerStep === undefined ? {} : { partitionsPerStep }),
      ...(sequential === undefined ? {} : { sequential }),
      ...(oneAtATime === undefined ? {} : { oneAtATime }),
    },
  });
}
