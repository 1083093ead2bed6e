import { createHash } from 'node:crypto';
import type { Environment } from '../../config/environment.ts';
import { buildGraph } from '../../core/graph.ts';
import { makeManifest } from '../../core/manifest.ts';
import type { GraphNode } from '../../core/node.ts';
import type { ScheduleDefinition } from '../../core/schedule.ts';
import { checkNodePartitions, checkSchedules, worldAt } from '../../engine/index.ts';
import { type Pipeline, readPipeline, readReplication, type Replication } from '../../load/index.ts';
import { readReport } from '../../report/index.ts';
import { readSync } from '../../sync/index.ts';
import { checkAlerts } from '../settings/alert-settings.ts';
import { configFileName, readConfigFile } from '../settings/config-file.ts';
import { readConnections, readEnvironment, withLocalFolder } from '../connections/connection-sources.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { setOwnConnectors } from '../connections/connector-registry.ts';
import { dbtSettings } from './dbt-settings.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import { nameInlineConnections } from '../connections/inline-connections.ts';
import { Mistakes } from '../settings/mistakes.ts';
import { readOwnConnectors } from '../connections/own-connectors.ts';
import { nodeAutomation } from '../settings/node-automation.ts';
import { partNodes } from './part-nodes.ts';
import { placedGraph } from './placement.ts';
import { filesBelow, readText } from '../settings/project-files.ts';
import type { Project, ProjectParts } from './project.ts';
import { checkScheduleSelection, definedSchedules, fileSchedules } from './schedules.ts';
import type { KeptCode } from '../code/code-elsewhere.ts';
import { checkPools, readTasks } from '../code/tasks.ts';
import { checkTriggerSelections, noTriggers, readTriggers, triggerPrint } from '../code/trigger-files.ts';
import { forgetChangedModules } from '../settings/user-modules.ts';
import { withLoadPartitions } from './stream-partitions.ts';
import { chooseWarehouse, readTransform, type TransformOverrides } from './warehouse.ts';

interface Surroundings {
  readonly definition: ProjectDefinition;
  /** With what `.env.sling` adds. */
  readonly environment: Environment;
  /** By name in capitals. */
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
}

/**
 * Reads everything that a project's folder defines.
 * @param folder absolute
 * @param kept its code, when that is not to be loaded here
 * @throws ProjectError with every mistake found, each with its place
 */
export async function readProject(
  folder: string,
  given: Environment,
  overrides: TransformOverrides = {},
  kept?: KeptCode,
): Promise<Project> {
  const mistakes = new Mistakes();
  const surroundings = await readSurroundings(folder, given, mistakes, kept?.definition);
  const { definition, environment, connections: declared } = surroundings;
  // What is wrong with connections would come up again in everything that uses them.
  const areConnectionsRight = mistakes.isEmpty;
  const warehouse = areConnectionsRight
    ? await mistakes.collect(() => chooseWarehouse(definition, declared))
    : undefined;

  const tasks = (await mistakes.collect(() => kept?.tasks ?? readTasks(folder))) ?? [];
  const triggers = (await mistakes.collect(() => kept?.triggers ?? readTriggers(folder))) ?? noTriggers;
  await mistakes.collect(() => checkPools(tasks, definition.pools));
  const written = await readEach(folder, 'replications', ['.yaml', '.yml'], mistakes, (text, path) =>
    readReplication(text, path, environment, folder),
  );
  const pipelines = await readEach(folder, 'pipelines', ['.yaml', '.yml'], mistakes, (text, path) =>
    readPipeline(text, path, environment),
  );
  const { replications, connections } = (await mistakes.collect(() =>
    nameInlineConnections(written, declared),
  )) ?? { replications: written, connections: declared };
  const transform =
    mistakes.isEmpty || warehouse
      ? await mistakes.collect(() => readTransform(folder, definition, warehouse, environment, overrides))
      : undefined;
  const dbt = await mistakes.collect(() =>
    dbtSettings(folder, definition.transform ?? {}, environment, overrides),
  );
  const reports = await readEach(folder, 'reports', ['.md'], mistakes, readReport);
  const syncs = await readEach(folder, 'syncs', ['.yaml', '.yml'], mistakes, readSync);

  // Reports are read against the models; without those their references would all be mistakes.
  const parts: ProjectParts = { tasks, replications, pipelines, transform, dbt, reports, syncs, triggers };
  mistakes.throwIfAny();
  const whole = await partNodes(parts, connections, warehouse, mistakes);
  mistakes.throwIfAny();
  const nodes = await withLoadPartitions(whole, replications, mistakes);
  mistakes.throwIfAny();
  const project = assemble(
    { folder, definition, environment, connections, warehouse, parts, nodes, code: kept?.code },
    definedSchedules(definition),
  );
  if (definition.alerts)
    checkAlerts(definition.alerts, project.graph, project.manifest.schedules, project.automation.freshness);
  return project;
}

/**
 * A project of some replications and nothing else, for `millrace run -r` and `--src-conn`, in a folder
 * whose `connections.yaml` counts if it is there.
 * @param read gives the replications; it is told the environment with what `.env.sling` adds
 * @param files where relative paths of `LOCAL` begin, when not in the folder
 * @param readPipelines gives pipelines beside them
 */
export async function replicationProject(
  folder: string,
  given: Environment,
  read: (environment: Environment) => readonly Replication[] | Promise<readonly Replication[]>,
  files: string = folder,
  readPipelines: (environment: Environment) => readonly Pipeline[] = () => [],
): Promise<Project> {
  const mistakes = new Mistakes();
  const surroundings = await readSurroundings(folder, given, mistakes);
  const { environment } = surroundings;
  const written = (await mistakes.collect(() => read(environment))) ?? [];
  const { replications, connections } = (await mistakes.collect(() =>
    nameInlineConnections(written, withLocalFolder(surroundings.connections, files)),
  )) ?? { replications: [], connections: surroundings.connections };
  const pipelines = (await mistakes.collect(() => readPipelines(environment))) ?? [];
  return assembleAlone({ ...surroundings, folder, connections }, replications, pipelines, mistakes);
}

/** A project of one pipeline and nothing else, for `millrace run -p`. */
export async function pipelineProject(
  folder: string,
  given: Environment,
  read: (environment: Environment) => Pipeline,
): Promise<Project> {
  const mistakes = new Mistakes();
  const surroundings = await readSurroundings(folder, given, mistakes);
  const pipeline = await mistakes.collect(() => read(surroundings.environment));
  return assembleAlone({ ...surroundings, folder }, [], pipeline ? [pipeline] : [], mistakes);
}

/** Files that are run by themselves: what pipelines come after is not there. */
async function assembleAlone(
  { folder, definition, environment, connections }: Surroundings & { readonly folder: string },
  replications: readonly Replication[],
  pipelines: readonly Pipeline[],
  mistakes: Mistakes,
): Promise<Project> {
  const parts: ProjectParts = {
    tasks: [],
    replications,
    pipelines: pipelines.map((pipeline) => ({ ...pipeline, after: [] })),
    transform: undefined,
    reports: [],
    syncs: [],
  };
  const nodes = await partNodes(parts, connections, undefined, mistakes);
  mistakes.throwIfAny();
  return assemble({ folder, definition, environment, connections, warehouse: undefined, parts, nodes });
}

async function readSurroundings(
  folder: string,
  environment: Environment,
  mistakes: Mistakes,
  known?: ProjectDefinition,
): Promise<Surroundings> {
  forgetChangedModules();
  const definition = known ?? (await mistakes.collect(() => readConfigFile(folder)));
  await mistakes.collect(async () => setOwnConnectors(folder, await readOwnConnectors(folder)));
  const connections = await mistakes.collect(() =>
    readConnections(folder, environment, definition?.connections),
  );
  return {
    definition: definition ?? { name: '' },
    environment: (await mistakes.collect(() => readEnvironment(folder, environment))) ?? environment,
    connections: connections ?? new Map(),
  };
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

/**
 * Makes the graph of a project's nodes.
 * @param defined the schedules of `millrace.config.ts`; a part of a project, or what stands beside one, has none
 */
export function assemble(
  found: Omit<Project, 'graph' | 'manifest' | 'automation'> & { readonly nodes: readonly GraphNode[] },
  defined: readonly ScheduleDefinition[] = [],
): Project {
  const { nodes, ...project } = found;
  const graph = placedGraph(buildGraph(nodes), project);
  const schedules = [...defined, ...fileSchedules(nodes)];
  checkSchedules(schedules);
  for (const schedule of schedules) checkScheduleSelection(graph, schedule);
  checkNodePartitions(graph, worldAt(Date.now()));
  const triggers = project.parts.triggers ?? noTriggers;
  checkTriggerSelections(graph, triggers);
  const automation = nodeAutomation(graph, project.definition, { file: configFileName });
  const print = triggerPrint(triggers, automation);
  const manifest = makeManifest(
    {
      name: project.definition.name,
      nodes: graph.nodes,
      schedules,
      ...(print === undefined ? {} : { triggers: print }),
    },
    (text) => createHash('sha256').update(text).digest('hex'),
  );
  return { ...project, graph, manifest, automation };
}
