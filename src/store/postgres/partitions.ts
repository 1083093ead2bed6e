import type { NodeKey } from '../../core/node.ts';
import type { PartitionStateRange } from '../../core/partitions.ts';
import type { StepMove } from '../../core/ports.ts';
import { madeWithin, partitionState, toPartitionState, withStretch } from '../record/partition-state.ts';
import { text } from '../record/row.ts';
import type { Session } from './session.ts';

/** Keeps how a step's partitions ended. */
export async function keepPartitionStates(session: Session, move: StepMove): Promise<void> {
  const state = partitionState(move.to);
  if (state === undefined) return;
  const node = move.node ?? move.step;
  const outdated = move.outdates ?? [];
  const nodes = [...(move.partitions ? [node] : []), ...outdated.map((other) => other.node)];
  // In one order for all, so that nobody waits for whoever waits for him.
  for (const turn of nodes.toSorted()) await takeTurn(session, turn);
  for (const range of move.partitions?.ranges ?? []) await keepStretch(session, node, { ...range, state });
  for (const { node: other, ranges } of outdated) {
    const stale = madeWithin(await partitionStates(session, other), ranges);
    for (const range of stale) await keepStretch(session, other, range);
  }
}

/** Whoever reads and then writes about a node's partitions or keys does so one after another, up to the commit. */
export async function takeTurn(session: Session, name: string): Promise<void> {
  await session.run(
    `SELECT pg_advisory_xact_lock(hashtextextended('millrace partitions ' || current_schema() || ' ' || $1, 0))`,
    name,
  );
}

async function keepStretch(session: Session, node: NodeKey, added: PartitionStateRange): Promise<void> {
  const { slice, from, to } = added;
  const rows = await session.all(
    `DELETE FROM partition_states WHERE node = $1 AND slice = $2 AND from_index <= $4 AND to_index >= $3
       AND from_index >= coalesce((SELECT max(from_index) FROM partition_states
         WHERE node = $1 AND slice = $2 AND from_index < $3), $3)
     RETURNING slice, from_index, to_index, state`,
    node,
    slice,
    from,
    to,
  );
  const touching = rows.map((row) => toPartitionState(row)).sort((a, b) => a.from - b.from);
  await session.run(
    `INSERT INTO partition_states (node, slice, from_index, to_index, state)
     SELECT $1, $2, range."from", range."to", range.state
     FROM json_to_recordset($3::json) AS range("from" bigint, "to" bigint, state text)`,
    node,
    slice,
    JSON.stringify(withStretch(touching, added)),
  );
}

export async function partitionStates(
  session: Session,
  node: NodeKey,
): Promise<readonly PartitionStateRange[]> {
  const rows = await session.all(
    `SELECT slice, from_index, to_index, state FROM partition_states WHERE node = $1
     ORDER BY slice COLLATE "C", from_index`,
    node,
  );
  return rows.map((row) => toPartitionState(row));
}

export async function addPartitionKeys(
  session: Session,
  set: string,
  keys: readonly string[],
  atMs: number,
): Promise<number> {
  await takeTurn(session, set);
  return session.run(
    `WITH wanted AS (
       SELECT key, min(position) AS position FROM unnest($2::text[]) WITH ORDINALITY AS given(key, position)
       WHERE NOT EXISTS (SELECT 1 FROM partition_keys AS known WHERE set_name = $1 AND known.key = given.key)
       GROUP BY key
     )
     INSERT INTO partition_keys (set_name, position, key, added_at_ms)
     SELECT $1, (SELECT coalesce(max(position) + 1, 0) FROM partition_keys WHERE set_name = $1)
       + row_number() OVER (ORDER BY position) - 1, key, $3 FROM wanted`,
    set,
    keys,
    atMs,
  );
}

export async function partitionKeys(session: Session, set: string): Promise<readonly string[]> {
  const rows = await session.all('SELECT key FROM partition_keys WHERE set_name = $1 ORDER BY position', set);
  return rows.map((row) => text(row, 'key'));
}
