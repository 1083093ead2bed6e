import type { Connection, SqlDatabase, SqlSession, Target } from '../../connector/connection.ts';
import { instead } from '../../connector/instead.ts';
import { aboutConnection } from './span-attributes.ts';
import { tracedSource } from './traced-source.ts';
import type { Work, WorkTracer } from '../../telemetry/traces/work-tracer.ts';

const longestQuery = 2000;

/** The same connections; what is asked of them within steps becomes spans. */
export function tracedConnections(
  get: (name: string) => Promise<Connection>,
  { measure }: WorkTracer,
): (name: string) => Promise<Connection> {
  const traced = new Map<Connection, Connection>();
  return async (name) => {
    const connection = await get(name);
    const known = traced.get(connection);
    if (known) return known;
    const made = tracedConnection(connection, measure);
    traced.set(connection, made);
    return made;
  };
}

function tracedConnection(connection: Connection, measure: WorkTracer['measure']): Connection {
  const { database, source, target } = connection;
  return instead(connection, {
    ...(database ? { database: tracedDatabase(connection, database, measure) } : {}),
    ...(source ? { source: tracedSource(connection, source, measure) } : {}),
    ...(target ? { target: tracedTarget(connection, target, measure) } : {}),
  });
}

function tracedDatabase(
  connection: Connection,
  database: SqlDatabase,
  measure: WorkTracer['measure'],
): SqlDatabase {
  const transaction: SqlDatabase['transaction'] = (work, signal, isolation) =>
    measure(
      { name: `transaction ${connection.name}`, kind: 'client', attributes: aboutConnection(connection) },
      () =>
        database.transaction(
          (session) => work(instead(session, tracedStatements(connection, session, measure))),
          signal,
          isolation,
        ),
    );
  return instead(database, { ...tracedStatements(connection, database, measure), transaction });
}

function tracedStatements(
  connection: Connection,
  session: SqlSession,
  measure: WorkTracer['measure'],
): SqlSession {
  return {
    query: (sql, parameters, signal) =>
      measure(
        statement(connection, sql),
        () => session.query(sql, parameters, signal),
        ({ rows }) => ({ 'db.response.returned_rows': rows.length }),
      ),
    execute: (sql, parameters, signal) =>
      measure(
        statement(connection, sql),
        () => session.execute(sql, parameters, signal),
        (rows) => ({ 'millrace.rows': rows }),
      ),
  };
}

/** Filling a stage is what takes the time of a load: one such span for each chunk. */
function tracedTarget(connection: Connection, target: Target, measure: WorkTracer['measure']): Target {
  return instead(target, {
    stage: (request, payload, signal) =>
      measure(
        {
          name: `chunk into ${connection.name}`,
          kind: 'client',
          attributes: {
            ...aboutConnection(connection),
            'db.collection.name': request.table.name,
            'millrace.form': payload.format,
          },
        },
        () => target.stage(request, payload, signal),
        ({ rows, bytes }) => ({ 'millrace.rows': rows, 'millrace.bytes': bytes }),
      ),
  });
}

function statement(connection: Connection, sql: string): Work {
  const verb = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? 'QUERY';
  return {
    name: `${verb} ${connection.name}`,
    kind: 'client',
    attributes: {
      ...aboutConnection(connection),
      'db.operation.name': verb,
      'db.query.text': sql.slice(0, longestQuery),
    },
  };
}
