import type { TestProject } from 'vitest/node';
import { startPostgres } from './own-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser URL of a running PostgreSQL; its path names the `postgres` database. */
    postgresUrl: string;
  }
}

/** Starts one PostgreSQL for the whole test run, or takes the one that `TEST_POSTGRES_URL` names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_POSTGRES_URL'];
  if (given) {
    project.provide('postgresUrl', given);
    return async () => {};
  }
  const server = await startPostgres('postgres');
  project.provide('postgresUrl', server.url);
  return () => server.remove();
}
