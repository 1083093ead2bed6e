import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection, StageResult } from '../../src/connector/index.ts';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

const database = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'millrace-routes-'));
const table = 'broken_stage';
let connections: Record<'postgres' | 'duckdb', Connection>;

beforeAll(async () => {
  const environment = (name: string) => ({
    name,
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 64 * 1024 * 1024,
  });
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  connections = {
    postgres: await postgresConnector.open(config, environment('SHOP')),
    duckdb: await duckdbConnector.open({ path: 'broken.duckdb' }, environment('WAREHOUSE')),
  };
  await database.query(
    `create table numbers as select g as id, md5(g::text) || repeat('x', 100) as note from generate_series(1, 700000) g`,
  );
});

afterAll(async () => {
  await connections.postgres.close();
  await connections.duckdb.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function load(
  to: Connection,
  signal: AbortSignal,
  onRows: (bytes: number) => void,
): Promise<StageResult> {
  const stream = { name: 'public.numbers' };
  const lane = to.type === 'postgres' ? 'pg-copy-binary' : 'columns';
  const payload = await connections.postgres.source!.read(
    { stream, columns: ['id', 'note'], options: {} },
    lane,
    signal,
  );
  const { defaultSchema } = to.database!.dialect;
  const request = {
    table: { schema: defaultSchema, name: table },
    schema: payload.schema,
    onProgress: (_rows: number, bytes: number) => onRows(bytes),
  };
  return await to.target!.stage(request, payload, signal);
}

const enoughBytes = 60_000_000;

describe.each(['postgres', 'duckdb'] as const)('into %s', (type) => {
  const stageOf = (to: Connection) =>
    to.database!.describe({ schema: to.database!.dialect.defaultSchema, name: table });

  test('a cancelled load leaves nothing, and the next one goes through', async () => {
    const to = connections[type];
    const abort = new AbortController();
    const cancelled = load(to, abort.signal, (bytes) => bytes > enoughBytes && abort.abort());
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await stageOf(to)).toBeUndefined();
    expect(await load(to, new AbortController().signal, () => {})).toMatchObject({ rows: 700_000 });
  });

  test('a source that is cut off is a transient error and leaves nothing', async () => {
    const to = connections[type];
    let cut: Promise<unknown> | undefined;
    const loading = load(to, new AbortController().signal, (bytes) => {
      if (bytes < enoughBytes) return;
      cut ??= database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like 'copy (select%' and pid <> pg_backend_pid()`,
      );
    });
    await expect(loading).rejects.toMatchObject({ kind: 'transient', code: 'connection_lost' });
    await cut;
    expect(await stageOf(to)).toBeUndefined();
  });
});
