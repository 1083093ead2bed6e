import type { Dialect } from '../dialect.ts';
import { deltaOf, type Delta } from './delta.ts';
import { insertRows } from './insert.ts';
import { onKey } from './row-match.ts';
import { strategyOf, type KeyMerge, type MergeStrategy } from './key-merge.ts';
import { stageColumnList } from './stage-rows.ts';
import type { Statement } from './statement.ts';

/**
 * Brings the target's rows to the state of the stage's, by key. Rows that are already the same are left
 * alone, so that the counts are true and a second merge does nothing. Keys must not be NULL.
 *
 * DuckDB deletes and inserts: `merge` and `on conflict` cost 8 to 15 times more at its commit.
 * The others update in place, so that foreign keys and triggers see an update; PostgreSQL is told the size of
 * new tables first, which its planner would have to guess.
 */
export function mergeByKey(dialect: Dialect, merge: KeyMerge): readonly Statement[] {
  const delta = deltaOf(dialect, merge);
  const create: Statement = {
    role: 'prepare',
    sql: `create temporary table ${delta.table} as ${delta.select}`,
  };
  const temporary = dialect.name === 'mysql' ? 'temporary table' : 'table';
  const drop: Statement = { role: 'prepare', sql: `drop ${temporary} ${delta.table}` };
  const changes = strategies[strategyOf(dialect, merge)](dialect, merge, delta);
  if (dialect.name === 'postgres') {
    const analyze = (table: string): Statement => ({ role: 'prepare', sql: `analyze ${table}` });
    const stage = dialect.quoteTable(merge.rows.stage);
    return [analyze(stage), create, analyze(delta.table), ...changes, drop];
  }
  return [create, ...changes, drop];
}

const strategies: Readonly<
  Record<MergeStrategy, (dialect: Dialect, merge: KeyMerge, delta: Delta) => readonly Statement[]>
> = {
  insert: (dialect, merge, delta) => [insertNew(dialect, merge, delta)],
  update: updateHeld,
  update_insert: (dialect, merge, delta) => [
    ...updateHeld(dialect, merge, delta),
    insertNew(dialect, merge, delta),
  ],
  delete_insert: deleteAndInsert,
};

/** The first load by key, into an empty target. */
export function insertByKey(
  dialect: Dialect,
  merge: Pick<KeyMerge, 'rows' | 'choice' | 'unique'>,
): Statement {
  return insertRows(dialect, merge.rows, merge.unique ? undefined : merge.choice);
}

function deleteAndInsert(dialect: Dialect, merge: KeyMerge, delta: Delta): readonly Statement[] {
  const target = dialect.quoteTable(merge.rows.target);
  const columns = [
    stageColumnList(dialect, merge.rows),
    ...merge.extraColumns.map((name) => dialect.quote(name)),
  ].join(', ');
  return [
    {
      role: 'replace',
      sql: deleteHeld(dialect, merge, delta),
    },
    { role: 'insert', sql: `insert into ${target} (${columns}) select ${columns} from ${delta.rows} as d` },
  ];
}

function deleteHeld(dialect: Dialect, { rows, choice: { key } }: KeyMerge, delta: Delta): string {
  const target = dialect.quoteTable(rows.target);
  const condition = onKey(dialect, key, 't', 'd');
  if (dialect.name === 'mysql') return `delete t from ${target} as t join ${delta.keys} as d on ${condition}`;
  if (dialect.name !== 'sqlite')
    return `delete from ${target} as t using ${delta.keys} as d where ${condition}`;
  const list = key.map((name) => dialect.quote(name)).join(', ');
  return `delete from ${target} where (${list}) in (select ${list} from ${delta.keys})`;
}

function updateHeld(dialect: Dialect, merge: KeyMerge, delta: Delta): readonly Statement[] {
  const target = dialect.quoteTable(merge.rows.target);
  const changed = merge.rows.columns
    .map(({ name }) => name)
    .filter((name) => !merge.choice.key.includes(name));
  if (changed.length === 0) return [];
  const owner = dialect.name === 'mysql' ? 't.' : '';
  const assignments = [...changed, ...Object.keys(merge.rows.constants)].map(
    (name) => `${owner}${dialect.quote(name)} = d.${dialect.quote(name)}`,
  );
  const condition = onKey(dialect, merge.choice.key, 't', 'd');
  if (dialect.name === 'mysql') {
    const joined = `${target} as t join ${delta.rows} as d on ${condition}`;
    return [{ role: 'update', sql: `update ${joined} set ${assignments.join(', ')}` }];
  }
  const sql = `update ${target} as t set ${assignments.join(', ')} from ${delta.rows} as d where ${condition}`;
  return [{ role: 'update', sql }];
}

function insertNew(dialect: Dialect, merge: KeyMerge, delta: Delta): Statement {
  const target = dialect.quoteTable(merge.rows.target);
  const columns = stageColumnList(dialect, merge.rows);
  const condition = onKey(dialect, merge.choice.key, 't', 'd');
  return {
    role: 'insert',
    sql: `insert into ${target} (${columns}) select ${columns} from ${delta.rows} as d where not exists (select 1 from ${target} as t where ${condition})`,
  };
}
