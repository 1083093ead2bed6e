import type { ConnectionProvider } from '../../connector/connection.ts';
import type { ResultSet } from '../../connector/result-set.ts';
import { ConfigError } from '../../core/errors.ts';
import type { TablePayload } from '../../server/index.ts';
import type { Project } from '../reading/project.ts';
import { compilerFor } from '../reading/part-nodes.ts';

const timeoutMs = 60_000;

/**
 * Runs one reading statement, which may hold `{{ ref() }}`, on the warehouse or the connection named, and
 * gives at most `limit` rows of its result.
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
  const limited = limitedQuery(compiled, Math.floor(limit));
  return tablePayload(await database.query(limited, [], AbortSignal.timeout(timeoutMs)));
}

/** Changes belong into models and tasks, where a run remembers them. */
function limitedQuery(sql: string, limit: number): string {
  const body = sql.replaceAll(/^(\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/g, '');
  if (/^(select|with|from|values|table)\b/i.test(body))
    return `select * from (${sql}\n) as result limit ${limit}`;
  if (/^(show|describe|desc|summarize|explain(?!\s*\(?\s*analyze))\b/i.test(body)) return sql;
  throw new ConfigError(
    'only reading statements are run here: select, with, from, values, show, describe, explain',
    {
      code: 'query_not_reading',
      state: 'Nothing was run.',
      next: 'Put changes into a model or a task, or use the client of the database',
    },
  );
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
