import pg from 'pg';
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

/** How long a server that recovers from a crash is given before it is asked again: attempts are few. */
const recoverySeconds = 15;

const rolledBack = 'The statement was rolled back.';

const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const dropped: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** What an error of the driver or the server means. SQLSTATE classes: PostgreSQL's appendix A. */
export function postgresError(error: unknown, server: ServerIdentity, signal?: AbortSignal): MillraceError {
  if (error instanceof MillraceError) return error;
  if (signal?.aborted) {
    return new CancelledError(`Connection ${server.connection}: cancelled.`, {
      code: 'cancelled',
      state: rolledBack,
    });
  }
  if (error instanceof pg.DatabaseError) return serverError(error, server);
  return driverError(error, server);
}

function place({ connection, host, port, database, tunnel }: ServerIdentity): string {
  return `Connection ${connection} (${host}:${port}/${database}${throughText(tunnel)})`;
}

function serverError(error: pg.DatabaseError, server: ServerIdentity): MillraceError {
  const state = error.code ?? '';
  const message = `${place(server)}: ${describeServerError(error)}`;
  switch (state) {
    case '28P01':
    case '28000':
      return loginFailed(error, server);
    case '3D000':
      return new ConfigError(message, {
        code: 'database_missing',
        next: `Correct database of ${server.connection}, or create it.`,
      });
    case '40001':
    case '40P01':
    case '55P03':
      return new TransientError(message, { code: 'transaction_conflict', state: rolledBack });
    case '57014':
      return new TransientError(message, { code: 'statement_cancelled', state: rolledBack });
    case '57P03':
      return new TransientError(message, {
        code: 'server_starting',
        state: 'Nothing was read or written.',
        next: 'Run again when the server has recovered.',
        retryAfterSeconds: recoverySeconds,
      });
    case '53100':
      return new FatalError(message, {
        code: 'disk_full',
        state: `${rolledBack} Tables that were published before are as they were.`,
        next: 'Free some space on the database server, then run again.',
      });
    case '22023':
      if (!error.message.startsWith('role ')) break;
      return new ConfigError(message, {
        code: 'role_missing',
        next: `Correct role of ${server.connection}.`,
      });
    case '42P01':
      return new ConfigError(message, { code: 'relation_missing' });
    case '42703':
      return new ConfigError(message, { code: 'column_missing' });
    case '42501':
      return new ConfigError(message, {
        code: 'permission_denied',
        next: `Grant ${server.user} what the message names.`,
      });
  }
  return byClass(state.slice(0, 2), message);
}

function byClass(sqlClass: string, message: string): MillraceError {
  switch (sqlClass) {
    case '08':
    case '57':
    case '53':
      return new TransientError(message, { code: 'connection_lost', state: rolledBack });
    case '22':
      return new DataError(message, { code: 'data_invalid', state: rolledBack });
    case '23':
      return new DataError(message, { code: 'constraint_violated', state: rolledBack });
    case '42':
    case '3F':
    case '0A':
    case '25':
    case '2B':
      return new ConfigError(message, { code: 'sql_failed', state: rolledBack });
    default:
      return new FatalError(message, { code: 'postgres_failed', state: rolledBack });
  }
}

function describeServerError(error: pg.DatabaseError): string {
  const parts = [error.message];
  if (error.detail) parts.push(error.detail);
  if (error.where && (error.code ?? '').startsWith('22')) parts.push(error.where.split('\n')[0] ?? '');
  if (error.hint) parts.push(`Hint: ${error.hint}`);
  return `${parts.join('. ')} (SQLSTATE ${error.code ?? 'unknown'})`;
}

function loginFailed(error: Error, server: ServerIdentity): ConfigError {
  const { connection, host, port, user, database } = server;
  const next = loginAdvice(error.message, connection);
  return new ConfigError(
    `Connection ${connection}: ${host}:${port} refused the login of user "${user}" to database "${database}": ${error.message}.`,
    { code: 'login_failed', next },
  );
}

function loginAdvice(message: string, connection: string): string {
  if (/no encryption|SSL off/i.test(message))
    return `The server wants TLS: set sslmode: require on ${connection}.`;
  if (/SSL encryption|SSL on/.test(message))
    return `The server wants no TLS for this user and database: set sslmode: disable on ${connection}.`;
  if (/client certificate/i.test(message))
    return `The server wants a client certificate: set sslcert and sslkey of ${connection}.`;
  return `Correct user and password of ${connection}, then run: millrace check`;
}

function driverError(error: unknown, server: ServerIdentity): MillraceError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const { connection, host, port, tunnel } = server;
  const where = `${host}:${port}${throughText(tunnel)}`;
  const isGone =
    dropped.has(code) ||
    /Connection terminated|Client has encountered a connection error|not queryable/i.test(message);
  const isUnreachable = unreachable.has(code) || /^timeout expired$|connect.*timeout/i.test(message);
  const broken = isGone || isUnreachable ? tunnel?.failure() : undefined;
  if (broken) return broken;
  if (isUnreachable) {
    return new TransientError(`Connection ${connection}: ${where} cannot be reached (${code || message}).`, {
      code: 'server_unreachable',
      next: `See that the server runs, and that host and port of ${connection} are right.`,
    });
  }
  if (isGone) {
    return new TransientError(`${place(server)}: the server closed the connection.`, {
      code: 'connection_lost',
      state: rolledBack,
    });
  }
  if (/SASL|password must be a string/i.test(message))
    return loginFailed(new Error('no password was given'), server);
  if (/_ALERT_|alert number/i.test(`${code} ${message}`)) {
    return new ConfigError(
      `Connection ${connection}: ${where} refused the client certificate: ${message.trim()}.`,
      {
        code: 'client_certificate_refused',
        next: `Name an sslcert and sslkey of ${connection} that an authority of the server has signed.`,
      },
    );
  }
  if (
    /certificate|self.signed|altname/i.test(message) ||
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/.test(code)
  ) {
    return new ConfigError(
      `Connection ${connection}: the certificate of ${where} was refused: ${message.replace(/\.$/, '')}.`,
      { code: 'certificate_refused', next: certificateAdvice(code, connection) },
    );
  }
  if (/error establishing an SSL connection/.test(message)) {
    return new TransientError(`Connection ${connection}: ${where} does not answer as PostgreSQL does.`, {
      code: 'server_unreachable',
      next: `See that host and port of ${connection} are those of a PostgreSQL server.`,
    });
  }
  if (/does not support SSL/i.test(message)) {
    return new ConfigError(`Connection ${connection}: ${where} does not offer TLS.`, {
      code: 'tls_unavailable',
      next: `Set sslmode: disable on ${connection} if its network can be trusted.`,
    });
  }
  return new FatalError(`${place(server)}: ${message}`, { code: 'postgres_failed', cause: error });
}

/** Names of OpenSSL's verification errors: `X509_verify_cert_error_string` in its manual. */
function certificateAdvice(code: string, connection: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'Renew the certificate of the server, or set the clock of this machine right.';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `Write the host of ${connection} as its certificate has it, or use sslmode: verify-ca.`;
    default:
      return `Name the authority that signed it: sslrootcert of ${connection}, as PEM or its file.`;
  }
}
