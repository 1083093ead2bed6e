import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { formatRange } from '../replication/update-range.ts';
import { readPublication, type Publication, type StreamIdentity } from '../stream/watermark-store.ts';
import { readFilePublication } from './file-publication.ts';
import type { StreamTask } from './stream-task.ts';

/** The key under which chunks are published while more of them are to come. */
export function unfinishedKey(idempotencyKey: string): string {
  return `${idempotencyKey} (unfinished)`;
}

/** What this stream has published into its target last. */
export async function publishedFor(task: StreamTask): Promise<Publication | undefined> {
  const { database } = task.target;
  if (database) return await readPublication(database, identityOf(task));
  return task.stream.mode === 'incremental' ? await readFilePublication(task, identityOf(task)) : undefined;
}

/** The stream and its target, as the bookkeeping knows them. */
export function identityOf({ stream, source, object, window }: StreamTask): StreamIdentity {
  return { source: source.name, stream: identityName(stream, window !== undefined), target: object };
}

/** A range keeps a watermark of its own, for its chunks; that of the stream does not move. Nor does it by partitions. */
function identityName({ name, mode, range }: StreamConfig, isWindow: boolean): string {
  if (isWindow) return `${name} (partitions)`;
  return range && followsKeys(mode) ? `${name} (range ${formatRange(range)})` : name;
}

/** True if this very step has published some of its chunks. */
export function isUnfinished(task: StreamTask, published: Publication | undefined): published is Publication {
  return published?.idempotencyKey === unfinishedKey(task.idempotencyKey);
}

/** True if this step or a run that was stopped not long ago has published some of the chunks. */
export function isLeftUnfinished(task: StreamTask, published: Publication | undefined): boolean {
  if (!published?.idempotencyKey.endsWith(unfinishedKey(''))) return false;
  if (published.idempotencyKey === unfinishedKey(task.idempotencyKey)) return true;
  return (Date.now() - published.publishedAtMs) / 3_600_000 < task.stream.resumeHours;
}
