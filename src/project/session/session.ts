import { access, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError } from '../../core/errors.ts';
import type { Completion } from '../../core/executor.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunStore } from '../../core/ports.ts';
import type { Sensor } from '../../core/sensor.ts';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  isProcessAlive,
  startWorker,
  type Worker,
  type WorkerOptions,
} from '../../engine/index.ts';
import { openLedger as openStore } from '../../store/index.ts';
import type { Exposition } from '../../telemetry/metrics/exposition.ts';
import { readConfigFile } from '../settings/config-file.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import { ConnectionPool } from '../connections/connection-pool.ts';
import { executorsOf, lentConnections, liveExecutors } from '../execution/executors.ts';
import { memoryBudget } from '../settings/memory-budget.ts';
import { readMetrics } from '../telemetry/metrics.ts';
import { limitsOfPools, withoutFiles, workerPools } from '../reading/placement.ts';
import { stateFolderName, type Project } from '../reading/project.ts';
import { secretsOf } from '../connections/redaction.ts';
import { createRunNews } from './run-news.ts';
import { toSensor, toTrigger } from '../sensors/sensor.ts';
import { telemetrySettings } from '../settings/telemetry-settings.ts';
import { startTelemetry, telemetryReport } from '../telemetry/telemetry.ts';
import { tracedConnections } from '../connections/traced-connection.ts';
import { openTracing } from '../telemetry/tracing.ts';
import { hookSecrets } from '../webhooks/webhook.ts';

/** A project with its ledger, connections and engine open. */
export interface Session {
  /** As it was read last. */
  readonly project: Project;
  readonly store: RunStore;
  readonly engine: Engine;
  readonly connections: ConnectionPool;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  /** How the project stands, as Prometheus reads it. */
  metrics(): Promise<Exposition>;
  /** Works for whoever owns the project. */
  work(options: Pick<WorkerOptions, 'takes' | 'concurrency' | 'onTrouble'>): Promise<Worker>;
  /** Uses `project` from now on, in steps that start and runs that are planned. Connections stay. */
  reload(project: Project): void;
  /** Stops the engine (running steps are aborted and continued by the next owner) and closes all. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** File name of the ledger in the state folder. Loads from the command line have one of their own. */
  readonly ledger?: string;
  /** See `EngineOptions`. */
  readonly executesSteps?: boolean;
  readonly leaseSeconds?: number;
  /** It works for another process that owns the project, and leaves that one's files alone. */
  readonly isWorker?: boolean;
}

export const projectLedger = 'ledger.db';

/** Loads from the command line have a ledger of their own: the project's definitions do not know them. */
export const loadLedger = 'loads.db';

/**
 * The ledger alone, for commands that only look. The project's own is where `MILLRACE_LEDGER_URL` or
 * `millrace.config.ts` says; others are files in the state folder.
 */
export async function openLedger(
  projectFolder: string,
  file: string = projectLedger,
  definition?: ProjectDefinition,
): Promise<RunStore> {
  const folder = join(projectFolder, stateFolderName);
  await makeFolder(folder);
  return openStore(await ledgerPlace(projectFolder, file, definition));
}

/** The URL or path of a ledger. Holds a password. */
export async function ledgerPlace(
  projectFolder: string,
  file: string = projectLedger,
  definition?: ProjectDefinition,
): Promise<string> {
  const url = file === projectLedger ? await ledgerUrl(projectFolder, definition) : undefined;
  return url ?? join(projectFolder, stateFolderName, file);
}

/** `postgres://...`, or undefined for the file in the state folder. Holds a password. */
async function ledgerUrl(projectFolder: string, definition?: ProjectDefinition): Promise<string | undefined> {
  const given = process.env['MILLRACE_LEDGER_URL'];
  if (given !== undefined && given !== '') return given;
  return (definition ?? (await readConfigFile(projectFolder))).ledger;
}

/** True for a folder in which loads were run from the command line. */
export async function hasLoadLedger(folder: string): Promise<boolean> {
  return access(join(folder, stateFolderName, loadLedger)).then(
    () => true,
    () => false,
  );
}

/** The project's ledger, and that of its loads from the command line if there were any. */
export async function openLedgers(folder: string): Promise<readonly RunStore[]> {
  const ledgers = [await openLedger(folder)];
  if (await hasLoadLedger(folder)) ledgers.push(await openLedger(folder, loadLedger));
  return ledgers;
}

export async function openSession(project: Project, options: SessionOptions = {}): Promise<Session> {
  const settings = telemetrySettings(project.definition, project.environment, project.folder);
  const store = await openLedger(project.folder, options.ledger, project.definition);
  const temporaryFolder = await makeTemporaryFolder(project.folder);
  const connections = openPool(project, temporaryFolder);
  connections.keepSecret([
    ...secretsOf(undefined, await ledgerUrl(project.folder, project.definition)),
    ...settings.secrets,
  ]);
  connections.keepSecret(hookSecrets(project.parts.triggers?.webhooks ?? [], project.environment));
  const { redact } = connections;
  let current = project;
  const tracing =
    settings.traces &&
    (await openTracing(settings.traces, project.definition.name, store, redact, telemetryReport(redact)));
  const reachable = options.isWorker ? withoutFiles(connections.get, project.connections) : connections.get;
  const services = {
    connections: { get: tracing ? tracedConnections(reachable, tracing.tracer) : reachable },
    pool: connections,
    findRun: (runId: string) => store.findRun(runId),
  };
  let executors = executorsOf(project, services);
  const news = createRunNews(
    store,
    () => engine,
    () => current.graph,
  );
  const sensorsOf = (read: Project): readonly Sensor[] => {
    const {
      folder,
      environment,
      code,
      parts: { triggers },
    } = read;
    const around = { environment, connections: connections.get, lent: lentConnections(read) };
    return [
      ...(triggers?.sensors ?? []).map((sensor) =>
        toSensor(sensor, {
          folder,
          environment,
          connections: connections.get,
          keepSecret: (secrets) => connections.keepSecret(secrets),
          look: code && ((called, signal) => code.look(called, around, signal)),
        }),
      ),
      ...(triggers?.triggers ?? []).map((trigger) => toTrigger(trigger, news)),
    ];
  };
  let sensors = sensorsOf(project);
  const engineOptions: EngineOptions = {
    store,
    executors: liveExecutors(() => executors).map((executor) => tracing?.tracer.around(executor) ?? executor),
    definitions: () => ({
      graph: current.graph,
      manifestHash: current.manifest.hash,
      schedules: current.manifest.schedules,
      sensors,
      conditions: current.automation.conditions,
    }),
    redact,
    pools: limitsOfPools(project.definition.pools),
    workerPools: workerPools(project.definition.pools),
    ...(options.executesSteps === undefined ? {} : { executesSteps: options.executesSteps }),
    ...(options.leaseSeconds === undefined ? {} : { leaseSeconds: options.leaseSeconds }),
    ...(project.definition.concurrency === undefined ? {} : { concurrency: project.definition.concurrency }),
  };
  const engine: Engine = createEngine(engineOptions);
  const telemetryPlace = {
    project: () => current,
    store,
    owner: engine.owner,
    redact,
    isWholeProject: options.ledger === undefined || options.ledger === projectLedger,
  };
  const telemetry = await startTelemetry(settings, telemetryPlace, tracing);
  return {
    get project() {
      return current;
    },
    metrics: () => readMetrics(telemetryPlace, true),
    work: (work) => startWorker({ ...engineOptions, ...work }),
    reload: (next) => {
      if (current.code !== next.code) current.code?.retire();
      current = next;
      executors = executorsOf(next, services);
      sensors = sensorsOf(next);
    },
    store,
    engine,
    connections,
    redact,
    close: async () => {
      await engine.shutdown('abort', () => connections.close());
      current.code?.retire();
      await telemetry.close();
      await store.close();
      await rm(temporaryFolder, { recursive: true, force: true });
    },
  };
}

/** Connections without an engine, for commands that only look. Close it afterwards. */
export function openPool(project: Project, temporaryFolder: string): ConnectionPool {
  return new ConnectionPool(project.connections, {
    projectFolder: project.folder,
    environment: project.environment,
    temporaryFolder,
    ...memoryBudget(project.environment),
  });
}

/** A folder named for this process; those of processes that have ended are removed. */
async function makeTemporaryFolder(projectFolder: string): Promise<string> {
  const stateFolder = join(projectFolder, stateFolderName);
  for (const name of await readdir(stateFolder)) {
    const pid = /^tmp-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isProcessAlive(Number(pid))) {
      await rm(join(stateFolder, name), { recursive: true, force: true });
    }
  }
  return mkdtemp(join(stateFolder, `tmp-${process.pid}-`));
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new FatalError(`${folder} cannot be made (${(error as NodeJS.ErrnoException).code})`, {
      code: 'state_folder_unwritable',
      state: 'Nothing was run.',
      next: 'Make the project folder writable, or free space on its disk',
      cause: error,
    });
  }
}

/** The latest completion of every node that has one. */
export async function completionsByKey(store: RunStore): Promise<ReadonlyMap<NodeKey, Completion>> {
  const completions = await store.latestCompletions();
  return new Map(completions.map((completion) => [completion.key, completion]));
}
