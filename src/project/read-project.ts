import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { buildGraph, type Graph } from '../core/graph.ts';
import { selectNodes } from '../core/selection.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import { checkSchedules } from '../engine/index.ts';
import { makeManifest } from '../core/manifest.ts';
import type { Edge, GraphNode } from '../core/node.ts';
import type { Origin } from '../core/origin.ts';
import { readReplication, replicationNodes, type Replication } from '../load/index.ts';
import { readReport, reportNode } from '../report/index.ts';
import { readSync, syncNode } from '../sync/index.ts';
import { compileSql, readTransformProject, type TransformProject } from '../transform/index.ts';
import { configFileName, readConfigFile } from './config-file.ts';
import { connectionMissing } from './connection-pool.ts';
import { type ConnectionDeclaration, knownConnections, readConnections } from './connections-file.ts';
import type { ProjectDefinition } from './definitions.ts';
import { Mistakes } from './mistakes.ts';
import { databaseName } from './database-name.ts';
import type { Project, ProjectParts } from './project.ts';
import { filesBelow, readText, unreadable } from './project-files.ts';
import { orderAroundTasks, readTasks, taskNode } from './tasks.ts';

type Declarations = ReadonlyMap<string, ConnectionDeclaration>;

/**
 * Reads everything that a project's folder defines.
 * @param folder absolute
 * @throws ProjectError with every mistake found, each with its place
 */
export async function readProject(folder: string, environment: Environment): Promise<Project> {
  const mistakes = new Mistakes();
  const definition = (await mistakes.collect(() => readConfigFile(folder))) ?? { name: '' };
  const connections: Declarations =
    (await mistakes.collect(() => readConnections(folder, environment))) ?? new Map();
  const warehouse = await mistakes.collect(() => chooseWarehouse(definition, connections));

  const tasks = (await mistakes.collect(() => readTasks(folder))) ?? [];
  const replications = await readEach(folder, 'replications', ['.yaml', '.yml'], mistakes, (text, path) =>
    readReplication(text, path, environment),
  );
  const transform = await mistakes.collect(() => readTransform(folder, definition, warehouse, environment));
  const reports = await readEach(folder, 'reports', ['.md'], mistakes, readReport);
  const syncs = await readEach(folder, 'syncs', ['.yaml', '.yml'], mistakes, readSync);

  await mistakes.collect(() => checkSchedules(schedulesOf(definition)));

  // Reports are read against the models; without those their references would all be mistakes.
  const parts: ProjectParts = { tasks, replications, transform, reports, syncs };
  mistakes.throwIfAny();
  const nodes = await partNodes(parts, connections, warehouse, mistakes);
  mistakes.throwIfAny();
  return assemble({ folder, definition, environment, connections, warehouse, parts, nodes });
}

/**
 * A project of one replication and nothing else, for `millrace run -r` and `--src-conn`, in a folder
 * whose `connections.yaml` counts if it is there.
 */
export async function replicationProject(
  folder: string,
  environment: Environment,
  read: () => Replication,
): Promise<Project> {
  const mistakes = new Mistakes();
  const definition = (await mistakes.collect(() => readConfigFile(folder))) ?? { name: '' };
  const connections: Declarations =
    (await mistakes.collect(() => readConnections(folder, environment))) ?? new Map();
  const replication = await mistakes.collect(read);
  const parts: ProjectParts = {
    tasks: [],
    replications: replication ? [replication] : [],
    transform: undefined,
    reports: [],
    syncs: [],
  };
  const nodes = await partNodes(parts, connections, undefined, mistakes);
  mistakes.throwIfAny();
  return assemble({ folder, definition, environment, connections, warehouse: undefined, parts, nodes });
}

/** Turns `{{ ref() }}` and `{{ source() }}` of a report or a query into relations. */
export function compilerFor(
  transform: TransformProject | undefined,
): (sql: string, origin: Origin) => { sql: string; reads: readonly Edge[] } {
  if (transform) return (sql, origin) => compileSql(transform, sql, origin);
  return (sql, origin) => {
    if (!/\{[{%]/.test(sql)) return { sql, reads: [] };
    throw new ConfigError('{{ ... }} needs a dbt project in transform/', {
      code: 'transform_missing',
      origin,
    });
  };
}

function chooseWarehouse(
  definition: ProjectDefinition,
  connections: Declarations,
): ConnectionDeclaration | undefined {
  if (definition.warehouse !== undefined) {
    const found = connections.get(definition.warehouse.toUpperCase());
    if (!found) throw connectionMissing(definition.warehouse, connections, { file: configFileName });
    return found;
  }
  const candidates = [...connections.values()].filter(({ type }) => type === 'duckdb' || type === 'postgres');
  return candidates.length === 1 ? candidates[0] : undefined;
}

async function readTransform(
  folder: string,
  definition: ProjectDefinition,
  warehouse: ConnectionDeclaration | undefined,
  environment: Environment,
): Promise<TransformProject | undefined> {
  const transformFolder = join(folder, definition.transform?.folder ?? 'transform');
  const file = join(definition.transform?.folder ?? 'transform', 'dbt_project.yml')
    .split(sep)
    .join('/');
  const present = await access(join(transformFolder, 'dbt_project.yml')).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw unreadable(file, error);
    },
  );
  if (!present) {
    if (definition.transform === undefined) return undefined;
    throw new ConfigError(`there is no ${file}`, {
      code: 'transform_missing',
      origin: { file: configFileName },
      next: "Put a dbt project there, or take 'transform' out of millrace.config.ts",
    });
  }
  if (!warehouse) {
    throw new ConfigError('models need a warehouse, and several connections could be it', {
      code: 'warehouse_missing',
      origin: { file: configFileName },
      next: "Name one: defineProject({ warehouse: 'NAME', ... })",
    });
  }
  const dialectName = warehouse.type;
  if (dialectName !== 'duckdb' && dialectName !== 'postgres') {
    throw new ConfigError(
      `models cannot be built in ${warehouse.name}: it is a ${warehouse.type} connection`,
      {
        code: 'warehouse_unsupported',
        origin: warehouse.origin,
        next: 'Choose a duckdb or postgres connection as warehouse',
      },
    );
  }
  return readTransformProject({
    projectFolder: folder,
    folder: transformFolder,
    connection: warehouse.name,
    dialectName,
    database: databaseName(warehouse),
    schema: definition.transform?.schema ?? (dialectName === 'duckdb' ? 'main' : 'public'),
    environment,
    ...(definition.transform?.vars === undefined ? {} : { vars: definition.transform.vars }),
  });
}

async function readEach<T>(
  projectFolder: string,
  folder: string,
  extensions: readonly string[],
  mistakes: Mistakes,
  read: (text: string, path: string) => T,
): Promise<readonly T[]> {
  const paths = (await mistakes.collect(() => filesBelow(projectFolder, folder, extensions))) ?? [];
  const found: T[] = [];
  for (const path of paths) {
    const item = await mistakes.collect(async () => read(await readText(projectFolder, path), path));
    if (item !== undefined) found.push(item);
  }
  return found;
}

async function partNodes(
  parts: ProjectParts,
  connections: Declarations,
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
  nodes.push(...(parts.transform?.nodes ?? []));
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
        throw connectionMissing(sync.destination, connections, sync.origin);
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

function assemble(
  found: Omit<Project, 'graph' | 'manifest'> & { readonly nodes: readonly GraphNode[] },
): Project {
  const { nodes, ...project } = found;
  const graph = buildGraph(nodes);
  const schedules = schedulesOf(project.definition);
  for (const schedule of schedules) selectForSchedule(graph, schedule);
  const manifest = makeManifest({ name: project.definition.name, nodes: graph.nodes, schedules }, (text) =>
    createHash('sha256').update(text).digest('hex'),
  );
  return { ...project, graph, manifest };
}

function selectForSchedule(graph: Graph, { name, select }: ScheduleDefinition): void {
  try {
    selectNodes(graph, { select });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`schedule ${name}: ${error.message}`, {
      code: error.code,
      origin: { file: configFileName },
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}

function schedulesOf(definition: ProjectDefinition): readonly ScheduleDefinition[] {
  return (definition.schedules ?? []).map(({ timeZone = 'UTC', ...schedule }) => ({
    ...schedule,
    timeZone,
    origin: { file: configFileName },
  }));
}
