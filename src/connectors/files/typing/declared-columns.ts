import { ConfigError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import type { ReadOptions } from '../options/read-options.ts';

/**
 * The types that `columns:` declares, by the names of the file: `id` is also declared for `Id` when nothing else is called so.
 * @param what how a message begins, such as `The file has no column`
 * @throws ConfigError code `column_missing` for a name that the file does not have
 */
export function declaredColumns(
  { columns }: ReadOptions,
  names: readonly string[],
  what: string,
): ReadonlyMap<string, DataType> {
  const declared = new Map<string, DataType>();
  const { '*': rest, ...own } = columns;
  for (const [written, type] of Object.entries(own)) {
    const name = nameFor(written, names);
    if (name !== undefined) declared.set(name, type);
    else
      throw new ConfigError(`${what} ${written}, which columns: declares.`, {
        code: 'column_missing',
        next: `There are: ${names.join(', ')}.`,
      });
  }
  if (rest) for (const name of names) if (!declared.has(name)) declared.set(name, rest);
  return declared;
}

function nameFor(written: string, names: readonly string[]): string | undefined {
  if (names.includes(written)) return written;
  const alike = names.filter((name) => name.toLowerCase() === written.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}
