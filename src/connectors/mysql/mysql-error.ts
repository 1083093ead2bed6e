import type { ServerIdentity } from '../../connector/server-identity.ts';
import { throughText } from '../../connector/tunnelled-end.ts';
import {
  CancelledError,
  ConfigError,
  DataError,
  FatalError,
  MillraceError,
  TransientError,
} from '../../core/errors.ts';

/** Nothing is said about transactions: a statement of MySQL's that defines something commits at once. */
const stopped = 'The statement was stopped; statements that were finished before it, and any DDL, stay.';

const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const dropped: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']);

type ErrorMeaning =
  | 'login_failed'
  | 'tls_required'
  | 'database_missing'
  | 'permission_denied'
  | 'relation_missing'
  | 'column_missing'
  | 'sql_failed'
  | 'transaction_conflict'
  | 'statement_cancelled'
  | 'connection_lost'
  | 'server_busy'
  | 'data_invalid'
  | 'constraint_violated'
  | 'disk_full';

/** Numbers of the servers' error lists; those from 1900 to 2000 and above 4000 are MariaDB's. */
const numbers: Readonly<Record<ErrorMeaning, readonly number[]>> = {
  login_failed: [1045, 1130, 1251, 1524, 1698, 1820, 1862, 3118, 3955, 4151],
  tls_required: [3159],
  database_missing: [1049],
  permission_denied: [1044, 1142, 1143, 1227, 1290, 1370, 1792],
  relation_missing: [1051, 1146],
  column_missing: [1054],
  sql_failed: [1235, 1356],
  transaction_conflict: [1205, 1206, 1213, 1020, 3572],
  statement_cancelled: [1317, 1969, 3024],
  connection_lost: [1053, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 3169, 4031],
  server_busy: [1040, 1203, 1226, 1129],
  data_invalid: [1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1690, 3140, 3141, 3157, 4025],
  constraint_violated: [1022, 1048, 1062, 1169, 1216, 1217, 1364, 1451, 1452, 1557, 1586, 3819],
  disk_full: [28, 1021, 1114],
};
/** First two characters of an SQLSTATE, for numbers that are not above. */
const classes: Readonly<Record<string, ErrorMeaning>> = {
  '08': 'connection_lost',
  '21': 'sql_failed',
  '22': 'data_invalid',
  '23': 'constraint_violated',
  '28': 'login_failed',
  '40': 'transaction_conflict',
  '42': 'sql_failed',
};
const meanings: ReadonlyMap<number, ErrorMeaning> = new Map(
  Object.entries(numbers).flatMap(([meaning, list]) =>
    list.map((number) => [number, meaning as ErrorMeaning] as const),
  ),
);

/** What an error of the driver or the server means. */
export function mysqlError(error: unknown, server: ServerIdentity, signal?: AbortSignal): MillraceError {
  if (error instanceof MillraceError) return error;
  if (signal?.aborted) {
    return new CancelledError(`Connection ${server.connection}: cancelled.`, {
      code: 'cancelled',
      state: stopped,
    });
  }
  const { errno, sqlState, code, message } = describe(error);
  // The driver gives system errors such as ECONNREFUSED negative numbers.
  if (errno !== undefined && errno > 0) {
    const meaning = meanings.get(errno) ?? classes[sqlState.slice(0, 2)];
    return serverError(errno, meaning, message, server);
  }
  return driverError(code, message, server);
}

/** The number of a server's error; undefined for any other. */
export function errorNumber(error: unknown): number | undefined {
  return describe(error).errno;
}

interface ErrorFacts {
  readonly errno: number | undefined;
  readonly sqlState: string;
  readonly code: string;
  readonly message: string;
}

function describe(error: unknown): ErrorFacts {
  const detail = error as Readonly<Record<string, unknown>> | null | undefined;
  return {
    errno: typeof detail?.['errno'] === 'number' ? detail['errno'] : undefined,
    sqlState: textOf(detail?.['sqlState']),
    code: textOf(detail?.['code']),
    message: error instanceof Error ? error.message : String(error),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function place({ connection, host, port, database, tunnel }: ServerIdentity): string {
  const name = database === undefined ? '' : `/${database}`;
  return `Connection ${connection} (${host}:${port}${name}${throughText(tunnel)})`;
}

function serverError(
  errno: number,
  code: ErrorMeaning | undefined,
  text: string,
  server: ServerIdentity,
): MillraceError {
  const message = `${place(server)}: ${text} (error ${errno})`;
  switch (code) {
    case 'login_failed':
      return new ConfigError(
        `Connection ${server.connection}: ${server.host}:${server.port} refused the login of user "${server.user}": ${text}.`,
        {
          code,
          next: `Correct user and password of ${server.connection} (or sslmode, where a user must come by TLS), then run: millrace check`,
        },
      );
    case 'tls_required':
      return new ConfigError(message, {
        code,
        next: `The server wants TLS: set sslmode: require on ${server.connection}.`,
      });
    case 'database_missing':
      return new ConfigError(message, {
        code,
        next: `Correct database of ${server.connection}, or create it.`,
      });
    case 'permission_denied':
      return new ConfigError(message, { code, next: `Grant ${server.user} what the message names.` });
    case 'relation_missing':
    case 'column_missing':
    case 'sql_failed':
      return new ConfigError(message, { code });
    case 'transaction_conflict':
    case 'statement_cancelled':
    case 'connection_lost':
      return new TransientError(message, { code, state: stopped });
    case 'server_busy':
      return new TransientError(message, { code, next: 'Wait, or raise the limit that the message names.' });
    case 'data_invalid':
    case 'constraint_violated':
      return new DataError(message, { code, state: stopped });
    case 'disk_full':
      return new FatalError(message, {
        code,
        state: stopped,
        next: 'Free some space on the database server, then run again.',
      });
    case undefined:
      return new FatalError(message, { code: 'mysql_failed', state: stopped });
  }
}

function driverError(code: string, message: string, server: ServerIdentity): MillraceError {
  const { connection, host, port, user, tunnel } = server;
  const where = `${host}:${port}${throughText(tunnel)}`;
  const isGone = dropped.has(code) || /closed state|Connection lost/i.test(message);
  const broken = isGone || unreachable.has(code) ? tunnel?.failure() : undefined;
  if (broken) return broken;
  if (unreachable.has(code)) {
    return new TransientError(`Connection ${connection}: ${where} cannot be reached (${code}).`, {
      code: 'server_unreachable',
      next: `See that the server runs, and that host and port of ${connection} are right.`,
    });
  }
  if (isGone) {
    return new TransientError(`${place(server)}: the server closed the connection.`, {
      code: 'connection_lost',
      state: stopped,
    });
  }
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return new ConfigError(`Connection ${connection}: ${where} does not offer TLS.`, {
      code: 'tls_unavailable',
      next: `Set sslmode: disable on ${connection} if its network can be trusted.`,
    });
  }
  if (
    code === 'HANDSHAKE_SSL_ERROR' ||
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/.test(code)
  ) {
    return new ConfigError(`Connection ${connection}: the certificate of ${where} was refused: ${message}.`, {
      code: 'certificate_refused',
      next: `Name the right sslrootcert, or choose another sslmode for ${connection}.`,
    });
  }
  if (code.startsWith('AUTH_SWITCH')) {
    return new ConfigError(
      `Connection ${connection}: ${where} wants to sign in "${user}" in a way that is not supported: ${message}.`,
      { code: 'login_failed', next: `Give ${user} a password, or use another user for ${connection}.` },
    );
  }
  return new FatalError(`${place(server)}: ${message}`, { code: 'mysql_failed' });
}
