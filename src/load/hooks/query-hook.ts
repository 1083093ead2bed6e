import { ConfigError, DataError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { QueryHook } from '../replication/hook.ts';
import type { HookPlace } from './hook-place.ts';
import { fillText, plainValue } from './hook-text.ts';

/** Results stay in memory until the end of their list, and in the checkpoints of pipelines. */
const maxResultRows = 10_000;

/** Runs SQL; its rows become `result`, a list of maps. */
export async function runQuery(hook: QueryHook, place: HookPlace): Promise<JsonObject> {
  const sql = fillText(hook.query, place);
  const name = hook.connection === undefined ? place.connection : fillText(hook.connection, place);
  if (name === undefined) throw notApplicable('a query here needs a connection', 'Add connection:', place);
  if (place.session && name.toLowerCase() !== place.connection?.toLowerCase()) {
    throw notApplicable(
      `a merge hook queries ${name}, and the transaction is one of ${place.connection}`,
      'Move it to pre or post, or leave connection: out',
      place,
    );
  }
  const session = place.session ?? (await place.services.open(name)).database;
  if (!session)
    throw notApplicable(
      `a hook queries ${name}, which runs no SQL`,
      'Name a database under connection:',
      place,
    );
  const { columns, rows } = await session.query(sql, [], place.context.signal);
  if (rows.length > maxResultRows) {
    throw new DataError(`a hook's query gave ${rows.length} rows; a hook takes up to ${maxResultRows}`, {
      code: 'hook_result_too_large',
      origin: place.origin,
      next: 'Ask for less, or load the rows as a stream',
    });
  }
  const result = rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column.name, plainValue(row[index])])),
  );
  return { status: 'success', connection: name, result };
}

function notApplicable(message: string, next: string, { origin }: HookPlace): ConfigError {
  return new ConfigError(message, { code: 'hook_not_applicable', origin, next });
}
