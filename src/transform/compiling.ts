import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { Compiled } from './artifacts/node-entry.ts';
import { compileNode, compileNodeSync } from './compile/compile-node.ts';
import { graphDictionary } from './compile/graph-dictionary.ts';
import { unitTestSql } from './compile/unit-test-sql.ts';
import { type Moment, readingMoment } from './context/render-scope.ts';
import type { RunArguments } from './context/run-arguments.ts';
import type { RelationName } from './manifest/transform-node.ts';
import { queryColumns, relationColumns } from './materialize/relation-columns.ts';
import { sessionRelations } from './materialize/relation-list.ts';
import type { TransformProject } from './project.ts';
import { cteNameOf, ephemeralsOf } from './reading/manifest.ts';
import { openWarehouse } from './warehouse.ts';

/** The SQL of one node. */
export interface CompiledNodeSql {
  readonly id: string;
  readonly sql: string;
  readonly extraCtes: Compiled['extraCtes'];
}

export interface CompileRequest {
  readonly ids: readonly string[];
  readonly given: RunArguments;
  /** Without it nothing asks the warehouse: templates see `execute` as false. */
  readonly connections: ConnectionProvider | undefined;
  readonly signal: AbortSignal;
  readonly log: Moment['log'];
}

/** Compiles models, snapshots, tests and analyses; seeds and sources have no SQL and are left out. */
export async function compileNodes(
  project: TransformProject,
  request: CompileRequest,
): Promise<readonly CompiledNodeSql[]> {
  const moment = await compileMoment(project, request);
  const found: CompiledNodeSql[] = [];
  for (const id of request.ids) {
    const compiled = await compileOne(project, id, moment);
    if (compiled) found.push(compiled);
  }
  return found;
}

interface CompileMoment {
  readonly moment: Moment;
  readonly isTable: (relation: RelationName) => Promise<boolean>;
  readonly warehouse: Awaited<ReturnType<typeof openWarehouse>> | undefined;
}

async function compileMoment(project: TransformProject, request: CompileRequest): Promise<CompileMoment> {
  const { given, connections, signal } = request;
  if (!connections) {
    return {
      moment: { ...readingMoment, arguments: given },
      isTable: () => Promise.resolve(false),
      warehouse: undefined,
    };
  }
  const warehouse = await openWarehouse(project, connections);
  const { database } = warehouse;
  return {
    warehouse,
    isTable: async (relation) => (await warehouse.typeOf(relation)) === 'table',
    moment: {
      isExecuting: true,
      isIncremental: false,
      isFullRefresh: given.isFullRefresh,
      startedAtMs: Date.now(),
      invocationId: given.invocationId,
      arguments: given,
      database: {
        dialect: database.dialect,
        query: (sql) => database.query(sql, [], signal),
        execute: (sql) => database.execute(sql, [], signal),
        columns: (relation) => relationColumns(database, database.dialect, relation),
        list: (schema, databaseName = '') =>
          sessionRelations(database, database.dialect, schema, databaseName),
      },
      graph: () => graphDictionary(project.manifest),
      log: request.log,
    },
  };
}

async function compileOne(
  project: TransformProject,
  id: string,
  { moment, isTable, warehouse }: CompileMoment,
): Promise<CompiledNodeSql | undefined> {
  const { manifest } = project;
  const node = manifest.byId.get(id) ?? manifest.analyses.find((analysis) => analysis.uniqueId === id);
  if (!node) throw new ConfigError(`there is no "${id}"`, { code: 'node_missing' });
  if (node.kind === 'seed' || node.kind === 'source') return undefined;
  const extraCtes = ephemeralsOf(manifest, node.dependencies).map((ephemeral) => ({
    id: ephemeral.uniqueId,
    sql: ` ${cteNameOf(ephemeral)} as (\n${compileNodeSync(manifest, ephemeral, moment).sql}\n)`,
  }));
  if (node.kind === 'test' && node.body.sort === 'unit') {
    if (!warehouse) return undefined;
    const { database } = warehouse;
    const { sql } = await unitTestSql({
      manifest,
      node,
      body: node.body,
      dialect: database.dialect,
      moment,
      columnsOf: (other) => relationColumns(database, database.dialect, other.relation),
      columnsOfQuery: (query) => queryColumns(database, database.dialect, query),
    });
    return { id, sql, extraCtes };
  }
  const { config } = node;
  const isIncremental =
    node.kind === 'model' &&
    config.materialized === 'incremental' &&
    !(config.fullRefresh ?? moment.isFullRefresh) &&
    (await isTable(node.relation));
  const { sql } = moment.isExecuting
    ? await compileNode(manifest, node, { ...moment, isIncremental })
    : compileNodeSync(manifest, node, moment);
  return { id, sql, extraCtes };
}
