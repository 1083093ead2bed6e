import { ConfigError } from '../../core/errors.ts';
import type { Edge, GraphNode } from '../../core/node.ts';
import type { Origin } from '../../core/origin.ts';
import { pipelineNode, replicationNodes } from '../../load/index.ts';
import { reportNode } from '../../report/index.ts';
import { syncNode } from '../../sync/index.ts';
import type { TransformProject } from '../../transform/index.ts';
import { connectionMissing } from '../../connector/connection-missing.ts';
import { namesOf } from '../connections/connection-pool.ts';
import { type ConnectionDeclaration, knownConnections } from '../connections/connections-file.ts';
import type { Mistakes } from '../settings/mistakes.ts';
import { withModelPartitions } from './model-partitions.ts';
import type { ProjectParts } from './project.ts';
import { transformRoom } from './transform-room.ts';
import { orderAroundTasks, taskNode } from '../code/tasks.ts';

/** Turns `{{ ref() }}` and `{{ source() }}` of a report or a query into relations. */
export function compilerFor(
  transform: TransformProject | undefined,
): (sql: string, origin: Origin) => { sql: string; reads: readonly Edge[] } {
  if (transform) return (sql, origin) => transformRoom().compileSql(transform, sql, origin);
  return (sql, origin) => {
    if (!/\{[{%]/.test(sql)) return { sql, reads: [] };
    throw new ConfigError('{{ ... }} needs a dbt project in transform/', {
      code: 'transform_missing',
      origin,
    });
  };
}

/** The nodes that the parts of a project make, before the graph connects them. */
export async function partNodes(
  parts: ProjectParts,
  connections: ReadonlyMap<string, ConnectionDeclaration>,
  warehouse: ConnectionDeclaration | undefined,
  mistakes: Mistakes,
): Promise<readonly GraphNode[]> {
  const nodes: GraphNode[] = parts.tasks.map((task) => taskNode(task));
  const known = knownConnections(connections);
  for (const replication of parts.replications) {
    nodes.push(
      ...((await mistakes.collect(() => replicationNodes(replication, { connections: known }))) ?? []),
    );
  }
  nodes.push(...(parts.pipelines ?? []).map((pipeline) => pipelineNode(pipeline)));
  for (const model of parts.transform?.nodes ?? []) {
    nodes.push((await mistakes.collect(() => withModelPartitions(model))) ?? model);
  }
  const compile = compilerFor(parts.transform);
  for (const report of parts.reports) {
    const node = await mistakes.collect(() => {
      if (warehouse) return reportNode(report, compile, warehouse.name);
      throw needsWarehouse(report.origin.file);
    });
    if (node) nodes.push(node);
  }
  for (const sync of parts.syncs) {
    const node = await mistakes.collect(() => {
      if (!connections.has(sync.destination.toUpperCase())) {
        throw connectionMissing(sync.destination, namesOf(connections), sync.origin);
      }
      if (warehouse) return syncNode(sync, warehouse.name);
      throw needsWarehouse(sync.origin.file);
    });
    if (node) nodes.push(node);
  }
  return orderAroundTasks(nodes, parts.tasks);
}

function needsWarehouse(file: string): ConfigError {
  return new ConfigError('reports and syncs need a warehouse, and no connection is named as one', {
    code: 'warehouse_missing',
    origin: { file },
    next: "Name one in millrace.config.ts: defineProject({ warehouse: 'NAME', ... })",
  });
}
