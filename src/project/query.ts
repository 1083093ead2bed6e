import type { ConnectionProvider } from '../connector/connection.ts';
import type { ResultSet } from '../connector/result-set.ts';
import { ConfigError } from '../core/errors.ts';
import type { TablePayload } from '../server/index.ts';
import type { Project } from './project.ts';
import { compilerFor } from './read-project.ts';

const timeoutMs = 60_000;

/**
 * Runs one statement, which may hold `{{ ref() }}`, on the warehouse or the connection named, and gives
 * at most `limit` rows of its result.
 */
export async function queryConnection(
  project: Project,
  connections: ConnectionProvider,
  sql: string,
  limit: number,
  connectionName: string | undefined = project.warehouse?.name,
): Promise<TablePayload> {
  if (connectionName === undefined) {
    throw new ConfigError('this project names no warehouse', {
      code: 'warehouse_missing',
      next: 'Choose a connection: millrace sql --connection NAME "select 1"',
    });
  }
  const { database } = await connections(connectionName);
  if (!database)
    throw new ConfigError(`${connectionName} does not speak SQL`, { code: 'connection_without_sql' });
  const compiled = compilerFor(project.parts.transform)(sql, { file: 'query' })
    .sql.trim()
    .replace(/;\s*$/, '');
  const limited = /^(select|with|from|values)\b/i.test(compiled)
    ? `select * from (${compiled}\n) as result limit ${Math.floor(limit)}`
    : compiled;
  return tablePayload(await database.query(limited, [], AbortSignal.timeout(timeoutMs)));
}

/** A result as JSON can carry it. */
export function tablePayload({ columns, rows }: ResultSet): TablePayload {
  return {
    columns: columns.map(({ name, type }) => ({ name, type: type.type })),
    rows: rows.map((row) => row.map((value) => jsonCell(value))),
  };
}

function jsonCell(value: unknown): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}
