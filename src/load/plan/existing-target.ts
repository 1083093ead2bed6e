import { exists, fileOf } from './file-publication.ts';
import { publishedFor, unfinishedKey } from './last-publication.ts';
import type { StreamTask } from './stream-task.ts';

/**
 * True if `ignore_existing` leaves the stream out: its target is there, and was not left half filled by a load that
 * stopped between two chunks.
 */
export async function isIgnored(task: StreamTask): Promise<boolean> {
  const { stream, target, object } = task;
  if (!stream.target.ignoreExisting) return false;
  if (!target.database) return await exists(fileOf(task, object.name));
  if (!(await target.database.describe(object))) return false;
  const published = await publishedFor(task);
  return published?.idempotencyKey.endsWith(unfinishedKey('')) !== true;
}
