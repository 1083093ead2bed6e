import { access } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import { makePlan } from '../../engine/index.ts';
import {
  pipelineLine,
  readPipeline,
  readReplication,
  selectStreams,
  singleStreamReplication,
} from '../../load/index.ts';
import { findProjectFolder } from '../../project/settings/config-file.ts';
import { connectionsFileName } from '../../project/connections/connections-file.ts';
import { partitionWorld } from '../../project/session/partition-world.ts';
import type { Project } from '../../project/reading/project.ts';
import { pipelineProject, readProject, replicationProject } from '../../project/reading/read-project.ts';
import { loadLedger, projectLedger } from '../../project/session/session.ts';
import { directoryProject, isDirectory } from './run-directory.ts';
import { givenEnvironment, names, type RunCommandOptions, streamKeys } from './run-options.ts';
import { runSwitches, type RunSwitches } from './run-switches.ts';
import { textOf } from './text-of-file.ts';

/** What is to be run: a project, a part of it, and the ledger that remembers it. */
export interface RunTarget {
  readonly project: Project;
  readonly selection: string;
  readonly ledger: string;
  readonly switches: RunSwitches;
}

export async function runTarget(options: RunCommandOptions): Promise<RunTarget> {
  const found = await findTarget(options);
  return { ...found, switches: runSwitches({ ...ownSwitches(found), ...found.project.environment }) };
}

/** Switches in `env:` of a file that is run alone; for a run of several files none of them speaks. */
function ownSwitches({ project, ledger }: FoundTarget): Environment {
  const { replications, pipelines = [] } = project.parts;
  const [only, ...others] = [...replications, ...pipelines];
  return ledger === loadLedger && only && others.length === 0 ? only.env : {};
}

type FoundTarget = Omit<RunTarget, 'switches'>;

async function findTarget(options: RunCommandOptions): Promise<FoundTarget> {
  const start = resolve(options.project ?? '.');
  const folder = await findFolder(start);
  const environment = environmentOf(options);
  requireOneWay(options);
  if (isSingleStream(options)) {
    const project = await singleStreamProject(folder, environment, options);
    return { project, selection: '', ledger: loadLedger };
  }
  const directory = options.directory ?? (await directoryIn(options.selection));
  if (directory !== undefined) {
    const project = await directoryProject(folder, environment, directory, options);
    return { project, selection: '', ledger: loadLedger };
  }
  if (options.pipeline !== undefined) {
    requireNoStreamFlags(options);
    return pipelineTarget(folder, environment, options.pipeline);
  }
  const file = options.replication ?? replicationIn(options.selection);
  if (file !== undefined && options.replication === undefined && (await holdsPipeline(file))) {
    requireNoStreamFlags(options);
    return pipelineTarget(folder, environment, file);
  }
  if (file !== undefined) return replicationTarget(folder, environment, file, options);
  if ((await findProjectFolder(start)) === undefined) {
    throw new ConfigError(
      `there is no millrace.config.ts in ${options.project ?? 'this folder'} or above it`,
      {
        code: 'project_missing',
        next: 'Go to a project, make one (millrace init my-project), or load with: millrace run -r replication.yaml',
      },
    );
  }
  requireNoStreamFlags(options);
  const selection = [options.selection, options.select ?? ''].filter((part) => part !== '').join(' ');
  return { project: await readProject(folder, environment), selection, ledger: projectLedger };
}

function environmentOf(options: RunCommandOptions): Environment {
  return {
    ...process.env,
    ...givenEnvironment(options),
    ...(options.homeDir === undefined ? {} : { SLING_HOME_DIR: resolve(options.homeDir) }),
  };
}

function isSingleStream({ srcConn, srcStream, tgtConn, tgtObject }: RunCommandOptions): boolean {
  return [srcConn, srcStream, tgtConn, tgtObject].some((flag) => flag !== undefined);
}

/** What is to be run is said once: another flag would be left out in silence. */
function requireOneWay(options: RunCommandOptions): void {
  const ways = [
    ...(isSingleStream(options) ? ['--src-stream and --tgt-object'] : []),
    ...(options.directory === undefined ? [] : ['--directory']),
    ...(options.pipeline === undefined ? [] : ['-p']),
    ...(options.replication === undefined ? [] : ['-r']),
    ...(options.selection === '' ? [] : [options.selection]),
  ];
  if (ways.length < 2) return;
  throw new ConfigError(`${ways.join(', ')} cannot be used together`, {
    code: 'flag_invalid',
    next: 'Say once what is to be run; see: millrace run --examples',
  });
}

/** As in Sling, the path of a replication file may stand by itself. */
function replicationIn(selection: string): string | undefined {
  return /^\S+\.ya?ml$/.test(selection) && !selection.includes(':') ? selection : undefined;
}

/** So may that of a folder of such files; what ends with a slash is no name of an asset. */
async function directoryIn(selection: string): Promise<string | undefined> {
  return /^\S+\/$/.test(selection) && (await isDirectory(selection)) ? selection : undefined;
}

async function holdsPipeline(file: string): Promise<boolean> {
  return pipelineLine(await textOf(file)) !== undefined;
}

/** Flags about streams would have no effect on a project's own files. */
function requireNoStreamFlags(options: RunCommandOptions): void {
  const keys = Object.keys(streamKeys(options)).filter((key) => key !== 'select');
  if (keys.length === 0 && options.streams === undefined) return;
  throw new ConfigError('flags about streams need a replication or a single stream', {
    code: 'flag_invalid',
    next: 'Add -r file.yaml, or --src-conn, --src-stream, --tgt-conn and --tgt-object',
  });
}

/** The nearest project; for loads by themselves a folder with connections of its own will do. */
async function findFolder(start: string): Promise<string> {
  const ownConnections = await access(join(start, connectionsFileName)).then(
    () => true,
    () => false,
  );
  return ownConnections ? start : ((await findProjectFolder(start)) ?? start);
}

/**
 * A replication file of the project is a part of its graph, also when only some of its streams are wanted; any other
 * one, and one with other keys than it says, is run by itself.
 */
async function replicationTarget(
  folder: string,
  environment: Environment,
  file: string,
  options: RunCommandOptions,
): Promise<FoundTarget> {
  const path = relative(folder, resolve(file)).split(sep).join('/');
  const streams = options.streams === undefined ? [] : names(options.streams);
  const keys = streamKeys(options);
  const isPart = /^replications\/.+\.ya?ml$/.test(path) && (await findProjectFolder(folder)) !== undefined;
  if (isPart && Object.keys(keys).length === 0) {
    const project = await readProject(folder, environment);
    const selection = selectionOf(project, path, streams);
    if (selection !== undefined) return { project, selection, ledger: projectLedger };
  }
  const text = await textOf(file);
  const project = await replicationProject(
    folder,
    environment,
    (all) => [selectStreams(readReplication(text, file, all, folder, keys), streams)],
    process.cwd(),
  );
  return { project, selection: '', ledger: loadLedger };
}

/**
 * The file, or the nodes of those of its streams that are asked for; undefined when one of them is no node, but
 * one of the streams of a wildcard.
 */
function selectionOf(project: Project, path: string, streams: readonly string[]): string | undefined {
  const replication = project.parts.replications.find(({ file }) => file === path);
  if (streams.length === 0 || !replication) return `path:${path}`;
  const asked = selectStreams(replication, streams).streams;
  const written = new Set(replication.streams.map(({ name }) => name));
  if (!asked.every(({ name }) => written.has(name))) return undefined;
  const wanted = new Set(asked.filter(({ disabled }) => !disabled).map(({ name }) => name));
  return project.graph.nodes
    .filter(
      ({ spec }) =>
        spec?.['replication'] === path && typeof spec['stream'] === 'string' && wanted.has(spec['stream']),
    )
    .map(({ key }) => key)
    .join(' ');
}

/** A pipeline of the project is a task of its graph; any other one is run by itself. */
async function pipelineTarget(folder: string, environment: Environment, file: string): Promise<FoundTarget> {
  const path = relative(folder, resolve(file)).split(sep).join('/');
  if (/^pipelines\/.+\.ya?ml$/.test(path) && (await findProjectFolder(folder)) !== undefined)
    return {
      project: await readProject(folder, environment),
      selection: `path:${path}`,
      ledger: projectLedger,
    };
  const text = await textOf(file);
  const project = await pipelineProject(folder, environment, (all) => readPipeline(text, file, all));
  return { project, selection: '', ledger: loadLedger };
}

async function singleStreamProject(
  folder: string,
  environment: Environment,
  options: RunCommandOptions,
): Promise<Project> {
  const { srcStream, tgtObject } = options;
  const sourceConnection = options.srcConn ?? localOf(srcStream);
  const targetConnection = options.tgtConn ?? localOf(tgtObject);
  if (
    sourceConnection === undefined ||
    srcStream === undefined ||
    targetConnection === undefined ||
    tgtObject === undefined
  ) {
    throw new ConfigError('loading one stream needs --src-conn, --src-stream, --tgt-conn and --tgt-object', {
      code: 'flag_missing',
      next: 'millrace run --src-conn A --src-stream schema.table --tgt-conn B --tgt-object schema.table --mode full-refresh',
    });
  }
  const query = options.srcConn !== undefined && /^file:\/\/.*\.sql$/.test(srcStream) ? srcStream : undefined;
  const sourceStream = query === undefined ? srcStream : await textOf(query.slice('file://'.length));
  return replicationProject(
    folder,
    environment,
    (all) => [
      singleStreamReplication({
        sourceConnection,
        sourceStream,
        targetConnection,
        targetObject: tgtObject,
        keys: streamKeys(options),
        environment: all,
        env: givenEnvironment(options),
      }),
    ],
    options.localFolder ?? process.cwd(),
  );
}

/** A file needs no connection: it is on this machine. */
function localOf(stream: string | undefined): string | undefined {
  return stream?.startsWith('file://') ? 'LOCAL' : undefined;
}

export async function planOf(target: RunTarget, options: RunCommandOptions): Promise<Plan> {
  const { retry, timeoutSeconds } = target.switches;
  const plan = makePlan(target.project.graph, {
    select: target.selection,
    ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    manifestHash: target.project.manifest.hash,
    partitions: options.partition,
    world: await partitionWorld(target.project),
    options: {
      fullRefresh: options.fullRefresh ?? false,
      ...(options.limit === undefined ? {} : { rowLimit: options.limit }),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    },
  });
  return retry === undefined
    ? plan
    : { ...plan, steps: plan.steps.map((step) => ({ ...step, retry: { ...step.retry, ...retry } })) };
}
