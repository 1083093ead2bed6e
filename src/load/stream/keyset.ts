import type { SqlSession } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { comparable, keyLiteral, keyText } from './key-value.ts';

/** A column of a key and a value of it, as SQL that can be compared. */
export interface KeyTerm {
  readonly sql: string;
  readonly bound: string;
}

/** Pairs columns with the values of one row; columns beyond the values are left out. */
export function keyTerms(
  dialect: Dialect,
  columns: readonly Column[],
  values: readonly string[],
): readonly KeyTerm[] {
  return values.flatMap((value, index) => {
    const column = columns[index];
    return column ? [{ sql: comparable(dialect, column), bound: keyLiteral(dialect, column, value) }] : [];
  });
}

/** `(a, b) <= (x, y)`. */
export function upTo(dialect: Dialect, terms: readonly KeyTerm[]): string {
  return compareRows(dialect, terms, '<=');
}

/** `(a, b) > (x, y)`. */
export function beyond(dialect: Dialect, terms: readonly KeyTerm[]): string {
  return compareRows(dialect, terms, '>');
}

/**
 * Rows are compared as rows where the system then walks an index to the very place; elsewhere the
 * comparison is spelt out, so that an index on the first column serves at least.
 */
function compareRows(dialect: Dialect, terms: readonly KeyTerm[], operator: '<=' | '>'): string {
  const [term, ...rest] = terms;
  if (!term) return operator === '>' ? '1 = 0' : '1 = 1';
  if (rest.length === 0) return `${term.sql} ${operator} ${term.bound}`;
  if (dialect.name === 'postgres' || dialect.name === 'sqlite') {
    const side = (pick: (one: KeyTerm) => string): string => terms.map((one) => pick(one)).join(', ');
    return `(${side((one) => one.sql)}) ${operator} (${side((one) => one.bound)})`;
  }
  const [loose, strict] = operator === '>' ? ['>=', '>'] : ['<=', '<'];
  const { sql, bound } = term;
  return `(${sql} ${loose} ${bound} and (${sql} ${strict} ${bound} or ${compareRows(dialect, rest, operator)}))`;
}

/** A search for the row at which a number of rows is full. */
export interface BoundarySearch {
  readonly streamName: string;
  readonly dialect: Dialect;
  /** The stream as a FROM item. */
  readonly from: string;
  /** Predicates that all rows fit which are counted. */
  readonly conditions: readonly string[];
  /** In the order in which rows are read; the first must not be NULL in what `conditions` leave. */
  readonly key: readonly Column[];
  readonly rows: number;
}

/** Key of the last row that fits; undefined when no row comes after it. */
export async function findBoundary(
  search: BoundarySearch,
  session: SqlSession,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { dialect, key } = search;
  const keys = key.map((column) => comparable(dialect, column)).join(', ');
  const where = search.conditions.length > 0 ? ` where ${search.conditions.join(' and ')}` : '';
  const sql = `select ${keys} from ${search.from}${where} order by ${keys} limit 2 offset ${search.rows - 1}`;
  const [row, next] = (await session.query(sql, [], signal)).rows;
  if (!row || !next) return undefined;
  const values = key.map((column, index) => keyText(row[index], column, search.streamName));
  const [first, ...rest] = values;
  if (first === undefined) return undefined;
  return rest.includes(undefined) ? [first] : (values as string[]);
}
