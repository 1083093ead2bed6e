import { connect as openSocket } from 'node:net';
import mysql, { type Connection, type ConnectionOptions, type Pool, type SslOptions } from 'mysql2';
import { CancelledError, type MillraceError } from '../../core/errors.ts';
import type { MysqlConfig } from './config.ts';
import type { ServerIdentity } from '../../connector/server-identity.ts';
import { mysqlError } from './mysql-error.ts';
import { readingSocket } from './reading-socket.ts';
import { run } from './statement.ts';

/** Sessions side by side; more wait for one of them. */
const maxSessions = 16;
const maxIdleSessions = 4;
const idleSeconds = 10;
/** A session that does not end by a request to stop within this is cut off. */
const stopPatienceSeconds = 5;
/** Silence after which a socket is probed, so that firewalls keep it and a dead peer is found. */
const keepAliveAfterSeconds = 30;

/**
 * Every session reads instants in UTC, knows what a backslash in a text is, and refuses values that do not fit,
 * whatever the server's defaults. A reader may pause for long while its rows are written elsewhere, and a writer
 * while they are read; a table that others read is waited for, but not for a day.
 */
const sessionSettings =
  `set time_zone = '+00:00', net_write_timeout = 3600, net_read_timeout = 3600, lock_wait_timeout = 600, ` +
  `sql_mode = concat(replace(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), ',STRICT_ALL_TABLES')`;

/**
 * Off: counting rows that an update found instead of those it changed; function names as reserved words;
 * the server asking for files of this machine; attributes before the text of a query.
 */
const driverFlags = ['-FOUND_ROWS', '-IGNORE_SPACE', '-LOCAL_FILES', '-CLIENT_QUERY_ATTRIBUTES'];
/** A writer gives the server what it asks for: only the rows of its own stream, whatever the name. */
const writerFlags = driverFlags.filter((flag) => flag !== '-LOCAL_FILES');

/** A pool of sessions on one server. */
export interface Server {
  readonly identity: ServerIdentity;
  /** Runs `work` on a session of its own. Aborting stops its statement on the server. */
  use<T>(signal: AbortSignal | undefined, work: (connection: Connection) => Promise<T>): Promise<T>;
  /** A session for `readResult`, which is opened for it and closed after it. */
  leaseReader(signal: AbortSignal): Promise<ServerLease>;
  /** A session for LOAD DATA, which is opened for it and closed after it. */
  leaseWriter(signal: AbortSignal): Promise<ServerLease>;
  /** Stops the statement that a session runs. */
  cancel(connection: Connection): Promise<void>;
  close(): Promise<void>;
}

export interface ServerLease {
  readonly connection: Connection;
  /** `broken` sessions are closed instead of used again. */
  release(broken: boolean): void;
}

export function openServer(
  config: MysqlConfig,
  ssl: SslOptions | undefined,
  identity: ServerIdentity,
): Server {
  let usedSsl = ssl;
  const options = (): ConnectionOptions => ({
    host: config.host,
    port: config.port,
    user: config.user,
    password: config.password ?? '',
    ...(config.database === undefined ? {} : { database: config.database }),
    connectTimeout: config.connect_timeout * 1000,
    keepAliveInitialDelay: keepAliveAfterSeconds * 1000,
    flags: driverFlags,
    ...(usedSsl ? { ssl: usedSsl } : {}),
    ...(config.hostaddr === undefined ? {} : { stream: () => openSocket(config.port, config.hostaddr) }),
  });
  const readingAddress = config.hostaddr ?? config.host;
  let pool: Pool | undefined;
  const prepared = new WeakSet<Connection>();

  function currentPool(): Pool {
    pool ??= mysql.createPool({
      ...options(),
      // A hook or pre_sql may be several statements. Values are never written into a statement but by the driver.
      multipleStatements: true,
      connectionLimit: maxSessions,
      maxIdle: maxIdleSessions,
      idleTimeout: idleSeconds * 1000,
    });
    return pool;
  }

  /** With `prefer`, a server without TLS is used without. */
  async function connected<T>(connect: () => Promise<T>): Promise<T> {
    const tried = usedSsl;
    try {
      return await connect();
    } catch (error) {
      // Meanwhile another call has found out that there is no TLS.
      if (usedSsl !== tried) return await connected(connect);
      const code = (error as { code?: unknown } | null)?.code;
      if (config.sslmode !== 'prefer' || code !== 'HANDSHAKE_NO_SSL_SUPPORT')
        throw mysqlError(error, identity);
      usedSsl = undefined;
      pool?.end(() => undefined);
      pool = undefined;
      return await connected(connect);
    }
  }

  async function session(): Promise<ServerLease> {
    const connection = await connected(
      () =>
        new Promise<mysql.PoolConnection>((resolve, reject) => {
          currentPool().getConnection((error, found) => (error ? reject(error) : resolve(found)));
        }),
    );
    if (!prepared.has(connection)) {
      connection.on('error', () => undefined);
      try {
        await run(connection, sessionSettings);
      } catch (error) {
        connection.destroy();
        throw mysqlError(error, identity);
      }
      prepared.add(connection);
    }
    return {
      connection,
      release: (broken) => {
        if (broken) connection.destroy();
        else connection.release();
      },
    };
  }

  /** TLS decrypts into buffers of its own; without it the reader brings its socket. */
  async function reader(): Promise<Connection> {
    return await alone(() => ({
      ...options(),
      ...(usedSsl ? {} : { stream: () => readingSocket(readingAddress, config.port) }),
    }));
  }

  async function writer(): Promise<Connection> {
    return await alone(() => ({ ...options(), flags: writerFlags }));
  }

  async function alone(settings: () => ConnectionOptions): Promise<Connection> {
    const connection = await connected(async () => connect(settings()));
    try {
      await run(connection, sessionSettings);
    } catch (error) {
      connection.destroy();
      throw mysqlError(error, identity);
    }
    return connection;
  }

  /** Over a connection of its own, since the pool's may all be busy. */
  async function cancel(busy: Connection): Promise<void> {
    const connection = await connect(options());
    try {
      await run(connection, `kill query ${busy.threadId}`);
    } finally {
      connection.destroy();
    }
  }

  /** Stops the session's statement when the signal says so. */
  function guarded(lease: ServerLease, signal: AbortSignal | undefined): ServerLease {
    let cancelling: Promise<void> | undefined;
    let patience: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      cancelling = cancel(lease.connection).catch(() => undefined);
      patience = setTimeout(() => lease.connection.destroy(), stopPatienceSeconds * 1000);
      patience.unref();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return {
      connection: lease.connection,
      release: (broken) => {
        signal?.removeEventListener('abort', onAbort);
        clearTimeout(patience);
        // A request to stop that is still under way must not hit the session's next statement.
        if (broken || !cancelling) lease.release(broken);
        else void cancelling.then(() => lease.release(true));
      },
    };
  }

  async function leased(open: () => Promise<Connection>, signal: AbortSignal): Promise<ServerLease> {
    if (signal.aborted) throw cancelled(identity);
    const connection = await open();
    if (signal.aborted) {
      connection.destroy();
      throw cancelled(identity);
    }
    return guarded({ connection, release: () => connection.destroy() }, signal);
  }

  return {
    identity,
    cancel,
    leaseReader: (signal) => leased(reader, signal),
    leaseWriter: (signal) => leased(writer, signal),
    use: async (signal, work) => {
      if (signal?.aborted) throw cancelled(identity);
      const lease = guarded(await session(), signal);
      let broken = true;
      try {
        if (signal?.aborted) throw cancelled(identity);
        const result = await work(lease.connection);
        broken = false;
        return result;
      } catch (error) {
        const known = mysqlError(error, identity, signal);
        broken = isBroken(known);
        throw known;
      } finally {
        lease.release(broken);
      }
    },
    close: async () => {
      const closing = pool;
      pool = undefined;
      if (closing) await new Promise<void>((resolve) => closing.end(() => resolve()));
    },
  };
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  return await new Promise((resolve, reject) => {
    const connection = mysql.createConnection(options);
    connection.on('error', reject);
    connection.once('connect', () => resolve(connection));
  });
}

/** Whether the session that threw this is of no more use. */
function isBroken(error: MillraceError): boolean {
  return error.kind === 'transient' || error.kind === 'cancelled' || error.kind === 'fatal';
}

function cancelled(identity: ServerIdentity): CancelledError {
  return new CancelledError(`Connection ${identity.connection}: cancelled.`, { code: 'cancelled' });
}
