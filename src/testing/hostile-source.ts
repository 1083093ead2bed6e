import type { ColumnBatch } from '../connector/column-batch.ts';
import type { Connection, StreamSchema } from '../connector/connection.ts';
import { rowsSource } from '../connector/rows-source.ts';
import type { Row } from '../connector/values/row-value.ts';
import { TransientError } from '../core/errors.ts';
import type { SuiteTable } from './suite-options.ts';

/** What a hostile source does beside giving its rows; all of it may be changed between two readings. */
export interface Hostility {
  /** Breaks off after so many pages: by an error of the contract, by one of a socket, or by one of the author's code. */
  breakAfterPages?: number;
  breakBy?: 'contract' | 'socket' | 'code';
  /** Gives every row twice, the second time after all others. */
  doubled?: boolean;
  /** Gives the last row first. */
  reversed?: boolean;
  /** Ignores `after` and `limit`, and gives all there is. */
  deaf?: boolean;
  /** Rows that it says it has. */
  estimatedRows?: number;
  /** What it says when it is asked for its columns the second time, and from then on. */
  laterSchema?: StreamSchema;
  /** Changes a row before it is given. */
  spoil?: (row: Row, index: number) => Row;
  /** Changes a batch before it is given. */
  spoilBatch?: (batch: ColumnBatch) => ColumnBatch;
  /** Turns of the event loop before each page. */
  slowTurns?: number;
}

/**
 * A source that does everything a rude system would, for tests of what loads from it: whatever it does, the target
 * must end with the right rows, or as it was and with an error that says why.
 */
export function hostileSource(name: string, table: SuiteTable, hostility: Hostility): Connection {
  let described = 0;
  const source = rowsSource(name, {
    discover: async () => [table.name],
    describe: async () => {
      described += 1;
      const schema = described > 1 && hostility.laterSchema ? hostility.laterSchema : table.schema;
      const { estimatedRows } = hostility;
      return estimatedRows === undefined ? schema : { ...schema, estimatedRows };
    },
    read: ({ after }) => hostilePages(table, hostility, hostility.deaf ? undefined : after),
  });
  return {
    name,
    type: 'hostile',
    check: async () => 'hostile',
    close: async () => {},
    source: {
      ...source,
      read: async ({ limit, ...request }, format, signal) => {
        const asked = hostility.deaf || limit === undefined ? request : { ...request, limit };
        const payload = await source.read(asked, format, signal);
        if (payload.format !== 'columns') return payload;
        return { ...payload, batches: spoiled(payload.batches, hostility) };
      },
    },
  };
}

async function* hostilePages(
  table: SuiteTable,
  hostility: Hostility,
  after: { readonly column: string; readonly value: string } | undefined,
): AsyncGenerator<readonly Row[]> {
  let pages = [...table.pages];
  if (hostility.doubled) pages = [...pages, ...pages];
  if (hostility.reversed) pages = pages.map((page) => [...page].reverse()).reverse();
  let index = 0;
  for (const [number, page] of pages.entries()) {
    for (let turn = 0; turn < (hostility.slowTurns ?? 0); turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (number === hostility.breakAfterPages) throw breakage(hostility);
    const wanted = page.filter((row) => after === undefined || isFrom(row, after));
    yield wanted.map((row) => hostility.spoil?.(row, (index += 1)) ?? row);
  }
  if (hostility.breakAfterPages === pages.length) throw breakage(hostility);
}

function isFrom(row: Row, { column, value }: { readonly column: string; readonly value: string }): boolean {
  const found = row[column];
  if (found === null || found === undefined) return true;
  return typeof found === 'string' ? found >= value : Number(found) >= Number(value);
}

function breakage({ breakBy = 'contract' }: Hostility): Error {
  switch (breakBy) {
    case 'contract':
      return new TransientError('the system closed the connection', { code: 'connection_lost' });
    case 'socket':
      return new TypeError('fetch failed', {
        cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      });
    case 'code':
      return new TypeError("Cannot read properties of undefined (reading 'data')");
  }
}

async function* spoiled(
  batches: AsyncIterable<ColumnBatch>,
  { spoilBatch }: Hostility,
): AsyncGenerator<ColumnBatch> {
  for await (const batch of batches) yield spoilBatch ? spoilBatch(batch) : batch;
}
