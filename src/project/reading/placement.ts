import type { ConnectionProvider } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../../core/near-name.ts';
import { buildGraph, type Graph } from '../../core/graph.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import { selectNodes } from '../../core/selection.ts';
import { configFileName } from '../settings/config-file.ts';
import type { PoolDefinition, ProjectDefinition } from '../settings/definitions.ts';
import type { Project } from './project.ts';

type Pools = Readonly<Record<string, number | PoolDefinition>>;

/** Steps at a time, by pool, of those that have a limit. */
export function limitsOfPools(pools: Pools = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(pools).flatMap(([name, pool]) => {
      const limit = typeof pool === 'number' ? pool : pool.limit;
      return limit === undefined ? [] : [[name, limit]];
    }),
  );
}

/** Pools whose steps are left to workers that were started for them. */
export function workerPools(pools: Pools = {}): readonly string[] {
  return Object.entries(pools).flatMap(([name, pool]) =>
    typeof pool === 'object' && pool.workers ? [name] : [],
  );
}

/** @throws ConfigError when a worker is started for a pool that is not for workers */
export function checkWorkerPools(wanted: readonly string[], { pools }: ProjectDefinition): void {
  const known = workerPools(pools);
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const isLimit = pools !== undefined && name in pools;
    throw new ConfigError(
      isLimit ? `the pool '${name}' is not for workers of its own` : `there is no pool '${name}'`,
      {
        code: 'pool_missing',
        origin: { file: configFileName },
        next: isLimit
          ? `Write: pools: { ${name}: { workers: true } }, or start the worker without --pool`
          : (didYouMean(name, known) ?? `Write: pools: { ${name}: { workers: true } }`),
      },
    );
  }
}

/**
 * The graph with what is known of where its nodes can run: their pools, and, when machines share the ledger, which of them need a
 * DuckDB file. Those are left to the process that owns the project, which has it open; what a task opens is not known before.
 * @throws ConfigError for a node that can run nowhere
 */
export function placedGraph(
  graph: Graph,
  project: Omit<Project, 'graph' | 'manifest' | 'automation'>,
): Graph {
  const poolOf = poolsBySelection(graph, project.definition.pools);
  const needsFile = isLedgerShared(project) ? fileNeeds(project) : () => false;
  const forWorkers = workerPools(project.definition.pools);
  const nodes = graph.nodes.map((node) => {
    const pool = node.pool ?? poolOf.get(node.key);
    const isOwners = node.executor !== undefined && (node.runsOn === 'owner' || needsFile(node));
    if (isOwners && pool !== undefined && forWorkers.includes(pool)) throw contradiction(node, pool);
    if (pool === node.pool && isOwners === (node.runsOn === 'owner')) return node;
    return {
      ...node,
      ...(pool === undefined ? {} : { pool }),
      ...(isOwners ? { runsOn: 'owner' as const } : {}),
    };
  });
  return nodes.some((node, index) => node !== graph.nodes[index]) ? buildGraph(nodes) : graph;
}

/** Connections as workers have them: a DuckDB file, which its owner has open, is refused. */
export function withoutFiles(
  get: ConnectionProvider,
  connections: Project['connections'],
): ConnectionProvider {
  return async (name) => {
    if (connections.get(name.toUpperCase())?.type !== 'duckdb') return get(name);
    throw new ConfigError(`${name} is a DuckDB file, which only the process that owns the project opens`, {
      code: 'warehouse_elsewhere',
      state: 'This step was given to a worker.',
      next: "Write runsOn: 'owner' for what opens it, or use a warehouse that machines can share",
    });
  };
}

/** Nodes of pools that select them; of several the first. */
function poolsBySelection(graph: Graph, pools: Pools = {}): ReadonlyMap<NodeKey, string> {
  const found = new Map<NodeKey, string>();
  for (const [name, pool] of Object.entries(pools)) {
    if (typeof pool === 'number' || pool.select === undefined) continue;
    for (const key of selectNodes(graph, { select: pool.select })) if (!found.has(key)) found.set(key, name);
  }
  return found;
}

function isLedgerShared({ definition, environment }: Pick<Project, 'definition' | 'environment'>): boolean {
  const given = environment['MILLRACE_LEDGER_URL'];
  return /^postgres(ql)?:\/\//i.test(given ? given : (definition.ledger ?? ''));
}

function fileNeeds({
  connections,
  warehouse,
  parts,
}: Pick<Project, 'connections' | 'warehouse' | 'parts'>): (node: GraphNode) => boolean {
  const isFile = (name: string | undefined): boolean =>
    name !== undefined && connections.get(name.toUpperCase())?.type === 'duckdb';
  const files = new Set(
    parts.replications.flatMap(({ file, source, target }) =>
      isFile(source) || isFile(target) ? [file] : [],
    ),
  );
  const hasFile = [...connections.keys()].some((name) => isFile(name));
  return ({ executor, spec, relation, relationPattern, kind }) => {
    if (executor === 'task') return false;
    // One call of dbt builds the nodes of many steps.
    if (executor === 'transform' && parts.dbt) return true;
    // The hooks of a pipeline and of a replication may reach any connection.
    if (executor === 'pipeline' || (executor === 'load' && kind === 'task')) return hasFile;
    const { replication } = spec;
    if (executor === 'load' && typeof replication === 'string' && files.has(replication)) return true;
    if (isFile(relation?.connection) || isFile(relationPattern?.connection)) return true;
    return executor !== 'load' && isFile(warehouse?.name);
  };
}

function contradiction({ key, origin }: GraphNode, pool: string): ConfigError {
  return new ConfigError(
    `${key} needs the process that owns the project, and is in the pool '${pool}', which is for workers`,
    {
      code: 'pool_unreachable',
      origin,
      next: 'A DuckDB file is open in one process only: take it out of the pool, or use a warehouse that machines can share',
    },
  );
}
