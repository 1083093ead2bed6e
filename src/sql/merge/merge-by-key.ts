import type { Dialect } from '../dialect.ts';
import { insertRows } from './insert.ts';
import { onKey, sameValues } from './row-match.ts';
import type { KeyMerge, MergeStrategy } from './key-merge.ts';
import { stageColumnList, stageSelect, type PublishedColumn } from './stage-rows.ts';
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
  const delta = dialect.quote(merge.deltaName);
  const create: Statement = {
    role: 'prepare',
    sql: `create temporary table ${delta} as ${changedRows(dialect, merge)}`,
  };
  const temporary = dialect.name === 'mysql' ? 'temporary table' : 'table';
  const drop: Statement = { role: 'prepare', sql: `drop ${temporary} ${delta}` };
  const strategy = merge.strategy ?? (dialect.name === 'duckdb' ? 'delete_insert' : 'update_insert');
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
  const same = sameValues(dialect, rows.columns, choice.key, 's', 't');
  const condition = [onKey(dialect, choice.key, 's', 't'), ...same].join(' and ');
  const differs =
    dialect.name === 'duckdb'
      ? `anti join ${comparedRows(dialect, merge)} as t on ${condition}`
      : `where not exists (select 1 from ${target} as t where ${condition})`;
  const staged = stageSelect(dialect, rows, merge.unique ? undefined : choice);
  const select = ['s.*', ...keep.map((name) => `held.${dialect.quote(name)}`)].join(', ');
  const held =
    keep.length > 0
      ? ` left join (${heldValues(dialect, merge, keep)}) as held on ${onKey(dialect, choice.key, 's', 'held')}`
      : '';
  return dialect.name === 'duckdb'
    ? `select ${select} from (${staged}) as s ${differs}${held}`
    : `select ${select} from (${staged}) as s${held} ${differs}`;
}

/**
 * Rows of the target that staged ones are compared with. DuckDB reads every column of the table for that, which takes
 * longer than the merge itself, unless the rows that may be the same are few or none. It is told so by a semi join: of
 * `exists` within `exists` it makes a join that compares everything.
 */
function comparedRows(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice, heldUpTo } = merge;
  const target = dialect.quoteTable(rows.target);
  const latest = rows.columns.find(({ name }) => name === choice.latestBy);
  if (heldUpTo === undefined || !latest) return target;
  const isKnown = `(${dialect.quote(latest.name)} > ${heldUpTo}) is not true`;
  return `(select t.* from ${target} as t semi join (${stagedKeys(dialect, merge, [latest])} where ${isKnown}) as k on ${onKey(dialect, choice.key, 'k', 't')})`;
}

/** The stage's keys, and some of its other columns, in the target's types. */
function stagedKeys(
  dialect: Dialect,
  { rows, choice }: KeyMerge,
  others: readonly PublishedColumn[] = [],
): string {
  const keys = rows.columns.filter(({ name }) => choice.key.includes(name));
  const columns = [...new Set([...keys, ...others])];
  return `select * from (${stageSelect(dialect, { ...rows, columns, constants: {} })}) as staged`;
}

function heldValues(dialect: Dialect, merge: KeyMerge, keep: readonly string[]): string {
  const key = merge.choice.key.map((name) => dialect.quote(name)).join(', ');
  const any = dialect.name === 'mysql' || dialect.name === 'sqlite' ? 'max' : 'any_value';
  const values = keep.map((name) => `${any}(${dialect.quote(name)}) as ${dialect.quote(name)}`);
  const table = dialect.quoteTable(merge.rows.target);
  const wanted =
    dialect.name === 'duckdb'
      ? `(select t.* from ${table} as t semi join (${stagedKeys(dialect, merge)}) as k on ${onKey(dialect, merge.choice.key, 'k', 't')})`
      : table;
  return `select ${key}, ${values.join(', ')} from ${wanted} group by ${key}`;
}

/** A row that is deleted and inserted would lose what only the target knows, so that is copied along. */
function keepsByCopy(dialect: Dialect, { strategy }: KeyMerge): boolean {
  return strategy === 'delete_insert' || (strategy === undefined && dialect.name === 'duckdb');
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
      sql: deleteHeld(dialect, merge, delta),
    },
    { role: 'insert', sql: `insert into ${target} (${columns}) select ${columns} from ${delta}` },
  ];
}

function deleteHeld(dialect: Dialect, { rows, choice: { key } }: KeyMerge, delta: string): string {
  const target = dialect.quoteTable(rows.target);
  const condition = onKey(dialect, key, 't', 'd');
  if (dialect.name === 'mysql') return `delete t from ${target} as t join ${delta} as d on ${condition}`;
  if (dialect.name !== 'sqlite') return `delete from ${target} as t using ${delta} as d where ${condition}`;
  const list = key.map((name) => dialect.quote(name)).join(', ');
  return `delete from ${target} where (${list}) in (select ${list} from ${delta})`;
}

function updateHeld(dialect: Dialect, merge: KeyMerge, delta: string): readonly Statement[] {
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
    const joined = `${target} as t join ${delta} as d on ${condition}`;
    return [{ role: 'update', sql: `update ${joined} set ${assignments.join(', ')}` }];
  }
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
