import type { ConnectionProvider } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { SensorProbe } from '../../core/sensor.ts';
import type { TableSource } from './definition.ts';

interface TableCursor extends JsonObject {
  readonly value: JsonValue;
}

/** Looks at the largest value of a column, or at the number of rows. */
export function tableProbe(source: TableSource, connections: ConnectionProvider): SensorProbe {
  return {
    check: async ({ cursor, signal }) => {
      const { database } = await connections(source.connection);
      if (!database)
        throw new ConfigError(`${source.connection} is not a database`, { code: 'sensor_source' });
      const { dialect } = database;
      const [name = '', schema = dialect.defaultSchema] = source.table.split('.').toReversed();
      const wanted = source.column === undefined ? 'count(*)' : `max(${dialect.quote(source.column)})`;
      const result = await database.query(
        `select ${wanted} from ${dialect.quoteTable({ schema, name })}`,
        [],
        signal,
      );
      const value = plain(result.rows[0]?.[0]);
      const before = cursor as TableCursor | undefined;
      const what = source.column ?? 'rows';
      const next = { value };
      if (before && JSON.stringify(before.value) === JSON.stringify(value))
        return {
          runs: [],
          cursor: next,
          skip: `${what} of ${source.table} is still ${JSON.stringify(value)}`,
        };
      if (!before && source.first !== 'run')
        return { runs: [], cursor: next, skip: `First look: ${what} of ${source.table} is remembered` };
      return { runs: [{ input: { table: source.table, [what]: value } }], cursor: next };
    },
  };
}

function plain(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return (value ?? null) as JsonValue;
}
