import { ConfigError } from '../../core/errors.ts';
import type { GraphNode } from '../../core/node.ts';
import { zoneOffsetMs } from '../../core/partition/zone-offset.ts';
import type { PartitionBatch, TimeWindow } from '../../core/partitions.ts';
import type { Origin } from '../../core/origin.ts';
import type { Column } from '../../sql/data-type.ts';
import type { UpdateRange } from '../replication/update-range.ts';
import { requireTimeKey } from './source-time.ts';

/** The stretch of time whose rows a step about partitions loads, in the place of those that the target has of it. */
export interface PartitionWindow extends TimeWindow {
  /** IANA name, for dates. */
  readonly zone: string;
}

/** The partitions of a step, which lie side by side; undefined for a step that is not about partitions. */
export function partitionWindow(
  { partitions }: Pick<GraphNode, 'partitions'>,
  batch: PartitionBatch | undefined,
): PartitionWindow | undefined {
  const time = partitions?.dimensions.find(({ kind }) => kind === 'time');
  if (!batch || time?.kind !== 'time') return undefined;
  let startMs = Infinity;
  let endMs = -Infinity;
  for (const { dimensions } of batch.values()) {
    const window = dimensions[time.name];
    startMs = Math.min(startMs, window?.startMs ?? NaN);
    endMs = Math.max(endMs, window?.endMs ?? NaN);
  }
  return { startMs, endMs, zone: time.zone };
}

/**
 * The window as a range of a column. Times without a zone are UTC; dates are those of the partitions' zone.
 * @throws ConfigError code `key_type_unsupported`, or `partition_within_day` for dates that a window has a part of
 */
export function windowRange(window: PartitionWindow, column: Column, origin: Origin): UpdateRange {
  requireTimeKey(column, 'partitions', origin);
  const { startMs, endMs, zone } = window;
  if (column.type.type !== 'date') return instantRange(window);
  return { from: dateText(startMs, zone, column, origin), before: dateText(endMs, zone, column, origin) };
}

/** The window as a range of instants. */
export function instantRange({ startMs, endMs }: PartitionWindow): UpdateRange {
  return { from: isoText(startMs), before: isoText(endMs) };
}

function isoText(atMs: number): string {
  return new Date(atMs).toISOString();
}

function dateText(atMs: number, zone: string, { name }: Column, origin: Origin): string {
  const [date = '', time] = isoText(atMs + zoneOffsetMs(zone, atMs)).split('T');
  if (time === '00:00:00.000Z') return date;
  throw new ConfigError(`'${name}' holds dates, and a partition of the stream begins or ends within a day`, {
    code: 'partition_within_day',
    origin,
    next: 'Make the partitions of days, weeks or months, or use a column of times as update_key',
  });
}
