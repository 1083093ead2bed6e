import { afterAll, afterEach, beforeAll } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { Connection } from '../../connector/connection.ts';
import type { StepOutcome } from '../../core/executor.ts';
import type { TransformProject } from '../project.ts';
import { type Files, readFiles } from './temporary-project.fixture.ts';
import {
  databaseOf,
  openDuckdb,
  openPostgres,
  runAll,
  runNode,
  type RunRequest,
} from './transform-runner.fixture.ts';

/** The systems that projects are built on. */
export const systems = ['duckdb', 'postgres'] as const;

/** A warehouse of one system with an empty schema `lab` for each test. */
export interface Laboratory {
  execute(sql: string): Promise<number>;
  rows(sql: string): Promise<unknown[][]>;
  relations(schema?: string): Promise<readonly string[]>;
  read(files: Files): Promise<TransformProject>;
  /** Reads `files` and runs one node of them. */
  run(files: Files, key: string, request?: RunRequest): Promise<StepOutcome>;
  runAll(files: Files): Promise<ReadonlyMap<string, StepOutcome>>;
}

export function laboratory(dialectName: (typeof systems)[number]): Laboratory {
  let connection: Connection;
  let server: TestDatabase | undefined;

  beforeAll(async () => {
    server = dialectName === 'postgres' ? await createTestDatabase() : undefined;
    connection = server ? await openPostgres(server.url) : await openDuckdb();
    await databaseOf(connection).execute('create schema lab');
  });
  afterEach(async () => {
    await databaseOf(connection).execute('drop schema lab cascade');
    await databaseOf(connection).execute('create schema lab');
  });
  afterAll(async () => {
    await connection.close();
    await server?.drop();
  });

  const read = (files: Files): Promise<TransformProject> => readFiles(files, { dialectName, schema: 'lab' });
  return {
    execute: (sql) => databaseOf(connection).execute(sql),
    rows: async (sql) =>
      (await databaseOf(connection).query(sql)).rows.map((row) =>
        row.map((value) => (typeof value === 'bigint' ? Number(value) : value)),
      ),
    relations: async (schema = 'lab') =>
      (await databaseOf(connection).list(schema)).map(({ name, type }) => `${name} ${type}`).sort(),
    read,
    run: async (files, key, request) => await runNode(await read(files), connection, key, request),
    runAll: async (files) => await runAll(await read(files), connection),
  };
}
