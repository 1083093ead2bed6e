import { describe, expect, test } from 'vitest';
import type { ColumnsPayload } from './payload.ts';
import type { Column, DataType } from '../sql/data-type.ts';
import { batchRows } from './batch-rows.ts';
import { rowBatches } from './row-batches.ts';
import type { Row, RowValue } from './values/row-value.ts';
import { rowsSource } from './rows-source.ts';

const never = new AbortController().signal;
const decimal = (precision: number, scale: number): DataType => ({ type: 'decimal', precision, scale });

async function through(type: DataType, value: RowValue): Promise<RowValue> {
  const columns: Column[] = [{ name: 'value', type, nullable: true }];
  const rows: Row[] = [];
  for await (const batch of rowBatches(columns, [[{ value }]], { stream: 'values' }))
    rows.push(...batchRows(columns, batch));
  return rows[0]?.['value'];
}

describe('a value goes through a vector', () => {
  test.each<[DataType, RowValue, RowValue?]>([
    [{ type: 'boolean' }, false],
    [{ type: 'int16' }, -32768],
    [{ type: 'int32' }, 2147483647],
    [{ type: 'int64' }, -9223372036854775808n],
    [{ type: 'int64' }, '9223372036854775807', 9223372036854775807n],
    [{ type: 'float32' }, 1.5],
    [{ type: 'float64' }, Number.NaN],
    [decimal(9, 2), -12.5, '-12.50'],
    [decimal(18, 0), '1e3', '1000'],
    [decimal(38, 10), '-1234567890123456789012345678.0123456789'],
    [decimal(60, 1), '12345678901234567890123456789012345678901234567890.5'],
    [{ type: 'decimal' }, 'NaN'],
    [{ type: 'text' }, ''],
    [{ type: 'text' }, '\uFEFF👩‍👩‍👧 مرحبا é'],
    [{ type: 'bytes' }, Uint8Array.of(0, 255)],
    [{ type: 'date' }, '2024-02-29'],
    [{ type: 'date' }, '-0043-03-15', '-000043-03-15'],
    [{ type: 'date' }, '0000-12-31'],
    [{ type: 'date' }, '-infinity'],
    [{ type: 'time' }, '24:00', '24:00:00'],
    [{ type: 'timetz' }, '23:59:59.5+02:30'],
    [{ type: 'timestamp' }, '1969-12-31T23:59:59.999999'],
    [{ type: 'timestamp' }, '+294246-12-31T23:59:59.9'],
    [{ type: 'timestamptz' }, '2024-03-01T01:59:59+02:00', '2024-02-29T23:59:59Z'],
    [{ type: 'timestamptz' }, new Date(0), '1970-01-01T00:00:00Z'],
    [{ type: 'timestamptz' }, 'infinity'],
    [{ type: 'interval' }, { months: -1, days: 2, microseconds: -3n }],
    [{ type: 'uuid' }, '00000000-0000-0000-0000-0000000000ff'],
    [{ type: 'json' }, { k: [1, null, 'x'] }],
    [{ type: 'json' }, 'text'],
    [{ type: 'array', element: { type: 'int32' } }, [1, null, -3], ['1', null, '-3']],
    [
      { type: 'array', element: { type: 'bytes' } },
      [Buffer.from('00ff', 'hex'), null],
      [String.raw`\x00ff`, null],
    ],
    [{ type: 'text' }, null],
  ])('%o %o', async (type, value, expected = value) => {
    expect(await through(type, value)).toEqual(expected);
  });

  test.each<[DataType, RowValue]>([
    [{ type: 'boolean' }, 1],
    [{ type: 'boolean' }, 'true'],
    [{ type: 'int16' }, 32768],
    [{ type: 'int32' }, 1.5],
    [{ type: 'int64' }, 2 ** 53],
    [{ type: 'int64' }, '9223372036854775808'],
    [{ type: 'float64' }, '1'],
    [decimal(4, 2), '1.005'],
    [decimal(4, 2), '100'],
    [decimal(4, 2), 'NaN'],
    [{ type: 'decimal' }, 'twelve'],
    [{ type: 'timetz' }, '10:00:00'],
    [{ type: 'text' }, 12],
    [{ type: 'text' }, '\ud800'],
    [{ type: 'date' }, '2023-02-29'],
    [{ type: 'date' }, '01/02/2024'],
    [{ type: 'time' }, '25:00'],
    [{ type: 'timestamp' }, '2024-01-01T00:00:00Z'],
    [{ type: 'timestamptz' }, '2024-01-01T00:00:00'],
    [{ type: 'timestamptz' }, new Date(Number.NaN)],
    [{ type: 'interval' }, 'P1D'],
    [{ type: 'uuid' }, '00000000'],
    [{ type: 'array', element: { type: 'int32' } }, [1, 'x']],
    [{ type: 'array', element: { type: 'int32' } }, '{1}'],
  ])('%o refuses %o', async (type, value) => {
    await expect(through(type, value)).rejects.toMatchObject({ kind: 'data', code: 'value_ill_typed' });
  });
});

describe('a source of rows', () => {
  const id: Column = { name: 'id', type: { type: 'int32' }, nullable: false };
  const note: Column = { name: 'note', type: { type: 'text' }, nullable: true };
  const sourceOf = (pages: readonly (readonly Row[])[], missingKeys?: 'null') =>
    rowsSource('NOTES', {
      discover: async () => ['notes', 'old.notes', 'people'],
      describe: async (stream) =>
        stream === 'notes' ? { columns: [id, note], primaryKey: ['id'] } : undefined,
      read: async function* () {
        yield* pages;
      },
      ...(missingKeys ? { missingKeys } : {}),
    });
  const read = async (pages: readonly (readonly Row[])[], limit?: number, missingKeys?: 'null') => {
    const request = {
      stream: { name: 'notes' },
      columns: ['note', 'id'],
      options: {},
      ...(limit === undefined ? {} : { limit }),
    };
    const payload = (await sourceOf(pages, missingKeys).read(request, 'columns', never)) as ColumnsPayload;
    const rows: Row[] = [];
    for await (const batch of payload.batches) rows.push(...batchRows(payload.schema.columns, batch));
    return rows;
  };

  test('cuts pages into batches, and stops at the limit', async () => {
    const page = Array.from({ length: 5000 }, (_, index) => ({ id: index, note: null, more: 1 }));
    expect(await read([page, [], [{ id: -1, note: 'last' }]])).toHaveLength(5001);
    expect(await read([page, [{ id: 'never read', note: 1 }]], 5000)).toHaveLength(5000);
    expect(await read([page], 0)).toEqual([]);
  });

  test('names row and column of what does not fit', async () => {
    await expect(read([[{ id: 1, note: 'x' }], [{ id: null, note: 'x' }]])).rejects.toMatchObject({
      code: 'value_missing',
      message: "stream notes, row 2: 'id' is NULL, and was said never to be",
    });
    await expect(read([[{ id: 1 }]])).rejects.toMatchObject({ code: 'column_missing' });
    expect(await read([[{ id: 1 }]], undefined, 'null')).toEqual([{ id: 1, note: null }]);
  });

  test('lists what fits a pattern and names what there is', async () => {
    expect(await sourceOf([]).discover('*notes')).toEqual(['notes', 'old.notes']);
    await expect(sourceOf([]).describe({ name: 'gone' }, {})).rejects.toMatchObject({
      code: 'stream_missing',
      next: 'It has: notes, old.notes, people',
    });
    await expect(sourceOf([]).describe({ name: 'notes', sql: 'select 1' }, {})).rejects.toMatchObject({
      code: 'not_supported',
    });
  });

  test('ends at an abort although the system does not answer', async () => {
    const stop = new AbortController();
    const silent = rowsSource('SILENT', {
      discover: async () => ['notes'],
      describe: async () => ({ columns: [id], primaryKey: [] }),
      read: async function* () {
        yield [{ id: 1 }];
        await new Promise(() => undefined);
      },
    });
    const request = { stream: { name: 'notes' }, columns: ['id'], options: {} };
    const payload = (await silent.read(request, 'columns', stop.signal)) as ColumnsPayload;
    const batches = payload.batches[Symbol.asyncIterator]();
    await batches.next();
    const next = batches.next();
    stop.abort();
    await expect(next).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
