import { expect, test } from 'vitest';
import {
  type ColumnBatch,
  type ColumnVector,
  ConfigError,
  type Connector,
  defineConnector,
  maxBatchRows,
  type ReadRequest,
  type StreamSchema,
} from 'millrace/connector';
import { z } from 'zod';

interface NamesConfig {
  readonly names: readonly string[];
}

const schema: StreamSchema = {
  columns: [
    { name: 'id', type: { type: 'int32' }, nullable: false },
    { name: 'name', type: { type: 'text' }, nullable: true },
  ],
  primaryKey: ['id'],
};

/** A list of names as one table, `names`; an empty name is NULL. */
export const namesConnector: Connector<NamesConfig> = defineConnector<NamesConfig>({
  type: 'names',
  aliases: [],
  config: z.strictObject({ names: z.array(z.string()) }),
  secretKeys: [],
  parseUrl: (url) => ({ names: url.replace('names://', '').split(',') }),
  open: async ({ names }, { name }) => ({
    name,
    type: 'names',
    check: async () => `${names.length} names`,
    close: async () => {},
    source: {
      emits: ['columns'],
      discover: async () => ['names'],
      describe: async (stream) => {
        if (stream.name === 'names' && stream.sql === undefined) return schema;
        throw new ConfigError(`${name} has no stream ${stream.name}`, { code: 'stream_missing' });
      },
      read: async (request, _format, signal) => {
        const columns = request.columns.flatMap((wanted) =>
          schema.columns.filter((column) => column.name === wanted),
        );
        return {
          format: 'columns',
          schema: { columns, primaryKey: [] },
          batches: readBatches(names, request, signal),
        };
      },
    },
  }),
});

async function* readBatches(
  names: readonly string[],
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  if (request.where !== undefined) {
    throw new ConfigError('names cannot be filtered', { code: 'not_yet_supported', next: 'Remove where:' });
  }
  const rows = names.slice(0, request.limit);
  for (let start = 0; start < rows.length; start += maxBatchRows) {
    signal.throwIfAborted();
    const part = rows.slice(start, start + maxBatchRows);
    const ids = Int32Array.from(part, (_, row) => start + row + 1);
    const vectors = request.columns.map((column): ColumnVector =>
      column === 'id' ? { kind: 'int32', values: ids } : textVector(part),
    );
    yield { rowCount: part.length, vectors };
  }
}

function textVector(texts: readonly string[]): ColumnVector {
  const parts = texts.map((text) => Buffer.from(text));
  let end = 0;
  const ends = Uint32Array.from(parts, (part) => (end += part.length));
  const starts = Uint32Array.from(parts, (part, row) => (ends[row] ?? 0) - part.length);
  const validity = Uint8Array.from(texts, (text) => (text === '' ? 0 : 1));
  return { kind: 'bytes', data: new Uint8Array(Buffer.concat(parts)), starts, ends, validity };
}

const environment = {
  name: 'PEOPLE',
  projectFolder: '/',
  temporaryFolder: '/tmp',
  memoryBudgetBytes: 1_000_000,
};

async function readNames(names: readonly string[], request: Partial<ReadRequest>): Promise<unknown[][]> {
  const { source } = await namesConnector.open({ names }, environment);
  const payload = await source?.read(
    { stream: { name: 'names' }, columns: ['id', 'name'], options: {}, ...request },
    'columns',
    new AbortController().signal,
  );
  if (payload?.format !== 'columns') throw new Error('expected columns');
  const rows: unknown[][] = [];
  for await (const { rowCount, vectors } of payload.batches) {
    for (let row = 0; row < rowCount; row += 1) rows.push(vectors.map((vector) => cell(vector, row)));
  }
  return rows;
}

function cell(vector: ColumnVector, row: number): unknown {
  if (vector.validity?.[row] === 0) return null;
  if (vector.kind !== 'bytes') return vector.kind === 'fixed' ? undefined : vector.values[row];
  return Buffer.from(vector.data.subarray(vector.starts[row], vector.ends[row])).toString();
}

test('gives its rows as typed columns', async () => {
  expect(await readNames(['Ada', '', 'Zoë'], {})).toEqual([
    [1, 'Ada'],
    [2, null],
    [3, 'Zoë'],
  ]);
});

test('obeys the order of columns and the limit', async () => {
  expect(await readNames(['Ada', 'Grace'], { columns: ['name', 'id'], limit: 1 })).toEqual([['Ada', 1]]);
  expect(await readNames([], {})).toEqual([]);
});

test('cuts a long stream into batches that keep counting', async () => {
  const names = Array.from({ length: maxBatchRows + 1 }, (_, index) => `name ${index}`);
  const rows = await readNames(names, {});
  expect(rows).toHaveLength(maxBatchRows + 1);
  expect(rows.at(-1)).toEqual([maxBatchRows + 1, `name ${maxBatchRows}`]);
});

test('refuses what it does not have or cannot do', async () => {
  const { source } = await namesConnector.open({ names: [] }, environment);
  await expect(source?.describe({ name: 'nams' }, {})).rejects.toThrow('PEOPLE has no stream nams');
  await expect(readNames(['Ada'], { where: 'id > 1' })).rejects.toThrow('names cannot be filtered');
  expect(namesConnector.config.safeParse({ name: [] }).success).toBe(false);
});
