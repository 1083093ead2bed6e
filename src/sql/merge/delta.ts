import type { Dialect } from '../dialect.ts';
import { strategyOf, type KeyMerge } from './key-merge.ts';
import { onKey, sameValues } from './row-match.ts';
import { repeatedPlaces, stageSelect, type PublishedColumn } from './stage-rows.ts';

/** What a merge changes: rows of the stage, one per key, without those that the target has already. */
export interface Delta {
  /** A temporary table, quoted, that settles which rows they are. */
  readonly table: string;
  /** The SELECT that it is made by. */
  readonly select: string;
  /** A relation of the rows' keys, in the target's types. */
  readonly keys: string;
  /** A relation of the same rows with all that is published, and the columns that only the target has. */
  readonly rows: string;
}

const placeName = '_millrace_place';

/**
 * Where staged rows have places, the temporary table names them by these: to copy them takes longer than to find out
 * which they are. It names the rows that are left out, which are few or none, unless something of the others must be
 * known before the target's rows are deleted.
 */
export function deltaOf(dialect: Dialect, merge: KeyMerge): Delta {
  const table = dialect.quote(merge.deltaName);
  if (merge.rows.place === undefined)
    return { table, select: changedRows(dialect, merge), keys: table, rows: table };
  if (knownBefore(dialect, merge).length > 0) {
    const rows = rowsAtPlaces(dialect, merge, table);
    return { table, select: changedPlaces(dialect, merge), keys: table, rows };
  }
  return {
    table,
    select: leftOutPlaces(dialect, merge),
    keys: rowsElsewhere(dialect, merge, keyColumns(merge), table),
    rows: rowsElsewhere(dialect, merge, merge.rows.columns, table),
  };
}

function changedRows(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice } = merge;
  const same = sameValues(dialect, rows.columns, choice.key, 's', 't');
  const condition = [onKey(dialect, choice.key, 's', 't'), ...same].join(' and ');
  const staged = stageSelect(dialect, rows, merge.unique ? undefined : choice);
  const held = heldJoin(dialect, merge, 's');
  return `select s.*${held.columns} from (${staged}) as s${held.join} where not exists (select 1 from ${dialect.quoteTable(rows.target)} as t where ${condition})`;
}

/** Keys, places, and what must be known before a row of the target is deleted. */
function changedPlaces(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice } = merge;
  const place = dialect.quote(placeName);
  const narrow = { ...rows, columns: keyColumns(merge) };
  const chosen = stageSelect(dialect, narrow, merge.unique ? undefined : choice, placeName);
  const held = heldJoin(dialect, merge, 's');
  return `select s.*${held.columns} from (${chosen}) as s anti join (${samePlaces(dialect, merge)}) as same on same.${place} = s.${place}${held.join}`;
}

/** Places of rows that have a key that another has, or that the target has. */
function leftOutPlaces(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice, unique } = merge;
  const same = samePlaces(dialect, merge);
  return unique ? same : `${repeatedPlaces(dialect, rows, choice, placeName)} union all ${same}`;
}

function rowsElsewhere(
  dialect: Dialect,
  { rows }: KeyMerge,
  columns: readonly PublishedColumn[],
  table: string,
): string {
  const staged = stageSelect(dialect, { ...rows, columns }, undefined, placeName);
  const list = columns.map(({ name }) => `s.${dialect.quote(name)}`).join(', ');
  const place = dialect.quote(placeName);
  return `(select ${list} from (${staged}) as s anti join ${table} as c on c.${place} = s.${place})`;
}

/**
 * Places of staged rows that the target has. DuckDB reads every column of the table to compare them, which takes
 * longer than the merge itself, unless the rows that may be the same are few or none. It is told so by a semi join: of
 * `exists` within `exists` it makes a join that compares everything.
 */
function samePlaces(dialect: Dialect, merge: KeyMerge): string {
  const { rows, choice, heldUpTo } = merge;
  const target = dialect.quoteTable(rows.target);
  const same = sameValues(dialect, rows.columns, choice.key, 's', 't');
  const condition = [onKey(dialect, choice.key, 's', 't'), ...same].join(' and ');
  const staged = stageSelect(dialect, { ...rows, constants: {} }, undefined, placeName);
  const select = `select s.${dialect.quote(placeName)} from`;
  const latest = rows.columns.find(({ name }) => name === choice.latestBy);
  if (heldUpTo === undefined || !latest)
    return `${select} (${staged}) as s semi join ${target} as t on ${condition}`;
  const mayBeHeld = `(${dialect.quote(latest.name)} > ${heldUpTo}) is not true`;
  const keys = `${stagedKeys(dialect, merge, [latest])} where ${mayBeHeld}`;
  const compared = `select t.* from ${target} as t semi join (${keys}) as k on ${onKey(dialect, choice.key, 'k', 't')}`;
  return `${select} (select * from (${staged}) as staged where ${mayBeHeld}) as s semi join (${compared}) as t on ${condition}`;
}

function rowsAtPlaces(dialect: Dialect, merge: KeyMerge, table: string): string {
  const { rows } = merge;
  const staged = stageSelect(dialect, { ...rows, constants: {} }, undefined, placeName);
  const place = dialect.quote(placeName);
  const columns = [
    ...rows.columns.map(({ name }) => `s.${dialect.quote(name)}`),
    ...knownBefore(dialect, merge).map((name) => `c.${dialect.quote(name)}`),
  ];
  return `(select ${columns.join(', ')} from (${staged}) as s join ${table} as c on c.${place} = s.${place})`;
}

function keyColumns({ rows, choice }: KeyMerge): readonly PublishedColumn[] {
  return rows.columns.filter(({ name }) => choice.key.includes(name));
}

/** The stage's keys, and some of its other columns, in the target's types. */
function stagedKeys(dialect: Dialect, merge: KeyMerge, others: readonly PublishedColumn[] = []): string {
  const columns = [...new Set([...keyColumns(merge), ...others])];
  return `select * from (${stageSelect(dialect, { ...merge.rows, columns, constants: {} })}) as staged`;
}

/** Columns whose values may be of what the target holds until its rows are deleted. */
function knownBefore(dialect: Dialect, merge: KeyMerge): readonly string[] {
  return [...Object.keys(merge.rows.constants), ...keptColumns(dialect, merge)];
}

/** A row that is deleted and inserted would lose what only the target knows, so that is copied along. */
function keptColumns(dialect: Dialect, merge: KeyMerge): readonly string[] {
  return strategyOf(dialect, merge) === 'delete_insert' ? merge.extraColumns : [];
}

function heldJoin(
  dialect: Dialect,
  merge: KeyMerge,
  staged: string,
): { readonly columns: string; readonly join: string } {
  const keep = keptColumns(dialect, merge);
  if (keep.length === 0) return { columns: '', join: '' };
  return {
    columns: keep.map((name) => `, held.${dialect.quote(name)}`).join(''),
    join: ` left join (${heldValues(dialect, merge, keep)}) as held on ${onKey(dialect, merge.choice.key, staged, 'held')}`,
  };
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
