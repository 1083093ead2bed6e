import type { Dialect } from '../dialect.ts';
import type { PublishedColumn } from './stage-rows.ts';

/** `s."id" = t."id"`: keys hold no NULL. */
export function onKey(dialect: Dialect, key: readonly string[], left: string, right: string): string {
  return key.map((name) => `${left}.${dialect.quote(name)} = ${right}.${dialect.quote(name)}`).join(' and ');
}

/** That a column has one value on both sides, NULL being like NULL. */
export function sameValue(
  dialect: Dialect,
  { name, type, comparable }: Pick<PublishedColumn, 'name' | 'type' | 'comparable'>,
  left: string,
  right: string,
): string {
  const [one, other] = [left, right].map((alias) => {
    const value = `${alias}.${dialect.quote(name)}`;
    if (dialect.exactly) return dialect.exactly(value, type);
    return comparable ? value : `cast(${value} as text)`;
  });
  return dialect.name === 'mysql' ? `${one} <=> ${other}` : `${one} is not distinct from ${other}`;
}

/** That all columns beside the key are the same. */
export function sameValues(
  dialect: Dialect,
  columns: readonly PublishedColumn[],
  key: readonly string[],
  left: string,
  right: string,
): readonly string[] {
  return columns
    .filter(({ name }) => !key.includes(name))
    .map((column) => sameValue(dialect, column, left, right));
}
