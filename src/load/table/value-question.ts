import type { SqlDatabase } from '../../connector/connection.ts';
import { DataError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { bookkeepingTable } from '../stream/bookkeeping.ts';

/** Tells before version 16 what `pg_input_is_valid` tells since; other errors than those of values stay errors. */
const definition = (name: string): string => `create function ${name}(value text, type text) returns boolean
language plpgsql as $$
begin
  execute 'select cast($1 as ' || type || ')' using value;
  return true;
exception when data_exception then
  return false;
end $$`;

/**
 * The function of PostgreSQL that tells whether a text is a value of a type: its own, or before version 16 one that
 * is made when a cast of the stage has failed, as it takes some microseconds for each value. Undefined if none did.
 * @param casts of the stage's columns, as they will be published
 */
export async function valueQuestion(
  database: SqlDatabase,
  stage: TableName,
  casts: readonly string[],
): Promise<string | undefined> {
  const { rows } = await database.query(`select current_setting('server_version_num')::int`);
  if (Number(rows[0]?.[0]) >= 160_000) return 'pg_input_is_valid';
  if (casts.length === 0 || (await allCast(database, stage, casts))) return undefined;
  const name = database.dialect.quoteTable(bookkeepingTable(database.dialect, 'is_value'));
  const known = await database.query(
    `select to_regprocedure(${database.dialect.literal(`${name}(text, text)`)}) is not null`,
  );
  if (known.rows[0]?.[0] !== true) await database.execute(definition(name));
  return name;
}

async function allCast(database: SqlDatabase, stage: TableName, casts: readonly string[]): Promise<boolean> {
  const counts = casts.map((cast) => `count(${cast})`).join(', ');
  try {
    await database.query(`select ${counts} from ${database.dialect.quoteTable(stage)}`);
    return true;
  } catch (error) {
    if (error instanceof DataError) return false;
    throw error;
  }
}
