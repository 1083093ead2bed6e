import type { DuckDBConnection } from '@duckdb/node-api';
import type { StageRequest } from '../../../connector/connection.ts';
import { DataError } from '../../../core/errors.ts';
import { quote } from '../engine/engine.ts';

/**
 * Makes the rows of a table into what the request wants written of them. Resolves to the request for the table as it
 * is now.
 * @throws DataError code `value_misfit` for a value that a type cannot hold or that breaks a constraint
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
  try {
    await connection.run(
      `create temp table ${table} as select ${values} from (select ${names} from ${before}) as staged`,
    );
  } catch (error) {
    throw misfit(error);
  }
  await connection.run(`drop table ${before}`);
  return { ...request, schema: { ...schema, columns: written } };
}

function misfit(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const [, said] = /^(?:Conversion|Invalid Input|Out of Range) Error: ([^\n]*)/.exec(message) ?? [];
  if (said === undefined) return error;
  return new DataError(`a row does not fit: ${said}`, {
    code: 'value_misfit',
    state: 'Nothing was published.',
    next: 'Correct the row at the source, leave it out by where:, or change columns:.',
    cause: error,
  });
}
