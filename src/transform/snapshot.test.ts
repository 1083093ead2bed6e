import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection } from '../connector/connection.ts';
import { type Files, mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';
import { databaseOf, openDuckdb, openPostgres, runNode } from './testing/transform-runner.fixture.ts';

const systems = ['duckdb', 'postgres'] as const;

describe.each(systems)('on %s', (dialectName) => {
  let connection: Connection;
  let server: TestDatabase | undefined;

  beforeAll(async () => {
    server = dialectName === 'postgres' ? await createTestDatabase() : undefined;
    connection = server ? await openPostgres(server.url) : await openDuckdb();
    await execute('create schema lab');
  });

  afterEach(async () => {
    await execute('drop schema lab cascade');
    await execute('create schema lab');
  });

  afterAll(async () => {
    await connection.close();
    await server?.drop();
  });

  const execute = (sql: string): Promise<number> => databaseOf(connection).execute(sql);
  const rows = async (sql: string): Promise<unknown[][]> =>
    (await databaseOf(connection).query(sql)).rows.map((row) => [...row]);
  const source = async (...values: readonly string[]): Promise<void> => {
    await execute('drop table if exists lab.orders cascade');
    await execute(
      `create table lab.orders as select * from (values ${values.join(', ')}) as v(id, state, changed)`,
    );
  };
  const snapshot = async (config: string, query = 'select * from lab.orders'): Promise<unknown> => {
    const files: Files = {
      'snapshots/s.sql': `{% snapshot history %}{{ config(${config}) }}\n${query}\n{% endsnapshot %}`,
    };
    const project = await readFiles(files, { dialectName, schema: 'lab' });
    return (await runNode(project, connection, 'history')).metadata;
  };
  const versions = (columns = 'id, state'): Promise<unknown[][]> =>
    rows(`select ${columns}, dbt_valid_to is null from lab.history order by id, dbt_valid_from, 3`);

  test('timestamp: a newer row ends the version before it, an older one does not', async () => {
    const config = "strategy='timestamp', unique_key='id', updated_at='changed'";
    await source("(1, 'new', timestamp '2024-01-01')", "(2, 'new', timestamp '2024-01-01')");
    await snapshot(config);
    await source(
      "(1, 'paid', timestamp '2024-02-01')",
      "(2, 'odd', timestamp '2023-12-01')",
      "(3, 'new', timestamp '2024-02-01')",
    );
    expect(await snapshot(config)).toMatchObject({ rowsInserted: 2, rowsClosed: 1 });
    expect(await versions()).toEqual([
      [1, 'new', false],
      [1, 'paid', true],
      [2, 'new', true],
      [3, 'new', true],
    ]);
    expect(
      await rows(
        'select count(distinct dbt_scd_id), count(*) from lab.history where dbt_valid_from = dbt_updated_at',
      ),
    ).toEqual(await rows('select 4, 4'));
    expect(
      await rows(
        "select cast(dbt_valid_to as date) = date '2024-02-01' from lab.history where state = 'new' and id = 1",
      ),
    ).toEqual([[true]]);
    expect(await snapshot(config)).toMatchObject({ rowsInserted: 0, rowsClosed: 0 });
  });

  test.each(["['state']", "'all'"])('check of %s: NULL is a value like any other', async (columns) => {
    const config = `strategy='check', unique_key=['id'], check_cols=${columns}`;
    await source("(1, 'new', 1)", '(2, cast(null as varchar), 1)', "(3, 'same', 1)");
    await snapshot(config);
    await source('(1, cast(null as varchar), 1)', "(2, 'new', 1)", "(3, 'same', 1)");
    expect(await snapshot(config)).toMatchObject({ rowsInserted: 2, rowsClosed: 2 });
    expect((await versions()).filter(([, , isPresent]) => isPresent)).toEqual([
      [1, null, true],
      [2, 'new', true],
      [3, 'same', true],
    ]);
  });

  test.each([
    [
      'ignore',
      [
        [1, 'a', true],
        [2, 'b', true],
      ],
    ],
    [
      'invalidate',
      [
        [1, 'a', true],
        [2, 'b', false],
      ],
    ],
  ])('a row that is gone: %s', async (hardDeletes, expected) => {
    const config = `strategy='check', unique_key='id', check_cols=['state'], hard_deletes='${hardDeletes}'`;
    await source("(1, 'a', 1)", "(2, 'b', 1)");
    await snapshot(config);
    await source("(1, 'a', 1)");
    await snapshot(config);
    expect(await versions()).toEqual(expected);
  });

  test('a row that is gone gets a version that says so, and another when it is back', async () => {
    const config = "strategy='check', unique_key='id', check_cols=['state'], hard_deletes='new_record'";
    await source("(1, 'a', 1)", "(2, 'b', 1)");
    await snapshot(config);
    await source("(1, 'a', 1)");
    expect(await snapshot(config)).toMatchObject({ rowsInserted: 1, rowsClosed: 1 });
    expect(await snapshot(config)).toMatchObject({ rowsInserted: 0, rowsClosed: 0 });
    await source("(1, 'a', 1)", "(2, 'b', 1)");
    await snapshot(config);
    expect(await versions('id, dbt_is_deleted')).toEqual([
      [1, 'False', true],
      [2, 'False', false],
      [2, 'True', false],
      [2, 'False', true],
    ]);
  });

  test('columns under other names, a present version that ends in a far year, and a new column', async () => {
    const config = [
      "strategy='timestamp', unique_key='id', updated_at='changed'",
      'dbt_valid_to_current="cast(\'9999-12-31\' as timestamp)"',
      "snapshot_meta_column_names={'dbt_valid_to': 'ends', 'dbt_valid_from': 'begins'}",
    ].join(', ');
    await source("(1, 'a', timestamp '2024-01-01')");
    await snapshot(config);
    await source("(1, 'b', timestamp '2024-02-01')");
    await snapshot(config, "select *, 'x' as extra from lab.orders");
    expect(
      await rows(
        "select state, extra, cast(ends as date) = date '9999-12-31' from lab.history order by begins",
      ),
    ).toEqual([
      ['a', null, false],
      ['b', 'x', true],
    ]);
  });

  test('a snapshot in YAML reads a model, has tests and is read in turn', async () => {
    const project = await readFiles(
      {
        'models/base.sql': "select 1 as id, 'a' as state",
        'models/last.sql': "select * from {{ ref('history') }} where dbt_valid_to is null",
        'snapshots/s.yml': [
          'snapshots:',
          '  - name: history',
          "    relation: ref('base')",
          '    config: {strategy: check, unique_key: id, check_cols: all, schema: null}',
          '    columns: [{name: id, data_tests: [not_null]}]',
        ].join('\n'),
      },
      { dialectName, schema: 'lab' },
    );
    expect(project.nodes.find((node) => node.key === 'history')).toMatchObject({
      type: 'snapshot',
      edges: [{ from: 'base' }],
    });
    for (const key of ['base', 'history', 'last']) await runNode(project, connection, key);
    expect(await rows('select id, state from lab.last')).toEqual([[1, 'a']]);
    const outcome = await runNode(project, connection, 'check/not_null_history_id');
    expect(outcome.check).toMatchObject({ passed: true });
  });
});

test('what a snapshot needs is told with its place', async () => {
  const of = (config: string): Promise<readonly string[]> =>
    mistakesOf({
      'snapshots/s.sql': `{% snapshot s %}\n{{ config(${config}) }} select 1 as id{% endsnapshot %}`,
    });
  expect(await of("strategy='timestamp', updated_at='x'")).toEqual([
    expect.stringMatching(/snapshots\/s\.sql:2:\d+: a snapshot needs the configuration "unique_key"/),
  ]);
  expect(await of("strategy='timestamp', unique_key='id'")).toEqual([
    expect.stringMatching(/s\.sql:2:\d+: .*"timestamp" needs the configuration "updated_at"/),
  ]);
  expect(await of("strategy='sometimes', unique_key='id'")).toEqual([
    expect.stringMatching(/s\.sql:2:\d+: .*"strategy" is "sometimes"/),
  ]);
});
