import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import type { StreamConfig } from './replication.ts';
import { parseSelection, type Selection } from './selection.ts';

type Declared = Pick<StreamConfig, 'casts' | 'rules'>;

/**
 * What `select:` says of a stream.
 * @throws ConfigError for `@` words that are not known, and for what is computed without a query
 */
export function selectedColumns(
  items: readonly string[],
  { sql, ...declared }: Declared & { readonly sql: string | undefined },
  origin: Origin,
): Selection {
  const selection = parseSelection(spelledOut(items, declared, origin));
  requireFields(selection, sql, origin);
  return selection;
}

/** With `@columns` written for those that `columns:` declares. */
function spelledOut(items: readonly string[], { casts, rules }: Declared, origin: Origin): readonly string[] {
  const declared = [...new Set([...Object.keys(casts), ...Object.keys(rules)])].filter(
    (name) => name !== '*',
  );
  return items.flatMap((item) => {
    const word = item.trim();
    if (!word.startsWith('@')) return [item];
    if (word === '@columns' && declared.length > 0) return declared;
    throw new ConfigError(
      `select says ${word}, ${word === '@columns' ? 'and columns: names none' : 'which is not known'}`,
      {
        code: 'invalid_value',
        origin,
        next: "Write select: ['@columns'] for the columns that columns: declares",
      },
    );
  });
}

/** What is computed needs a query to be computed in. */
function requireFields({ include }: Selection, sql: string | undefined, origin: Origin): void {
  const computed = include.find(({ expression }) => expression !== undefined);
  if (!computed || sql?.includes('{fields}') === true) return;
  throw new ConfigError(`select computes '${computed.name}', and there is no query with {fields}`, {
    code: 'stream_contradictory',
    origin,
    next: "Write sql: 'select {fields} from {stream_full_name}'",
  });
}
