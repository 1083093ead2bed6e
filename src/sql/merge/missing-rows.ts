import type { Dialect, TableName } from '../dialect.ts';
import type { Statement } from './statement.ts';

/** Rows of a target whose key is in no source row any more. */
export interface MissingRows {
  readonly target: TableName;
  /** Holds the source's keys, under the target's names. */
  readonly keys: TableName;
  /** Columns of the key with the type to cast them to, when the target has another. */
  readonly key: readonly { readonly name: string; readonly castTo?: string }[];
  /** Target rows that may be missing; all when absent. */
  readonly where?: string;
}

/** Removes them. */
export function deleteMissingRows(dialect: Dialect, rows: MissingRows): readonly Statement[] {
  const target = dialect.quoteTable(rows.target);
  return [
    { role: 'remove', sql: `delete from ${target} as t where ${conditions(dialect, rows, 'not exists')}` },
  ];
}

/** Writes the time into `column` of those that are missing, and takes it from those that came back. */
export function markMissingRows(dialect: Dialect, rows: MissingRows, column: string): readonly Statement[] {
  const target = dialect.quoteTable(rows.target);
  const mark = dialect.quote(column);
  const definition = `${mark} ${dialect.typeName({ type: 'timestamptz' })}`;
  return [
    { role: 'schema', sql: `alter table ${target} add column if not exists ${definition}` },
    {
      role: 'remove',
      sql: `update ${target} as t set ${mark} = current_timestamp where t.${mark} is null and ${conditions(dialect, rows, 'not exists')}`,
    },
    {
      role: 'update',
      sql: `update ${target} as t set ${mark} = null where t.${mark} is not null and ${conditions(dialect, rows, 'exists')}`,
    },
  ];
}

function conditions(dialect: Dialect, rows: MissingRows, test: 'exists' | 'not exists'): string {
  const onKey = rows.key.map(({ name, castTo }) => {
    const column = dialect.quote(name);
    const key = castTo === undefined ? `k.${column}` : `cast(k.${column} as ${castTo})`;
    return `${key} = t.${column}`;
  });
  const own = rows.where === undefined ? [] : [`(${rows.where})`];
  return [
    ...own,
    `${test} (select 1 from ${dialect.quoteTable(rows.keys)} as k where ${onKey.join(' and ')})`,
  ].join(' and ');
}
