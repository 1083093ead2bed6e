import { join } from 'node:path';
import { ConfigError, FatalError } from '../../core/errors.ts';
import type { Executor } from '../../core/executor.ts';
import { findNode } from '../../core/graph.ts';
import type { RelationRef } from '../../core/node.ts';
import { createLoadExecutor, createPipelineExecutor, hookServices } from '../../load/index.ts';
import { createReportExecutor } from '../../report/index.ts';
import { createSyncExecutor } from '../../sync/index.ts';
import { knownConnections } from '../connections/connections-file.ts';
import { compilerFor } from '../reading/part-nodes.ts';
import { buildingPartitions } from './building-partitions.ts';
import { type Project, stateFolderName } from '../reading/project.ts';
import { createTaskExecutor } from './task-executor.ts';
import { type ExecutorServices, transformExecutors } from './transform-executor.ts';

/** Names that nodes carry in `executor`. */
const executorNames = ['task', 'load', 'pipeline', 'transform', 'report', 'sync'] as const;

/** Where finished report views are kept. */
export function reportFolder(project: Project): string {
  return join(project.folder, stateFolderName, 'reports');
}

/** Executors that always do what `current` says now: a project may be read anew while they are in use. */
export function liveExecutors(current: () => ReadonlyMap<string, Executor>): readonly Executor[] {
  return executorNames.map((name) => ({
    name,
    execute: (node, context) => {
      const executor = current().get(name);
      if (executor) return executor.execute(node, context);
      throw new FatalError(`nothing in the project can execute ${node.key} any more`, {
        code: 'executor_missing',
        origin: node.origin,
        next: 'The project has changed since the run was planned; run it again',
      });
    },
  }));
}

/** The executor of each room that the project has something for. */
export function executorsOf(project: Project, services: ExecutorServices): ReadonlyMap<string, Executor> {
  const { connections } = services;
  const { tasks, replications, pipelines = [], transform, reports, syncs } = project.parts;
  const load = {
    connections: knownConnections(project.connections),
    projectFolder: project.folder,
    environment: project.environment,
  };
  const executors: Executor[] = [
    createTaskExecutor(tasks, connections.get, project.environment, {
      folder: project.folder,
      lent: lentConnections(project),
      kubernetes: project.definition.kubernetes,
      code: project.code,
    }),
    createLoadExecutor(replications, connections.get, load),
    createPipelineExecutor(pipelines, hookServices(connections.get, load)),
  ];
  const transforming = transform && transformExecutors(project, transform, services);
  if (project.warehouse) {
    const warehouse = project.warehouse.name;
    executors.push(
      createReportExecutor(reports, {
        folder: reportFolder(project),
        compile: compilerFor(transform),
        connections: connections.get,
        warehouse,
        now: Date.now,
      }),
      createSyncExecutor(syncs, warehouse, (key) => relationOf(project, key), connections.get),
    );
  }
  const byName = executors.map((executor) => transforming?.around(executor) ?? executor);
  if (transforming) byName.push(buildingPartitions(transforming.executor));
  return new Map(byName.map((executor) => [executor.name, executor]));
}

/** A DuckDB file has one owner, so that another process of the project has to ask for what it wants of it. */
export function lentConnections({ connections }: Project): readonly string[] {
  return [...connections].flatMap(([name, { type }]) => (type === 'duckdb' ? [name] : []));
}

function relationOf(project: Project, key: string): RelationRef {
  const node = findNode(project.graph, key);
  if (node?.relation) return node.relation;
  throw new ConfigError(`${key} is not a table or view, so its rows cannot be read`, {
    code: 'relation_missing',
    ...(node ? { origin: node.origin } : {}),
    next: 'Name a model or a loaded table',
  });
}
