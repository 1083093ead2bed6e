import { castTo } from '../cast.ts';
import type { DataType } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import type { Statement } from './statement.ts';

/** Rows of a target whose key is in no source row any more. */
export interface MissingRows {
  readonly target: TableName;
  /** Holds the source's keys, under the target's names. */
  readonly keys: TableName;
  /** Columns of the key with the type to cast them to, when the target has another. */
  readonly key: readonly { readonly name: string; readonly castTo?: DataType }[];
  /** Target rows that may be missing; all when absent. */
  readonly where?: string;
}

/** Removes them. */
export function deleteMissingRows(dialect: Dialect, rows: MissingRows): readonly Statement[] {
  const target = dialect.quoteTable(rows.target);
  const from = dialect.name === 'mysql' ? `delete t from ${target} as t` : `delete from ${target} as t`;
  return [{ role: 'remove', sql: `${from} where ${conditions(dialect, rows, 'not exists')}` }];
}

/** How a row is marked as missing. SQL; rows are `t`. */
export interface MissingMark {
  /** True for rows that are marked, and never NULL. */
  readonly isMarked: string;
  /** Assignments that mark a row, and those that take the mark from it. */
  readonly set: string;
  readonly unset: string;
}

/** Marks the rows that are missing, and takes the mark from those that came back. */
export function markMissingRows(
  dialect: Dialect,
  rows: MissingRows,
  { isMarked, set, unset }: MissingMark,
): readonly Statement[] {
  const target = dialect.quoteTable(rows.target);
  return [
    {
      role: 'remove',
      sql: `update ${target} as t set ${set} where not (${isMarked}) and ${conditions(dialect, rows, 'not exists')}`,
    },
    {
      role: 'update',
      sql: `update ${target} as t set ${unset} where ${isMarked} and ${conditions(dialect, rows, 'exists')}`,
    },
  ];
}

function conditions(dialect: Dialect, rows: MissingRows, test: 'exists' | 'not exists'): string {
  const onKey = rows.key.map(({ name, castTo: type }) => {
    const column = dialect.quote(name);
    const key = type === undefined ? `k.${column}` : castTo(dialect, `k.${column}`, type);
    return `${key} = t.${column}`;
  });
  const own = rows.where === undefined ? [] : [`(${rows.where})`];
  return [
    ...own,
    `${test} (select 1 from ${dialect.quoteTable(rows.keys)} as k where ${onKey.join(' and ')})`,
  ].join(' and ');
}
