import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataError, TransientError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import type { Connection, SqlDatabase } from '../connector/connection.ts';
import type { ResultSet } from '../connector/result-set.ts';
import { postgresDialect } from '../sql/dialects/postgres.ts';
import type { CompileSql } from './plan.ts';
import { reportNode } from './plan.ts';
import { readReport } from './project.ts';
import { createReportExecutor, renderReport } from './run.ts';
import { readReportView } from './view-folder.ts';

const compile: CompileSql = (sql, origin) => ({
  sql: sql.replace('{{ ref("m") }}', '"main"."m"'),
  reads: sql.includes('{{ ref("m") }}') ? [{ kind: 'reads', from: 'm', origin }] : [],
});

const text = `# Sales

\`\`\`sql cities
select city, revenue from {{ ref("m") }}
\`\`\`

{% bar query="cities" x="city" y="revenue" /%}
{% table query="cities" columns=["revenue"] /%}
`;

const result: ResultSet = {
  columns: [
    { name: 'city', type: { type: 'text' }, nullable: true },
    { name: 'revenue', type: { type: 'decimal', precision: 38, scale: 2 }, nullable: true },
    { name: 'orders', type: { type: 'int64' }, nullable: true },
  ],
  rows: [
    ['Toronto', '12.50', 9007199254740993n],
    ['Halifax', '123456789012345678.91', 4],
    [null, null, null],
  ],
};

let folder = '';
let logged: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-report-'));
  logged = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** A warehouse that answers every query with `answer`, and keeps what it was asked. */
function warehouse(answer: () => ResultSet): { connection: Connection; asked: string[] } {
  const asked: string[] = [];
  const unused = (): never => {
    throw new Error('a report only queries');
  };
  const database: SqlDatabase = {
    dialect: postgresDialect,
    query: async (sql) => {
      asked.push(sql);
      return answer();
    },
    execute: unused,
    transaction: unused,
    describe: unused,
    list: unused,
  };
  const connection: Connection = {
    name: 'WAREHOUSE',
    type: 'postgres',
    check: unused,
    close: async () => undefined,
    database,
  };
  return { connection, asked };
}

function context(signal: AbortSignal = new AbortController().signal): StepContext {
  return {
    runId: 'r',
    attempt: 1,
    idempotencyKey: 'k',
    options: { fullRefresh: false },
    signal,
    log: (message) => logged.push(message),
    progress: () => undefined,
    checkpoint: undefined,
    saveCheckpoint: async () => undefined,
  };
}

function setUp(source: string, answer: () => ResultSet, rowLimit?: number) {
  const report = readReport(source, 'reports/sales.md');
  const { connection, asked } = warehouse(answer);
  const options = {
    compile,
    connections: async () => connection,
    warehouse: 'WAREHOUSE',
    now: () => 1000,
    folder,
    ...(rowLimit === undefined ? {} : { rowLimit }),
  };
  const executor = createReportExecutor([report], options);
  const node = reportNode(report, compile, 'WAREHOUSE');
  return {
    report,
    options,
    asked,
    node,
    execute: (signal?: AbortSignal) => executor.execute(node, context(signal)),
  };
}

describe('reportNode', () => {
  test('reads what its queries name, at their lines', () => {
    const { node } = setUp(text, () => result);
    expect(node).toMatchObject({
      key: 'report/sales',
      kind: 'report',
      executor: 'report',
      edges: [{ kind: 'reads', from: 'm', origin: { file: 'reports/sales.md', line: 4 } }],
      spec: {
        warehouse: 'WAREHOUSE',
        queries: [{ name: 'cities', sql: 'select city, revenue from "main"."m"' }],
      },
    });
  });
});

describe('report executor', () => {
  test('keeps the view with exact values', async () => {
    const { execute, asked } = setUp(text, () => result);
    const outcome = await execute();
    expect(outcome).toMatchObject({ rows: 3, metadata: { queries: 1, charts: 2 } });
    expect(asked).toEqual([
      'select * from (select city, revenue from "main"."m"\n) as report_query limit 10001',
    ]);
    const view = await readReportView(folder, 'sales');
    expect(view?.blocks[0]).toEqual({ type: 'markdown', markdown: '# Sales' });
    expect(view?.blocks[1]).toEqual({
      type: 'chart',
      chart: 'bar',
      title: 'revenue by city',
      queryName: 'cities',
      x: 'city',
      y: ['revenue'],
      data: {
        columns: [
          { name: 'city', type: 'text' },
          { name: 'revenue', type: 'decimal' },
          { name: 'orders', type: 'int64' },
        ],
        rows: [
          ['Toronto', 12.5, '9007199254740993'],
          ['Halifax', '123456789012345678.91', 4],
          [null, null, null],
        ],
      },
    });
    expect(view?.blocks[2]).toMatchObject({
      data: { columns: [{ name: 'revenue' }], rows: [[12.5], ['123456789012345678.91'], [null]] },
    });
    expect(await readdir(folder)).toEqual(['sales.json']);
  });

  test('says when rows were left out', async () => {
    const { execute } = setUp(text, () => result, 2);
    await execute();
    const view = await readReportView(folder, 'sales');
    expect(view?.blocks[1]).toMatchObject({ data: { truncated: true } });
    expect(view?.blocks[1]?.type === 'chart' && view.blocks[1].data.rows).toHaveLength(2);
    expect(logged).toContain('Query cities gives more than 2 rows; the rest is left out');
  });

  test('a column that is not there fails the step at the chart, and the last view stays', async () => {
    await setUp(text, () => result).execute();
    const before = await readReportView(folder, 'sales');
    const renamed = text.replace('y="revenue"', 'y="revenu"');
    await expect(setUp(renamed, () => result).execute()).rejects.toMatchObject({
      kind: 'data',
      code: 'column_missing',
      origin: { file: 'reports/sales.md', line: 7 },
      message: "bar needs the column 'revenu', which query cities does not give, did you mean 'revenue'?",
    });
    expect(await readReportView(folder, 'sales')).toEqual(before);
  });

  test('a failing query keeps its kind and gets its place', async () => {
    const { execute, report, options } = setUp(text, () => {
      throw new TransientError('the server is gone', { code: 'connection_lost', retryAfterSeconds: 3 });
    });
    await expect(execute()).rejects.toMatchObject({
      kind: 'transient',
      retryAfterSeconds: 3,
      origin: { file: 'reports/sales.md', line: 4 },
      message: 'Query cities failed: the server is gone',
    });
    expect(await readReportView(folder, 'sales')).toBeUndefined();
    const preview = await renderReport(report, options, new AbortController().signal);
    expect(preview.blocks[1]).toMatchObject({
      data: { columns: [], rows: [] },
      error: { kind: 'transient', code: 'connection_lost' },
    });
  });

  test('a mistake in the SQL has the line that the database names', async () => {
    const broken = text.replace('from {{', '\nform {{');
    const { execute } = setUp(broken, () => {
      throw new DataError('syntax error at or near "form"\nLINE 2: form "main"."m"', { code: 'sql_invalid' });
    });
    await expect(execute()).rejects.toMatchObject({
      origin: { file: 'reports/sales.md', line: 5 },
      next: 'Mend the SQL, then run: millrace run report/sales',
    });
  });

  test('a cancelled run writes nothing', async () => {
    const controller = new AbortController();
    const { execute } = setUp(text, () => {
      controller.abort();
      throw new DataError('interrupted', { code: 'interrupted' });
    });
    await expect(execute(controller.signal)).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await readdir(folder)).toEqual([]);
  });
});
