import { startPostgres } from '../../test/support/own-postgres.ts';

export interface BenchServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The server that `TEST_POSTGRES_URL` names, or one of its own in a temporary folder, with its defaults. */
export async function startServer(): Promise<BenchServer> {
  const given = process.env['TEST_POSTGRES_URL'];
  if (given) return { url: given, stop: async () => {} };
  const server = await startPostgres('bench-postgres', [
    '-c',
    'max_wal_size=8GB',
    '-c',
    'shared_buffers=512MB',
  ]);
  return { url: server.url, stop: () => server.remove() };
}
