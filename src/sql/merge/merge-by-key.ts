import type { Dialect } from '../dialect.ts';
import { insertRows } from './insert.ts';
import { stageColumnList, stageSelect, type KeyChoice, type StageRows } from './stage-rows.ts';
import type { Statement } from './statement.ts';

/**
 * What is done with changed and new rows: `insert` adds new ones only, `update` changes held ones only, the
 * other two do both, by an update in place or by a delete and an insert.
 */
export type MergeStrategy = 'insert' | 'update' | 'update_insert' | 'delete_insert';

export interface KeyMerge {
  readonly rows: StageRows;
  readonly choice: KeyChoice;
  /** True when the source's catalogue promises one row per key. */
  readonly unique: boolean;
  /** Columns that only the target has; they keep their values. */
  readonly extraColumns: readonly string[];
  /** Name of the temporary table, free in this session. */
  readonly deltaName: string;
  /** The cheapest for the system when absent. */
  readonly strategy?: MergeStrategy;
}

/**
 * Brings the target's rows to the state of the stage's, by key. Rows that are already the same are left
 * alone, so that the counts are true and a second merge does nothing. Keys must not be NULL.
 *
 * DuckDB deletes and inserts: `merge` and `on conflict` cost 8 to 15 times more at its commit.
 * PostgreSQL updates in place, so that foreign keys and triggers see an update; it is told the size of new
 * tables first, which its planner would have to guess.
 */
export function mergeByKey(dialect: Dialect, merge: KeyMerge): readonly Statement[] {
  const delta = dialect.quote(merge.deltaName);
  const create: Statement = {
    role: 'prepare',
    sql: `create temporary table ${delta} as ${changedRows(dialect, merge)}`,
  };
  const drop: Statement = { role: 'prepare', sql: `drop table ${delta}` };
  const strategy = merge.strategy ?? (dialect.name === 'postgres' ? 'update_insert' : 'delete_insert');
  const changes = strategies[strategy](dialect, merge, delta);
  if (dialect.name === 'postgres') {
    const analyze = (table: string): Statement => ({ role: 'prepare', sql: `analyze ${table}` });
    const stage = dialect.quoteTable(merge.rows.stage);
    return [analyze(stage), create, analyze(delta), ...changes, drop];
  }
  return [create, ...changes, drop];
}

const strategies: Readonly<
  Record<MergeStrategy, (dialect: Dialect, merge: KeyMerge, delta: string) => readonly Statement[]>
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

function changedRows(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice } = merge;
  const target = dialect.quoteTable(rows.target);
  const keep = keepsByCopy(dialect, merge) ? merge.extraColumns : [];
  const same = rows.columns
    .filter((column) => !choice.key.includes(column.name))
    .map(({ name, comparable }) => {
      const [staged, held] = ['s', 't'].map((alias) => {
        const value = `${alias}.${dialect.quote(name)}`;
        return comparable ? value : `cast(${value} as text)`;
      });
      return `${staged} is not distinct from ${held}`;
    });
  const condition = [onKey(dialect, choice.key, 's', 't'), ...same].join(' and ');
  const staged = stageSelect(dialect, rows, merge.unique ? undefined : choice);
  const select = ['s.*', ...keep.map((name) => `held.${dialect.quote(name)}`)].join(', ');
  const held =
    keep.length > 0
      ? ` left join (${heldValues(dialect, merge, keep)}) as held on ${onKey(dialect, choice.key, 's', 'held')}`
      : '';
  return `select ${select} from (${staged}) as s${held} where not exists (select 1 from ${target} as t where ${condition})`;
}

function heldValues(dialect: Dialect, merge: KeyMerge, keep: readonly string[]): string {
  const key = merge.choice.key.map((name) => dialect.quote(name)).join(', ');
  const values = keep.map((name) => `any_value(${dialect.quote(name)}) as ${dialect.quote(name)}`);
  return `select ${key}, ${values.join(', ')} from ${dialect.quoteTable(merge.rows.target)} group by ${key}`;
}

/** A row that is deleted and inserted would lose what only the target knows, so that is copied along. */
function keepsByCopy(dialect: Dialect, { strategy }: KeyMerge): boolean {
  return strategy === 'delete_insert' || (strategy === undefined && dialect.name !== 'postgres');
}

function deleteAndInsert(dialect: Dialect, merge: KeyMerge, delta: string): readonly Statement[] {
  const target = dialect.quoteTable(merge.rows.target);
  const columns = [
    stageColumnList(dialect, merge.rows),
    ...merge.extraColumns.map((name) => dialect.quote(name)),
  ].join(', ');
  return [
    {
      role: 'replace',
      sql: `delete from ${target} as t using ${delta} as d where ${onKey(dialect, merge.choice.key, 't', 'd')}`,
    },
    { role: 'insert', sql: `insert into ${target} (${columns}) select ${columns} from ${delta}` },
  ];
}

function updateHeld(dialect: Dialect, merge: KeyMerge, delta: string): readonly Statement[] {
  const target = dialect.quoteTable(merge.rows.target);
  const changed = merge.rows.columns
    .map(({ name }) => name)
    .filter((name) => !merge.choice.key.includes(name));
  if (changed.length === 0) return [];
  const assignments = [...changed, ...Object.keys(merge.rows.constants)].map(
    (name) => `${dialect.quote(name)} = d.${dialect.quote(name)}`,
  );
  const condition = onKey(dialect, merge.choice.key, 't', 'd');
  const sql = `update ${target} as t set ${assignments.join(', ')} from ${delta} as d where ${condition}`;
  return [{ role: 'update', sql }];
}

function insertNew(dialect: Dialect, merge: KeyMerge, delta: string): Statement {
  const target = dialect.quoteTable(merge.rows.target);
  const columns = stageColumnList(dialect, merge.rows);
  const condition = onKey(dialect, merge.choice.key, 't', 'd');
  return {
    role: 'insert',
    sql: `insert into ${target} (${columns}) select ${columns} from ${delta} as d where not exists (select 1 from ${target} as t where ${condition})`,
  };
}

function onKey(dialect: Dialect, key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${dialect.quote(name)} = ${right}.${dialect.quote(name)}`).join(' and ');
}
