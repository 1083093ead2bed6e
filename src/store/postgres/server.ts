import pg from 'pg';
import { FatalError } from '../../core/errors.ts';
import { withoutTls, type LedgerAddress } from './connection-url.ts';
import { ledgerError, troubleOf } from './error.ts';
import { createSession, type Session } from './session.ts';

/** Connections of one process; a fleet of twenty stays below a server's usual hundred. */
const maxConnections = 4;
const idleMilliseconds = 30_000;

/** How long a call goes on trying while the server is away. Shorter than the lease of an engine. */
export const defaultPatienceSeconds = 20;

/** The ledger's server: a few connections, and patience with restarts and failovers. */
export interface LedgerServer {
  readonly address: LedgerAddress;
  /** Statements that each see the newest state. */
  read<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  /** Statements that all see one state. */
  snapshot<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  /** All or nothing, and exactly once: when the connection is lost at the commit, the server is asked what became of it. */
  write<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  /** True for the server's name of a connection of this process. */
  isOwnConnection(processId: number): boolean;
  /** Waits for calls that have begun, without patience; further ones are refused with a `FatalError`, code `ledger_closed`. */
  close(): Promise<void>;
}

/** Connects once, so that a wrong address is told at once. */
export async function openServer(
  given: LedgerAddress,
  patienceSeconds: number = defaultPatienceSeconds,
): Promise<LedgerServer> {
  const address = await probe(given);
  const pool = new pg.Pool({
    ...address.client,
    max: maxConnections,
    idleTimeoutMillis: idleMilliseconds,
    allowExitOnIdle: true,
  });
  const own = new Set<number>();
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    own.add(processIdOf(client));
  });
  pool.on('remove', (client) => own.delete(processIdOf(client)));

  const calls = new Set<Promise<unknown>>();
  let isClosing = false;
  const patiently = <Result>(attempt: () => Promise<Result>): Promise<Result> => {
    if (isClosing) return Promise.reject(closedError(address.name));
    const patienceMs = (): number => (isClosing ? 0 : patienceSeconds * 1000);
    const call = tryUntil(attempt, patienceMs, address.name);
    calls.add(call);
    const forget = (): unknown => calls.delete(call);
    call.then(forget, forget);
    return call;
  };

  return {
    address,
    read: (work) => patiently(() => borrow(pool, (client) => work(createSession(client)))),
    snapshot: (work) =>
      patiently(() =>
        borrow(pool, async (client) => {
          await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
          return commitAfter(client, work);
        }),
      ),
    write: (work) => patiently(() => writeOnce(pool, address.name, work)),
    isOwnConnection: (processId) => own.has(processId),
    close: async () => {
      isClosing = true;
      // Who waits for a connection of a pool that is ended waits in vain.
      await Promise.allSettled(calls);
      if (!pool.ending) await pool.end();
    },
  };
}

async function probe(address: LedgerAddress): Promise<LedgerAddress> {
  const client = new pg.Client(address.client);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return address;
  } catch (error) {
    if (address.isTlsOptional && /does not support SSL/i.test(String(error)))
      return await probe(withoutTls(address));
    throw ledgerError(error, address.name);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function closedError(name: string): FatalError {
  return new FatalError(`This process has closed the run ledger on ${name}`, {
    code: 'ledger_closed',
    state: 'Nothing was written; the unfinished runs stay in the ledger as they were.',
  });
}

/** Tries again what was lost or rolled back, until `patienceMilliseconds` have passed. */
async function tryUntil<Result>(
  attempt: () => Promise<Result>,
  patienceMilliseconds: () => number,
  name: string,
): Promise<Result> {
  const startedAtMs = performance.now();
  for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 1000)) {
    try {
      return await attempt();
    } catch (error) {
      const isOver = performance.now() - startedAtMs + delayMs > patienceMilliseconds();
      if (troubleOf(error) === 'other' || isOver) throw ledgerError(error, name);
      await new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + Math.random() / 2)));
    }
  }
}

async function borrow<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    const result = await work(client);
    isBroken = false;
    return result;
  } catch (error) {
    isBroken = troubleOf(error) === 'lost' || !(await rollback(client));
    throw error;
  } finally {
    client.release(isBroken);
  }
}

async function rollback(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

async function commitAfter<Result>(
  client: pg.PoolClient,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const result = await work(createSession(client));
  await client.query('COMMIT');
  return result;
}

async function writeOnce<Result>(
  pool: pg.Pool,
  name: string,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  let transaction = '';
  let ready: { readonly result: Result } | undefined;
  try {
    return await borrow(pool, async (client) => {
      transaction = await begin(client);
      ready = { result: await work(createSession(client)) };
      await client.query('COMMIT');
      return ready.result;
    });
  } catch (error) {
    if (ready && troubleOf(error) === 'lost' && (await hasCommitted(pool, name, transaction)))
      return ready.result;
    throw error;
  }
}

/** Returns the transaction's id. */
async function begin(client: pg.PoolClient): Promise<string> {
  const results: unknown = await client.query('BEGIN; SELECT pg_current_xact_id()::text AS id');
  const [, named] = results as readonly { readonly rows: readonly { readonly id: string }[] }[];
  return named?.rows[0]?.id ?? '';
}

/** Waits for the server to know. Throws while the server cannot be reached: then nothing is known. */
async function hasCommitted(pool: pg.Pool, name: string, transaction: string): Promise<boolean> {
  for (;;) {
    const status = await tryUntil(
      () =>
        borrow(pool, (client) =>
          createSession(client).get('SELECT pg_xact_status($1::xid8) AS status', transaction),
        ),
      () => defaultPatienceSeconds * 1000,
      name,
    );
    if (status?.['status'] !== 'in progress') return status?.['status'] === 'committed';
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function processIdOf(client: pg.PoolClient): number {
  return (client as unknown as { readonly processID: number }).processID;
}
