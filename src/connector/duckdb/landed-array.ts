import type { DataType } from '../../sql/data-type.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';

/**
 * SQL that makes a list out of the texts of an `array` vector, which PostgreSQL may have written in its own way.
 * @param value SQL of the vector's JSON
 * @param to type of the elements, in DuckDB's words
 */
export function landedArray(
  value: string,
  element: DataType,
  to: string = duckdbDialect.typeName(element),
): string {
  const texts = `cast(cast(${value} as json) as varchar[])`;
  const read = elementReaders[element.type];
  const values = read ? `list_transform(${texts}, lambda item: ${read})` : texts;
  return to === 'varchar' && !read ? texts : `cast(${values} as ${to}[])`;
}

const withEra = `regexp_replace(item, '^(\\S+)(.*) BC$', '\\1 (BC)\\2')`;

const isoInterval = `${inWords("split_part(substr(item, 2), 'T', 1)", { Y: 'years', M: 'months', D: 'days' })} || ${inWords("split_part(item, 'T', 2)", { H: 'hours', M: 'minutes', S: 'seconds' })}`;

function inWords(text: string, units: Readonly<Record<string, string>>): string {
  return Object.entries(units).reduce(
    (sql, [letter, word]) => `replace(${sql}, '${letter}', ' ${word} ')`,
    text,
  );
}

/** SQL over an `item` whose text DuckDB would misread. */
const elementReaders: Readonly<Partial<Record<DataType['type'], string>>> = {
  bytes: 'unhex(substr(item, 3))',
  interval: `case when item like 'P%' then ${isoInterval} else replace(item, '+', '') end`,
  date: withEra,
  timestamp: withEra,
  timestamptz: withEra,
};
