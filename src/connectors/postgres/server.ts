import type { Socket } from 'node:net';
import pg from 'pg';
import { CancelledError, MillraceError } from '../../core/errors.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import type { PostgresConfig } from './config.ts';
import type { ServerIdentity } from '../../connector/server-identity.ts';
import { postgresError } from './postgres-error.ts';
import { readingSocket } from './reading-socket.ts';
import type { TlsWay } from './tls.ts';

/** Sessions side by side; more wait for one of them. */
const maxSessions = 16;
const idleSeconds = 10;
/** A session that does not end by a cancel request within this is cut off. */
const cancelPatienceSeconds = 5;
/** Silence after which a socket is probed, so that firewalls keep it and a dead peer is found. */
const keepAliveAfterSeconds = 30;

/** Every session speaks the same dialect of dates, zones and bytes, whatever the server's defaults. */
const sessionSettings = `
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'iso_8601';
  set timezone = 'UTC';
  set extra_float_digits = 1;
  set bytea_output = 'hex';
  set client_encoding = 'UTF8';
  set standard_conforming_strings = on`;

/** A pool of sessions on one server. */
export interface Server {
  readonly identity: ServerIdentity;
  /** Runs `work` on a session of its own. Aborting cancels its statement on the server. */
  use<T>(signal: AbortSignal | undefined, work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
  /** The same for work in several steps: the caller gives the session back. */
  lease(signal: AbortSignal | undefined): Promise<ServerLease>;
  /** A session for `copyOut`, which is opened for it and closed after it. */
  leaseReader(signal: AbortSignal | undefined): Promise<ServerLease>;
  /** A session outside of the pool, for what must last; the caller ends it. */
  connect(): Promise<pg.Client>;
  /** Cancels the statement that a session runs. */
  cancel(client: pg.ClientBase): Promise<void>;
  close(): Promise<void>;
}

export interface ServerLease {
  readonly client: pg.ClientBase;
  /** `broken` sessions are closed instead of used again. */
  release(broken: boolean): void;
}

/** @param tlsWays tried in this order until the server takes one */
export function openServer(
  config: PostgresConfig,
  tlsWays: readonly TlsWay[],
  identity: ServerIdentity,
): Server {
  const options = {
    host: config.hostaddr ?? config.host,
    port: config.port,
    user: config.user,
    password: config.password ?? '',
    database: config.database,
    application_name: config.application_name,
    ...(config.options === undefined ? {} : { options: config.options }),
    enableChannelBinding: config.channel_binding === 'prefer',
    connectionTimeoutMillis: config.connect_timeout * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterSeconds * 1000,
  };
  const settings =
    config.role === undefined
      ? sessionSettings
      : `${sessionSettings}; set role ${postgresDialect.quote(config.role)}`;
  const poolWith = (chosen: TlsWay): pg.Pool => {
    const pool = new pg.Pool({
      ...options,
      ssl: chosen ?? false,
      max: maxSessions,
      idleTimeoutMillis: idleSeconds * 1000,
      allowExitOnIdle: true,
    });
    pool.on('error', () => undefined);
    return pool;
  };
  const [first, ...others] = tlsWays;
  const otherWays = [...others];
  let usedSsl = first;
  let pool = poolWith(first);
  const prepared = new WeakSet<pg.PoolClient>();

  async function connect(): Promise<pg.PoolClient> {
    const tried = pool;
    try {
      const client = await tried.connect();
      otherWays.length = 0;
      return client;
    } catch (error) {
      if (pool === tried) {
        if (otherWays.length === 0 || !refusesWay(error)) throw postgresError(error, identity);
        usedSsl = otherWays.shift();
        pool = poolWith(usedSsl);
        void tried.end();
      }
      return await connect();
    }
  }

  async function session(): Promise<pg.PoolClient> {
    const client = await connect();
    if (prepared.has(client)) return client;
    client.on('error', () => undefined);
    try {
      await client.query(settings);
    } catch (error) {
      client.release(true);
      throw postgresError(error, identity);
    }
    prepared.add(client);
    return client;
  }

  /** Over a connection of its own, since the pool's may all be busy. */
  async function cancel(busy: pg.ClientBase): Promise<void> {
    const patience = { query_timeout: cancelPatienceSeconds * 1000 };
    const client = new pg.Client({ ...options, ...patience, ssl: usedSsl ?? false });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select pg_cancel_backend($1)', [processIdOf(busy)]);
    } finally {
      await client.end();
    }
  }

  async function lease(signal: AbortSignal | undefined): Promise<ServerLease> {
    if (signal?.aborted) throw cancelled(identity);
    const client = await session();
    return leaseOf(client, signal, (broken) => client.release(broken));
  }

  /** TLS decrypts into buffers of its own, so there a session of the pool does as well. */
  async function leaseReader(signal: AbortSignal | undefined): Promise<ServerLease> {
    if (usedSsl || otherWays.length > 0) return await lease(signal);
    if (signal?.aborted) throw cancelled(identity);
    const client = new pg.Client({ ...options, ssl: false, stream: readingSocket });
    client.on('error', () => undefined);
    const end = (): void => void client.end().catch(() => undefined);
    try {
      await client.connect();
      await client.query(settings);
    } catch (error) {
      end();
      throw postgresError(error, identity);
    }
    return leaseOf(client, signal, end);
  }

  async function connectAlone(): Promise<pg.Client> {
    // The pool finds out whether there is TLS.
    (await session()).release();
    const client = new pg.Client({ ...options, ssl: usedSsl ?? false });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(settings);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw postgresError(error, identity);
    }
    return client;
  }

  function leaseOf(
    client: pg.ClientBase,
    signal: AbortSignal | undefined,
    giveBack: (broken: boolean) => void,
  ): ServerLease {
    let cancelling: Promise<void> | undefined;
    let patience: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      cancelling = cancel(client).catch(() => undefined);
      patience = setTimeout(() => socketOf(client).destroy(), cancelPatienceSeconds * 1000);
      patience.unref();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return {
      client,
      release: (broken) => {
        signal?.removeEventListener('abort', onAbort);
        clearTimeout(patience);
        // A cancel request that is still under way must not hit the session's next statement.
        if (broken || !cancelling) giveBack(broken);
        else void cancelling.then(() => giveBack(true));
      },
    };
  }

  return {
    identity,
    lease,
    leaseReader,
    connect: connectAlone,
    cancel,
    use: async (signal, work) => {
      const leased = await lease(signal);
      let broken = true;
      try {
        if (signal?.aborted) throw cancelled(identity);
        const result = await work(leased.client);
        broken = false;
        return result;
      } catch (error) {
        broken = isBroken(error);
        throw postgresError(error, identity, signal);
      } finally {
        leased.release(broken);
      }
    },
    close: async () => {
      if (!pool.ending) await pool.end();
    },
  };
}

/** Whether the session that threw this is of no more use. */
function isBroken(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(08|57P)/.test(error.code ?? '');
  if (error instanceof MillraceError) return error.kind === 'transient' || error.kind === 'cancelled';
  return true;
}

/** Whether the server wants TLS, or wants none. */
function refusesWay(error: unknown): boolean {
  if (/does not support SSL/.test(String(error))) return true;
  return (
    error instanceof pg.DatabaseError &&
    error.code === '28000' &&
    /encryption|SSL o(n|ff)/i.test(error.message)
  );
}

function socketOf(client: pg.ClientBase): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

function processIdOf(client: pg.ClientBase): number {
  return (client as unknown as { processID: number }).processID;
}

function cancelled(identity: ServerIdentity): CancelledError {
  return new CancelledError(`Connection ${identity.connection}: cancelled.`, { code: 'cancelled' });
}
