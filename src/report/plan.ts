import type { Edge, GraphNode, NodeKey } from '../core/node.ts';
import type { Origin } from '../core/origin.ts';
import type { Report } from './report.ts';

/**
 * Resolves `ref` and `source` in a report's SQL. `origin` is the place of the SQL's first line, so
 * that errors (always `ConfigError`) and edges name the line in the report.
 */
export type CompileSql = (sql: string, origin: Origin) => CompiledSql;

export interface CompiledSql {
  /** Ready to run on the warehouse. */
  readonly sql: string;
  readonly reads: readonly Edge[];
}

/** The name that report nodes carry in `executor`. */
export const reportExecutorName = 'report';

export function reportKey(report: Report): NodeKey {
  return `report/${report.name}`;
}

/** The report as a node that reads the models named in its queries. `warehouse` names a connection. */
export function reportNode(report: Report, compile: CompileSql, warehouse: string): GraphNode {
  const queries = report.queries.map((query) => ({
    name: query.name,
    ...compile(query.sql, query.origin),
  }));
  return {
    key: reportKey(report),
    kind: 'report',
    type: 'dashboard',
    description: report.description || report.title,
    tags: report.tags,
    group: 'reports',
    origin: report.origin,
    edges: distinct(queries.flatMap((query) => query.reads)),
    columns: [],
    executor: reportExecutorName,
    spec: {
      title: report.title,
      warehouse,
      queries: queries.map(({ name, sql }) => ({ name, sql })),
      ...(report.owner === undefined ? {} : { owner: report.owner }),
    },
  };
}

/** The first edge to each node. */
function distinct(edges: readonly Edge[]): readonly Edge[] {
  return edges.filter(
    (edge, index) => edges.findIndex(({ from, kind }) => from === edge.from && kind === edge.kind) === index,
  );
}
