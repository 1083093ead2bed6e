import type { ConfigEntries } from '../manifest/config-layer.ts';

interface NamedTable {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  readonly identifier: string;
}

/** How the placeholders of dbt-duckdb's formatters are written. */
const placeholders: Readonly<Record<string, RegExp>> = {
  newstyle: /\{(\w+)\}/g,
  oldstyle: /%\((\w+)\)s/g,
  template: /\$\{?(\w+)\}?/g,
};

/**
 * What templates read instead of a source's table on DuckDB: the files, or the table function, that `external_location` in
 * `meta` or `config` names. Undefined where none is named.
 */
export function externalLocation(
  entries: ConfigEntries,
  meta: Readonly<Record<string, unknown>>,
  table: NamedTable,
): string | undefined {
  const given = (key: string): unknown => entries.get(key)?.value ?? meta[key];
  const location = given('external_location');
  if (typeof location !== 'string') return undefined;
  const values: Readonly<Record<string, unknown>> = { ...meta, ...table };
  const formatter = given('formatter');
  const pattern = placeholders[typeof formatter === 'string' ? formatter : 'newstyle'];
  const text = pattern
    ? location.replaceAll(pattern, (whole, key: string) =>
        typeof values[key] === 'string' ? values[key] : whole,
      )
    : location;
  return text.includes('(') || text.startsWith("'") ? text : `'${text}'`;
}
