import type { PartitionsDefinition, TimeDimension } from '../partitions.ts';
import { daysOf } from '../civil-date.ts';
import { dayMs, type PartitionWorld } from './calendar.ts';
import { openSpace, type PartitionSpace } from './partition-space.ts';
import { zoneOffsetMs } from './zone-offset.ts';

/** A world in which it is the given day, in UTC. */
export function worldOn(
  year: number,
  month: number,
  day: number,
  keys: readonly string[] = [],
): PartitionWorld {
  return { nowMs: daysOf({ year, month, day }) * dayMs, zoneOffsetMs, dynamicKeys: () => keys };
}

export function time(more: Partial<TimeDimension> = {}): TimeDimension {
  return { kind: 'time', name: 'time', every: 'day', zone: 'UTC', start: '2024-01-01', ...more };
}

export function spaceOf(
  world: PartitionWorld,
  ...dimensions: PartitionsDefinition['dimensions']
): PartitionSpace {
  return openSpace({ dimensions }, world);
}
