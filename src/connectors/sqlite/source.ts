import type { DatabaseSync } from 'node:sqlite';
import type { ReadRequest, Source, SqlSession, StreamRef, StreamSchema } from '../../connector/connection.ts';
import type { ColumnsPayload } from '../../connector/payload.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';
import { readRows } from './row-reader.ts';
import { describeQuery, describeTable, listRelations, type SqliteTable } from './schema.ts';
import { openDatabase, resultColumns, sessionOf } from './session.ts';
import { parseTableName } from './table-name.ts';

/** Reads tables, views and queries of one database file as columns. */
export function sqliteSource(place: string, path: string, requireFile: () => void): Source {
  async function withSession<T>(
    work: (session: SqlSession, database: DatabaseSync) => Promise<T>,
  ): Promise<T> {
    requireFile();
    const database = openDatabase(place, path, true);
    try {
      return await work(sessionOf(place, database), database);
    } finally {
      database.close();
    }
  }

  const describe = (stream: StreamRef): Promise<SqliteTable> =>
    withSession(async (session, database) => {
      if (stream.sql !== undefined)
        return await describeQuery(session, resultColumns(place, database, stream.sql));
      const table = parseTableName(stream.name);
      const found = await describeTable(session, table);
      if (found) return found;
      const others = (await listRelations(session, table.schema)).map((relation) => relation.name);
      throw new ConfigError(`${place}: there is no table or view ${stream.name}.`, {
        code: 'stream_missing',
        next:
          others.length > 0
            ? `Tables and views there: ${others.join(', ')}.`
            : 'The database holds no tables.',
      });
    });

  return {
    emits: ['columns'],
    discover: (pattern) =>
      withSession(async (session) => {
        const { schema, name } = parseTableName(pattern);
        const matches = globPattern(name);
        const relations = await listRelations(session, schema);
        return relations
          .map((relation) => relation.name)
          .filter((found) => matches.test(found))
          .map((found) => `${schema}.${found}`);
      }),
    describe: async (stream): Promise<StreamSchema> => {
      const { columns, primaryKey } = await describe(stream);
      return { columns, primaryKey };
    },
    read: async (request, _format, signal): Promise<ColumnsPayload> => {
      const table = await describe(request.stream);
      const columns = request.columns.map((name) => wantedColumn(table, request.stream, name));
      const select = {
        place,
        stream: request.stream.name,
        sql: selectText(request, columns, table.hasRowid),
        columns,
        withRowid: table.hasRowid,
      };
      return {
        format: 'columns',
        schema: { columns, primaryKey: table.primaryKey },
        batches: readRows(path, select, signal),
      };
    },
  };
}

function wantedColumn(table: SqliteTable, stream: StreamRef, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new ConfigError(`${stream.name} has no column ${name}.`, {
    code: 'column_missing',
    next: `Its columns are: ${table.columns.map((candidate) => candidate.name).join(', ')}.`,
  });
}

function selectText(request: ReadRequest, columns: readonly Column[], withRowid: boolean): string {
  const names = columns.map((column) => sqliteDialect.quote(column.name));
  const from =
    request.stream.sql === undefined
      ? sqliteDialect.quoteTable(parseTableName(request.stream.name))
      : `(${request.stream.sql}) as stream`;
  return [
    `select ${[...(withRowid ? ['rowid'] : []), ...names].join(', ')}`,
    `from ${from}`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
  ].join('\n');
}

function globPattern(glob: string): RegExp {
  const text = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 'i');
}
