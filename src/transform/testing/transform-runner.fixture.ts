import type { Connection, ConnectionProvider, SqlDatabase } from '../../connector/connection.ts';
import { duckdbConnector } from '../../connectors/duckdb/index.ts';
import { postgresConnector } from '../../connectors/postgres/index.ts';
import type { Executor, LogLevel, StepOutcome } from '../../core/executor.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { TransformProject } from '../project.ts';
import { createTransformExecutor } from '../run.ts';

const environment = {
  name: 'WAREHOUSE',
  projectFolder: '/',
  temporaryFolder: '/tmp',
  memoryBudgetBytes: 64 * 1024 * 1024,
};

export async function openDuckdb(path = ':memory:'): Promise<Connection> {
  return await duckdbConnector.open({ path }, environment);
}

export async function openPostgres(url: string): Promise<Connection> {
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(url));
  return await postgresConnector.open(config, environment);
}

export function databaseOf(connection: Connection): SqlDatabase {
  if (!connection.database) throw new Error(`${connection.name} has no database`);
  return connection.database;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

export interface RunRequest {
  readonly fullRefresh?: boolean;
  readonly runId?: string;
  readonly signal?: AbortSignal;
  readonly log?: LogLine[];
}

/** Runs one node as the engine would. */
export async function runNode(
  project: TransformProject,
  connection: Connection,
  key: NodeKey,
  request: RunRequest = {},
  executor: Executor = executorFor(project, connection),
): Promise<StepOutcome> {
  const node = project.nodes.find((candidate) => candidate.key === key);
  if (!node) throw new Error(`no node ${key} among ${project.nodes.map((other) => other.key).join(', ')}`);
  const runId = request.runId ?? crypto.randomUUID();
  return await executor.execute(node, {
    runId,
    attempt: 1,
    idempotencyKey: `${runId}/${key}`,
    options: { fullRefresh: request.fullRefresh ?? false },
    signal: request.signal ?? new AbortController().signal,
    log: (message, level = 'info') => void request.log?.push({ level, message }),
    progress: () => {},
    checkpoint: undefined,
    saveCheckpoint: async () => {},
  });
}

function executorFor(project: TransformProject, connection: Connection): Executor {
  const provider: ConnectionProvider = async () => connection;
  return createTransformExecutor(project, provider);
}

/** Runs everything with an executor, upstream first. */
export async function runAll(
  project: TransformProject,
  connection: Connection,
  request: RunRequest = {},
): Promise<ReadonlyMap<NodeKey, StepOutcome>> {
  const outcomes = new Map<NodeKey, StepOutcome>();
  const executor = executorFor(project, connection);
  const whole = { runId: crypto.randomUUID(), ...request };
  for (const node of inOrder(project.nodes)) {
    if (node.executor) outcomes.set(node.key, await runNode(project, connection, node.key, whole, executor));
  }
  return outcomes;
}

function inOrder(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const done = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    if (done.has(node)) return;
    for (const edge of node.edges) {
      const upstream = byKey.get(edge.from);
      if (upstream) visit(upstream);
    }
    done.add(node);
  };
  for (const node of nodes) visit(node);
  return [...done];
}
