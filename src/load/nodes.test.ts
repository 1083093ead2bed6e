import { describe, expect, test } from 'vitest';
import { type ConfigError, ProjectError } from '../core/errors.ts';
import { isNodeKey } from '../core/node.ts';
import { replicationNodes, type KnownConnection } from './nodes.ts';
import { readReplication } from './project.ts';
import { singleStreamReplication } from './single-stream.ts';

const connections: readonly KnownConnection[] = [
  { name: 'SHOP', type: 'postgres' },
  { name: 'WAREHOUSE', type: 'duckdb', defaultSchema: 'raw' },
  { name: 'DISK', type: 'file' },
];

const nodes = (text: string) => replicationNodes(readReplication(text, 'r.yaml', {}), { connections });

function mistakes(text: string): readonly Error[] {
  try {
    nodes(text);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.issues;
  }
}

describe('keys', () => {
  test('come from the object, or from what Dagster users wrote', () => {
    const found = nodes(`
source: shop
target: WAREHOUSE
defaults: { object: 'raw.{stream.table}' }
streams:
  public.orders:
  public.users: { object: '{stream_table}', tags: [daily], description: People }
  public.runs: { meta: { dagster: { asset_key: sling.cloud_product.runs, group: cloud, deps: [a.b, [c, d]] } } }
  public.tags: { meta: { dagster: { asset_key: [sling, tags] }, other: 1 } }
  public.gone: { disabled: true }
`);
    expect(found.map((node) => node.key)).toEqual([
      'raw/orders',
      'users',
      'sling/cloud_product/runs',
      'sling/tags',
    ]);
    expect(found[0]).toMatchObject({
      kind: 'asset',
      type: 'table',
      executor: 'load',
      origin: { file: 'r.yaml', line: 6 },
      relation: { connection: 'WAREHOUSE', schema: 'raw', name: 'orders' },
      spec: { replication: 'r.yaml', stream: 'public.orders', mode: 'full-refresh' },
    });
    expect(found[1]).toMatchObject({
      description: 'People',
      tags: ['daily'],
      relation: { schema: 'raw', name: 'users' },
    });
    expect(found[2]).toMatchObject({
      group: 'cloud',
      edges: [
        { kind: 'reads', from: 'a/b' },
        { kind: 'reads', from: 'c/d' },
      ],
      relation: { name: 'runs' },
    });
  });

  test('a wildcard is one node without a table of its own', () => {
    const [node] = nodes(`
source: SHOP
target: WAREHOUSE
streams: { 'public.ord_*': { object: 'raw.{stream_table}' } }
`);
    expect(node?.key).toBe('raw/public_ord_all');
    expect(isNodeKey(node?.key ?? '')).toBe(true);
    expect(node?.relation).toBeUndefined();
    expect(node?.relationPattern).toEqual({ connection: 'WAREHOUSE', schema: 'raw', name: 'ord_*' });
  });

  test.each([
    ['SHOP', "'public.*'", 'copy_{stream_schema}.{stream_table_upper}_x', 'copy_public', '*_x'],
    ['DISK', "'file://in/**/*.csv'", '{stream_file_folder}.{stream_file_name}', '**', '*'],
    ['SHOP', 'public.orders', 'raw.{stream_table}_{YYYY}_{timestamp.date}', 'raw', 'orders_*_*'],
    ['DISK', "'file://in_{YYYY}.csv'", 'raw.{stream_file_name}', 'raw', 'in_*'],
  ])('what is known of the tables of %s %s', (source, stream, object, schema, name) => {
    const [node] = nodes(
      `source: ${source}\ntarget: WAREHOUSE\nstreams: { ${stream}: { object: '${object}' } }\n`,
    );
    expect(node?.relation).toBeUndefined();
    expect(node?.relationPattern).toEqual({ connection: 'WAREHOUSE', schema, name });
  });

  test('a name with a date has a key without one', () => {
    const [node] = nodes(
      "source: SHOP\ntarget: WAREHOUSE\nstreams: { public.a: { object: 'raw.a_{YYYY}_{timestamp.date}' } }\n",
    );
    expect(node?.key).toBe('raw/a_YYYY_timestamp_date');
  });

  test('files become file assets', () => {
    const [node] = nodes(`
source: SHOP
target: DISK
streams: { public.orders: { object: 'file://out/{stream_table}.parquet' } }
`);
    expect(node).toMatchObject({ key: 'out/orders.parquet', type: 'file' });
    expect(node?.relation).toBeUndefined();
  });

  test('a stream comes after those before it whose tables its hooks name', () => {
    const found = nodes(`source: SHOP
target: WAREHOUSE
streams:
  a: { object: raw.orders }
  b: { object: raw.b, hooks: { post: [{ type: query, query: 'select 1 from "raw"."Orders" o join raw.c' }] } }
  c: { object: raw.c, hooks: { pre: [{ type: query, query: 'select 1 from raw.orders_old, my_raw.b' }] } }
  d: { object: raw.d, target_options: { post_sql: 'insert into raw.c select * from raw.b' }, sql: select * from raw.orders }
`);
    const after = found.map(({ key, edges }) => [key, edges.map(({ kind, from }) => `${kind} ${from}`)]);
    expect(after).toEqual([
      ['raw/orders', []],
      ['raw/b', ['after raw/orders']],
      ['raw/c', []],
      ['raw/d', ['after raw/b', 'after raw/c']],
    ]);
  });

  test.each([
    ['orders.csv', 'orders.csv'],
    ['file://./out/orders.v2.csv', 'out/orders.v2.csv'],
    ['../out/orders.csv', 'out/orders.csv'],
    ['/data/my orders.csv', 'data/my_orders.csv'],
    ['out/{part_year}/*.parquet', 'out'],
  ])('the file %s is the asset %s', (object, key) => {
    const streams = `{ public.orders: { object: '${object}', update_key: at } }`;
    expect(nodes(`source: SHOP\ntarget: DISK\nstreams: ${streams}\n`)).toMatchObject([{ key }]);
  });
});

describe('mistakes', () => {
  test('a missing connection names its line and the known ones', () => {
    const [issue] = mistakes('source: SHPO\ntarget: WAREHOUSE\nstreams: { a: { object: b } }\n');
    expect(issue).toMatchObject({
      code: 'connection_missing',
      message: "there is no connection 'SHPO', did you mean 'SHOP'?",
      origin: { file: 'r.yaml', line: 1 },
    });
    expect((issue as ConfigError).next).toContain('SHOP, WAREHOUSE, DISK');
  });

  test('a variable that has no value is never dropped', () => {
    const text = (object: string) =>
      `source: SHOP\ntarget: WAREHOUSE\nstreams:\n  public.a:\n    object: '${object}'\n`;
    expect(mistakes(text('raw.{stream_tabel}'))[0]).toMatchObject({
      code: 'variable_unknown',
      message: "the variable {stream_tabel} has no value here, did you mean '{stream_table}'?",
      origin: { line: 5 },
    });
    expect(mistakes(text('raw.{part_year}'))[0]).toMatchObject({
      code: 'object_invalid',
      next: expect.stringContaining('orders/{part_year}'),
    });
    expect(mistakes(text('raw.{store.x}'))[0]).toMatchObject({
      code: 'not_yet_supported',
      next: expect.stringContaining('start'),
    });
    expect(mistakes(text('raw.{YYYYY}'))[0]).toMatchObject({ code: 'variable_unknown' });
    expect(mistakes(text('a.b.c'))[0]).toMatchObject({ code: 'object_invalid' });
  });

  test('the tables of a wildcard cannot go into one', () => {
    const [issue] = mistakes('source: SHOP\ntarget: WAREHOUSE\nstreams:\n  public.*: { object: raw.all }\n');
    expect(issue).toMatchObject({ code: 'object_ambiguous', origin: { line: 4 } });
  });

  test('streams into one table are made in turn, and the last of them is what others read', () => {
    const found = nodes(
      'source: SHOP\ntarget: WAREHOUSE\nstreams:\n  a.x: { object: raw.x }\n  b.x: { object: raw.x }\n  c.x: { object: raw.x }\n',
    );
    expect(
      found.map(({ key, relation, edges }) => [key, relation?.name, edges.map(({ from }) => from)]),
    ).toEqual([
      ['raw/x/a.x', undefined, []],
      ['raw/x/b.x', undefined, ['raw/x/a.x']],
      ['raw/x', 'x', ['raw/x/b.x']],
    ]);
  });

  test('two streams cannot be given one key', () => {
    const meta = 'meta: { dagster: { asset_key: sales } }';
    const [issue] = mistakes(
      `source: SHOP\ntarget: WAREHOUSE\nstreams:\n  a.x: { object: raw.x, ${meta} }\n  b.x: { object: raw.y, ${meta} }\n`,
    );
    expect(issue).toMatchObject({ code: 'asset_key_taken' });
  });
});

describe('a single stream from the command line', () => {
  const options = {
    sourceConnection: 'SHOP',
    sourceStream: 'public.orders',
    targetConnection: 'WAREHOUSE',
    targetObject: 'raw.orders',
    keys: {},
    environment: {},
    env: {},
  };

  test('is a replication of one stream', () => {
    const replication = singleStreamReplication({
      ...options,
      keys: { mode: 'incremental', primary_key: ['id'], where: 'id > 3' },
    });
    expect(replication.streams[0]).toMatchObject({
      name: 'public.orders',
      mode: 'incremental',
      primaryKey: ['id'],
    });
    expect(replicationNodes(replication, { connections })[0]?.key).toBe('raw/orders');
  });

  test('a query is a stream too', () => {
    const replication = singleStreamReplication({ ...options, sourceStream: 'select 1 as a;' });
    expect(replication.streams[0]).toMatchObject({ sql: 'select 1 as a', mode: 'full-refresh' });
  });

  test('a mode that is unknown or not built is refused', () => {
    expect(() => singleStreamReplication({ ...options, keys: { mode: 'increment' } })).toThrow(
      /did you mean 'incremental'/,
    );
    expect(() => singleStreamReplication({ ...options, keys: { mode: 'change-capture' } })).toThrow(
      /not yet supported/,
    );
  });
});
