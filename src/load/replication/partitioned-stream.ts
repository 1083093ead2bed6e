import { ConfigError } from '../../core/errors.ts';
import type { StreamConfig } from './replication.ts';

/**
 * Refuses a stream whose rows cannot be loaded and replaced window by window.
 * @throws ConfigError naming the key that stands in the way, and the alternative
 */
export function checkPartitionedStream(stream: StreamConfig): void {
  const { name, mode, updateKey, range, limit, target } = stream;
  const refuse = (what: string, next: string): never => {
    throw new ConfigError(`the stream '${name}' has partitions and ${what}`, {
      code: 'stream_contradictory',
      origin: stream.origin,
      next,
    });
  };
  if (updateKey === undefined)
    refuse('no update_key', 'Name the column of dates or times that tells which partition a row is of');
  if (mode !== 'incremental')
    refuse(`mode: ${mode}`, 'Use mode: incremental; each partition replaces its own rows');
  if (range) refuse('a range', 'Leave out source_options.range, and load partitions with --partition');
  if (limit !== undefined) refuse('a limit', 'Leave out source_options.limit, and load shorter partitions');
  if (stream.settleDelaySeconds > 0 || stream.lookbackSeconds > 0)
    refuse(
      'settle_delay_seconds or lookback_seconds, which are about watermarks',
      'Leave them out; end_offset: -1 lets a partition wait for the window after it',
    );
  if (target.mergeStrategy !== undefined)
    refuse('merge_strategy', 'Leave it out: the rows of a partition are replaced');
}
