import type { NodeKey } from '../../core/node.ts';
import type { OutdatedPartitions, PartitionStateRange } from '../../core/partitions.ts';
import type { StepMove } from '../../core/ports.ts';
import { madeWithin, partitionState, toPartitionState, withStretch } from '../record/partition-state.ts';
import { integer, text } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';

/** Keeps how a step's partitions ended. Call it inside the writing transaction. */
export function keepPartitionStates(database: LedgerDatabase, move: StepMove): void {
  const state = partitionState(move.to);
  if (state === undefined) return;
  const node = move.node ?? move.step;
  for (const range of move.partitions?.ranges ?? []) keepStretch(database, node, { ...range, state });
  for (const outdated of move.outdates ?? []) outdate(database, outdated);
}

function outdate(database: LedgerDatabase, { node, ranges }: OutdatedPartitions): void {
  for (const stale of madeWithin(partitionStates(database, node), ranges)) keepStretch(database, node, stale);
}

function keepStretch(database: LedgerDatabase, node: NodeKey, added: PartitionStateRange): void {
  const { slice, from, to } = added;
  const before = database.get(
    'SELECT max(from_index) AS from_index FROM partition_states WHERE node = ? AND slice = ? AND from_index < ?',
    node,
    slice,
    from,
  );
  const first = before?.['from_index'] === null || !before ? from : integer(before, 'from_index');
  const touching = database
    .all(
      `SELECT slice, from_index, to_index, state FROM partition_states
       WHERE node = ? AND slice = ? AND from_index BETWEEN ? AND ? AND to_index >= ? ORDER BY from_index`,
      node,
      slice,
      first,
      to,
      from,
    )
    .map((row) => toPartitionState(row));
  for (const range of touching) {
    database.run(
      'DELETE FROM partition_states WHERE node = ? AND slice = ? AND from_index = ?',
      node,
      slice,
      range.from,
    );
  }
  for (const range of withStretch(touching, added)) {
    database.run(
      'INSERT INTO partition_states (node, slice, from_index, to_index, state) VALUES (?, ?, ?, ?, ?)',
      node,
      slice,
      range.from,
      range.to,
      range.state,
    );
  }
}

export function partitionStates(database: LedgerDatabase, node: NodeKey): readonly PartitionStateRange[] {
  return database
    .all(
      'SELECT slice, from_index, to_index, state FROM partition_states WHERE node = ? ORDER BY slice, from_index',
      node,
    )
    .map((row) => toPartitionState(row));
}

export function addPartitionKeys(
  database: LedgerDatabase,
  set: string,
  keys: readonly string[],
  atMs: number,
): number {
  return database.write(() => {
    let added = 0;
    for (const key of keys) {
      added += database.run(
        `INSERT INTO partition_keys (set_name, position, key, added_at_ms)
         SELECT ?, (SELECT coalesce(max(position) + 1, 0) FROM partition_keys WHERE set_name = ?), ?, ?
         WHERE true ON CONFLICT (set_name, key) DO NOTHING`,
        set,
        set,
        key,
        atMs,
      );
    }
    return added;
  });
}

export function partitionKeys(database: LedgerDatabase, set: string): readonly string[] {
  return database
    .all('SELECT key FROM partition_keys WHERE set_name = ? ORDER BY position', set)
    .map((row) => text(row, 'key'));
}
