import { ConfigError } from '../../core/errors.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import type { ColumnMapping } from '../stream/column-mapping.ts';
import { isEmpty, type TargetState } from '../stream/target-state.ts';
import { latestInTarget } from '../stream/target-watermark.ts';
import type { Publication } from '../stream/watermark-store.ts';
import type { Watermark } from '../stream/watermark.ts';
import { isLeftUnfinished, isUnfinished } from './last-publication.ts';
import type { StreamPlan } from './stream-plan.ts';
import type { StreamTask } from './stream-task.ts';

/** Where the reading of a stream starts. */
export interface Start {
  readonly replaces: boolean;
  readonly watermark?: Watermark;
  readonly origin: StreamPlan['watermarkOrigin'];
  readonly remarks: readonly string[];
}

/** Where the reading starts: at the stored watermark, at the target's own greatest value, or from nothing. */
export async function startOf(
  task: StreamTask,
  mapping: ColumnMapping,
  state: TargetState | undefined,
  published: Publication | undefined,
): Promise<Start> {
  const { stream, options, target } = task;
  const none = { origin: 'none' as const, remarks: [] };
  if (stream.mode === 'snapshot') return { ...none, replaces: !state };
  if (stream.mode === 'incremental' && !target.database) return fileStart(task, mapping, published);
  if (!followsKeys(stream.mode) || !state || !target.database) return { ...none, replaces: true };
  requireToldApart(task, mapping);
  requireOwnTable(task);
  if (stream.range) {
    const watermark = isLeftUnfinished(task, published) ? published?.watermark : undefined;
    return { ...none, replaces: !state.exists, ...(watermark ? { watermark } : {}) };
  }
  const startsAnew = options.fullRefresh && !isUnfinished(task, published);
  if (startsAnew && state.exists && task.sharesObject()) return besideOthers;
  if (startsAnew || !state.exists) return { ...none, replaces: true };
  if (!mapping.updateKey) return { ...none, replaces: false };
  const { updateKey } = mapping;
  if (await isEmpty(target.database, state.table)) return { ...none, replaces: false };

  const stored = published?.watermark;
  if (stored && stored.updateKey === updateKey.source.name)
    return {
      replaces: false,
      watermark: resumable(stored, published, mapping),
      origin: 'stored',
      remarks: [],
    };
  if (task.sharesObject()) return besideOthers;
  const from = `no watermark of ${updateKey.source.name} is stored`;
  if (!state.columns.some(({ name }) => name === updateKey.name))
    return withoutKeyInTarget(task, mapping, from);
  const value = await latestInTarget(target.database, state.table, updateKey, stream.name);
  if (value === undefined) {
    return {
      ...none,
      replaces: mapping.primaryKey.length === 0,
      remarks: [`${from} and the target holds no value of it: everything is read`],
    };
  }
  return {
    replaces: false,
    watermark: { updateKey: updateKey.source.name, value },
    origin: 'target',
    remarks: [`${from}: continuing from the target's greatest value`],
  };
}

/** Rows that are merged may all be read again; others would come twice. */
function withoutKeyInTarget(
  { stream, object }: StreamTask,
  { primaryKey }: ColumnMapping,
  from: string,
): Start {
  if (primaryKey.length > 0)
    return {
      replaces: false,
      origin: 'none',
      remarks: [`${from} and the target has no such column: everything is read`],
    };
  throw new ConfigError(
    `${object.name} holds rows and no ${stream.updateKey}: which of them are new cannot be told`,
    {
      code: 'watermark_missing',
      origin: stream.objectOrigin,
      state: 'Nothing was changed',
      next: 'Add primary_key:, so that rows are merged, or load anew with --full-refresh',
    },
  );
}

/** The values and rows of others in the table say nothing of this stream, and stay. */
const besideOthers: Start = {
  replaces: false,
  origin: 'none',
  remarks: ['other streams of the file go into the same table: everything is read, and theirs is left alone'],
};

/** Rows that share a watermark are replaced in the target, where those of other streams look the same. */
function requireToldApart({ stream, object, sharesObject }: StreamTask, mapping: ColumnMapping): void {
  if (!mapping.updateKey || mapping.primaryKey.length > 0 || !sharesObject()) return;
  throw new ConfigError(`${stream.name} has no primary_key, and other streams go into ${object.name} too`, {
    code: 'object_shared',
    origin: stream.objectOrigin,
    state: 'By update_key alone its rows cannot be told from theirs; nothing was loaded',
    next: 'Give it primary_key:, an object of its own, or mode: snapshot',
  });
}

/** What the table has of a window of time is replaced. */
function requireOwnTable({ stream, object, window, sharesObject }: StreamTask): void {
  if (!window || !sharesObject()) return;
  throw new ConfigError(`${stream.name} has partitions, and other streams go into ${object.name} too`, {
    code: 'object_shared',
    origin: stream.objectOrigin,
    state: 'The rows of a partition would take the place of theirs; nothing was loaded',
    next: 'Give it an object of its own, or take its partitions out',
  });
}

/** Files have no rows that could be asked. */
function fileStart(
  { options, stream }: StreamTask,
  { updateKey }: ColumnMapping,
  published: Publication | undefined,
): Start {
  const stored = published?.watermark;
  const continues = !options.fullRefresh && stored?.updateKey === updateKey?.source.name;
  return {
    replaces: !continues,
    ...(continues && stored ? { watermark: stored } : {}),
    origin: continues && stored ? 'stored' : 'none',
    remarks:
      options.fullRefresh && !stream.target.parts
        ? ['everything is written once more; the files of earlier runs stay']
        : [],
  };
}

/** A stored row key only counts while the primary key is the one it was written for. */
function resumable(stored: Watermark, published: Publication | undefined, mapping: ColumnMapping): Watermark {
  const key = mapping.primaryKey.map((column) => column.source.name);
  const same = key.length > 0 && key.join('\0') === published?.keyColumns.join('\0');
  return same ? stored : { updateKey: stored.updateKey, value: stored.value };
}
