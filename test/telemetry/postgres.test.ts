import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReceiver, type HttpReceiver } from '../support/http-receiver.ts';
import { millrace } from '../support/millrace-command.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

const role = 'telemetry_reader';
const password = 'a pass/word that must not be seen';

let folder: string;
let database: TestDatabase;
let receiver: HttpReceiver;
let readerUrl: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-telemetry-'));
  database = await createTestDatabase();
  receiver = await startReceiver();
  await database.query(`create role ${role} login password '${password}'`);
  await database.query('create table orders (id bigint primary key, changed_at timestamptz not null)');
  await database.query(
    `insert into orders select i, now() - interval '1 hour' from generate_series(1, 1000) i`,
  );
  await database.query(`grant all on database ${new URL(database.url).pathname.slice(1)} to ${role}`);
  await database.query(`grant select on orders to ${role}`);
  await mkdir(join(folder, 'replications'));
  const url = new URL(database.url);
  url.username = role;
  url.password = encodeURIComponent(password);
  readerUrl = url.href;
});
afterEach(async () => {
  await receiver.close();
  await database.query(`drop owned by ${role}`);
  await database.query(`drop role ${role}`);
  await database.drop();
  await rm(folder, { recursive: true });
});

test('a load within PostgreSQL, with the ledger there: lineage, spans and metrics, without the password', async () => {
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'pg', telemetry: { metricsFile: 'pg.prom' } });\n`,
  );
  await writeFile(
    join(folder, 'connections.yaml'),
    `connections:\n  PG: { type: postgres, url: '\${READER_URL}' }\n`,
  );
  await writeFile(
    join(folder, 'replications', 'orders.yaml'),
    `source: PG
target: PG
streams:
  public.orders: { object: raw.orders, mode: incremental, primary_key: [id], update_key: changed_at }
`,
  );
  const env = {
    READER_URL: readerUrl,
    MILLRACE_LEDGER_URL: database.url,
    OPENLINEAGE_URL: receiver.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  };
  const run = await millrace(['run'], { cwd: folder, env });
  expect(run.code, run.stdout + run.stderr).toBe(0);
  const sent = receiver.taken.map(({ body }) => body).join('\n');
  for (const form of [password, encodeURIComponent(password), encodeURI(password)]) {
    expect(sent + run.stdout + run.stderr).not.toContain(form);
  }

  const { hostname, port, pathname } = new URL(database.url);
  const namespace = `postgres://${hostname}:${port}`;
  const name = (table: string): string => `${pathname.slice(1)}.${table}`;
  const lineage = receiver.taken.filter(({ path }) => path === '/api/v1/lineage');
  const complete = lineage.find(({ body }) => body.includes('"COMPLETE"') && body.includes('pg.raw/orders'));
  expect(JSON.parse(complete?.body ?? '{}')).toMatchObject({
    inputs: [{ namespace, name: name('public.orders') }],
    outputs: [
      { namespace, name: name('raw.orders'), outputFacets: { outputStatistics: { rowCount: 1000 } } },
    ],
  });
  const spans = receiver.taken
    .filter(({ path }) => path === '/v1/traces')
    .map(({ body }) => body)
    .join('\n');
  expect(spans).toContain('"name":"chunk into PG"');
  expect(spans).toContain('{"key":"millrace.rows","value":{"intValue":"1000"}}');
  expect(spans).toContain('{"key":"db.system.name","value":{"stringValue":"postgresql"}}');
  const metrics = await readFile(join(folder, 'pg.prom'), 'utf8');
  expect(metrics).toContain('millrace_stream_rows_total{stream="raw/orders",change="inserted"} 1000\n');
  const lag = Number(/millrace_watermark_lag_seconds\{stream="raw\/orders"\} ([\d.]+)/.exec(metrics)?.[1]);
  expect(lag).toBeGreaterThan(3500);
  expect(lag).toBeLessThan(7200);
});
