import type { DuckDBConnection } from '@duckdb/node-api';
import type { StageRequest } from '../../connector/connection.ts';
import { quote } from './engine.ts';

/**
 * Makes the rows of a table into what the request wants written of them. Resolves to the request for the table as it
 * is now.
 */
export async function reshapeRows(
  connection: DuckDBConnection,
  table: string,
  request: StageRequest,
): Promise<StageRequest> {
  const { written, schema } = request;
  if (!written) return request;
  const names = schema.columns.map(({ name }, index) => `#${index + 1} as ${quote(name)}`).join(', ');
  const values = written.map(({ name, sql }) => `${sql} as ${quote(name)}`).join(', ');
  const before = `${table}_before`;
  await connection.run(`alter table ${table} rename to ${before}`);
  await connection.run(
    `create temp table ${table} as select ${values} from (select ${names} from ${before}) as staged`,
  );
  await connection.run(`drop table ${before}`);
  return { ...request, schema: { ...schema, columns: written } };
}
